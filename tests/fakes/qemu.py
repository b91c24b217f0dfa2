# SPDX-License-Identifier: GPL-2.0-only
"""A QEMU on PATH that does what a test wants."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from patchkit.boot.qemu import Guest
from patchkit.build.arch import load_arch


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Guest]:
    """Return a function that makes the next guest behave as named in fake_qemu.py."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "qemu-system-x86_64"
    script = Path(__file__).parent / "fake_qemu.py"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {script} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    image = tmp_path / "bzImage"
    image.write_bytes(b"kernel")
    archive = tmp_path / "initramfs.cpio"
    archive.write_bytes(b"archive")

    def make(what: str) -> Guest:
        monkeypatch.setenv("FAKE_GUEST", what)
        return Guest(load_arch("x86_64"), image, archive, "tcg")

    return make
