# SPDX-License-Identifier: GPL-2.0-only
"""Who should get a patch, asked of the tree's own scripts/get_maintainer.pl.

That is a program of the tree, so it runs only when the user asks for it (``export --cc``), on a
copy of just the script and MAINTAINERS, with no access to the repository.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from patchkit import process
from patchkit.errors import InfrastructureError, TreeError
from patchkit.tree.source import Tree

SCRIPT = "scripts/get_maintainer.pl"
_LINE = re.compile(r"^(?:.*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$")


def maintainers(tree: Tree, diff: bytes) -> tuple[str, ...]:
    """Return the people and lists to copy on *diff*, as get_maintainer.pl of *tree* orders them.

    TreeError when the tree lacks the script or MAINTAINERS, InfrastructureError when it fails.
    """
    with tempfile.TemporaryDirectory(prefix="patchkit-cc-") as name:
        directory = Path(name)
        for path in (SCRIPT, "MAINTAINERS"):
            data = tree.read(path)
            if data is None:
                raise TreeError(
                    f"{tree.name}: expected {path} there, to find out whom to copy; found none",
                    hint="leave out --cc",
                )
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(data)
        (directory / "series.patch").write_bytes(diff)
        argv = ["perl", SCRIPT, "--no-tree", "--no-git", "--no-git-fallback", "--no-rolestats",
                "--no-roles", "series.patch"]  # fmt: skip
        done = process.run(argv, cwd=directory, timeout=900, check=False)
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "backslashreplace").strip()[-500:]
        raise InfrastructureError(f"{tree.name}: {SCRIPT} failed: {reason}", hint="leave out --cc")
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return tuple(dict.fromkeys(line for line in lines if _LINE.match(line)))
