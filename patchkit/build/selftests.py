# SPDX-License-Identifier: GPL-2.0-only
"""Build kselftests by the kernel's own rules, ready to be copied into a guest.

The tests are linked statically, and against the headers of the tree that they belong to, not those
of this machine. What a target's Makefile links otherwise still works: the initramfs takes the
shared libraries along.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchkit.build.arch import Arch
from patchkit.build.kernel import run_make
from patchkit.build.toolchain import Toolchain
from patchkit.errors import NothingRanError, UserError
from patchkit.progress import Progress, no_progress

STAGE = "selftests"
SELFTESTS = "tools/testing/selftests"
DEFAULT_TIMEOUT = 45
"""Seconds; what kselftest/runner.sh gives a test whose target has no ``settings`` about it."""
_TIMEOUT = re.compile(r"timeout=([0-9]+)")
_TARGET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_TEST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_HEADERS_RULE = re.compile(r"^headers:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Selftest:
    """One test program of a target."""

    target: str
    name: str
    timeout: int
    """Seconds; 0 is no limit."""


@dataclass(frozen=True, slots=True)
class SelftestsRequest:
    """Targets to build from the tree in *source*, beside the kernel in *build*."""

    source: Path
    build: Path
    arch: Arch
    toolchain: Toolchain
    targets: tuple[str, ...]
    jobs: int
    tree_id: str = ""
    """Identifies the sources; empty when they may change under the same name."""


@dataclass(frozen=True, slots=True)
class SelftestsResult:
    """Tests that have been installed below *install*, in a directory for each target."""

    install: Path
    tests: tuple[Selftest, ...]
    log: Path
    seconds: float


def check_targets(source: Path, targets: Sequence[str]) -> None:
    """Make sure that every target is in the tree.

    Raises UserError for a name that cannot be one, NothingRanError (with the nearest that exist)
    for one that the tree does not have.
    """
    root = source / SELFTESTS
    for target in targets:
        if not _TARGET.fullmatch(target):
            raise UserError(f"{target!r} cannot be the name of a selftests target")
        if not (root / target / "Makefile").is_file():
            known = sorted(path.parent.name for path in root.glob("*/Makefile"))
            near = difflib.get_close_matches(target, known, 3, 0.5) or known[:5]
            raise NothingRanError(
                f"the tree has no selftests target {target!r}: there is no "
                f"{SELFTESTS}/{target}/Makefile",
                hint=f"nearest targets of this tree: {', '.join(near) or 'none'}",
            )


def config_fragments(source: Path, targets: Sequence[str]) -> tuple[Path, ...]:
    """Return the ``config`` files that the targets bring for the kernel."""
    paths = (source / SELFTESTS / target / "config" for target in targets)
    return tuple(path for path in paths if path.is_file())


def build_selftests(request: SelftestsRequest, progress: Progress = no_progress) -> SelftestsResult:
    """Build and install the targets.

    Raises BuildFailed when one of them does not build, NothingRanError when one has no tests.
    """
    check_targets(request.source, request.targets)
    started = time.monotonic()
    progress(STAGE, 0, None, " ".join(request.targets))
    root = request.build / "selftests"
    install = root / "install"
    stamp = root / "stamp"
    key = _key(request)
    log = root / "build.log"
    if not (request.tree_id and stamp.is_file() and stamp.read_text() == key):
        # The rules know nothing of headers that a test includes, so what is there may be stale.
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        _make(request, root, install)
        stamp.write_text(key)
    tests = list_tests(install, request.targets)
    progress(STAGE, 1, 1, f"{len(tests)} tests")
    return SelftestsResult(install, tests, log, time.monotonic() - started)


def _key(request: SelftestsRequest) -> str:
    words = (request.tree_id, request.toolchain.id, *request.targets)
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def _make(request: SelftestsRequest, root: Path, install: Path) -> None:
    env = request.toolchain.environment(request.build)
    top = request.toolchain.make(request.source, request.build, request.arch)
    makefile = (request.source / "Makefile").read_text(errors="replace")
    # The rule that leaves the headers in the build directory; before it there was only the one
    # that installs them.
    rule = ["headers"]
    if not _HEADERS_RULE.search(makefile):
        rule = ["headers_install", f"INSTALL_HDR_PATH={request.build / 'usr'}"]
    run_make([*top, f"-j{request.jobs}", *rule], env, root / "headers.log", "the tree's headers")
    headers = f"-isystem {request.build / 'usr/include'}"
    argv = request.toolchain.make(request.source / SELFTESTS, request.build, request.arch)
    run_make(
        [
            *argv, f"-j{request.jobs}", f"TARGETS={' '.join(request.targets)}", "FORCE_TARGETS=1",
            f"INSTALL_PATH={install}", f"KSFT_INSTALL_PATH={install}",
            # Older trees do not hand KHDR_INCLUDES to their targets; this reaches all of them.
            f"KHDR_INCLUDES={headers}", f"USERCFLAGS={headers}", "USERLDFLAGS=-static", "install",
        ],
        env, root / "build.log", f"selftests {' '.join(request.targets)}",
    )  # fmt: skip


def list_tests(install: Path, targets: Sequence[str]) -> tuple[Selftest, ...]:
    """Return the installed tests in the order of ``kselftest-list.txt``.

    Raises NothingRanError when one of *targets* has none.
    """
    listing = install / "kselftest-list.txt"
    lines = listing.read_text().splitlines() if listing.is_file() else []
    timeouts = {target: _timeout(install / target / "settings") for target in targets}
    tests = []
    for line in lines:
        target, colon, name = line.strip().rpartition(":")
        if not colon or target not in timeouts:
            continue
        if not _TEST.fullmatch(name):
            raise UserError(f"{listing}: {name!r} cannot be the name of a test")
        tests.append(Selftest(target, name, timeouts[target]))
    for target in targets:
        if not any(test.target == target for test in tests):
            raise NothingRanError(
                f"selftests target {target!r} built, and installed no test",
                hint=f"see {os.fspath(listing)}",
            )
    return tuple(tests)


def _timeout(settings: Path) -> int:
    """Return the limit that a target's ``settings`` file sets, in seconds."""
    if settings.is_file():
        for line in settings.read_text(errors="replace").splitlines():
            if match := _TIMEOUT.fullmatch(line.strip()):
                return int(match[1])
    return DEFAULT_TIMEOUT
