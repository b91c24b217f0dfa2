# SPDX-License-Identifier: GPL-2.0-only
"""The parts of verify that need no build."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchkit.verify import compilers
from patchkit.verify.checkpatch import judge
from patchkit.verify.compare import new_messages
from patchkit.verify.kbuild import by_target, enabled, messages
from patchkit.verify.model import OUTPUT_LINES, Change, tail
from patchkit.verify.settings import settings
from patchkit.verify.sparse import judge as judge_sparse
from patchkit.verify.touched import objects


def test_the_list_of_accepted_messages_does_not_grow() -> None:
    """Longer needs an issue: semantics allow these three and no more."""
    assert {(rule.type, rule.under) for rule in settings().accepted} == {
        ("FILE_PATH_CHANGES", ""),
        ("ENOSYS", "tools/testing/selftests/"),
        ("VOLATILE", "tools/testing/selftests/"),
    }
    assert all(rule.reason for rule in settings().accepted)


def test_checkpatch_without_a_summary_did_not_run() -> None:
    assert judge("").state == "infrastructure"
    assert judge("WARNING:LONG_LINE: x\n", "died").state == "infrastructure"
    assert judge("+total: 0 errors, 0 warnings, 1 lines checked\n").state == "infrastructure"
    assert judge("total: 0 errors, 0 warnings, 3 checks, 1 lines checked\n").state == "ok"


def test_a_message_about_the_commit_message_counts() -> None:
    text = (
        "WARNING:TYPO_SPELLING: 'teh'\n#7: \nteh\n\ntotal: 0 errors, 1 warnings, 4 lines checked\n"
    )
    assert judge(text).state == "fail"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("mm/mlock.c", ["mm/mlock.o"]),
        ("include/linux/mm.h", ["fs/io_uring.o", "fs/proc/base.o", "kernel/fork.o", "mm/mlock.o"]),
        ("arch/x86/include/asm/mm.h", ["fs/io_uring.o", "fs/proc/base.o", "kernel/fork.o",
                                       "mm/mlock.o"]),
        ("drivers/a/b.h", ["drivers/a/c/d.o", "drivers/a/x.o"]),
        ("Documentation/a.c", []),
        ("tools/testing/selftests/mm/x.c", []),
    ],
)  # fmt: skip
def test_which_objects_a_file_stands_for(path: str, expected: list[str]) -> None:
    listing = ["mm/mlock.c", "mm/Kconfig", "fs/io_uring.c", "fs/proc/base.c", "kernel/fork.c",
               "kernel/exit.c", "drivers/a/x.c", "drivers/a/c/d.c", "drivers/ab/y.c"]  # fmt: skip
    assert list(objects([Change(path, "M")], listing)) == expected


def test_a_source_that_is_gone_builds_nothing() -> None:
    assert objects([Change("mm/mlock.c", "D")], []) == ()


def test_output_is_told_apart_by_target() -> None:
    said = by_target("noise\n  CC      mm/a.o\nx\n  CC [M]  drivers/b.o\ny\n  CC      mm/a.o\nz\n")
    assert said["mm/a.o"] == ["x", "z"]
    assert said["drivers/b.o"] == ["y"]


def test_messages_have_no_line_numbers_and_no_directory() -> None:
    lines = [
        "/cache/tree/mm/a.c: In function ‘f’:",
        "/cache/tree/mm/a.c:12:3: warning: unused variable ‘x’ [-Wunused-variable]",
        "   12 |   int x;",
        "./include/linux/mm.h:7: warning: Excess function parameter",
        "mm/a.o: warning: objtool: f() falls through",
        "../tree/mm/b.c:1:2: warning: as ccache names it",
    ]
    assert messages(lines, Path("/cache/tree")) == (
        "include/linux/mm.h: warning: Excess function parameter",
        "mm/a.c: warning: unused variable ‘x’ [-Wunused-variable]",
        "mm/a.o: warning: objtool: f() falls through",
        "mm/b.c: warning: as ccache names it",
    )


def test_the_same_warning_twice_is_new_when_it_was_there_once() -> None:
    assert new_messages(["a", "a", "b"], ["a", "c"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("makefile", "wanted"),
    [
        ("obj-$(CONFIG_ON) += a.o", True),
        ("obj-$(CONFIG_OFF) += a.o", False),
        ("obj-$(CONFIG_OFF) += a.o\nobj-$(CONFIG_MODULE) := b.o a.o", True),
        ("mmu-$(CONFIG_OFF) := b.o \\\n\ta.o", False),
        ("obj-y := a.o", True),
        ("obj-$(CONFIG_OFF) += aa.o", True),
    ],
)
def test_whether_a_configuration_wants_an_object(makefile: str, wanted: bool) -> None:
    config = "CONFIG_ON=y\nCONFIG_MODULE=m\n# CONFIG_OFF is not set\n"
    assert enabled(makefile, config, "a.o") is wanted


def test_sparse_is_believed_only_with_the_seeded_defect() -> None:
    seed = "/tmp/x/patchkit_seed.h:3:17: warning: dereference of noderef expression\n"
    other = "/t/mm/a.c:1:1: warning: symbol 'a' was not declared\n"
    proven = judge_sparse(0, seed + other, Path("/t"))
    assert (proven.ran, proven.warnings) == (
        True,
        ("mm/a.c: warning: symbol 'a' was not declared",),
    )
    assert judge_sparse(1, seed + other, Path("/t")).ran
    assert not judge_sparse(0, other, Path("/t")).ran
    assert not judge_sparse(0, "", Path("/t")).ran
    assert not judge_sparse(139, seed, Path("/t")).ran
    assert not judge_sparse(-11, seed, Path("/t")).ran


def test_long_output_keeps_its_end() -> None:
    lines = [str(number) for number in range(OUTPUT_LINES + 5)]
    assert tail(lines).splitlines()[0] == "(5 lines left out)"
    assert tail(lines).splitlines()[-1] == lines[-1]


def test_a_newer_clang_is_taken_where_the_plain_one_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for suffix, version in (("", "14.0.6"), ("-16", "16.0.6"), ("-19", "19.1.7")):
        for tool in ("clang", "ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy"):
            program = tmp_path / f"{tool}{suffix}"
            program.write_text(f"#!/bin/sh\necho 'Debian clang version {version}'\n")
            program.chmod(0o755)
    (tmp_path / "llvm-ar-16").unlink()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (clang,) = (flavour for flavour in settings().flavour if flavour.llvm)
    plain = compilers.find(clang, (13, 0, 1))
    newer = compilers.find(clang, (15, 0, 0))
    assert plain is not None and (plain.program, plain.llvm) == ("clang", "1")
    assert newer is not None and (newer.program, newer.llvm) == ("clang-19", "-19")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert compilers.find(clang, (15, 0, 0)) is None
    assert "15.0.0 or newer" in compilers.missing(clang, (15, 0, 0))
