# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.pipeline: from a commit to a verdict, on a tree and a QEMU of our own making."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.qemu import guest
from fakes.tree import toolchain, tree

from patchkit import pipeline
from patchkit.boot.qemu import Guest
from patchkit.boot.vm import Clocks
from patchkit.build.kernel import BuildFailed
from patchkit.build.selftests import Selftest
from patchkit.build.toolchain import Toolchain
from patchkit.errors import InfrastructureError, NothingRanError, TreeError
from patchkit.paths import cache_directory
from patchkit.pipeline import TestRequest
from patchkit.progress import Progress
from patchkit.results.coverage import Coverage
from patchkit.results.record import read_run

pytestmark = pytest.mark.slow

__all__ = ["guest", "toolchain", "tree"]

FAR = Clocks(first_byte=60, ready=60, silence=60, total=60, panic=60, nmi=0, grace=0.2)


def git(where: Path, *words: str) -> str:
    env = {
        **os.environ, "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
    }  # fmt: skip
    done = subprocess.run(["git", "-C", where, *words], env=env, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def repository(
    tree: Path, toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The tree as a git repository, with fragments that the fake kernel can grant."""
    git(tree, "init", "-q", "-b", "main")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "one")
    fragment = tmp_path / "base.config"
    fragment.write_text("CONFIG_PROC_FS=y\n")
    monkeypatch.setattr("patchkit.build.kconfig.fragments_for", lambda arch, **how: (fragment,))
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    return tree


def run(
    repository: Path, progress: Progress = lambda *words: None, **more: object
) -> pipeline.TestResult:
    fields: dict[str, object] = {
        "revision": "HEAD", "targets": ("mpin",), "accelerator": "tcg", "clocks": FAR,
        "ccache": False, "reproduce": "patchkit test --tree x", **more,
    }  # fmt: skip
    return pipeline.test(TestRequest(repository, **fields), progress)  # type: ignore[arg-type]


def test_a_commit_is_built_booted_and_judged(
    repository: Path, guest: Callable[[str], Guest]
) -> None:
    guest("runs the plan")
    result = run(repository)
    assert result.verdict.word == "pass"
    report = result.as_json()
    assert [(test["name"], test["status"], test["seconds"]) for test in report["tests"]] == [
        ("mpin: limits", "pass", 0.5), ("mpin: fork", "pass", 0.5),
    ]  # fmt: skip
    assert (report["schema"], report["verdict"], report["accelerator"]) == (1, "pass", "tcg")
    assert report["reproduce"] == "patchkit test --tree x"
    assert Path(report["console"]).read_text().startswith("[    0.000000] Linux version")
    assert set(report["seconds"]) == {
        "source", "configure", "build", "selftests", "boot", "tests",
    }  # fmt: skip
    json.dumps(report)


def test_what_ran_of_added_lines(repository: Path, guest: Callable[[str], Guest]) -> None:
    (repository / "main.c").write_text("int more;\n")
    git(repository, "commit", "-qam", "two")
    guest("runs the plan")
    result = run(repository, counted_since="HEAD~")
    # No file of counters is of an object that this tree has.
    assert result.coverage == Coverage(())
    assert result.as_json()["coverage"] == ()
    assert json.loads((result.run_directory / "coverage.json").read_text())["files"] == []
    built = result.built.build_directory
    assert (built / "counted").read_text() == "y, init: \n"
    assert built != run(repository).built.build_directory


def test_the_run_directory_has_everything(repository: Path, guest: Callable[[str], Guest]) -> None:
    guest("runs the plan")
    where = run(repository).run_directory
    assert where.parent == cache_directory() / "runs"
    assert {path.name for path in where.iterdir()} == {
        "bzImage", "config", "console.log", "index.html", "initramfs.cpio", "junit.xml",
        "metadata.json", "qemu.sh", "reproduce.sh", "results.json", "results.ktap",
    }  # fmt: skip
    metadata = json.loads((where / "metadata.json").read_text())
    assert metadata["commit"] == git(repository, "rev-parse", "HEAD")
    assert metadata["state"] == "done"
    assert "patchkit test --tree x" in (where / "reproduce.sh").read_text()
    assert str(where / "bzImage") in (where / "qemu.sh").read_text()
    kept = read_run(where)
    assert (kept.verdict, kept.targets, kept.profile) == ("pass", ("mpin",), "default")
    assert [test.name for test in kept.tests] == ["mpin: limits", "mpin: fork"]
    assert kept.versions["kernel"] == "Linux version 6.12.0 (fake)"
    assert kept.versions["qemu"] == "QEMU emulator version 0.0 (fake)"
    assert "patchkit test --tree x" in (where / "index.html").read_text()


def test_a_failing_test_is_a_failure(repository: Path, guest: Callable[[str], Guest]) -> None:
    guest("fails the last test")
    result = run(repository)
    assert (result.verdict.word, "mpin: fork" in result.verdict.why) == ("fail", True)


def test_a_guest_that_runs_other_tests_than_asked_for(
    repository: Path, guest: Callable[[str], Guest]
) -> None:
    guest("good")
    result = run(repository)
    assert result.verdict.word == "fail"
    assert {test.name: test.status for test in result.verdict.tests} == {
        "a: b": "pass", "mpin: limits": "missing", "mpin: fork": "missing",
    }  # fmt: skip


def test_a_guest_that_hangs_ends_with_all_that_is_known(
    repository: Path, guest: Callable[[str], Guest]
) -> None:
    guest("never prints")
    result = run(repository, clocks=Clocks(first_byte=0.2, nmi=0, grace=0.2))
    assert result.verdict.word == "hang"
    assert "printed nothing within 0.2 s" in result.verdict.why
    assert (result.run_directory / "junit.xml").is_file()


def test_a_limit_for_the_whole_guest(repository: Path, guest: Callable[[str], Guest]) -> None:
    guest("ready, then prints for ever")
    result = run(repository, timeout=0.5)
    assert (result.verdict.word, result.booted.vm.end) == ("hang", "total")


def test_a_tree_that_does_not_build_starts_no_guest(
    repository: Path, guest: Callable[[str], Guest]
) -> None:
    (repository / "main.c").write_text("broken\n")
    git(repository, "commit", "-qam", "two")
    with pytest.raises(BuildFailed):
        run(repository)
    (where,) = (cache_directory() / "runs").iterdir()
    assert json.loads((where / "metadata.json").read_text())["state"] == "started"
    assert not (where / "console.log").exists()


def test_the_next_commit_continues_in_the_same_directory(
    repository: Path, guest: Callable[[str], Guest]
) -> None:
    guest("runs the plan")
    first = run(repository)
    again = run(repository)
    (repository / "main.c").write_text("two\n")
    git(repository, "commit", "-qam", "two")
    changed = run(repository)
    places = {result.built.build_directory for result in (first, again, changed)}
    assert len(places) == 1
    assert (again.built.steps, changed.built.steps) == (0, 2)
    assert len({result.run_directory for result in (first, again, changed)}) == 3


def test_a_directory_is_built_as_it_is(repository: Path, guest: Callable[[str], Guest]) -> None:
    guest("runs the plan")
    shutil.rmtree(repository / ".git")
    result = run(repository, revision=None)
    assert (result.verdict.word, result.built.commit) == ("pass", "")
    (repository / ".config").write_text("")
    with pytest.raises(TreeError, match="built or configured in place"):
        run(repository, revision=None)


def test_no_tests_no_run(repository: Path) -> None:
    with pytest.raises(NothingRanError, match="no selftests target was named"):
        run(repository, targets=())
    with pytest.raises(NothingRanError, match="no selftests target 'nope'"):
        run(repository, targets=("nope",))
    assert pipeline.build(TestRequest(repository, "HEAD", ccache=False)).initramfs is None


def test_a_kernel_for_a_machine_that_is_not_ours_to_build_for(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(InfrastructureError, match="x86_64-linux-gnu-gcc: not found"):
        run(repository, arch="x86_64")


def test_progress_names_every_stage_and_ends(
    repository: Path, guest: Callable[[str], Guest]
) -> None:
    guest("runs the plan")
    seen: dict[str, tuple[int, int | None]] = {}

    def progress(stage: str, done: int, total: int | None, detail: str) -> None:
        seen[stage] = (done, total)

    run(repository, progress)
    assert set(seen) == {"source", "configure", "build", "selftests", "boot", "tests"}
    assert all(done == total for done, total in seen.values())


def test_limits_follow_from_the_tests() -> None:
    tests = (Selftest("a", "b", 45), Selftest("a", "c", 0))
    clocks = pipeline.default_clocks(tests, 2.0)
    assert clocks.total > 2 * 45 + 2 * 3600
    slower = pipeline.default_clocks(tests, 2.0, debug=True)
    assert slower.ready > clocks.ready
    assert slower.silence > clocks.silence
