# SPDX-License-Identifier: GPL-2.0-only
"""What a path knows of the flags of VMAs, and which flags a tree has."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, Path
from patchkit.lint.conditions import Condition
from patchkit.lint.events import Assume, Event, Flag
from patchkit.lint.values import Atom, Value

VMA = "vm_area_struct"
_HEADER = "include/linux/mm.h"


@functools.lru_cache(maxsize=4)
def flags_of(analysis: Analysis) -> dict[str, str]:
    """Return flag -> counter for the flags that the tree has: the first of each pair, and those
    that it names."""
    wanted = {
        flag: counter for pair in analysis.counters.pairs for counter, flag in pair.flags.items()
    }
    first = {next(iter(pair.flags.values()), "") for pair in analysis.counters.pairs}
    program = analysis.program
    text = program.tree.read(_HEADER) or b""
    if not text:
        text = b"\n".join(program.tree.read(path) or b"" for path in program.files)
    return {
        flag: counter for flag, counter in wanted.items() if flag in first or flag.encode() in text
    }


def tested(condition: Condition, flag: str) -> Value | None:
    """Return the set of flags that a condition tests for *flag*, None if it does not."""
    atom = condition.value.atom
    if atom is None or atom.kind != "op" or atom.name != "&":
        return None
    for number, each in enumerate(atom.args):
        if (each.atom is None or each.atom.kind in ("global", "op")) and any(
            inner.kind == "global" and inner.name == flag for inner in each.atoms()
        ):
            return atom.args[1 - number]
    return None


def flag_tests(path: Path, flag: str, until: Event | None = None) -> Iterator[tuple[Value, bool]]:
    """Yield (set of flags, whether *flag* is in it) for the tests on a path, up to an event."""
    for event in path.events:
        if event is until:
            return
        if isinstance(event, Assume):
            flags = tested(event.condition, flag)
            if flags is not None:
                yield flags, event.condition.relation in ("!=", ">")


def owner_of(flags: Value) -> Value | None:
    """Return the VMA whose flags these are; None for flags that are a value of their own."""
    atom = flags.atom
    if atom is not None and atom.kind == "field" and atom.tag == VMA and atom.name == "vm_flags":
        return atom.args[0]
    return None


def changes(path: Path, flag: str) -> Iterator[Flag]:
    """Yield the events that set or clear a flag of a VMA."""
    for event in path.events:
        if (
            isinstance(event, Flag)
            and event.action in ("set", "clear")
            and flag in event.flags
            and is_vma(event.target)
        ):
            yield event


def is_vma(target: Value) -> bool:
    """Tell whether flags are those of a VMA (and not an mm's default flags)."""
    return target.tag != "mm_struct"


def fresh(value: Value) -> bool:
    """Tell whether an object was allocated on this path."""
    atom: Atom | None = value.atom
    return atom is not None and atom.kind == "alloc"
