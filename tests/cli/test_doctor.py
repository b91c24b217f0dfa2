# SPDX-License-Identifier: GPL-2.0-only
"""doctor: what is missing is named, with the line that installs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from patchkit.cli import doctor, main
from patchkit.errors import ExitCode


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory that is all of PATH, with every program and a new git."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.setattr(
        doctor, "NEEDS", tuple(need for need in doctor.NEEDS if need.program[0] != "/")
    )
    for need in doctor.NEEDS:
        program(directory, need.program, f"{need.program} version 9.8.7 (x)")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("patchkit.boot.accel.DEVICE", Path("/nonexistent/kvm"))
    return directory


def program(directory: Path, name: str, says: str) -> None:
    (directory / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (directory / name).chmod(0o755)


def test_all_is_there(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--format", "json"]) == ExitCode.YES
    report = json.loads(capsys.readouterr().out)
    assert {row["state"] for row in report["programs"]} == {"ok"}
    assert {row["version"] for row in report["programs"]} == {"9.8.7"}
    assert report["accelerator"] == "tcg"
    assert report["accelerator_why"] == "there is no /nonexistent/kvm"


def test_without_qemu_no_guest_runs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path / "qemu-system-x86_64").unlink()
    assert main(["doctor"]) == ExitCode.INFRASTRUCTURE
    said = capsys.readouterr()
    assert "QEMU: there is no qemu-system-x86_64, so no guest can run\n" in said.out
    assert "sudo apt-get install qemu-system-x86" in said.err


def test_each_missing_thing_has_its_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("flex", "ccache"):
        (path / name).unlink()
    assert main(["doctor"]) == ExitCode.INFRASTRUCTURE
    said = capsys.readouterr()
    assert "flex (build, verify): sudo apt-get install flex\n" in said.out
    assert "ccache (faster builds): sudo apt-get install ccache\n" in said.out
    assert "flex: missing or too old" in said.err
    assert "Next: sudo apt-get install flex\n" in said.err
    assert max(map(len, said.out.splitlines())) <= 80


def test_what_is_optional_does_not_fail(path: Path) -> None:
    (path / "quilt").unlink()
    assert main(["doctor", "-q"]) == ExitCode.YES


def test_an_old_git_is_not_enough(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(path, "git", "git version 2.30.2")
    assert main(["doctor", "--format", "json"]) == ExitCode.INFRASTRUCTURE
    rows = json.loads(capsys.readouterr().out)["programs"]
    git = next(row for row in rows if row["program"] == "git")
    assert (git["state"], git["install"]) == ("too old", "sudo apt-get install git")


def test_a_full_disk_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("U", (), {"free": 3 * 2**30})())
    assert main(["doctor"]) == ExitCode.YES
    assert "less than the 10 GiB that one kernel takes" in capsys.readouterr().out
