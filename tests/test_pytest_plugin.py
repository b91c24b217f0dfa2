# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.pytest_plugin, by pytest's own means, on recorded runs and on a tree of our own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.qemu import guest
from fakes.tree import tree

from patchkit.boot.crashes import scan
from patchkit.boot.qemu import Guest
from patchkit.errors import PatchkitError, UserError
from patchkit.pytest_plugin import hooks
from patchkit.pytest_plugin.kernel import Kernel, KernelRequest
from patchkit.results.ktap import parse
from patchkit.results.record import Run, write_run
from patchkit.results.verdict import judge

pytestmark = pytest.mark.slow

pytest_plugins = ("pytester",)
__all__ = ["guest", "hooks", "tree"]  # hooks: imported once, not by each session again

LOGS = Path(__file__).parent / "logs"
PLAIN = "def test_of_the_project():\n    pass\n"
KTAP = b"""1..3
# selftests: mpin: mpin_vmas
# 1..3
# ok 1 split
# # expected 3, got \x1b[31m4
# not ok 2 merge
# ok 3 move # SKIP no mremap()
# # patchkit: seconds=12.500
not ok 1 selftests: mpin: mpin_vmas # exit=1
# selftests: mpin: mpin_fork
# # patchkit: seconds=3.250
ok 2 selftests: mpin: mpin_fork
not ok 3 selftests: mpin: mpin_ksm # XFAIL not yet
"""
CONSOLE = b"""[    0.000000] Linux version 6.12.0 (fake)
[    1.000000] patchkit: test 1/2 mpin: mpin_vmas
[    1.100000] a word of the kernel
[    2.000000] patchkit: test 2/2 mpin: mpin_fork
[    2.100000] another word
"""


def record(directory: Path, ktap: bytes, console: bytes) -> Path:
    """Make a run directory as a run would have left it."""
    directory.mkdir()
    verdict = judge(parse(ktap, recover=False), crashes=scan(console))
    (directory / "console.log").write_bytes(console)
    (directory / "bzImage").write_bytes(b"kernel")
    run = Run(
        verdict=verdict.word, why=verdict.why, tests=verdict.tests, crashes=verdict.crashes,
        end="exited", accelerator="tcg", accelerator_why="asked for", tree="linux", commit="1234",
        targets=("mpin",), profile="default", seconds={"boot": 7.5}, versions={},
        commands={"reproduce": "patchkit test", "qemu": "qemu"},
    )  # fmt: skip
    write_run(run, directory)
    return directory


@pytest.fixture
def recorded(tmp_path: Path) -> str:
    return f"--kernel-run={record(tmp_path / 'run', KTAP, CONSOLE)}"


@pytest.fixture
def repository(tree: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree in git, and a project whose conftest.py lets it be built here."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@example.org")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run(["git", "-C", tree, *words], check=True)
    fragment = pytester.path / "base.config"
    fragment.write_text("CONFIG_PROC_FS=y\n")
    pytester.makeconftest(
        "from pathlib import Path\n"
        "import platform\n"
        "from patchkit.build import kconfig\n"
        f"kconfig.fragments_for = lambda arch, **how: (Path({str(fragment)!r}),)\n"
        "platform.machine = lambda: 'x86_64'\n"
    )
    return tree


def test_a_case_is_an_item_with_its_own_result(pytester: pytest.Pytester, recorded: str) -> None:
    pytester.makepyfile(PLAIN)
    result = pytester.runpytest_inprocess(recorded, "-v", "-rA")
    result.assert_outcomes(passed=4, failed=1, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines_random([
        "kernel::guest PASSED*",
        "kernel::mpin::mpin_vmas::split PASSED*",
        "kernel::mpin::mpin_vmas::merge FAILED*",
        "kernel::mpin::mpin_vmas::move SKIPPED (no mremap())*",
        "kernel::mpin::mpin_fork PASSED*",
        "kernel::mpin::mpin_ksm XFAIL (not yet)*",
        "*test_of_the_project PASSED*",
    ])  # fmt: skip


def test_a_failure_explains_itself(pytester: pytest.Pytester, recorded: str) -> None:
    result = pytester.runpytest_inprocess(recorded)
    text = result.stdout.str()
    assert "expected 3, got \\x1b[31m4" in text
    assert "a word of the kernel" in text
    assert "another word" not in text
    assert f"run directory: {recorded.partition('=')[2]}" in text
    assert "items.py" not in text
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_crash_fails_the_guest_and_shows_the_report(
    pytester: pytest.Pytester, tmp_path: Path
) -> None:
    run = record(
        tmp_path / "run", (LOGS / "brk-charge-lost.ktap").read_bytes(),
        (LOGS / "brk-charge-lost.console").read_bytes(),
    )  # fmt: skip
    result = pytester.runpytest_inprocess(f"--kernel-run={run}", "-k", "guest")
    result.assert_outcomes(failed=1, deselected=122)
    result.stdout.fnmatch_lines(["--- line 149 of the console: bug", "*BUG: VMA charges left on*"])


def test_items_can_be_chosen_and_listed(pytester: pytest.Pytester, recorded: str) -> None:
    pytester.makepyfile(PLAIN)
    result = pytester.runpytest_inprocess(recorded, "-k", "mpin_vmas and not merge")
    result.assert_outcomes(passed=1, skipped=1, deselected=5)
    result = pytester.runpytest_inprocess(recorded, "--collect-only", "-q")
    result.stdout.fnmatch_lines(["kernel::mpin::mpin_vmas::merge"])


def test_times_are_those_of_the_guest(pytester: pytest.Pytester, recorded: str) -> None:
    pytester.runpytest_inprocess(recorded, "--junitxml=out.xml")
    cases = {
        (case.get("classname"), case.get("name")): case
        for case in ET.parse(pytester.path / "out.xml").getroot().iter("testcase")
    }
    assert cases["kernel.mpin", "mpin_fork"].get("time") == "3.250"
    assert cases["kernel", "guest"].get("time") == "7.500"
    (failure,) = cases["kernel.mpin.mpin_vmas", "merge"].iter("failure")
    assert "a word of the kernel" in (failure.text or "")


def test_the_failed_are_run_again(pytester: pytest.Pytester, recorded: str) -> None:
    pytester.runpytest_inprocess(recorded, "-k", "mpin_vmas")
    pytester.runpytest_inprocess(recorded, "--lf").assert_outcomes(failed=1)


def test_fixtures_have_the_kernel(pytester: pytest.Pytester, recorded: str) -> None:
    pytester.makepyfile(
        "def test_it(booted_kernel, built_kernel):\n"
        "    assert booted_kernel.run.verdict == 'fail'\n"
        "    assert 'another word' in booted_kernel.console()[4]\n"
        "    assert built_kernel.image.read_bytes() == b'kernel'\n"
        "    assert built_kernel.commit == '1234'\n"
        "def test_no_tree(kernel_tree):\n"
        "    pass\n"
    )
    result = pytester.runpytest_inprocess(recorded, "-k", "test_it or test_no_tree")
    result.assert_outcomes(passed=1, errors=1, deselected=6)
    result.stdout.fnmatch_lines(["no tree was named", "Next: pytest --kernel-tree TREE"])


def test_without_a_kernel_nothing_is_different(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PLAIN + "def test_skips(booted_kernel):\n    pass\n")
    result = pytester.runpytest_inprocess("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*use --kernel-tree TREE"])
    assert "kernel:" not in result.stdout.str()


def test_the_plugin_costs_nothing_where_it_is_not_used(pytester: pytest.Pytester) -> None:
    program = (
        "import sys, patchkit.pytest_plugin;"
        "print(sorted(name for name in sys.modules if name.startswith('patchkit')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['patchkit', 'patchkit.pytest_plugin']"


def test_the_plugin_can_be_left_out(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PLAIN)
    result = pytester.runpytest_subprocess("-p", "no:patchkit")
    result.assert_outcomes(passed=1)
    result = pytester.runpytest_subprocess("-p", "no:patchkit", "--kernel-tree", ".")
    result.stderr.fnmatch_lines(["*unrecognized arguments: --kernel-tree*"])
    assert "--kernel-tree=TREE" in pytester.runpytest_subprocess("--help").stdout.str()


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_kernel_is_built_and_booted_once(
    pytester: pytest.Pytester, repository: Path, guest: Callable[[str], Guest],
    workers: tuple[str, ...],
) -> None:  # fmt: skip
    guest("fails the last test")
    pytester.makepyfile(
        "def test_trees(kernel_tree, patched_tree):\n"
        "    assert kernel_tree.read('main.c') == patched_tree.read('main.c') == b'one\\n'\n"
        "def test_kernel(booted_kernel, built_kernel):\n"
        "    assert [test.status for test in booted_kernel.run.tests] == ['pass', 'fail']\n"
        "    assert built_kernel.config.read_text() and len(built_kernel.commit) == 40\n"
    )
    result = pytester.runpytest_inprocess(
        f"--kernel-tree={repository}", "--kernel-targets=mpin", "--kernel-accel=tcg", *workers
    )
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines([
        "run directory: *", f"again: patchkit test --tree {repository} --targets mpin --accel tcg",
    ])  # fmt: skip
    runs = list((Path(os.environ["PATCHKIT_CACHE"]) / "runs").iterdir())
    booted = [run for run in runs if (run / "console.log").exists()]
    assert (len(booted), len(runs)) == (1, 2)


def test_a_tree_that_does_not_build_is_an_error_not_a_trace(
    pytester: pytest.Pytester, repository: Path, guest: Callable[[str], Guest]
) -> None:
    (repository / "main.c").write_text("broken\n")
    subprocess.run(["git", "-C", repository, "commit", "-qam", "two"], check=True)
    result = pytester.runpytest_inprocess(
        f"--kernel-tree={repository}", "--kernel-targets=mpin", "--kernel-accel=tcg"
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["the x86_64 kernel does not build:", "*main.c:1:1: error: broken"])
    assert "Traceback" not in result.stdout.str()
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_findings_of_the_lint_are_items(
    pytester: pytest.Pytester, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = {
        "rule": "limit-check-one-counter", "severity": "error", "file": "mm/x.c", "line": 7,
        "function": "pin_it", "message": "compared alone", "path": ["mm/x.c:6: charged"],
    }  # fmt: skip
    for found, outcome in (([finding, finding], {"failed": 2}), ([], {"passed": 1})):
        monkeypatch.setattr(Kernel, "_lint", lambda self, found=found: {"findings": found})
        result = pytester.runpytest_inprocess(f"--kernel-tree={repository}", "--kernel-lint", "-v")
        result.assert_outcomes(**outcome)
        if found:
            result.stdout.fnmatch_lines([
                "kernel::lint::limit-check-one-counter::mm/x.c::pin_it FAILED*",
                "kernel::lint::limit-check-one-counter::mm/x.c::pin_it~2 FAILED*",
                "mm/x.c:7: error: compared alone [[]limit-check-one-counter[]]",
            ])  # fmt: skip


def test_what_is_made_once_is_made_once_whoever_asks_first(tmp_path: Path) -> None:
    made: list[int] = []
    seen: list[object] = []

    def ask(number: int) -> None:
        kernel = Kernel(KernelRequest("x"), tmp_path)
        try:
            seen.append(kernel._once("thing", lambda: made.append(number) or {"value": 1}))
            kernel._once("error", fail)
        except PatchkitError as error:
            seen.append(error.hint)

    def fail() -> dict[str, object]:
        made.append(-1)
        raise UserError("no", hint="try again")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert seen.count({"value": 1}) == seen.count("try again") == 8


def test_series_are_applied_and_bring_their_targets() -> None:
    request = KernelRequest("fixture:6.12", ("vm-pinned", "mpin"))
    kernel = Kernel(request, Path("/nonexistent"))
    assert set(kernel.targets()) == {"memlock", "mpin"}
    assert request.command == "patchkit test vm-pinned mpin --tree fixture:6.12"


def test_the_guest_is_as_the_series_wish(tmp_path: Path) -> None:
    kernel = Kernel(KernelRequest("fixture:6.12", ("pin-selftests",)), tmp_path)
    request = kernel._test_request(kernel.targets())
    assert (request.append, request.memory) == (("movablecore=1G",), "2G")


def test_a_patched_tree_has_the_series(tmp_path: Path) -> None:
    kernel = Kernel(KernelRequest("fixture:6.12", ("vm-pinned",)), tmp_path)
    assert kernel.patched_tree().read("mm/mlock.c") != kernel.tree().read("mm/mlock.c")
