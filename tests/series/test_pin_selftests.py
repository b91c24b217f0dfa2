# SPDX-License-Identifier: GPL-2.0-only
"""pin-selftests: they are added to every tree, compile there, and get the guest they need."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from patchkit.cli.guest import wishes_of
from patchkit.cli.parser import build_parser
from patchkit.paths import data_directory
from patchkit.series.plan import plan
from patchkit.tree.source import DirectoryTree, GitTree, Tree

NAME = "pin-selftests"
FIXTURES = data_directory("kernel-tree-fixtures")
ROOT = "tools/testing/selftests"


def added(tree: Tree) -> dict[str, bytes]:
    made = plan(tree, [NAME])
    assert [patch.state for patch in made.patches] == ["apply", "apply"]
    return {change.path: change.new or b"" for p in made.changed for change in p.changes}


@pytest.mark.parametrize("era", ["5.10", "6.12", "7.2"])
def test_two_targets_are_added(era: str) -> None:
    files = added(DirectoryTree(FIXTURES / era))
    makefile = files[f"{ROOT}/Makefile"].decode().split()
    assert "longterm_pin" in makefile and "mlock_batch" in makefile
    for target in ("longterm_pin", "mlock_batch"):
        assert f"TEST_GEN_PROGS := {target}\n".encode() in files[f"{ROOT}/{target}/Makefile"]
        assert files[f"{ROOT}/{target}/config"].startswith(b"CONFIG_")


@pytest.mark.real
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
@pytest.mark.parametrize("version", ["5.10", "6.1", "6.12", "7.2"])
def test_they_compile_with_the_header_of_the_tree(
    real_tree: Callable[[str], GitTree], version: str, tmp_path: Path
) -> None:
    tree = real_tree(version)
    for path in (f"{ROOT}/kselftest.h", "mm/gup_test.h"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(tree.read(path) or b"")
    for path, data in added(tree).items():
        if not path.endswith(".c"):
            continue
        source = tmp_path / path
        source.parent.mkdir()
        source.write_bytes(data)
        done = subprocess.run(
            ["cc", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function",
             "-Wno-unused-parameter", "-Wno-sign-compare", source],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.stderr == ""


@pytest.mark.parametrize(
    ("era", "config", "holds"),
    [("5.10", "GUP_BENCHMARK", False), ("6.12", "GUP_TEST", True), ("7.2", "GUP_TEST", True)],
)
def test_gup_test_is_used_where_it_keeps_its_pins(era: str, config: str, holds: bool) -> None:
    files = added(DirectoryTree(FIXTURES / era))
    assert f"CONFIG_{config}=y\n".encode() in files[f"{ROOT}/longterm_pin/config"]
    source = files[f"{ROOT}/longterm_pin/longterm_pin.c"]
    assert (b"PIN_LONGTERM_TEST_START" in source) == holds


@pytest.mark.parametrize(
    ("words", "append", "memory"),
    [
        (["pin-selftests"], ("movablecore=1G",), "2G"),
        (["pf-memalloc-pin", "pin-selftests"], ("movablecore=1G",), "2G"),
        (["pin-selftests", "--append", "cma=1G quiet"], ("cma=1G", "quiet"), "2G"),
        (["pin-selftests", "--append", "", "--memory", "3G"], (), "3G"),
        (["vm-pinned"], (), ""),
        (["--targets", "memfd"], (), ""),
    ],
)
def test_the_guest_is_what_the_series_need(
    words: list[str], append: tuple[str, ...], memory: str
) -> None:
    arguments = build_parser().parse_args(["test", *words])
    wanted = wishes_of(arguments)
    assert (wanted.append, wanted.memory) == (append, memory)
