# SPDX-License-Identifier: GPL-2.0-only
"""How series stand in a tree: states, what they rest on, and the table of ``patchkit status``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from series_support import MemoryTree

from patchkit.cli import main
from patchkit.errors import ExitCode, UserError
from patchkit.paths import data_directory
from patchkit.series.manifest import list_series
from patchkit.series.plan import plan
from patchkit.series.standing import PatchStanding, standing
from patchkit.tree.source import DirectoryTree, OverlayTree

FIXTURES = data_directory("kernel-tree-fixtures")
FLAG = "#define PF_MEMALLOC_PIN 1\n"
SAVE = "static inline unsigned int memalloc_pin_save(void)\n{\n\treturn 0;\n}\n"


def fixture(era: str) -> DirectoryTree:
    return DirectoryTree(FIXTURES / era)


def of(patches: tuple[PatchStanding, ...], name: str) -> PatchStanding:
    (found,) = [patch for patch in patches if patch.id.startswith(name)]
    return found


def test_every_patch_of_every_series_is_told() -> None:
    found = [(patch.series, patch.id) for patch in standing(fixture("5.10"))]
    every = list_series(data_directory("templates"))
    assert found == [(series.name, patch.id) for series in every for patch in series.patches]


@pytest.mark.parametrize("era", ["2.6.36", "3.15", "5.10", "6.12", "7.2"])
def test_each_state_has_what_it_rests_on(era: str) -> None:
    for patch in standing(fixture(era)):
        assert patch.evidence and all(item.why for item in patch.evidence)
        assert bool(patch.lacking) == (patch.state == "partial"), patch


def test_states_are_those_of_the_plan() -> None:
    """But that a plan applies what is absent."""
    for era in ("5.10", "6.12", "7.2"):
        planned = {
            patch.id: patch.state for patch in plan(fixture(era), ["pf-memalloc-pin"]).patches
        }
        for patch in standing(fixture(era), ["pf-memalloc-pin"]):
            assert patch.state == ("absent" if planned[patch.id] == "apply" else planned[patch.id])


def test_a_part_of_a_patch() -> None:
    tree = MemoryTree({"include/linux/sched.h": FLAG})
    patch = of(standing(tree, ["pf-memalloc-pin"]), "0005")
    assert patch.state == "partial"
    assert [(item.file, item.line) for item in patch.evidence] == [("include/linux/sched.h", 1)]
    assert [item.file for item in patch.lacking] == ["include/linux/sched/mm.h"]
    tree = MemoryTree({"include/linux/sched.h": FLAG, "include/linux/sched/mm.h": SAVE})
    assert of(standing(tree, ["pf-memalloc-pin"]), "0005").state == "present"


def test_what_is_applied_is_there() -> None:
    tree = fixture("5.10")
    changes = [change for p in plan(tree, ["pf-memalloc-pin"]).changed for change in p.changes]
    after = OverlayTree(tree, {change.path: change.new for change in changes})
    states = {patch.state for patch in standing(after, ["pf-memalloc-pin"])}
    assert states == {"present", "superseded"}


def test_an_unknown_series() -> None:
    with pytest.raises(UserError, match="did you mean pf-memalloc-pin"):
        standing(fixture("5.10"), ["pf-memaloc-pin"])


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A tree that is no git repository, with a part of a patch."""
    root = tmp_path / "linux"
    shutil.copytree(FIXTURES / "5.10", root)
    header = root / "include/linux/sched.h"
    header.write_text(header.read_text() + FLAG)
    return root


def test_the_table_of_a_directory(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--tree", str(directory)]) == ExitCode.YES
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    start = lines.index("partial     0005 mm cma: rename PF_MEMALLOC_NOCMA to PF_MEMALLOC_PIN")
    assert lines[start + 1].strip().startswith("has include/linux/sched.h:")
    assert lines[start + 2].strip() == "lacks include/linux/sched/mm.h"
    assert "pf-memalloc-pin: 11 absent, 3 present, 1 partial, 2 superseded" in lines


def test_the_table_as_json(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--tree", str(directory), "--format", "json"]) == ExitCode.YES
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == 1 and report["branches"] == []
    (series,) = [one for one in report["series"] if one["name"] == "pf-memalloc-pin"]
    (patch,) = [one for one in series["patches"] if one["id"].startswith("0005")]
    assert patch["state"] == "partial"
    assert {*patch["evidence"][0]} == {*patch["lacking"][0]} == {"file", "line", "why"}


def test_a_directory_has_no_branches(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--tree", str(directory), "patchkit/mpin"]) == ExitCode.USAGE
    assert "not a git repository" in capsys.readouterr().err
