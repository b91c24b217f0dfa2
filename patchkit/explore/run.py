# SPDX-License-Identifier: GPL-2.0-only
"""From a tree to an answer: build, boot once, try sequences, and say what was found."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from patchkit import pipeline
from patchkit.boot.crashes import Crash
from patchkit.boot.vm import Clocks
from patchkit.errors import ExitCode
from patchkit.explore.drive import Explored, as_c, explore
from patchkit.explore.guest import Ended, GuestLost, GuestRequest, running
from patchkit.pipeline import TestRequest
from patchkit.progress import Progress, no_progress
from patchkit.tree.source import DirectoryTree, GitTree

Word = Literal["pass", "fail", "crash", "lost"]
_TOTAL_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class ExploreRequest:
    """A kernel to explore, as for ``test``, and how long."""

    kernel: TestRequest
    examples: int = 1000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class ExploreResult:
    """What came of it."""

    verdict: Word
    why: str
    explored: Explored
    seed: int
    failure: tuple[str, ...]
    """The shortest sequence, as C."""
    crashes: tuple[Crash, ...]
    directory: Path
    seconds: float

    @property
    def exit_code(self) -> ExitCode:
        """What the verb exits with."""
        codes = {"pass": ExitCode.YES, "lost": ExitCode.INFRASTRUCTURE}
        return codes.get(self.verdict, ExitCode.NO)

    def as_json(self) -> dict[str, Any]:
        """Return what ``test --explore --format json`` prints; docs/json.md describes it."""
        return {
            "schema": 1, "verdict": self.verdict, "why": self.why,
            "sequences": self.explored.sequences, "calls": self.explored.calls, "seed": self.seed,
            "failure": list(self.failure),
            "crashes": [
                {"kind": crash.kind, "title": crash.title, "line": crash.line}
                for crash in self.crashes
            ],
            "run_directory": os.fspath(self.directory), "seconds": round(self.seconds, 3),
        }  # fmt: skip


def explore_kernel(request: ExploreRequest, progress: Progress = no_progress) -> ExploreResult:
    """Build the kernel of *request* and explore it.

    Raises what pipeline.build() and explore() raise, and NothingRanError for a tree without the
    kselftests that the calls are made with.
    """
    asked = request.kernel
    built = pipeline.build(asked, progress)
    if asked.revision is None:
        tree: DirectoryTree | GitTree = DirectoryTree(asked.tree)
    else:
        tree = GitTree(asked.tree, built.commit)
    guest = GuestRequest(
        pipeline.arch_of(asked), built.toolchain, built.image, tree,
        built.build_directory / "usr/include", built.directory, asked.accelerator, asked.cpus,
        asked.memory, asked.append, Clocks(total=asked.timeout or _TOTAL_SECONDS),
    )  # fmt: skip
    done, ended, lost = Explored(), Ended(), ""
    started = time.monotonic()

    def follow(explored: Explored) -> None:
        nonlocal done
        done = explored
        # Shortening goes on after the last example.
        told = min(explored.sequences, request.examples - 1)
        progress("explore", told, request.examples, f"{explored.calls} calls")

    progress("explore", 0, request.examples, "waiting for the guest")
    try:
        with running(guest, ended) as ask:
            done = explore(
                ask, examples=request.examples, seed=request.seed, on_sequence=follow
            )  # fmt: skip
    except GuestLost as error:
        lost = error.message
    progress("explore", request.examples, request.examples, f"{done.calls} calls")
    failure = tuple(as_c(done.mismatch)) if done.mismatch else ()
    crashes = ended.vm.crashes if ended.vm else ()
    verdict: Word = "pass"
    why = f"no disagreement, seed {request.seed}"
    if failure:
        verdict, why = "fail", "the kernel and the model disagree"
    elif crashes:
        verdict, why = "crash", f"{crashes[0].kind}: {crashes[0].title}"
    elif lost:
        verdict, why = "lost", lost
    return ExploreResult(
        verdict, f"{why} ({done.sequences} sequences, {done.calls} calls)", done, request.seed,
        failure, crashes, built.directory, time.monotonic() - started,
    )  # fmt: skip
