# SPDX-License-Identifier: GPL-2.0-only
"""Which compiler of this machine a flavour uses, given what the tree asks for."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from patchkit import process
from patchkit.tree.git import git
from patchkit.verify.settings import Flavour

_MINIMUM_SCRIPT = "scripts/min-tool-version.sh"

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Compiler:
    """A flavour's compiler, as this machine has it."""

    program: str
    version: str
    """The first line of what it says of itself."""
    llvm: str = ""
    """The value of ``LLVM=``: empty, ``1``, or a suffix such as ``-19``."""


def minimum(repository: Path, revision: str, tool: str) -> Version:
    """Return the oldest version of *tool* that the tree takes; () when it does not say."""
    if not git(repository, "ls-tree", "--name-only", revision, "--", _MINIMUM_SCRIPT):
        return ()
    script = git(repository, "cat-file", "blob", f"{revision}:{_MINIMUM_SCRIPT}")
    said = process.run(
        ["sh", "-s", "--", tool], input=script, env={"SRCARCH": "x86", "ARCH": "x86_64"},
        check=False,
    ).stdout  # fmt: skip
    return _number(said.decode("utf-8", "replace"))


def find(flavour: Flavour, at_least: Version = ()) -> Compiler | None:
    """Return the compiler of *flavour*, or None when none that is new enough is installed.

    clang is taken as it comes; one with its version in its name only where that is too old.
    """
    for suffix in _suffixes() if flavour.llvm else [""]:
        program = f"{flavour.prefix}{flavour.compiler}{suffix}"
        tools = ("ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy") if flavour.llvm else ()
        if not all(shutil.which(name) for name in (program, *(f"{t}{suffix}" for t in tools))):
            continue
        said = process.run([program, "--version"], env={"LC_ALL": "C"}).stdout
        version = said.decode("utf-8", "replace").partition("\n")[0].strip()
        if not flavour.llvm:
            return Compiler(program, version)
        if _number(version) >= at_least:
            return Compiler(program, version, suffix or "1")
    return None


def missing(flavour: Flavour, at_least: Version = ()) -> str:
    """Say what to install when find() returned None."""
    program = f"{flavour.prefix}{flavour.compiler}"
    text = f"{program} is not installed"
    if flavour.llvm and at_least:
        text = f"no {program} of version {'.'.join(map(str, at_least))} or newer is installed"
    return f"{text}\napt-get install {flavour.package}"


def _suffixes() -> list[str]:
    """Return the suffixes of all clang-NN on PATH, newest first, after that of plain clang."""
    found = {
        int(match[1])
        for folder in os.get_exec_path()
        if Path(folder).is_dir()
        for path in Path(folder).glob("clang-*")
        if (match := re.fullmatch(r"clang-(\d+)", path.name))
    }
    return ["", *(f"-{number}" for number in sorted(found, reverse=True))]


def _number(text: str) -> Version:
    match = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(word) for word in match[0].split(".")) if match else ()
