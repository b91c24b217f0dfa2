# SPDX-License-Identifier: GPL-2.0-only
"""All series onto one kernel, by ``patchkit apply`` and by ``git am`` of the same patches.

Both sides start from a warm git repository of the same tree, run in turn as whole processes, and
the ratio is taken pair by pair:

    python benchmarks/apply.py [--tree debian:7.2] [--runs 5]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from patchkit.tree.resolve import open_tree
from patchkit.tree.source import GitTree

SERIES = ("vm-pinned", "mpin")
PATCHKIT = (sys.executable, "-m", "patchkit")
IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Benchmark"), ("EMAIL", "benchmark@example.org"))
}
ENV = {**os.environ, **IDENTITY}


def timed(*words: str | Path, cwd: Path) -> float:
    """Run a command to success and return its wall-clock seconds."""
    started = time.perf_counter()
    subprocess.run(words, cwd=cwd, env=ENV, check=True, capture_output=True)
    return time.perf_counter() - started


def git(where: Path, *words: str) -> None:
    """Run git; its time does not count."""
    subprocess.run(("git", *words), cwd=where, env=ENV, check=True, capture_output=True)


def main() -> int:
    """Print each pair and the median ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", default="debian:7.2")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    tree = open_tree(arguments.tree)
    assert isinstance(tree, GitTree)
    scratch = Path(tempfile.mkdtemp(prefix="patchkit-bench-"))
    try:
        ours, theirs = scratch / "ours", scratch / "theirs"
        for clone in (ours, theirs):
            git(scratch, "clone", "-q", "--shared", str(tree.repository), str(clone))
            git(clone, "checkout", "-q", "--detach", tree.commit)
        mbox = scratch / "series.mbox"
        timed(*PATCHKIT, "export", *SERIES, "--tree", ".", "--mbox", mbox, cwd=ours)
        ratios = []
        for number in range(arguments.runs + 1):
            a = timed(*PATCHKIT, "apply", *SERIES, "--tree", ".", "--branch", f"run-{number}",
                      cwd=ours)  # fmt: skip
            b = timed("git", "am", "-q", mbox, cwd=theirs)
            git(theirs, "reset", "-q", "--hard", tree.commit)
            if number:  # the first pair warms the caches
                ratios.append(a / b)
                print(f"patchkit apply {a:6.2f} s   git am {b:6.2f} s   ratio {a / b:.2f}")
        print(f"median ratio {statistics.median(ratios):.2f}")
    finally:
        shutil.rmtree(scratch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
