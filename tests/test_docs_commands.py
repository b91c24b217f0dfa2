# SPDX-License-Identifier: GPL-2.0-only
"""Every command in README.md and docs/ is run: here on small trees, or where the table says."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from console_blocks import File, Line, Reader, lines, steps

from patchkit.tree.resolve import repository_of

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").glob("*.md") if "$ " in path.read_text("utf-8")),
]
ELSEWHERE = {
    r"make (demo|test|offline|test-fast|prove)\b": "test_readme.py::test_make_targets_exist",
    r"(pip|pipx) ": "test_packaging.py::test_a_clean_environment_plans_and_applies",
    r"patchkit doctor": "cli/test_doctor.py::test_all_is_there",
    r"patchkit verify ": "verify/test_run.py::test_a_missing_compiler_names_its_package",
    r"patchkit (build|test|run) ": "e2e/test_kernels.py::",
    r"git bisect ": "test_pipeline.py::test_a_tree_that_does_not_build_starts_no_guest",
    r"(?:QUILT_PATCHES=\S+ )?quilt ": "commits/test_quilt.py::test_quilt_pushes_all_of_it",
    r"(git checkout -q b4/mpin && )?b4 ": "commits/test_b4.py::test_b4_itself_takes_the_branch",
    r"git send-email ": "commits/test_export.py::test_git_am_makes_the_branch_again",
    r"python ": "test_docs.py::test_programs_that_pages_name_are_there",
    r"(pre-commit|pytest) ": "cli/test_lint_hook.py::",
    r"patchkit lint .*--paths drivers/vfio": "lint/test_lint_session.py::test_paths",
}
"""Commands that need a network, root, a kernel's build or a file of the reader's: the pattern, and
the test that runs such a command (a file alone when all of its tests do)."""


def elsewhere(line: str) -> str:
    return next((test for pattern, test in ELSEWHERE.items() if re.match(pattern, line)), "")


@pytest.mark.parametrize("test", sorted(set(ELSEWHERE.values())))
def test_what_runs_elsewhere_is_there(test: str) -> None:
    name, _, function = test.partition("::")
    tree = ast.parse((TESTS / name).read_text(encoding="utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert function in names if function else names


def test_no_pattern_is_idle() -> None:
    every = [line for page in PAGES for line in lines(page.read_text("utf-8"))]
    idle = [pattern for pattern in ELSEWHERE if not any(re.match(pattern, line) for line in every)]
    assert idle == []


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Reader")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "reader@example.org")
    monkeypatch.setenv("PATCHKIT_CACHE", str(tmp_path / "cache"))
    tree = repository_of("fixture:6.12")
    assert tree is not None
    return Reader(tmp_path / "home", tree)


def _page(page: Path) -> object:
    """Return a page as a parameter; pages with much to do are not for the short tests."""
    own = [line for line in lines(page.read_text("utf-8")) if not elsewhere(line)]
    return pytest.param(page, id=page.name, marks=[pytest.mark.real] if len(own) > 2 else [])


@pytest.mark.parametrize("page", [_page(page) for page in PAGES])
def test_commands_do_what_the_page_says(page: Path, reader: Reader) -> None:
    todo = list(steps(page.read_text(encoding="utf-8")))
    if not any(isinstance(step, File) for step in todo):
        reader.place = reader.checkout
    for step in todo:
        if not isinstance(step, Line) or not elsewhere(step.text):
            reader.do(step)
    assert (
        subprocess.run(
            ["git", "-C", reader.checkout, "status", "--porcelain"], capture_output=True, check=True
        ).stdout
        == b""
    ), "a page leaves the checkout as it was"
