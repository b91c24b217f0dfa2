# SPDX-License-Identifier: GPL-2.0-only
"""Make a small kernel configuration from fragments, and make sure that it is what was asked for.

The fragments are put together by the tree's own ``merge_config.sh`` and completed by its own
``allnoconfig``: what no fragment asks for and nothing selects is off, also what this tree would
turn on by default. That keeps builds short and alike from tree to tree.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from patchkit import process
from patchkit.build.arch import Arch
from patchkit.build.definitions import read_definitions
from patchkit.build.fragments import (
    Dropped,
    not_granted,
    read_config,
    wanted,
)
from patchkit.build.toolchain import Toolchain
from patchkit.errors import TreeError, UserError
from patchkit.progress import Progress, no_progress

STAGE = "configure"
CONFIGS = Path(__file__).resolve().parent / "configs"
MERGE = "scripts/kconfig/merge_config.sh"


@dataclass(frozen=True, slots=True)
class ConfigRequest:
    """A configuration to make in *build* for the tree in *source*."""

    source: Path
    build: Path
    arch: Arch
    toolchain: Toolchain
    fragments: tuple[Path, ...]
    """In order of precedence, lowest first."""
    accept_dropped: bool = False
    """Report every option that was dropped instead of refusing."""


@dataclass(frozen=True, slots=True)
class ConfigResult:
    """A configuration that is in place."""

    config: Path
    dropped: tuple[Dropped, ...]
    """What the fragments allow this tree to lack."""
    options: Mapping[str, str] = field(repr=False)


class OptionsDropped(UserError):
    """The tree did not grant options that the fragments ask for."""

    def __init__(self, dropped: tuple[Dropped, ...]) -> None:
        self.dropped = dropped
        listing = "\n".join(f"  {entry}" for entry in dropped)
        super().__init__(
            f"{len(dropped)} configuration option(s) are not as asked for:\n{listing}",
            hint="add what they depend on to the fragment, or mark them `# optional: REASON`",
        )


def fragments_for(arch: Arch, *, debug: bool = False, coverage: bool = False) -> tuple[Path, ...]:
    """Return patchkit's own fragments for *arch*."""
    names = ["base", arch.name, *["debug"] * debug, *["coverage"] * coverage]
    return tuple(CONFIGS / f"{name}.config" for name in names)


def configure(request: ConfigRequest, progress: Progress = no_progress) -> ConfigResult:
    """Write ``.config`` into the build directory.

    Raises OptionsDropped when an option was not granted, TreeError when the tree has no
    ``merge_config.sh`` and ProgramFailed when one of its programs fails.
    """
    script = request.source / MERGE
    if not script.is_file():
        raise TreeError(f"{request.source}: not a kernel tree: it has no {MERGE}")
    asked = wanted(request.fragments)
    request.build.mkdir(parents=True, exist_ok=True)
    progress(STAGE, 0, None, f"{len(asked)} options asked for")
    merged = _merge(request, script)
    process.run(
        [*request.toolchain.make(request.source, request.build, request.arch),
         f"KCONFIG_ALLCONFIG={merged}", "allnoconfig"],
        env=request.toolchain.environment(request.build),
    )  # fmt: skip
    result = check(request)
    progress(STAGE, 1, 1, f"{len(result.options)} options on")
    return result


def check(request: ConfigRequest) -> ConfigResult:
    """Compare the configuration that is in place with what is asked for; see configure()."""
    config = request.build / ".config"
    options = read_config(config)
    missed = not_granted(wanted(request.fragments), options)
    defined = read_definitions(request.source, request.arch) if missed else None
    dropped = tuple(defined.explain(option, options, request.arch) for option in missed if defined)
    refused = tuple(entry for entry in dropped if not entry.accepted)
    if refused and not request.accept_dropped:
        raise OptionsDropped(refused)
    return ConfigResult(config, dropped, options)


def _merge(request: ConfigRequest, script: Path) -> Path:
    """Return the fragments as one file, put together by the tree's own script."""
    where = request.build / "fragments"
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir()
    copies = []
    for number, path in enumerate(request.fragments):
        copies.append(where / f"{number:02}-{path.parent.name}-{path.name}")
        shutil.copyfile(path, copies[-1])
    # The script writes a temporary file where it runs, which must not be the source tree.
    process.run(
        [script, "-m", "-O", where, *copies],
        cwd=where,
        env={"ARCH": request.arch.kernel, "KCONFIG_CONFIG": "", "CONFIG_": "CONFIG_"},
    )
    return where / ".config"
