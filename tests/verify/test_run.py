# SPDX-License-Identifier: GPL-2.0-only
"""verify from commits to rows, on a repository that builds like a kernel."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from patchkit.errors import ExitCode, UserError
from patchkit.verify import compilers
from patchkit.verify.model import Report, Row, VerifyRequest
from patchkit.verify.run import verify

sys.path.insert(0, str(Path(__file__).parent))
from minikernel import MiniKernel

pytestmark = pytest.mark.slow

CHECKS = ("checkpatch", "kernel-doc", "objects", "sparse")
D = "int d(void);\nint d(void) { return 0; }\n"


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MiniKernel:
    made = MiniKernel(tmp_path)
    monkeypatch.setenv("PATH", f"{made.programs}{os.pathsep}{os.environ['PATH']}")
    return made


def run(
    kernel: MiniKernel, *commits: str, checks: tuple[str, ...] = CHECKS, each: bool = True
) -> Report:
    return verify(kernel.path, kernel.base, commits, VerifyRequest(each=each, checks=checks))


def state(report: Report, check: str, commit: str = "") -> str:
    (row,) = (r for r in report.rows if r.check == check and commit in ("", r.commit))
    return row.state


def row_of(report: Report, check: str) -> Row:
    (row,) = (r for r in report.rows if r.check == check)
    return row


def test_a_clean_commit_is_ok_everywhere(kernel: MiniKernel) -> None:
    report = run(kernel, kernel.commit("clean", {"drivers/d.c": f"{D}/* more */\n"}))
    assert [(row.check, row.state) for row in report.rows] == [(name, "ok") for name in CHECKS]
    assert report.verdict == "ok"
    assert report.exit_code == ExitCode.YES
    assert not any(row.cached for row in report.rows)


def test_the_second_time_everything_comes_from_the_store(
    kernel: MiniKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = kernel.commit("clean", {"kernel/fork.c": "int f(void);\nint f(void) { return 0; }\n"})
    first = run(kernel, commit)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a checkout was made")

    monkeypatch.setattr("patchkit.verify.builds.materialise", never)
    second = run(kernel, commit)
    assert all(row.cached for row in second.rows)
    assert [(r.check, r.state, r.output) for r in first.rows] == [
        (r.check, r.state, r.output) for r in second.rows
    ]


def test_an_old_warning_is_no_problem_and_a_new_one_is(kernel: MiniKernel) -> None:
    fork = "int f(void);\nint f(void) { int unused; return 0; }\n"
    same = kernel.commit("same", {"kernel/fork.c": f"\n\n{fork}"})
    assert state(run(kernel, same), "objects") == "ok"
    worse = kernel.commit("worse", {"kernel/fork.c": f"{fork}static int h;\n"})
    row = row_of(run(kernel, worse), "objects")
    assert row.state == "fail"
    (line,) = row.output.splitlines()
    assert line.startswith("kernel/fork.o: new: kernel/fork.c: warning: ")
    assert "‘h’" in line or "'h'" in line


def test_an_object_that_does_not_build_is_a_failure(kernel: MiniKernel) -> None:
    broken = kernel.commit("broken", {"drivers/d.c": "int d(void) { return x; }\n"})
    fixed = kernel.commit("fixed", {"drivers/d.c": D + "\n"})
    report = run(kernel, broken, fixed)
    assert state(report, "objects", broken) == "fail"
    assert state(report, "objects", fixed) == "ok"
    assert report.exit_code == ExitCode.NO
    assert "drivers/d.o does not build" in next(
        row.output for row in report.rows if row.state == "fail"
    )
    last = run(kernel, broken, fixed, each=False)
    assert state(last, "objects") == "ok"


def test_a_header_stands_for_what_may_include_it(kernel: MiniKernel) -> None:
    commit = kernel.commit("header", {"include/linux/mm.h": "#define MM nonsense\n"})
    row = row_of(run(kernel, commit, checks=("objects",)), "objects")
    assert row.state == "fail"
    assert "mm/a.o does not build" in row.output
    assert "nommu" not in row.output, "what did not build before is of another configuration"


def test_what_make_has_no_rule_for_is_of_another_configuration(kernel: MiniKernel) -> None:
    """As make of 5.10 says of mm/slob.o where CONFIG_SLUB is on."""
    commit = kernel.commit("header", {"include/linux/mm.h": "#define MM 1\n#define MORE 2\n"})
    row = row_of(run(kernel, commit, checks=("objects",)), "objects")
    assert (row.state, row.output) == ("ok", "2 objects")


def test_a_new_file_that_no_makefile_names_does_not_build(tmp_path: Path) -> None:
    kernel = MiniKernel(tmp_path, without=("mm/slob.c",))
    commit = kernel.commit("new", {"mm/slob.c": "int s(void);\n"})
    row = row_of(run(kernel, commit, checks=("objects",)), "objects")
    assert row.state == "fail"
    assert "mm/slob.o does not build" in row.output
    assert "No rule to make target 'mm/slob.o'" in row.output


def test_the_last_commit_stands_for_the_whole_series(kernel: MiniKernel) -> None:
    """A header makes sparse warn elsewhere, and clang compiles once: both show at the end."""
    header = {
        "include/linux/mm.h": "#define MM 1\n",
        "mm/a.c": "int a(void);\nint a(void) { return 1; }\n",
    }
    first = kernel.commit("header", header | {"mm/b.c": f"{D.replace('d(', 'b(')}/* __user */\n"})
    again = kernel.commit("again", {"include/linux/mm.h": "#define MM 2\n"})
    last = kernel.commit("last", {"drivers/d.c": f"{D}\n"})
    report = run(kernel, first, again, last, checks=("objects", "sparse", "objects-clang"))
    assert state(report, "sparse", first) == "fail", "its own source"
    assert not [row for row in report.rows if (row.check, row.commit) == ("sparse", again)]
    assert "mm/b.c: warning: incorrect type" in next(
        row.output for row in report.rows if (row.check, row.commit) == ("sparse", last)
    )
    assert [row.commit for row in report.rows if row.check == "objects-clang"] == [last]


def test_a_new_file_has_no_excuse(kernel: MiniKernel) -> None:
    commit = kernel.commit("new", {"mm/new.c": "#error no\n"})
    assert state(run(kernel, commit, checks=("objects",)), "objects") == "fail"
    files = {"mm/new.c": "#error no\n\n", "mm/Makefile": "obj-$(CONFIG_NEVER) += new.o\n"}
    commit = kernel.commit("configured out", files)
    assert state(run(kernel, commit, checks=("objects",), each=False), "objects") == "ok"


@pytest.mark.parametrize("word", ["SKIPME", "CRASH"])
def test_a_sparse_that_did_not_run_is_not_a_pass(kernel: MiniKernel, word: str) -> None:
    row = row_of(run(kernel, kernel.commit("c", {"drivers/d.c": f"{D}/* {word} */\n"})), "sparse")
    assert row.state == "infrastructure"
    assert "did not run on 1 of 1" in row.output


def test_a_new_sparse_warning_is_a_failure(kernel: MiniKernel) -> None:
    row = row_of(run(kernel, kernel.commit("c", {"drivers/d.c": f"{D}/* __user */\n"})), "sparse")
    assert row.state == "fail"
    assert "drivers/d.c: warning: incorrect type" in row.output


def test_a_missing_compiler_names_its_package(
    kernel: MiniKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compilers, "find", lambda *_: None)
    commit = kernel.commit("c", {"mm/a.c": "int a(void);\nint a(void) { return 2; }\n"})
    row = row_of(run(kernel, commit, checks=("objects-nommu",)), "objects-nommu")
    assert row.state == "infrastructure"
    assert "apt-get install gcc-riscv64-linux-gnu" in row.output


def test_a_build_that_cannot_start_is_not_the_commits_fault(kernel: MiniKernel) -> None:
    kernel.base = kernel.commit("base", {"Makefile": "allmodconfig:\n\t@false\n"})
    commit = kernel.commit("c", {"drivers/d.c": D + "\n"})
    report = run(kernel, commit, checks=("objects",))
    assert report.exit_code == ExitCode.INFRASTRUCTURE
    assert "make allmodconfig failed" in row_of(report, "objects").output


def test_kernel_doc_is_compared_with_the_base(kernel: MiniKernel) -> None:
    commit = kernel.commit("c", {"drivers/d.c": f"{D}/* undocumented */\n"})
    assert state(run(kernel, commit, checks=("kernel-doc",)), "kernel-doc") == "fail"
    kernel.base = commit
    commit = kernel.commit("c", {"drivers/d.c": f"\n{D}/* undocumented */\n"})
    assert state(run(kernel, commit, checks=("kernel-doc",)), "kernel-doc") == "ok"


def test_a_kernel_doc_that_sees_nothing_is_not_a_pass(kernel: MiniKernel) -> None:
    kernel.base = kernel.commit("c", {"scripts/kernel-doc": "#!/bin/sh\nexit 0\n"})
    commit = kernel.commit("c", {"drivers/d.c": D + "\n"})
    assert state(run(kernel, commit, checks=("kernel-doc",)), "kernel-doc") == "infrastructure"


def test_checkpatch_accepts_what_the_list_says_where_it_says(kernel: MiniKernel) -> None:
    accepted = kernel.commit("c", {"tools/testing/selftests/x/x.c": "ENOSYS\n"})
    refused = kernel.commit("c", {"kernel/x.c": "ENOSYS\n"})
    other = kernel.commit("c", {"tools/testing/selftests/x/y.c": "TABOO\n"})
    died = kernel.commit("c", {"kernel/y.c": "DIE\n"})
    report = run(kernel, accepted, refused, other, died, checks=("checkpatch",), each=False)
    assert [row.state for row in report.rows] == ["ok", "fail", "fail", "infrastructure"]
    assert report.rows[0].output.startswith("accepted: tools/testing/selftests/x/x.c:")
    assert "kernel/x.c" in report.rows[1].output


def test_an_unknown_check_is_refused(kernel: MiniKernel) -> None:
    with pytest.raises(UserError, match="did you mean checkpatch"):
        run(kernel, kernel.base, checks=("chekpatch",))
