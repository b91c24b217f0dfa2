# SPDX-License-Identifier: GPL-2.0-only
"""The 27 hazards of docs/threats.md: each has tests, and those that fit nowhere else are here."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from patchkit.cli import main
from patchkit.series.plan import plan
from patchkit.tree.source import DirectoryTree

sys.path.insert(0, str(Path(__file__).parent / "series"))
from series_support import conflict, edited

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
ROWS = {
    int(number): re.findall(r"`([\w./]+\.py)::(\w+)`", tests)
    for number, tests in re.findall(r"^\| (\d+) \|[^|]+\|[^|]+\|([^|]+)\|$", PAGE, re.M)
}


def test_every_hazard_is_there() -> None:
    assert list(ROWS) == list(range(1, 28))


@pytest.mark.parametrize("number", ROWS)
def test_every_hazard_has_tests_that_exist(number: int) -> None:
    assert ROWS[number]
    for name, function in ROWS[number]:
        tree = ast.parse((TESTS / name).read_text(encoding="utf-8"))
        found = [
            node for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name == function
        ]  # fmt: skip
        assert found, f"{name} has no {function}"
        assert not any("skip" in ast.unparse(mark) for mark in found[0].decorator_list)


def test_every_test_named_after_a_hazard_is_listed() -> None:
    listed = {function for tests in ROWS.values() for _, function in tests}
    own = {name for name in globals() if name.startswith("test_hazard_")}
    assert own <= listed


MANIFEST = '[series]\nname = "three"\ntitle = "lib: count"\n' + "".join(
    f'[facts.calls_{name}]\nprobe = "calls"\nfile = "lib/a.c"\nentity = "function f"\n'
    f'function = "{name}"\nabout = "f() calls {name}()"\n'
    f'[[patch]]\ntemplate = "000{number}-{name}.patch.j2"\nholds = ["calls_{name}"]\n'
    for number, name in enumerate(("one", "two", "three"), 1)
)
BARE = "void f(int a)\n{\n\tbegin(a);\n\tend(a);\n}\n"


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    directory = tmp_path / "templates" / "three"
    directory.mkdir(parents=True)
    (directory / "series.toml").write_text(MANIFEST)
    for number, name in enumerate(("one", "two", "three"), 1):
        (directory / f"000{number}-{name}.patch.j2").write_text(
            f"lib: call {name}()\n\nBecause.\n\n---\n--- lib/a.c\n@@ function f @@\n"
            f" \tbegin(a);\n+\t{name}(a);\n"
        )
    return directory.parent


def states(tmp_path: Path, templates: Path, code: str) -> list[str]:
    (tmp_path / "tree" / "lib").mkdir(parents=True, exist_ok=True)
    (tmp_path / "tree" / "lib" / "a.c").write_text(code)
    made = plan(DirectoryTree(tmp_path / "tree"), ["three"], templates=templates, trust=True)
    return [patch.state for patch in made.patches]


def test_hazard_08_a_patch_in_the_middle_is_there_already(tmp_path: Path, templates: Path) -> None:
    merged = BARE.replace("\tend(a)", "\ttwo(a);\n\tend(a)")
    assert states(tmp_path, templates, BARE) == ["apply"] * 3
    assert states(tmp_path, templates, merged) == ["apply", "present", "apply"]


def test_hazard_08_an_edit_was_made_by_hand(tmp_path: Path, templates: Path) -> None:
    by_hand = BARE.replace("\tbegin(a);", "\tbegin(a); one (\n\t\ta); /* by hand */")
    assert states(tmp_path, templates, by_hand) == ["present", "apply", "apply"]


HUNK = "@@ function f @@\n-\tcount += 1;\n+\tcount += 2;\n"


def test_hazard_09_a_name_in_comments_strings_and_macros_is_no_place() -> None:
    before = (
        "/* count += 1; */\n#define F() do { count += 1; } while (0)\n"
        'void f(void)\n{\n\t/* count += 1; */\n\tsay("count += 1;");\n\tcount += 1;\n}\n'
        "void g(void)\n{\n\tcount += 1;\n}\n"
    )
    after = edited(HUNK, before)
    assert after == before.replace('");\n\tcount += 1;', '");\n\tcount += 2;')


def test_hazard_09_two_places_are_a_conflict() -> None:
    before = (
        "#ifdef CONFIG_MMU\nvoid f(void)\n{\n\tcount += 1;\n}\n#else\n"
        "void f(void)\n{\n\tcount += 1;\n}\n#endif\n"
    )
    said = conflict(HUNK, before)
    assert "mm/a.c:4" in said and "mm/a.c:9" in said


@pytest.mark.parametrize(
    "drifted",
    [
        "void f(int a)\n{\n\tcharge_pages(mm, a);\n}\n",
        "void f(int a)\n{\n\tcharge(a, mm);\n}\n",
        "void f(int a)\n{\n\tif (charge(mm, a))\n\t\treturn;\n}\n",
    ],
    ids=["renamed", "other order", "other statement"],
)
def test_hazard_10_a_drifted_function_is_refused(drifted: str) -> None:
    hunk = "@@ function f @@\n-\tcharge(mm, a);\n+\tcharge(mm, a, PINNED);\n"
    assert "nearest" in conflict(hunk, drifted)


def test_hazard_26_authors_of_other_commits_stay(
    tmp_path: Path, templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "dev@example.org")
    root = tmp_path / "linux"
    (root / "lib").mkdir(parents=True)
    (root / "lib" / "a.c").write_text(BARE)

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True)
        return done.stdout

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "import")
    words = ["apply", "three", "--templates", str(templates), "--trust-templates"]
    assert main([*words, "--tree", str(root), "-q"]) == 0
    git("checkout", "-q", "patchkit/three")
    (root / "lib" / "b.c").write_text("int b;\n")
    git("add", ".")
    git("commit", "-q", "-m", "theirs", "--author", "Carla Colleague <carla@example.org>")
    git("checkout", "-q", "main")
    template = templates / "three" / "0003-three.patch.j2"
    template.write_text(template.read_text().replace("Because.", "Because of it."))
    assert main([*words, "--tree", str(root), "-q"]) == 0
    assert git("log", "-1", "--format=%s %an %cn", "patchkit/three") == (
        "theirs Carla Colleague A Developer\n"
    )
    assert "Signed-off-by" not in git("log", "--format=%B", "patchkit/three")


def test_hazard_27_every_dependency_has_a_floor() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    every = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert [one for one in every if ">=" not in one and "==" not in one] == []
    assert any(one.startswith("gitpython>=3.2.1") for one in every)
