# SPDX-License-Identifier: GPL-2.0-only
"""The model unrolled: every state that a few calls can bring a process to, and where each leads.

A table of states says more than a list of sequences: what any sequence must do can be read off it,
however long, so the harness needs neither Python nor a model to make sequences up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from patchkit.kselftest.behaviour import KNOWN, Behaviour
from patchkit.kselftest.locking import HUGE
from patchkit.kselftest.model import Process, Unpredictable
from patchkit.kselftest.ops import WHERE_TREES_DIFFER, Op
from patchkit.kselftest.vma import Kind, Vma

REST = -4096
"""The first page of what stands for all other mappings of the process; it ends at page 0 less 512,
so that nothing in the arena touches it."""
REST_PAGES = 3584
_KINDS = {
    "anon": Kind.ANON, "untouched": Kind.ANON, "heap": Kind.ANON, "stack": Kind.ANON,
    "shared": Kind.SHARED, "file": Kind.FILE, "hugetlb": Kind.HUGETLB, "vdso": Kind.SPECIAL,
}  # fmt: skip
_LETTERS = {
    (False, False, False): "-", (False, True, False): "l", (False, True, True): "f",
    (True, False, False): "p", (True, True, False): "b", (True, True, True): "c",
}  # fmt: skip


def kind_of(name: str) -> Kind:
    """Return what the model maps for a kind that the harness knows by *name*."""
    return _KINDS[name]


@dataclass(frozen=True, slots=True)
class Group:
    """Calls that are tried in all orders, from one state."""

    name: str
    about: str
    """What it is for, in a sentence."""
    pages: int
    """Size of the arena."""
    mapped: tuple[tuple[int, int], ...]
    """What is mapped in it at first, as [start, end)."""
    ops: tuple[Op, ...]
    kinds: tuple[str, ...] = ("anon",)
    """What is mapped; for the harness, which tells more of them apart than the model."""
    depth: int = 3
    """Every sequence of so many calls is tried; for kinds after the first, one less."""
    walks: int = 30
    """So many random sequences."""
    walk_length: int = 50
    horizon: int = 10_000
    """No more states than this; those beyond it are not entered."""
    origins: bool = False
    """Tell mappings apart that look alike: it matters to mremap()."""
    limit: int | None = None
    capable: bool = True
    grows: bool = False

    @property
    def model_kinds(self) -> tuple[Kind, ...]:
        """Return what the model maps, for all of *kinds*."""
        return tuple(dict.fromkeys(kind_of(kind) for kind in self.kinds))

    @property
    def step(self) -> int:
        """Return the size of a page of the arena, in pages."""
        return HUGE if Kind.HUGETLB in self.model_kinds else 1


@dataclass(slots=True)
class State:
    """A state that a process can be in."""

    name: str
    """Page by page: ``.`` nothing, ``-`` mapped, ``l`` locked, ``f`` locked on fault, ``p`` pinned,
    ``b`` pinned and locked, ``c`` pinned and locked on fault; then ``r`` read-only, ``n`` no
    access."""
    locked: int
    """VmLck in pages, without what is outside of the arena."""
    pinned: int
    rest: bool
    """What is outside of the arena is locked, too."""
    steps: int
    """Calls to get here."""
    next: list[tuple[int, int] | None] = field(default_factory=list)
    """For each call: an errno value or 0, and the number of the state after it; None where that
    depends on what is not known, or on the kernel."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A group and its states; the first is where all sequences start."""

    group: Group
    states: tuple[State, ...]

    @property
    def edges(self) -> int:
        """Return how many calls from how many states have a known result."""
        return sum(1 for state in self.states for entry in state.next if entry is not None)


def start(group: Group, behaviour: Behaviour, kind: Kind) -> Process:
    """Return a process with the arena of *group*, made of *kind*, and something besides it."""
    return Process(
        (
            Vma(REST, REST + REST_PAGES),
            *(
                Vma(first, last, kind, grows=group.grows, origin=1 + number)
                for number, (first, last) in enumerate(group.mapped)
            ),
        ),
        limit=group.limit,
        capable=group.capable,
        behaviour=behaviour,
        heap=0,
    )


def unroll(group: Group, behaviours: Sequence[Behaviour] = KNOWN) -> Machine:
    """Explore *group*, breadth first.

    What *behaviours*, or the kinds of mappings that it is for, disagree on is left out.
    """
    if not any(op.call in WHERE_TREES_DIFFER for op in group.ops):
        behaviours = behaviours[:1]
    first = tuple(
        start(group, behaviour, kind) for kind in group.model_kinds for behaviour in behaviours
    )
    numbers = {_key(group, first[0]): 0}
    states = [_state(group, first[0], 0)]
    queue = deque([first])
    done = 0
    while queue:
        here = queue.popleft()
        state = states[done]
        done += 1
        for op in group.ops:
            there = _step(group, here, op)
            if there is None:
                state.next.append(None)
                continue
            error, after = there
            key = _key(group, after[0])
            if key not in numbers:
                if len(states) >= group.horizon:
                    state.next.append(None)
                    continue
                numbers[key] = len(states)
                states.append(_state(group, after[0], state.steps + 1))
                queue.append(after)
            state.next.append((error, numbers[key]))
    return Machine(group, tuple(states))


def _step(
    group: Group, here: tuple[Process, ...], op: Op
) -> tuple[int, tuple[Process, ...]] | None:
    """Return the error and the processes after *op*, or None if they do not agree."""
    after = tuple(process.clone() for process in here)
    alike = len(here) // len(group.model_kinds)
    outcomes = set()
    try:
        for number, process in enumerate(after):
            kind = group.model_kinds[number // alike]
            outcomes.add(op.apply(process, kind, grows=group.grows))
    except Unpredictable:
        return None
    if len(outcomes) > 1 or len({_key(group, process) for process in after}) > 1:
        return None
    return outcomes.pop().error, after


def _key(group: Group, process: Process) -> tuple[object, ...]:
    vmas: list[object] = []
    names: dict[int, int] = {}
    for vma in process.space.vmas:
        what: tuple[object, ...] = (vma.start, vma.end, vma.prot, vma.state, vma.onfault)
        if group.origins:
            names.setdefault(vma.origin, len(names))
            what += (names[vma.origin], vma.offset)
        vmas.append(what)
    if not group.origins:
        vmas = [_page(process, page) for page in (REST, *range(0, group.pages, group.step))]
    return (
        tuple(vmas), process.limit, process.capable, process.future, process.heap_pages,
    )  # fmt: skip


def _page(process: Process, page: int) -> str:
    vma = process.space.at(page)
    if vma is None:
        return "."
    letter = _LETTERS[vma.pinned, vma.locked, vma.onfault]
    return letter + {"rw": "", "r": "r", "none": "n"}[vma.prot]


def _state(group: Group, process: Process, steps: int) -> State:
    rest = process.space.at(REST)
    assert rest is not None
    words = ["".join(_page(process, page) for page in range(0, group.pages, group.step))]
    words += _words(group, process, rest)
    locked = process.space.locked_vm - (REST_PAGES if rest.locked else 0)
    return State(" ".join(words), locked, process.space.pinned_vm, rest.locked, steps)


def _words(group: Group, process: Process, rest: Vma) -> Iterable[str]:
    if group.origins:
        cuts = [vma.start for vma in process.space.vmas if process.space.seam(vma.start)]
        if cuts:
            yield "cut " + ",".join(map(str, cuts))
    if process.limit != group.limit:
        yield "unlimited" if process.limit is None else f"limit {process.limit}"
    if process.capable != group.capable:
        yield "privileged" if process.capable else "unprivileged"
    if process.future.locked:
        yield "future " + ("f" if process.future.onfault else "l")
    if rest.locked:
        yield "rest " + ("f" if rest.onfault else "l")
