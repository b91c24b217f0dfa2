# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E101  kernel C is indented with tabs, then blanks
"""pf-memalloc-pin: what a tree has of it is told, and exactly the rest is added, in any state."""

from __future__ import annotations

import functools
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest
from series_support import MemoryTree

from patchkit.paths import data_directory
from patchkit.series import plan as module
from patchkit.series.model import PatchPlan, Plan
from patchkit.series.plan import plan
from patchkit.tree.source import DirectoryTree, GitTree, OverlayTree, Tree

pytestmark = pytest.mark.slow

NAME = "pf-memalloc-pin"
TEMPLATES = data_directory("templates")
FIXTURES = data_directory("kernel-tree-fixtures")
LACKING = (
    "0001",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0015",
    "0016",
    "0017",
)
"""What 5.10 lacks: stable has 0002 to 0004, and 0013 and 0014 are of a program it has not."""
NEEDS = {"0008": {"0007"}, "0009": {"0007"}, "0015": {"0009"}, "0016": {"0007"}}
"""What cannot be there without another: it uses a name that the other makes."""

EVIDENCE = {
    "0001": ["gfp_mask = GFP_USER | __GFP_NOWARN"],
    "0002": ["== prev_folio)|pfn < start_pfn"],
    "0003": ["if (migrate_pages("],
    "0004": ["collected++"],
    "0005": ["#define PF_MEMALLOC_PIN", "memalloc_pin_save(void)"],
    "0006": ["= current_gfp_context("],
    "0007": ["&= ~__GFP_MOVABLE", "_longterm_pinnable", "if (pin && !", "gfp_to_alloc_flags_cma("],
    "0008": ["is_zero_page(page)|is_zero_folio(folio)"],
    "0009": ["check_and_migrate_movable_pages(", "MR_LONGTERM_PIN", "FOLL_LONGTERM"],
    "0010": ["Pinned pages cannot reside"],
    "0011": ["long i;"],
    "0012": ["} while (rc == -EAGAIN)"],
    "0013": ["test_flags"],
    "0014": ["PIN_LONGTERM_BENCHMARK"],
    "0015": ["MIGRATE_REASON"],
    "0016": ["if (mt == MIGRATE_CMA", "word = READ_ONCE("],
    "0017": ["folio_expected_ref_count(folio)|lru_cache_drain_for_folio("],
}
"""What is in the lines that are named on a tree that has it all; ``|`` for what differs by tree."""


@pytest.fixture(autouse=True)
def own_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take parts of patchkit's own templates for its own: one child then renders all of them."""
    monkeypatch.setattr(module, "is_own", lambda templates: True)


def fixture(era: str) -> DirectoryTree:
    return DirectoryTree(FIXTURES / era, name=f"fixture:{era}")


def states(made: Plan) -> dict[str, str]:
    return {patch.id[:4]: patch.state for patch in made.patches}


def after(tree: Tree, *plans: Plan) -> OverlayTree:
    changes = [change for made in plans for patch in made.changed for change in patch.changes]
    return OverlayTree(
        tree,
        {change.path: change.new for change in changes},
        {change.path: change.mode for change in changes},
    )


def part(root: Path, wanted: Collection[str]) -> Path:
    """Return templates with some patches of the series only, as if applied by hand."""
    directory = root / "templates"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(TEMPLATES / NAME, directory / NAME)
    shutil.copy(TEMPLATES / "facts.toml", directory)
    manifest = directory / NAME / "series.toml"
    head, *patches = re.split(r"(?m)^(?=\[\[patch\]\]$)", manifest.read_text())
    kept = [text for text in patches if text.partition('template = "')[2][:4] in wanted]
    manifest.write_text(head + "".join(kept))
    return directory


def some_parts(number: int, seed: int) -> list[frozenset[str]]:
    """Return random parts of the series that can be there without the rest."""
    source = random.Random(seed)
    found: list[frozenset[str]] = []
    while len(found) < number:
        chosen = frozenset(name for name in LACKING if source.random() < 0.5)
        if chosen and all(NEEDS.get(name, set()) <= chosen for name in chosen):
            found.append(chosen)
    return found


def complete(tree: Tree, wanted: Collection[str], tmp_path: Path) -> OverlayTree:
    """Apply a part, then what patchkit adds; check that this is the rest, in the usual order."""
    by_hand = plan(tree, [NAME], templates=part(tmp_path, wanted))
    assert not by_hand.conflicts and len(by_hand.changed) == len(wanted)
    partial = after(tree, by_hand)
    rest = plan(partial, [NAME])
    assert not rest.conflicts, [patch.conflict for patch in rest.conflicts]
    added = tuple(patch.id[:4] for patch in rest.changed)
    assert added == tuple(name for name in LACKING if name not in wanted)
    assert all(states(rest)[name] == "present" for name in wanted)
    return after(tree, by_hand, rest)


@functools.cache
def whole() -> OverlayTree:
    """The small tree with all of the series."""
    tree = fixture("5.10")
    return after(tree, plan(tree, [NAME]))


PREFIXES = [frozenset(LACKING[:length]) for length in range(1, len(LACKING) + 1)]


@pytest.mark.parametrize(
    "wanted", [*PREFIXES, *some_parts(10, 6), frozenset(LACKING) - {"0009", "0015"}], ids=sorted
)
def test_any_part_is_completed_to_the_same_tree(wanted: frozenset[str], tmp_path: Path) -> None:
    assert complete(fixture("5.10"), wanted, tmp_path).changes == whole().changes


def test_half_of_a_patch_is_completed() -> None:
    """Somebody has taken the test of the page block and left the function that reads its type."""
    page_alloc = whole().read("mm/page_alloc.c") or b""
    assert page_alloc.count(b"READ_ONCE(bitmap[word_bitidx])") == 1
    half = page_alloc.replace(b"READ_ONCE(bitmap[word_bitidx])", b"bitmap[word_bitidx]")
    (patch,) = plan(OverlayTree(whole(), {"mm/page_alloc.c": half}), [NAME]).changed
    assert patch.id.startswith("0016")
    assert [change.path for change in patch.changes] == ["mm/page_alloc.c"]


def test_the_whole_is_complete() -> None:
    assert not plan(whole(), [NAME]).changed


@pytest.mark.real
@pytest.mark.parametrize("wanted", some_parts(3, 10), ids=sorted)
def test_any_part_is_completed_on_a_real_kernel(
    real_tree: Callable[[str], GitTree], wanted: frozenset[str], tmp_path: Path
) -> None:
    tree = real_tree("5.10")
    whole = after(tree, plan(tree, [NAME]))
    assert complete(tree, wanted, tmp_path).changes == whole.changes


def check_lacking(tree: Tree) -> None:
    made = plan(tree, [NAME])
    assert not made.conflicts
    assert tuple(patch.id[:4] for patch in made.changed) == LACKING
    for patch in made.patches:
        if patch.state != "present":
            continue
        assert patch.id[:4] in ("0002", "0003", "0004")
        (found,) = patch.evidence
        line = (tree.read(found.file) or b"").splitlines()[found.line - 1].decode()
        assert any(text in line for text in ("prev_head)", "-ENOMEM", "isolation_error_count"))
    for name in ("0013", "0014"):
        (patch,) = [patch for patch in made.patches if patch.id.startswith(name)]
        assert patch.state == "superseded"
        assert "mm/gup_benchmark.c" in {found.file for found in patch.evidence}


def check_all_there(tree: Tree) -> None:
    made = plan(tree, [NAME])
    assert {patch.state for patch in made.patches} == {"present"}
    found = {
        patch.id[:4]: [
            (tree.read(item.file) or b"").splitlines()[item.line - 1].decode()
            for item in patch.evidence
        ]
        for patch in made.patches
    }
    assert found.keys() == EVIDENCE.keys()
    for name, lines in found.items():
        for line, wanted in zip(lines, EVIDENCE[name], strict=True):
            assert any(text in line for text in wanted.split("|")), (name, line)


def test_what_the_small_trees_have() -> None:
    check_lacking(fixture("5.10"))
    for era in ("6.12", "7.2"):
        assert set(states(plan(fixture(era), [NAME])).values()) == {"present"}


@pytest.mark.real
def test_what_5_10_lacks(real_tree: Callable[[str], GitTree]) -> None:
    check_lacking(real_tree("5.10"))


@pytest.mark.real
@pytest.mark.parametrize("version", ["6.1", "6.12", "7.2"])
def test_all_is_there_and_where(real_tree: Callable[[str], GitTree], version: str) -> None:
    check_all_there(real_tree(version))


CONFIGURATIONS = (
    ("MMU", "CMA", "MIGRATION", "FS_DAX"), ("MMU", "MIGRATION"), ("MMU", "FS_DAX"), ("MMU",),
)  # fmt: skip


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
@pytest.mark.parametrize("wanted", [frozenset(), *some_parts(10, 6)], ids=sorted)
def test_every_commit_compiles(wanted: frozenset[str], tmp_path: Path) -> None:
    """Whatever is there already: the commits that are added to it compile one after the other."""
    root = tmp_path / "linux"
    shutil.copytree(FIXTURES / "5.10", root)
    tree: Tree = fixture("5.10")
    if wanted:
        by_hand = plan(tree, [NAME], templates=part(tmp_path, wanted))
        write(root, by_hand.changed)
        tree = after(tree, by_hand)
    added = plan(tree, [NAME]).changed
    assert len(added) == len(LACKING) - len(wanted)
    for patch in added:
        write(root, [patch])
        for names in CONFIGURATIONS:
            done = subprocess.run(
                ["cc", "-fsyntax-only", "-std=gnu11", "-ffreestanding", "-nostdinc", "-Wall",
                 "-Wno-unused", "-D__KERNEL__", "-DCONFIG_64BIT",
                 *(f"-DCONFIG_{name}" for name in names), "-I", "include",
                 "-include", "linux/syscalls.h", "mm/gup.c", "mm/page_alloc.c", "mm/hugetlb.c"],
                cwd=root, capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert done.stderr == "", (patch.id, names)


def write(root: Path, patches: Sequence[PatchPlan]) -> None:
    for patch in patches:
        for change in patch.changes:
            (root / change.path).write_bytes(change.new or b"")


def test_messages_name_the_upstream_commit_and_the_originator() -> None:
    for patch in plan(fixture("5.10"), [NAME]).changed:
        message = " ".join(patch.message.split())
        assert re.search(r'Equivalent of upstream commit <[0-9a-f]{12}> \("', message), patch.id
        assert f'("{patch.subject}")' in message
        assert "\nSuggested-by: " in patch.message and "\nLink: https://lore." in patch.message


OLDER = """\
static long check_and_migrate_cma_pages(struct mm_struct *mm, unsigned long start,
		unsigned long nr_pages, struct page **pages, struct vm_area_struct **vmas,
		unsigned int gup_flags)
{
	unsigned long i;
	unsigned long step;
	bool drain_allow = true;
	bool migrate_allow = true;
	LIST_HEAD(cma_page_list);
	long ret = nr_pages;
	struct migration_target_control mtc = {
		.gfp_mask = GFP_USER | __GFP_MOVABLE | __GFP_NOWARN,
	};

check_again:
	for (i = 0; i < nr_pages;) {

		struct page *head = compound_head(pages[i]);

		/*
		 * gup may start from a tail page. Advance step by the left
		 * part.
		 */
		step = compound_nr(head) - (pages[i] - head);
		if (is_migrate_cma_page(head)) {
			if (PageHuge(head))
				isolate_huge_page(head, &cma_page_list);
			else {
				if (!PageLRU(head) && drain_allow) {
					lru_add_drain_all();
					drain_allow = false;
				}

				if (!isolate_lru_page(head)) {
					list_add_tail(&head->lru, &cma_page_list);
					mod_node_page_state(page_pgdat(head),
							    NR_ISOLATED_ANON +
							    page_is_file_lru(head),
							    thp_nr_pages(head));
				}
			}
		}

		i += step;
	}

	if (!list_empty(&cma_page_list)) {
		unpin_user_pages(pages, nr_pages);

		if (migrate_pages(&cma_page_list, alloc_migration_target, NULL,
			(unsigned long)&mtc, MIGRATE_SYNC, MR_CONTIG_RANGE)) {
			/*
			 * some of the pages failed migration. Do get_user_pages
			 * without migration.
			 */
			migrate_allow = false;

			if (!list_empty(&cma_page_list))
				putback_movable_pages(&cma_page_list);
		}
		/*
		 * We did migrate all the pages, Try to get the page references
		 * again migrating any new CMA pages which we failed to isolate
		 * earlier.
		 */
		ret = __get_user_pages_locked(mm, start, nr_pages,
						   pages, vmas, NULL,
						   gup_flags);

		if ((ret > 0) && migrate_allow) {
			nr_pages = ret;
			drain_allow = true;
			goto check_again;
		}
	}

	return ret;
}
"""
"""The function as it was before stable took the first fixes."""


def test_a_tree_without_the_fixes_of_stable_gets_them(tmp_path: Path) -> None:
    tree = MemoryTree({"mm/gup.c": OLDER})
    wanted = ("0001", "0002", "0003", "0004")
    made = plan(tree, [NAME], templates=part(tmp_path, wanted))
    assert tuple(patch.id[:4] for patch in made.changed) == wanted, made.conflicts
    result = (made.changed[-1].changes[0].new or b"").decode()
    assert "step" not in result and "migrate_allow" not in result
    assert result.count("isolation_error_count++;") == 2 and result.count("goto check_again;") == 1
    assert result.count("drain_allow = true;") == 1 and result.count("return ret;") == 2
    assert set(states(plan(MemoryTree({"mm/gup.c": result}), [NAME])).values()) >= {"present"}
