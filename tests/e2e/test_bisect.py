# SPDX-License-Identifier: GPL-2.0-only
"""``git bisect run patchkit test --bisect`` on a history of a tree of our own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.qemu import guest
from fakes.tree import tree

from patchkit.boot.qemu import Guest

pytestmark = pytest.mark.slow

__all__ = ["guest", "tree"]

HISTORY = (
    "good",
    "good too",
    "broken",
    "broken still",
    "good again",
    "bad",
    "bad too",
    "bad three",
)
PROGRAM = """
import platform, sys
from pathlib import Path
from patchkit.build import kconfig
from patchkit.cli import main
kconfig.fragments_for = lambda arch, **how: (Path(sys.argv[1]),)
platform.machine = lambda: "x86_64"
sys.exit(main(["test", "--bisect", "--accel", "tcg", "-q", *sys.argv[2:]]))
"""


@pytest.fixture
def git(tree: Path) -> Callable[..., str]:
    """Run git in the tree, as somebody."""
    somebody = {
        f"GIT_{role}_{what}": f"a@{what}" for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }  # fmt: skip

    def run(*words: str, code: int = 0) -> str:
        env = {**os.environ, **somebody}
        done = subprocess.run(
            ["git", "-C", tree, *words], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """``patchkit test --bisect``, with options that the tree of our own can grant."""
    program, fragment = tmp_path / "command.py", tmp_path / "base.config"
    program.write_text(PROGRAM)
    fragment.write_text("CONFIG_PROC_FS=y\n")
    return [sys.executable, str(program), str(fragment), "--targets", "mpin"]


def test_the_first_bad_commit_is_found_around_what_does_not_build(
    tree: Path, git: Callable[..., str], command: list[str], guest: Callable[[str], Guest]
) -> None:
    guest("obeys its kernel")
    git("init", "-q")
    for text in HISTORY:
        (tree / "main.c").write_text(f"{text}\n")
        git("add", "-A")
        git("commit", "-qm", text)
    first = len(HISTORY) - 1 - HISTORY.index("good")
    git("bisect", "start", "HEAD", f"HEAD~{first}")
    said = git("bisect", "run", *command, "--tree", str(tree))
    assert "is the first bad commit" in said
    assert git("log", "-1", "--format=%s", "refs/bisect/bad").strip() == "bad"


@pytest.mark.parametrize(
    ("text", "more", "code"),
    [
        ("good", (), 0),
        ("bad", (), 1),
        ("silent", ("--timeout", "0.5"), 1),
        ("broken", (), 125),
        ("good", ("--targets", "nothing-of-this-name"), 125),
    ],
)
def test_what_git_is_told(
    tree: Path, git: Callable[..., str], command: list[str], guest: Callable[[str], Guest],
    text: str, more: tuple[str, ...], code: int,
) -> None:  # fmt: skip
    guest("obeys its kernel")
    (tree / "main.c").write_text(f"{text}\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", text)
    done = subprocess.run([*command, "--tree", tree, *more], check=False, capture_output=True)
    assert done.returncode == code, done.stderr.decode()
