# SPDX-License-Identifier: GPL-2.0-only
"""What is installed works away from the checkout: wheel, clean environment, templates and all."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the commit, so that nothing of a work tree slips in."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    git = ["git", "-C", str(ROOT), "archive", "HEAD"]
    archive = subprocess.run(git, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", source], input=archive, check=True)
    words = ["-m", "pip", "wheel", "-q", "--no-deps", "-w", str(place), str(source)]
    subprocess.run([sys.executable, *words], check=True)
    return next(place.glob("*.whl"))


def test_the_wheel_has_templates_and_fixtures(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for directory in ("templates", "kernel-tree-fixtures"):
        tracked = subprocess.run(
            ["git", "-C", str(ROOT), "ls-tree", "-r", "--name-only", "HEAD", directory],
            check=True, capture_output=True, text=True,
        ).stdout.split()  # fmt: skip
        assert tracked
        assert [one for one in tracked if f"patchkit/_data/{one}" not in names] == []
    package = subprocess.run(
        ["git", "-C", str(ROOT), "ls-tree", "-r", "--name-only", "HEAD", "patchkit"],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert [one for one in package if one not in names] == []
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_a_clean_environment_plans_and_applies(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", str(wheel)], check=True, cwd=tmp_path)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8",
        "PATCHKIT_CACHE": str(tmp_path / "cache"),
    }  # fmt: skip

    def patchkit(*words: str) -> str:
        program = str(python.with_name("patchkit"))
        done = subprocess.run(
            [program, *words], check=False, capture_output=True, text=True, cwd=tmp_path,
            env=environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "vm-pinned" in patchkit("list")
    assert "apply" in patchkit("plan", "vm-pinned", "mpin", "--tree", "fixture:6.12")
    patchkit("apply", "vm-pinned", "mpin", "--tree", "fixture:6.12")
    assert "mentions in" in subprocess.run(
        [str(python.with_name("patchkit")), "lint", "--tree", "fixture:6.12"], check=False,
        capture_output=True, text=True, cwd=tmp_path, env=environment,
    ).stdout  # fmt: skip
    assert "jobs:" in patchkit("ci", "show", "github")
