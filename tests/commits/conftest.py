# SPDX-License-Identifier: GPL-2.0-only
"""A repository to work on, and a git configuration that is nobody's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from commit_helpers import FILES, git, write


@pytest.fixture(autouse=True)
def _own_git_configuration(_isolation: None) -> Path:
    configuration = Path(os.environ["GIT_CONFIG_GLOBAL"])
    configuration.write_text(
        "[user]\n\tname = Ursula Tester\n\temail = ursula@example.org\n"
        "[init]\n\tdefaultBranch = main\n[commit]\n\tgpgsign = true\n"
    )
    return configuration


@pytest.fixture(scope="session")
def _one_commit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("kernel")
    git(root, "init", "-q", "--template=", "-b", "main")
    write(root, FILES)
    (root / "scripts/check.sh").chmod(0o755)
    git(root, "add", "--force", "--all")
    git(root, "-c", "user.name=U", "-c", "user.email=u@example.org", "commit", "-q", "-m", "Linux")
    return root


@pytest.fixture
def kernel(tmp_path: Path, _one_commit: Path) -> Path:
    """A repository with one commit and a clean work tree."""
    root = tmp_path / "linux"
    shutil.copytree(_one_commit, root, symlinks=True)
    git(root, "update-index", "-q", "--refresh")
    return root
