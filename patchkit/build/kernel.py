# SPDX-License-Identifier: GPL-2.0-only
"""Build a kernel image out of tree, in a directory that the next build continues in.

The directory is named after architecture, options asked for and compiler: a change of one of these
is another directory, a change of the sources is the same one, and ``make`` finds what to do again.
``metadata.json`` in it says which tree it was built from last.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from patchkit import process
from patchkit.build.arch import Arch
from patchkit.build.fragments import Dropped, digest, wanted
from patchkit.build.kconfig import ConfigRequest, check, configure
from patchkit.build.toolchain import Toolchain
from patchkit.errors import ExitCode, InfrastructureError, PatchkitError
from patchkit.files import replace_file
from patchkit.progress import Progress, no_progress

STAGE = "build"
_STEP = re.compile(rb"  ([A-Z][A-Z0-9_+-]*) +(?:\[M\] +)?(\S+)")
_ERROR = re.compile(rb"error:|Error \d+|undefined reference|\*\*\*")
_SHOWN_ERRORS = 12
_METADATA = "metadata.json"


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """A kernel to build from the files in *source*."""

    source: Path
    parent: Path
    """Where build directories are; beside the sources is best, for ccache."""
    arch: Arch
    toolchain: Toolchain
    fragments: tuple[Path, ...]
    jobs: int
    tree_id: str = ""
    """What *source* holds, for the record."""
    accept_dropped: bool = False
    counted: tuple[str, ...] = ()
    """Sources, as paths in the tree, whose objects get gcov's counters."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A kernel that has been built."""

    directory: Path
    image: Path
    config: Path
    log: Path
    dropped: tuple[Dropped, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Time by step: ``configure`` and ``build``."""
    steps: int = 0
    """How many files were made; 0 when everything was there."""


class BuildFailed(PatchkitError):
    """The tree does not build: the answer is no, and says nothing about the machine."""

    exit_code = ExitCode.NO

    def __init__(self, what: str, log: Path, lines: list[str]) -> None:
        self.log = log
        shown = "\n".join(f"  {line}" for line in lines[:_SHOWN_ERRORS])
        super().__init__(f"{what} does not build:\n{shown}", hint=f"the whole log: {log}")


def build_directory(request: BuildRequest) -> Path:
    """Return the directory that *request* is built in."""
    options = digest(wanted(request.fragments).values())
    counted = " ".join(_profile(request.counted))
    key = hashlib.sha256(f"{options}\0{request.toolchain.id}{counted}".encode()).hexdigest()[:12]
    return request.parent / f"build-{request.arch.name}-{key}"


def build(request: BuildRequest, progress: Progress = no_progress) -> BuildResult:
    """Configure and build; returns when the image is there.

    Raises OptionsDropped (see kconfig), BuildFailed when the compiler or the linker refuses, and
    InfrastructureError when the tools themselves fail.
    """
    directory = build_directory(request)
    image = directory / request.arch.image
    log = directory / "build.log"
    asked = ConfigRequest(
        request.source, directory, request.arch, request.toolchain, request.fragments,
        request.accept_dropped,
    )  # fmt: skip
    if _is_built(request, directory) and image.is_file():
        checked = check(asked)
        progress(STAGE, 1, 1, "built before")
        seconds = {"configure": 0.0, "build": 0.0}
        return BuildResult(directory, image, checked.config, log, checked.dropped, seconds)
    started = time.monotonic()
    configured = configure(asked, progress)
    seconds = {"configure": time.monotonic() - started}
    _record(directory / _METADATA, request, state="started")
    started = time.monotonic()
    argv = [
        *request.toolchain.make(request.source, directory, request.arch),
        f"-j{request.jobs}", *_profile(request.counted), request.arch.target,
    ]  # fmt: skip
    steps = run_make(
        argv, request.toolchain.environment(directory), log, f"the {request.arch.name} kernel",
        _Counter(directory / "steps", STAGE, progress),
    )  # fmt: skip
    seconds["build"] = time.monotonic() - started
    if not image.is_file():
        raise InfrastructureError(f"{image}: make ended well and did not make it", hint=str(log))
    _record(directory / _METADATA, request, state="built")
    return BuildResult(directory, image, configured.config, log, configured.dropped, seconds, steps)


def _profile(sources: Sequence[str]) -> list[str]:
    """Return the variables that kbuild looks at for each object (Documentation/dev-tools/gcov.rst).

    It knows an object by the name of its file alone; what keeps ``arch/x86/boot/memory.o``, which
    has no gcov to call, from ``mm/memory.o`` is the directory that kbuild is in when it asks.
    """
    places: dict[str, set[str]] = {}
    for path in (PurePosixPath(source) for source in sources if source.endswith(".c")):
        places.setdefault(path.stem, set()).add(path.parent.as_posix())
    return [
        f"GCOV_PROFILE_{stem}.o=$(if $(filter {' '.join(sorted(where))},$(obj)),y)"
        for stem, where in sorted(places.items())
    ]


def _is_built(request: BuildRequest, directory: Path) -> bool:
    """Return whether *directory* was built to its end from just this tree.

    A tree without an id may have changed under the same name.
    """
    try:
        known = json.loads((directory / _METADATA).read_text())
        return bool(request.tree_id) and (known["state"], known["tree"]) == (
            "built", request.tree_id,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return False


class _Counter:
    """Turns make's lines into progress; how many there are is known from the longest run."""

    def __init__(self, memory: Path, stage: str, progress: Progress) -> None:
        self._memory = memory
        self._stage = stage
        self._progress = progress
        self.count = 0
        known = memory.read_text() if memory.is_file() else ""
        self._known = int(known) if known.isdigit() else 0
        progress(stage, 0, None, "make")

    def __call__(self, line: bytes) -> None:
        """Take one line of make's output."""
        if match := _STEP.match(line):
            self.count += 1
            total = self._known if self._known > self.count else None
            detail = b" ".join(match.groups()).decode("utf-8", "replace")
            self._progress(self._stage, self.count, total, detail)

    def end(self) -> None:
        """Say that it is done, and remember the number of steps of a build from scratch."""
        if self.count > self._known:
            self._memory.write_text(str(self.count))
        total = max(self.count, 1)
        self._progress(self._stage, total, total, f"{self.count} files made")


def run_make(
    argv: list[str],
    env: Mapping[str, str],
    log: Path,
    what: str,
    counter: _Counter | None = None,
    on_line: Callable[[bytes], None] | None = None,
) -> int:
    """Run *make* with its output in *log*; return the number of files that it made.

    Raises BuildFailed with the lines that say why.
    """
    errors: list[str] = []
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb", buffering=0) as out:

        def take(line: bytes) -> None:
            out.write(line + b"\n")
            if counter is not None:
                counter(line)
            if on_line is not None:
                on_line(line)
            if _ERROR.search(line) and len(errors) < _SHOWN_ERRORS:
                errors.append(line.decode("utf-8", "backslashreplace").rstrip())

        done = process.run(argv, env=env, check=False, on_line=take)
    if done.returncode != 0:
        raise BuildFailed(what, log, errors or [f"make: exit status {done.returncode}"])
    if counter is not None:
        counter.end()
        return counter.count
    return 0


def _record(path: Path, request: BuildRequest, *, state: str) -> None:
    """Write what the directory is about; whole or not at all."""
    text = json.dumps(
        {
            "schema": 1, "state": state, "tree": request.tree_id,
            "source": os.fspath(request.source), "arch": request.arch.name,
            "compiler": request.toolchain.version,
            "fragments": [os.fspath(fragment) for fragment in request.fragments],
        },
        indent=2,
    )  # fmt: skip
    replace_file(path, text.encode() + b"\n")
