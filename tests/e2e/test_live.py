# SPDX-License-Identifier: GPL-2.0-only
"""Live mode on a real kernel: the one that test_kernels.py builds, booted once more."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.boot
def test_no_sequence_disagrees_with_the_model() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "patchkit", "test", "vm-pinned", "mpin", "--tree", "debian:7.2",
         "--explore", "200", "--format", "json"],
        stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert (report["verdict"], done.returncode) == ("pass", 0), report["failure"] or report["why"]
    assert report["sequences"] >= 150
