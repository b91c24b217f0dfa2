# SPDX-License-Identifier: GPL-2.0-only
"""A run as it is kept in its directory, so that others can read it later without running again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from patchkit.boot.crashes import Crash
from patchkit.errors import UserError
from patchkit.files import replace_file
from patchkit.results.model import Test
from patchkit.results.verdict import Verdict, Word

SCHEMA = 1
RESULTS = "results.json"
CONSOLE = "console.log"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was about and what came of it; ``results.json`` has just these keys."""

    schema: int = SCHEMA
    verdict: Word
    why: str
    tests: tuple[Test, ...]
    crashes: tuple[Crash, ...]
    end: str
    """How the guest ended: one of vm.End."""
    accelerator: str
    accelerator_why: str
    qemu_died: str = ""
    """As in BootResult."""
    tree: str
    commit: str
    targets: tuple[str, ...]
    profile: str
    seconds: Mapping[str, float]
    """Where the time went, by stage, in order."""
    versions: Mapping[str, str]
    """``patchkit``, ``kernel``, ``compiler``, ``qemu``: what each says of itself."""
    commands: Mapping[str, str]
    """``reproduce`` repeats the run, ``qemu`` starts the guest."""
    dropped: tuple[str, ...] = ()

    @property
    def judged(self) -> Verdict:
        """Return the verdict as judge() gave it."""
        return Verdict(self.verdict, self.why, self.tests, self.crashes)


def write_run(run: Run, directory: Path) -> None:
    """Write ``results.json`` into *directory*, whole or not at all."""
    document = msgspec.json.format(msgspec.json.encode(run), indent=1)
    replace_file(directory / RESULTS, document + b"\n")


def read_run(directory: Path) -> Run:
    """Return what write_run() wrote. UserError when *directory* has no run that has ended."""
    path = directory / RESULTS
    try:
        return msgspec.json.decode(path.read_bytes(), type=Run)
    except FileNotFoundError:
        raise UserError(
            f"{path}: not there, so {directory} is no run directory, or its run did not end",
            hint="patchkit test prints the run directory",
        ) from None
    except (msgspec.DecodeError, OSError) as error:
        raise UserError(f"{path}: {error}") from None


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return the keys that ``parse`` and ``test`` share in their JSON; see docs/json.md."""
    return {
        "verdict": verdict.word,
        "why": verdict.why,
        "tests": [
            {"name": test.name, "status": test.status, "seconds": test.seconds,
             "reason": test.reason, **({"log": list(test.log)} if test.bad and test.log else {})}
            for test in verdict.tests
        ],
        "crashes": [
            {"kind": crash.kind, "title": crash.title, "line": crash.line,
             "interleaved": crash.interleaved}
            for crash in verdict.crashes
        ],
    }  # fmt: skip


def banner(console: Path) -> str:
    """Return what a kernel says of itself first: ``Linux version …``; empty if it did not."""
    with console.open("rb") as log:
        head = log.read(65536).decode("utf-8", "replace")
    at = head.find("Linux version ")
    return head[at:].partition("\n")[0].strip() if at >= 0 else ""
