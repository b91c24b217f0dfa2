# SPDX-License-Identifier: GPL-2.0-only
"""Configuration fragments: what they ask for, and whether a configuration grants it.

A fragment is a piece of a ``.config``, as the kernel's ``scripts/kconfig/merge_config.sh`` takes
it. One comment has a meaning here: ``# optional: REASON`` makes the options after it, up to the
next empty line, optional. That a tree cannot have an optional option for an architecture is told of
and accepted; any other option that does not end up as asked for is an error.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from patchkit.errors import UserError

_SET = re.compile(r"CONFIG_([A-Za-z0-9_]+)=(.*)")
_UNSET = re.compile(r"# CONFIG_([A-Za-z0-9_]+) is not set")
_OPTIONAL = re.compile(r"# optional: (.+)")


@dataclass(frozen=True, slots=True)
class Option:
    """One option that a fragment asks for."""

    name: str
    """Without ``CONFIG_``."""
    value: str
    """As it is in a ``.config``: ``y``, ``m``, a number or a quoted string; ``n`` for "not set"."""
    file: str
    line: int
    optional: str = ""
    """Why a tree may lack it; empty when it may not."""

    def __str__(self) -> str:
        if self.value == "n":
            return f"# CONFIG_{self.name} is not set"
        return f"CONFIG_{self.name}={self.value}"


@dataclass(frozen=True, slots=True)
class Dropped:
    """An option that is not as it was asked for."""

    option: Option
    found: str
    """What the configuration has: a value, or ``n``."""
    known: bool
    """Whether the tree can have such an option for the architecture."""
    why: str
    """The likely reason, for a person."""

    @property
    def accepted(self) -> bool:
        """Whether the fragment says that a tree may do without."""
        return bool(self.option.optional) and not self.known

    def __str__(self) -> str:
        place = f"{self.option.file}:{self.option.line}"
        return f"{place}: {self.option} became {self.found}: {self.why}"


def read_fragment(path: Path) -> tuple[Option, ...]:
    """Return what the fragment at *path* asks for.

    Raises UserError for a line that is neither an option, a comment nor empty: the kernel's own
    script would skip it without a word.
    """
    options = []
    optional = ""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot read the configuration fragment: {error}") from None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line:
            optional = ""
        elif match := _OPTIONAL.fullmatch(line):
            optional = match[1]
        elif match := _UNSET.fullmatch(line):
            options.append(Option(match[1], "n", path.as_posix(), number, optional))
        elif line.startswith("#"):
            continue
        elif match := _SET.fullmatch(line):
            # `CONFIG_X=y  # why` is common in the tree's own fragments.
            value = match[2] if match[2].startswith('"') else match[2].split("#")[0].strip()
            options.append(Option(match[1], value, path.as_posix(), number, optional))
        else:
            raise UserError(
                f"{path}:{number}: expected CONFIG_NAME=VALUE or a comment, found {raw!r}"
            )
    return tuple(options)


def wanted(fragments: Sequence[Path]) -> dict[str, Option]:
    """Return what all *fragments* together ask for; a later one overrides an earlier one."""
    return {option.name: option for path in fragments for option in read_fragment(path)}


def digest(options: Iterable[Option]) -> str:
    """Return a digest of names and values, whatever their order and where they come from."""
    text = "\n".join(sorted(str(option) for option in options))
    return hashlib.sha256(text.encode()).hexdigest()


def read_config(path: Path) -> dict[str, str]:
    """Return the options that a ``.config`` sets; what is not in the result is not set."""
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    return {match[1]: match[2] for line in text.splitlines() if (match := _SET.fullmatch(line))}


def not_granted(options: Mapping[str, Option], config: Mapping[str, str]) -> tuple[Option, ...]:
    """Return the options that *config* does not have as asked for.

    A module that became built in counts as granted: there are no modules in our guests.
    """
    missing = []
    for option in options.values():
        found = config.get(option.name, "n")
        if found != option.value and not (option.value == "m" and found == "y"):
            missing.append(option)
    return tuple(missing)
