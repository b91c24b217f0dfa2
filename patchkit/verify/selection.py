# SPDX-License-Identifier: GPL-2.0-only
"""Which checks there are, and which objects each flavour of them compiles."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from patchkit.errors import UserError
from patchkit.verify.kbuild import Compiled
from patchkit.verify.model import Change
from patchkit.verify.settings import Flavour, settings
from patchkit.verify.touched import objects, sources_of

CHECKPATCH = "checkpatch"
KERNEL_DOC = "kernel-doc"
SPARSE = "sparse"
VMA_TESTS = "vma-tests"
VMLINUX = "vmlinux"
COVERAGE = "coverage"
"""A row that appears only when a changed source is compiled by no check."""
_ARCHITECTURE_FREE = ("mm/", "kernel/", "fs/", "io_uring/", "ipc/", "lib/", "block/", "init/")


def check_names() -> tuple[str, ...]:
    """Return the names of all checks, in the order in which they are reported."""
    flavours = [flavour.name for flavour in settings().flavour]
    return (CHECKPATCH, KERNEL_DOC, flavours[0], SPARSE, *flavours[1:], VMA_TESTS, VMLINUX)


def choose(names: Sequence[str]) -> tuple[str, ...]:
    """Return the checks asked for, all when none is named; UserError for one that is not there."""
    known = check_names()
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise UserError(
                f"no check {name!r}" + (f"; did you mean {near[0]}?" if near else ""),
                hint=f"checks: {', '.join(known)}",
            )
    return tuple(name for name in known if not names or name in names)


def flavours_for(chosen: Sequence[str]) -> tuple[Flavour, ...]:
    """Return the flavours to compile with: also those that another check builds upon."""
    every = settings().flavour
    foreign = any(flavour.which == "foreign" and flavour.name in chosen for flavour in every)
    return tuple(
        flavour
        for flavour in every
        if flavour.name in chosen
        or (flavour.sparse and SPARSE in chosen)
        or (flavour is every[0] and foreign)
    )


def direct_objects(changes: Sequence[Change]) -> tuple[str, ...]:
    """Return the objects of the sources that *changes* touch themselves."""
    return objects([c for c in changes if c.path in sources_of([c]) and c.path.endswith(".c")], ())


def select(
    flavour: Flavour,
    changes: Sequence[Change],
    every: Sequence[str],
    done: Mapping[str, Mapping[str, Compiled]],
) -> tuple[str, ...]:
    """Return which of *every* object *flavour* has to compile; *done* is flavour → results."""
    if flavour.which == "all":
        return tuple(every)
    if flavour.which == "core":
        return tuple(name for name in every if name.startswith(_ARCHITECTURE_FREE))
    built = {
        name
        for results in done.values()
        for name, result in results.items()
        if result.built
    }  # fmt: skip
    own = (f"arch/{flavour.kernel}/",)
    return tuple(
        name
        for name in direct_objects(changes)
        if name not in built and (name.startswith(own) or not name.startswith("arch/"))
    )
