# SPDX-License-Identifier: GPL-2.0-only
"""Who commits in patchkit's own copies of trees when git knows nobody."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path

import pytest

from patchkit.commits.repo import lent_identity


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def test_a_user_whom_git_knows_needs_none(repository: Path) -> None:
    for name, value in (("user.name", "A Developer"), ("user.email", "dev@example.org")):
        subprocess.run(["git", "-C", repository, "config", name, value], check=True)
    assert lent_identity(repository) == {}


def test_another_is_lent_the_name_of_the_login(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "dev")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "A Developer")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "dev@example.org")
    assert lent_identity(repository) == {
        "GIT_COMMITTER_NAME": "dev", "GIT_COMMITTER_EMAIL": "dev@localhost",
    }  # fmt: skip


def test_a_number_without_a_name_will_do(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 70000")

    monkeypatch.setattr(getpass, "getuser", unknown)
    monkeypatch.setattr("os.getuid", lambda: 70000)
    assert lent_identity(repository)["GIT_AUTHOR_EMAIL"] == "uid70000@localhost"
