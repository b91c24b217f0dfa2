# SPDX-License-Identifier: GPL-2.0-only
"""Calls with fixed arguments: the alphabet that sequences are made of."""

from __future__ import annotations

from dataclasses import dataclass

from patchkit.kselftest.model import Outcome, Process
from patchkit.kselftest.vma import Kind, Prot

PROTS: tuple[Prot, ...] = ("none", "r", "rw")
ADVICE = ("dontneed", "cold", "free")
MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4
UNLIMITED = 0xFFFF
"""In place of a number of pages: RLIM_INFINITY."""

CALLS: dict[str, int] = {
    "mlock": 2, "mlock_onfault": 2, "munlock": 2, "mpin": 2, "munpin": 2,
    "map": 2, "map_locked": 2, "munmap": 2, "mprotect": 3, "madvise": 3,
    "remap": 3, "remap_move": 3, "remap_to": 4, "remap_away": 4, "remap_keep": 3,
    "mlockall": 1, "munlockall": 0, "brk": 1, "touch": 1, "limit": 1, "capability": 1, "fork": 0,
}  # fmt: skip
"""What can be called, with the number of arguments; the harness in C has the same names."""

WHERE_TREES_DIFFER = frozenset({"mlock_onfault", *(call for call in CALLS if "remap" in call)})
"""Calls that behaviour.Behaviour says anything about."""

PIN_CALLS = frozenset({"mpin", "munpin"})


@dataclass(frozen=True, slots=True)
class Op:
    """A call and its arguments: pages of the arena, lengths in pages, indices of PROTS or ADVICE.

    ``remap`` start, old, new; ``remap_move`` start, length, target; ``remap_to`` and
    ``remap_away`` start, old, new, target; ``remap_keep`` start, length, target. ``mlockall`` takes
    MCL bits, ``brk`` the size of the heap, ``limit`` pages.
    """

    call: str
    args: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse what is no call."""
        if CALLS.get(self.call) != len(self.args):
            raise ValueError(f"{self.call}{self.args} is no call")

    def apply(self, process: Process, kind: Kind = Kind.ANON, *, grows: bool = False) -> Outcome:
        """Do it; what is mapped is of *kind*. Raises Unpredictable."""
        args = self.args
        match self.call:
            case "mlock":
                return process.mlock(*args)
            case "mlock_onfault":
                return process.mlock(*args, onfault=True)
            case "munlock":
                return process.munlock(*args)
            case "mpin":
                return process.mpin(*args)
            case "munpin":
                return process.munpin(*args)
            case "map" | "map_locked":
                locked = self.call == "map_locked"
                return process.mmap(*args, kind=kind, locked=locked, grows=grows)
            case "munmap":
                return process.munmap(*args)
            case "mprotect":
                return process.mprotect(args[0], args[1], PROTS[args[2]])
            case "madvise":
                return process.madvise(args[0], args[1], ADVICE[args[2]])
            case "remap":
                return process.mremap(*args)
            case "remap_move":
                return process.mremap(args[0], args[1], args[1], to=args[2])
            case "remap_to":
                return process.mremap(*args[:3], to=args[3])
            case "remap_away":
                return process.mremap(*args[:3], elsewhere=args[3])
            case "remap_keep":
                return process.mremap(args[0], args[1], args[1], to=args[2], keep=True)
            case "brk":
                return process.brk(args[0])
            case "touch":
                return process.touch(args[0])
            case _:
                return self._apply_to_all(process)

    def _apply_to_all(self, process: Process) -> Outcome:
        """The calls that have no address."""
        match self.call:
            case "mlockall":
                bits = self.args[0]
                return process.mlockall(
                    current=bool(bits & MCL_CURRENT),
                    future=bool(bits & MCL_FUTURE),
                    onfault=bool(bits & MCL_ONFAULT),
                )
            case "munlockall":
                return process.munlockall()
            case "limit":
                return process.setrlimit(None if self.args[0] == UNLIMITED else self.args[0])
            case "capability":
                return process.capability(bool(self.args[0]))
            case _:
                # The child's counters are 0, which is what the harness looks at.
                child = process.fork()
                assert not child.space.locked_vm and not child.space.pinned_vm
                return process.outcome
