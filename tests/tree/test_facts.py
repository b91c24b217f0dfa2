# SPDX-License-Identifier: GPL-2.0-only
"""Facts: true values with true evidence, checked definitions, answers that never go stale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from real_versions import REAL_VERSIONS

from patchkit.errors import TemplateError
from patchkit.paths import data_directory
from patchkit.tree import factcache
from patchkit.tree.facts import Fact, FactSet, load_definitions, probe
from patchkit.tree.probes import KINDS
from patchkit.tree.source import DirectoryTree, GitTree, OverlayTree, Tree

MLOCK = b"""\
/* mlock_fixup() in a comment */
#ifdef CONFIG_MMU
static int mlock_fixup(struct vm_area_struct *vma, struct vm_area_struct **prev,
\t\tunsigned long start, vm_flags_t newflags, int (*fn)(int, void *), int map[2])
{
\tvm_flags_t oldflags = vma->vm_flags;

\tif (newflags == oldflags) /* nothing to do */
\t\tgoto out;
\tmm->locked_vm += nr_pages;
out:
\treturn account(mm, "locked_vm");
}
#endif
SYSCALL_DEFINE2(mlock, unsigned long, start, size_t, len)
{
\treturn do_mlock(start, len);
}
static __must_check struct page **pages(void)
{
\treturn 0;
}
"""
MM_TYPES = b"""\
struct mm_struct {
\tstruct {
\t\tunsigned long locked_vm, *other;
\t\tatomic64_t pinned_vm;\t/* counts */
\t\tstruct {
\t\t\tint inner;
\t\t} named;
\t\tDECLARE_BITMAP(bits, 64);
\t\tstruct_group(pair,
\t\t\tint first;
\t\t\tint flag:1;
\t\t);
\t\tint (*callback)(struct page *page, int n);
\t\tconst struct list_head __rcu *head;
\t} __randomize_layout;
\tchar tail[];
};
"""
MM = b"""\
#define VM_NONE\t\t0x00000000
#define VM_READ\t\t0x00000001\t/* r */
#define VM_BOTH\t\t(VM_READ | 0x2)
#define VM_UFFD_WP\t(0x1000UL)
#define VM_HIGH_ARCH_BIT_0\t32
#define VM_HIGH_ARCH_0\tBIT(VM_HIGH_ARCH_BIT_0)
#define VM_ALIAS VM_HIGH_ARCH_0
#define VM_SHIFTED ((vm_flags_t)1 << 33)
#define VM_ULL _BITULL(34)
#define VM_BIT_EX BIT_ULL(35)
#define VM_CALL(x) ((x) + 1)
enum {
\tDECLARE_VMA_BIT(SEALED, 42),
\t/* DECLARE_VMA_BIT(COMMENT, 43), */
};
"""
TABLE = b"# number\tabi\n0\tcommon\tread\t\tsys_read\n441\tcommon\tepoll_pwait2\n512\tx32\told\n"
FILES: dict[str, bytes] = {
    "mm/mlock.c": MLOCK,
    "mm/empty.c": b"",
    "include/linux/mm_types.h": MM_TYPES,
    "include/linux/mm.h": MM,
    "mm/Kconfig": b'config MMU\r\n\tbool "x"\r\nconfig SWAP\r\n\tdef_bool y\r\n',
    "arch/x86/entry/syscalls/syscall_64.tbl": TABLE,
    "arch/alpha/kernel/syscalls/syscall.tbl": b"551\tcommon\tepoll_pwait2\n610\tcommon\tnew\n",
    "arch/arm64/include/asm/unistd.h": b"#define __NR_compat_syscalls 460\n",
    "include/uapi/asm-generic/unistd.h": b"#define __NR_last 450\n#define __NR_syscalls 451\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    root = tmp_path / "linux"
    for path, data in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return DirectoryTree(root)


def definitions(tmp_path: Path, text: str, name: str = "facts.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def ask(tmp_path: Path, tree: Tree, fields: str) -> Fact:
    path = definitions(tmp_path, f"[facts.it]\n{fields}\n")
    return probe(load_definitions(path), tree)["it"]


C = 'file = "mm/mlock.c"\n'
FIXUP = C + 'entity = "function mlock_fixup"\n'
MM_STRUCT = 'file = "include/linux/mm_types.h"\nentity = "struct mm_struct"\n'

CASES = [
    ("file", 'file = ["mm/vma.c", "mm/mlock.c"]', True, "mm/mlock.c:0", "mm/mlock.c exists"),
    ("file", 'file = "mm"', False, "mm:0", "no mm"),
    ("path", 'file = ["mm/vma.c", "mm/empty.c"]', "mm/empty.c", "mm/empty.c:0", "exists"),
    ("path", 'file = ["a", "b", "c"]', "", "a:0", "no a, b or c"),
    ("paths", 'file = ["a", "mm/empty.c"]\nglob = "mm/*.c"\nunder = "mm"',
     ("mm/empty.c", "mm/mlock.c"), "mm/empty.c:0", ""),
    ("paths", 'glob = "*.rs"', (), "*.rs:0", "no *.rs"),
    ("entity", FIXUP, True, "mm/mlock.c:3", "function mlock_fixup (if CONFIG_MMU)"),
    ("entity", C + 'entity = "function mlock_fixup if !CONFIG_MMU"', False, "mm/mlock.c:0", "no"),
    ("entity", C + 'entity = "function do_mlock"', False, "mm/mlock.c:0",
     "no function do_mlock in mm/mlock.c"),
    ("where", 'file = ["mm/vma.c", "mm/mlock.c"]\nentity = "syscall mlock"', "mm/mlock.c",
     "mm/mlock.c:15", "syscall mlock is defined here"),
    ("which", C + 'entity = ["function a", "function pages"]', "pages", "mm/mlock.c:19", ""),
    ("which", C + 'entity = ["function a", "function b"]', "", "mm/mlock.c:0",
     "no function a or function b"),
    ("contains", FIXUP + 'tokens = "mm->locked_vm += nr_pages"', True, "mm/mlock.c:10", ""),
    ("contains", FIXUP + 'tokens = "if (...) goto out"', True, "mm/mlock.c:8", ""),
    ("contains", FIXUP + 'tokens = "nothing to do"', False, "mm/mlock.c:3",
     "in function mlock_fixup"),
    ("contains", FIXUP + 'tokens = "do_mlock"', False, "mm/mlock.c:3", ""),
    ("contains", C + 'entity = ["function pages", "function mlock_fixup"]\ntokens = "gone"', False,
     "mm/mlock.c:19", "in function pages"),
    ("contains", C + 'tokens = "do_mlock(start, len)"', True, "mm/mlock.c:17", ""),
    ("contains", 'file = "include/linux/mm.h"\ntokens = "0x1000UL"', True,
     "include/linux/mm.h:4", ""),
    ("contains", 'file = "mm/gone.c"\ntokens = "x"', False, "mm/gone.c:0", "no mm/gone.c"),
    ("capture", FIXUP + 'tokens = "$old = vma->vm_flags"\nname = "old"', "oldflags",
     "mm/mlock.c:6", ""),
    ("capture", FIXUP + 'tokens = "$old = vma->flags"\nname = "old"', "", "mm/mlock.c:3", "no"),
    ("params", FIXUP, ("vma", "prev", "start", "newflags", "fn", "map"), "mm/mlock.c:3", ""),
    ("params", C + 'entity = "syscall mlock"', ("start", "len"), "mm/mlock.c:15", ""),
    ("params", C + 'entity = "function pages"', (), "mm/mlock.c:19", ""),
    ("param-types", FIXUP,
     ("struct vm_area_struct *", "struct vm_area_struct **", "unsigned long", "vm_flags_t",
      "int (*)(int, void *)", "int[2]"), "mm/mlock.c:3", ""),
    ("param-types", C + 'entity = "syscall mlock"', ("unsigned long", "size_t"),
     "mm/mlock.c:15", ""),
    ("return-type", C + 'entity = "function pages"', "struct page **", "mm/mlock.c:19", ""),
    ("return-type", FIXUP, "int", "mm/mlock.c:3", ""),
    ("return-type", C + 'entity = "syscall mlock"', "long", "mm/mlock.c:15", ""),
    ("calls", FIXUP + 'function = "account"', True, "mm/mlock.c:12",
     "mlock_fixup() calls account()"),
    ("calls", FIXUP + 'function = "mlock_fixup"', False, "mm/mlock.c:3", "does not call"),
    ("member", MM_STRUCT + 'member = "pinned_vm"', True, "include/linux/mm_types.h:4",
     "has atomic64_t pinned_vm"),
    ("member", MM_STRUCT + 'member = "inner"', False, "include/linux/mm_types.h:1",
     "struct mm_struct has no inner"),
    ("member", MM_STRUCT + 'member = "named"', True, "include/linux/mm_types.h:7", ""),
    ("member-type", MM_STRUCT + 'member = "locked_vm"', "unsigned long",
     "include/linux/mm_types.h:3", ""),
    ("member-type", MM_STRUCT + 'member = "other"', "unsigned long *",
     "include/linux/mm_types.h:3", ""),
    ("member-type", MM_STRUCT + 'member = "bits"', "unsigned long [64]",
     "include/linux/mm_types.h:8", ""),
    ("member-type", MM_STRUCT + 'member = "flag"', "int", "include/linux/mm_types.h:11", ""),
    ("member-type", MM_STRUCT + 'member = "head"', "const struct list_head *",
     "include/linux/mm_types.h:14", ""),
    ("member-type", MM_STRUCT + 'member = "pinned_vm"\nis = "atomic64_t"', True,
     "include/linux/mm_types.h:4", ""),
    ("member-type", MM_STRUCT + 'member = "pinned_vm"\nis = "unsigned long"', False,
     "include/linux/mm_types.h:4", "has atomic64_t"),
    ("macro-value", 'file = "include/linux/mm.h"\nmacro = "VM_UFFD_WP"', "(0x1000UL)",
     "include/linux/mm.h:4", ""),
    ("macro-value", 'file = "include/linux/mm.h"\nmacro = "VM_CALL"', "((x) + 1)",
     "include/linux/mm.h:11", ""),
    ("macro-value", 'file = "include/linux/mm.h"\nmacro = "VM_GONE"', "",
     "include/linux/mm.h:0", "no #define VM_GONE"),
    ("line", 'file = "mm/Kconfig"\nregex = "^config SWAP$"', True, "mm/Kconfig:3", "config SWAP"),
    ("line", 'file = "mm/Kconfig"\nregex = "^config KSM$"', False, "mm/Kconfig:0", "no line"),
    ("lines", 'file = ["gone", "mm/Kconfig"]\nregex = "^config (\\\\w+)"', ("MMU", "SWAP"),
     "mm/Kconfig:1", ""),
    ("vm-flag-bit-free", "bit = 61", True, "include/linux/mm.h:13", "VM_SEALED, bit 42"),
    ("vm-flag-bit-free", "bit = 42", False, "include/linux/mm.h:13", "bit 42 is VM_SEALED"),
    ("vm-flag-bit-free", "bit = 43", True, "include/linux/mm.h:13", ""),
    ("vm-flag-bit-free", "bit = 12", False, "include/linux/mm.h:4", "bit 12 is VM_UFFD_WP"),
    ("vm-flag-bit-free", "bit = 32", False, "include/linux/mm.h:6", "bit 32 is VM_HIGH_ARCH_0"),
    ("vm-flag-bit-free", "bit = 33", False, "include/linux/mm.h:8", "VM_SHIFTED"),
    ("vm-flag-bit-free", "bit = 34", False, "include/linux/mm.h:9", "VM_ULL"),
    ("vm-flag-bit-free", "bit = 35", False, "include/linux/mm.h:10", "VM_BIT_EX"),
    ("vm-flag-bit-free", "bit = 5", True, "include/linux/mm.h:2", "VM_READ, bit 0"),
    ("vm-flag-bit-free", 'bit = 5\nfile = "gone.h"', False, "gone.h:0", "no gone.h to look at"),
    ("vm-flag-bit-free", 'bit = 5\nfile = "mm/empty.c"', False, "mm/empty.c:0", "no VM flags"),
    ("syscall-numbers-free", "numbers = [501, 502]", True,
     "arch/x86/entry/syscalls/syscall_64.tbl:4", "in none of 3 tables"),
    ("syscall-numbers-free", "numbers = [500, 441]", False,
     "arch/alpha/kernel/syscalls/syscall.tbl:1", "551 is epoll_pwait2"),
    ("syscall-numbers-free", "numbers = [500]", False,
     "arch/alpha/kernel/syscalls/syscall.tbl:2", "610 is new"),
    ("syscall-numbers-free", "numbers = [450]", False, "include/uapi/asm-generic/unistd.h:1",
     "450 is last"),
    ("syscall-numbers-free", "numbers = [451, 460]", True,
     "arch/x86/entry/syscalls/syscall_64.tbl:4", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "fields", "value", "place", "why"), CASES, ids=lambda value: str(value)[:40]
)
def test_each_probe(
    tmp_path: Path, tree: Tree, kind: str, fields: str, value: object, place: str, why: str
) -> None:
    fact = ask(tmp_path, tree, f'probe = "{kind}"\n{fields}')
    assert fact.value == value and type(fact.value) is type(value)
    assert f"{fact.file}:{fact.line}" == place
    assert why in fact.why
    again = ask(tmp_path, tree, f'probe = "{kind}"\n{fields}')  # from the cache this time
    assert again == fact


def test_every_kind_has_a_case() -> None:
    assert {case[0] for case in CASES} | {"all", "any", "not"} == set(KINDS)


COMBINED = """
[facts.yes]
probe = "file"
file = "mm/mlock.c"
[facts.no]
probe = "file"
file = "mm/gone.c"
[facts.both]
probe = "all"
facts = ["yes", "no"]
[facts.either]
probe = "any"
facts = ["no", "yes"]
[facts.neither]
probe = "not"
fact = "either"
[facts.all_yes]
probe = "all"
facts = ["yes", "either"]
"""


def test_combinations_show_the_fact_that_decides(tmp_path: Path, tree: Tree) -> None:
    facts = probe(load_definitions(definitions(tmp_path, COMBINED)), tree)
    values = facts.values_for(["neither", "both", "either", "all_yes"])
    assert values == {"neither": False, "both": False, "either": True, "all_yes": True}
    assert (facts["both"].file, facts["both"].why) == ("mm/gone.c", "no: no mm/gone.c")
    assert facts["either"].file == "mm/mlock.c"
    assert [fact.name for fact in facts.asked] == list(facts)


class Counting(OverlayTree):
    """Counts reads."""

    def __init__(self, base: Tree, changes: Mapping[str, bytes | None]) -> None:
        super().__init__(base, changes)
        self.reads = 0

    def read(self, path: str) -> bytes | None:
        self.reads += 1
        return super().read(path)


def test_nothing_is_read_before_it_is_asked_for_and_nothing_twice(
    tmp_path: Path, tree: Tree
) -> None:
    path = definitions(tmp_path, f'[facts.it]\nprobe = "entity"\n{FIXUP}')
    counting = Counting(tree, {"mm/mlock.c": MLOCK})
    facts = probe(load_definitions(path), counting)
    assert "it" in facts and len(facts) == 1 and counting.reads == 0
    assert facts["it"].value is True and counting.reads == 1
    assert facts["it"].value is True and counting.reads == 1
    assert probe(load_definitions(path), counting)["it"].value is True
    assert counting.reads == 1  # known from before, by its blob


def test_a_kept_answer_goes_with_what_was_read(tmp_path: Path, tree: Tree) -> None:
    loaded = load_definitions(
        definitions(
            tmp_path,
            """
[facts.it]
probe = "where"
file = ["mm/vma.c", "mm/mlock.c"]
entity = "function mlock_fixup"
[facts.bit]
probe = "vm-flag-bit-free"
bit = 61
[facts.number]
probe = "syscall-numbers-free"
numbers = [501]
""",
        )
    )

    def values(changes: Mapping[str, bytes | None]) -> list[object]:
        facts: FactSet = probe(loaded, OverlayTree(tree, changes))
        return [facts.value(name) for name in facts]

    assert values({}) == ["mm/mlock.c", True, True]
    assert values({"mm/vma.c": MLOCK}) == ["mm/vma.c", True, True]
    assert values({"mm/mlock.c": None}) == ["", True, True]
    assert values({"include/linux/mm.h": MM + b"#define VM_PINNED BIT(61)\n"})[1] is False
    assert values({"arch/s390/kernel/syscalls/syscall.tbl": b"501 common x\n"})[2] is False
    assert values({}) == ["mm/mlock.c", True, True]


def test_a_damaged_or_unwritable_cache_is_only_slower(
    tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = 'probe = "file"\nfile = "mm/mlock.c"'
    assert ask(tmp_path, tree, fields).value is True
    for damage in (b"", b"{", b"[1]", b'[{"reads": {}, "finding": {"value": null}}]'):
        kept = list((Path(factcache.cache_directory()) / "facts").rglob("*.json"))
        assert kept
        for path in kept:
            path.write_bytes(damage)
        factcache._entries.cache_clear()
        assert ask(tmp_path, tree, fields).value is True
    blocked = tmp_path / "cache"
    (blocked / "facts").parent.mkdir()
    (blocked / "facts").write_text("a file where a directory should be")
    monkeypatch.setenv("PATCHKIT_CACHE", str(blocked))
    assert ask(tmp_path, tree, fields).value is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[facts.x]\nprobe = "entiti"\n', "unknown probe 'entiti' (did you mean entity?)"),
        ('[facts.x]\nprobe = "file"\nfiel = "a"', "no 'fiel' (did you mean file?)"),
        ('[facts.x]\nprobe = "file"\n', "probe file needs file"),
        ('[facts.x]\nprobe = "file"\nfile = 1', "expected file to be a string or a list"),
        ('[facts.x]\nprobe = "file"\nfile = []', "expected file to be a string or a list"),
        ('[facts.x]\nprobe = "vm-flag-bit-free"\nbit = true', "expected bit to be a number"),
        ('[facts.x]\nprobe = "vm-flag-bit-free"\nbit = "61"', "expected bit to be a number"),
        ('[facts.x]\nfile = "a"', "expected a table with probe ="),
        ("[facts]\nx = 1", "expected a table with probe ="),
        ("facts = 1", "expected [facts.NAME] tables"),
        ('[facts.X-y]\nprobe = "file"\nfile = "a"', "expected a name of a-z"),
        ('[facts.x]\nprobe = "entity"\nfile = "a"\nentity = "mlock_fixup"', "KIND NAME"),
        ('[facts.x]\nprobe = "entity"\nfile = "a"\nentity = "func f"', "KIND NAME"),
        ('[facts.x]\nprobe = "contains"\nfile = "a"\ntokens = "..."', "no tokens in it"),
        ('[facts.x]\nprobe = "line"\nfile = "a"\nregex = "("', "regex = '('"),
        ('[facts.x]\nprobe = "capture"\nfile = "a"\ntokens = "a"\nname = "b"', "expected $b"),
        ('[facts.x]\nprobe = "paths"', "needs file or glob"),
        ('[facts.x]\nprobe = "not"\nfact = "y"', "no fact 'y'"),
        ('[facts.x]\nprobe = "not"\nfact = "x"', "facts need each other: x → x"),
        ('[facts.a]\nprobe = "not"\nfact = "b"\n[facts.b]\nprobe = "any"\nfacts = ["a"]', "a → b"),
        ("[facts.x\n", "facts.toml"),
    ],
)
def test_wrong_definitions_are_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = definitions(tmp_path, text)
    with pytest.raises(TemplateError) as caught:
        load_definitions(path)
    assert message in caught.value.message
    assert str(path) in caught.value.message


def test_a_name_belongs_to_one_file_and_other_tables_are_left_alone(tmp_path: Path) -> None:
    text = '[series]\nname = "x"\n[facts.it]\nprobe = "file"\nfile = "a"\n'
    first, second = (definitions(tmp_path, text, name) for name in ("a.toml", "b.toml"))
    assert list(load_definitions(first)) == ["it"]
    with pytest.raises(TemplateError, match=r"is defined in .*a.toml already"):
        load_definitions(first, second)
    with pytest.raises(TemplateError, match="cannot be read"):
        load_definitions(tmp_path / "none.toml")


def test_an_unknown_fact_is_named_with_the_nearest(tmp_path: Path, tree: Tree) -> None:
    facts = probe(load_definitions(definitions(tmp_path, COMBINED)), tree)
    with pytest.raises(TemplateError, match=r"'eiter' is defined .did you mean either"):
        facts.value("eiter")
    with pytest.raises(KeyError):
        facts["eiter"]


@pytest.mark.real
@pytest.mark.parametrize("version", REAL_VERSIONS)
def test_evidence_of_shared_facts_is_where_it_says(
    real_tree: Callable[[str], GitTree], version: str
) -> None:
    """Each fact about a real tree names a line that exists, in a file that exists."""
    tree = real_tree(version)
    facts = probe(load_definitions(data_directory("templates") / "facts.toml"), tree)
    for name, fact in facts.items():
        assert fact.why, name
        if fact.line:
            data = tree.read(fact.file)
            assert data is not None, (name, fact)
            assert 1 <= fact.line <= data.count(b"\n") + 1, (name, fact)
    assert facts.value("vm_flag_bit_61_free") is True
    assert facts.value("vm_flag_bit_62_free") is True


EXPECTED = {
    "5.10": ("VM_LOCKED_CLEAR_MASK", True, False, False, "mlock_future_check", "kernel/fork.c"),
    "6.1": ("VM_LOCKED_CLEAR_MASK", False, False, False, "mlock_future_check", "kernel/fork.c"),
    "6.12": ("VM_LOCKED_MASK", False, True, False, "mlock_future_ok", "kernel/fork.c"),
    "7.2": ("VM_LOCKED_MASK", False, True, True, "mlock_future_ok", "mm/mmap.c"),
}


@pytest.mark.real
@pytest.mark.parametrize("version", REAL_VERSIONS)
def test_shared_facts_of_real_trees_are_as_a_person_reads_them(
    real_tree: Callable[[str], GitTree], version: str
) -> None:
    facts = probe(load_definitions(data_directory("templates") / "facts.toml"), real_tree(version))
    names = ("vm_locked_mask", "vma_list", "vm_flags_accessors", "vma_flags_bitmap",
             "mlock_future_helper", "dup_mmap_file")  # fmt: skip
    assert tuple(facts.value(name) for name in names) == EXPECTED[version]
