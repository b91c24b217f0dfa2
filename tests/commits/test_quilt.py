# SPDX-License-Identifier: GPL-2.0-only
"""What quilt itself makes of an export, beside a queue that is there already."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from commit_helpers import PATCHES, git, plan_at

from patchkit.commits.export import ExportRequest, export_plan
from patchkit.commits.exportfiles import write_exported


@pytest.mark.skipif(shutil.which("quilt") is None, reason="quilt is not installed")
def test_quilt_pushes_all_of_it(kernel: Path, tmp_path: Path) -> None:
    plan = plan_at(kernel, git(kernel, "rev-parse", "main"), PATCHES)
    place = tmp_path / "tree"
    git(kernel, "worktree", "add", "-q", "--detach", str(place), "main")
    queue = place / "debian" / "patches"
    (queue / "bugfix").mkdir(parents=True)
    theirs = "--- a/README\n+++ b/README\n@@ -1 +1 @@\n-a kernel\n+a Debian kernel\n"
    (queue / "bugfix" / "readme.patch").write_text(theirs)
    exported = export_plan(ExportRequest("quilt"), plan, identity_from=kernel)
    write_exported(exported, queue / "patchkit")
    names = (queue / "patchkit" / "series").read_text().splitlines()
    ours = [f"patchkit/{name}\n" for name in names if not name.startswith("#")]
    (queue / "series").write_text("bugfix/readme.patch\n" + "".join(ours))

    def quilt(*words: str) -> str:
        environment = {**os.environ, "QUILT_PATCHES": "debian/patches", "QUILT_NO_DIFF_INDEX": "1"}
        done = subprocess.run(
            ["quilt", "--quiltrc", "-", *words], cwd=place, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    said = quilt("push", "-a", "--fuzz=0")
    assert "offset" not in said and "fuzz" not in said
    assert len(quilt("applied").split()) == 1 + len(PATCHES)
    for patch in plan.patches:
        for change in patch.changes:
            last = [c for p in plan.patches for c in p.changes if c.path == change.path][-1]
            assert (place / change.path).read_bytes() == last.new
    assert quilt("header", "patchkit/" + names[1]).startswith("From: Ursula Tester")
    quilt("pop", "-a")
    assert git(place, "status", "--porcelain", "--untracked-files=no") == ""
