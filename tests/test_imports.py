# SPDX-License-Identifier: GPL-2.0-only
"""A stage imports the stages before it, never those after."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import patchkit

ROOT = Path(patchkit.__file__).parent
BASE = ("errors", "files", "paths", "process", "progress")
STAGES = ("tree", "series", "commits", "lint", "kselftest", "build", "boot", "results")
LAST = ("pipeline", "explore", "verify", "cli", "pytest_plugin", "__main__")
MODULES = sorted(ROOT.rglob("*.py"))


def area(module: Path) -> str:
    return module.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_areas(module: Path) -> set[str]:
    """Return the first-level areas of patchkit that a module imports when it runs."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: write imports from patchkit in full"
            if node.module == "patchkit":
                names += [f"patchkit.{alias.name}" for alias in node.names]
            else:
                names.append(node.module or "")
    return {name.split(".")[1] for name in names if name.startswith("patchkit.")}


def rank(name: str) -> int:
    if name in BASE:
        return 0
    if name in STAGES:
        return 1 + STAGES.index(name)
    return 1 + len(STAGES) + LAST.index(name)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_imports_point_backwards(module: Path) -> None:
    own = area(module)
    if own in ("__init__", *BASE):
        assert imported_areas(module) <= set(BASE)
        return
    later = {name for name in imported_areas(module) - {"__version__"} if rank(name) > rank(own)}
    assert later == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_only_the_command_line_prints_and_only_process_starts_programs(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    if area(module) != "cli":
        assert "print" not in called
    starts = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("subprocess", "os")
    } & {"run", "Popen", "call", "check_call", "check_output", "system", "popen", "execv", "fork"}
    if module.name != "process.py":
        assert starts == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_only_one_module_imports_git(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    uses = [line for line in text.splitlines() if line.startswith(("import git", "from git "))]
    assert not uses or module == ROOT / "commits" / "repo.py"
