# SPDX-License-Identifier: GPL-2.0-only
"""Compile single objects of a kernel out of tree, and say what the compiler said of each."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from patchkit import process
from patchkit.build.source import Source
from patchkit.errors import InfrastructureError
from patchkit.progress import Progress, no_progress
from patchkit.tree.git import git
from patchkit.verify.compilers import Compiler
from patchkit.verify.model import tail
from patchkit.verify.settings import Flavour, settings

_STEP = re.compile(r"  [A-Z][A-Z0-9_+-]* +(?:\[[A-Z]\] +)?(?P<target>\S+)$")
_MESSAGE = re.compile(
    r"(?P<path>[^\s:]+):(?P<line>\d+):(?:\d+:)? (?P<text>(?:fatal )?(?:warning|error): .*)"
)
_NO_RULE = re.compile(r"make\S*: \*\*\* No rule to make target '(?P<target>\S+)'\.(?:  Stop\.)?")
_TOOL_MESSAGE = re.compile(r"(?P<path>[^\s:]+): (?P<text>warning: .*)")


class Compiled(msgspec.Struct, frozen=True):
    """What came of one object."""

    built: bool
    warnings: tuple[str, ...]
    """Without line numbers, so that those of two commits can be compared."""
    output: str
    enabled: bool = True
    """Of one that was not built: whether the configuration wants it, as far as can be told."""
    reached: bool = True
    """Whether make came as far as compiling it."""


class Kernel:
    """A build directory for one source, flavour and compiler; the next commit continues in it."""

    def __init__(
        self,
        source: Source,
        flavour: Flavour,
        compiler: Compiler,
        *,
        jobs: int,
        nice: int = 0,
        progress: Progress = no_progress,
    ) -> None:
        self.source = source
        self.flavour = flavour
        self._progress = progress
        digest = hashlib.sha256(f"{compiler.version}\0{options_text()}".encode()).hexdigest()[:12]
        self.directory = source.slot / f"verify-{flavour.name}-{digest}"
        cache = shutil.which("ccache")
        self._jobs, self._nice = jobs, nice
        programs = [f"LLVM={compiler.llvm}"]
        if not flavour.llvm:
            programs.append(f"CROSS_COMPILE={flavour.prefix}")
        if cache:
            host = compiler.program if flavour.llvm else "gcc"
            programs += [f"CC={cache} {compiler.program}", f"HOSTCC={cache} {host}"]
        self._words = [
            f"O={self.directory}", f"ARCH={flavour.kernel}", *programs,
            *(["W=1"] if flavour.extra_warnings else []),
        ]  # fmt: skip

    def make(self, *words: str, env: Mapping[str, str] | None = None) -> process.Completed:
        """Run make; what it says of one target stays together."""
        lower = ["nice", "-n", str(self._nice)] if self._nice else []
        return process.run(
            [*lower, "make", "-k", "-Otarget", f"-j{self._jobs}", "-C", self.source.path,
             *self._words, *words],
            env={**self._environment(), **(env or {})}, check=False, on_line=self._on_line,
        )  # fmt: skip

    def _on_line(self, line: bytes) -> None:
        if match := _STEP.match(line.decode("utf-8", "replace")):
            self._progress(self.flavour.name, 0, None, match["target"])

    def _environment(self) -> dict[str, str]:
        return {
            "LC_ALL": "C", "MAKEFLAGS": "", "MFLAGS": "", "MAKELEVEL": "",
            "KBUILD_BUILD_TIMESTAMP": "Thu Jan  1 00:00:00 UTC 1970",
            "KBUILD_BUILD_USER": "patchkit", "KBUILD_BUILD_HOST": "patchkit",
            "GIT_CEILING_DIRECTORIES": os.fspath(self.source.slot),
            "CCACHE_BASEDIR": os.fspath(self.source.slot), "CCACHE_NOHASHDIR": "1",
        }  # fmt: skip

    def configure(self) -> None:
        """Make the configuration, unless that of the commit before will do: it takes long.

        Raises InfrastructureError with make's own words when that fails.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        done_for = self.directory / "configured"
        state = self._options_of_the_tree()
        if done_for.is_file() and done_for.read_text() == state:
            return
        done_for.unlink(missing_ok=True)
        fragment = self.directory / "wanted.config"
        fragment.write_text(options_text())
        done = self.make(f"KCONFIG_ALLCONFIG={fragment}", self.flavour.target)
        if done.returncode != 0:
            lines = done.stdout.decode("utf-8", "replace").splitlines()
            raise InfrastructureError(f"make {self.flavour.target} failed:\n{tail(lines)}")
        done_for.write_text(state)

    def _options_of_the_tree(self) -> str:
        """Return a digest of every file of the tree that a configuration depends on."""
        listing = git(self.source.repository, "ls-tree", "-r", self.source.commit)
        lines = [line for line in listing.splitlines() if b"onfig" in line or b"/scripts/" in line]
        return hashlib.sha256(b"\n".join(lines)).hexdigest()

    def compile(self, objects: Sequence[str]) -> dict[str, Compiled]:
        """Compile *objects* afresh and return what came of each."""
        for name in objects:
            (self.directory / name).unlink(missing_ok=True)
        done = self.make(*objects)
        text = done.stdout.decode("utf-8", "replace")
        said = by_target(text)
        said |= {name: [line] for line in text.splitlines() if (name := _without_rule(line))}
        found = {}
        for name in objects:
            built = (self.directory / name).is_file()
            lines = said.get(name)
            if built:
                found[name] = Compiled(True, messages(lines or [], self.source.path), "")
            else:
                output = tail(text.splitlines() if lines is None else lines)
                found[name] = Compiled(
                    False, (), output, self._enabled(name), reached=lines is not None
                )
        return found

    def _enabled(self, name: str) -> bool:
        """Tell from the Makefile beside it whether the configuration wants an object.

        make builds a single object whether it is wanted or not.
        """
        makefile = self.source.path / Path(name).parent / "Makefile"
        config = self.directory / ".config"
        if not makefile.is_file() or not config.is_file():
            return True
        return enabled(
            makefile.read_text(encoding="utf-8", errors="replace"),
            config.read_text(encoding="utf-8", errors="replace"),
            Path(name).name,
        )


def _without_rule(line: str) -> str:
    """Return the target that make has no rule for; kbuild of 5.10 says so of what is not wanted."""
    match = _NO_RULE.fullmatch(line)
    return match["target"] if match else ""


def enabled(makefile: str, config: str, name: str) -> bool:
    """Tell whether a Makefile adds the object *name* for options that are on in *config*.

    True also when the Makefile does not name it: then the caller's comparison has to decide.
    """
    on = set(re.findall(r"^(CONFIG_\w+)=[ym]$", config, re.MULTILINE))
    named = False
    for line in makefile.replace("\\\n", " ").splitlines():
        words = re.match(
            r"[\w-]+-(?P<suffix>y|m|\$\((?P<option>\w+)\))\s*[:+]?=(?P<names>.*)", line
        )
        if words and name in words["names"].split():
            named = True
            if words["option"] is None or words["option"] in on:
                return True
    return not named


def options_text() -> str:
    """Return the options in checks.toml as a configuration fragment."""
    options = settings().options
    lines = [f"# CONFIG_{name} is not set" for name in options.off]
    lines += [f"CONFIG_{name}=y" for name in options.on]
    return "\n".join([*lines, ""])


def by_target(text: str) -> dict[str, list[str]]:
    """Split make's output by the target that each line belongs to."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if match := _STEP.match(line):
            current = found.setdefault(match["target"], [])
        else:
            current.append(line)
    return found


def messages(lines: Sequence[str], source: Path) -> tuple[str, ...]:
    """Return the warnings and errors in *lines*, with paths below *source* and no line numbers."""
    found = []
    for line in lines:
        match = _MESSAGE.match(line) or _TOOL_MESSAGE.match(line)
        if match:
            found.append(f"{_relative(match['path'], source)}: {match['text']}")
    return tuple(sorted(found))


def _relative(path: str, source: Path) -> str:
    # ccache makes absolute names relative, but only those of files that it compiled itself.
    for prefix in (f"{source}/", f"../{source.name}/", "./"):
        path = path.removeprefix(prefix)
    return path
