# SPDX-License-Identifier: GPL-2.0-only
"""Make sequences up, predict what they do, ask, compare, and shorten what disagrees."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from patchkit.errors import InfrastructureError
from patchkit.kselftest.behaviour import KNOWN
from patchkit.kselftest.groups import PINS
from patchkit.kselftest.machine import REST, REST_PAGES, Group, kind_of, start
from patchkit.kselftest.model import Outcome, Unpredictable
from patchkit.kselftest.ops import ADVICE, PROTS, Op

LONGEST = 24
"""Calls in a sequence; the harness in the guest takes no more than 32."""
_RANGED = ("mlock", "mlock_onfault", "munlock", "mpin", "munpin", "map", "map_locked", "munmap")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a sequence starts from."""

    group: Group
    kind: str
    """One of the group's kinds."""


@dataclass(frozen=True, slots=True)
class Step:
    """A call and what it should give."""

    op: Op
    error: int
    locked: int
    """VmLck in pages, without what is outside of the arena."""
    pinned: int
    rest: bool
    """Whether what is outside of the arena is locked, too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a guest says about a sequence: *rest* pages are outside of the arena."""

    rest: int
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The shortest sequence that was found; the last of *steps* is the one that goes wrong."""

    setting: Setting
    steps: tuple[Step, ...]
    got: Outcome
    rest: int
    always: bool = True
    """False when the same sequence went well another time."""


@dataclass(slots=True)
class Explored:
    """What was tried, and what was found."""

    sequences: int = 0
    calls: int = 0
    mismatch: Mismatch | None = None
    settings: dict[str, int] = field(default_factory=dict)
    """Sequences by group and kind."""


Ask = Callable[[Setting, Sequence[Op]], Answer]
"""Makes the calls. Whatever it raises ends the exploration."""


class _Disagree(Exception):
    """The kernel and the model."""


def predict(setting: Setting, ops: Sequence[Op]) -> list[Step]:
    """Return what *ops* give, without those that cannot be predicted for every known kernel."""
    kind = kind_of(setting.kind)
    grows = setting.group.grows
    processes = [start(setting.group, behaviour, kind) for behaviour in KNOWN]
    steps = []
    for op in ops:
        after = [process.clone() for process in processes]
        try:
            outcomes = {op.apply(process, kind, grows=grows) for process in after}
        except Unpredictable:
            continue
        if len(outcomes) > 1:
            continue
        (outcome,) = outcomes
        processes = after
        rest = processes[0].space.at(REST)
        locked = rest is not None and rest.locked
        steps.append(
            Step(op, outcome.error, outcome.locked - (REST_PAGES if locked else 0),
                 outcome.pinned, locked)
        )  # fmt: skip
    return steps


def compare(setting: Setting, steps: Sequence[Step], answer: Answer) -> Mismatch | None:
    """Return the first call that did something else."""
    for number, (step, got) in enumerate(zip(steps, answer.outcomes, strict=True), 1):
        want = Outcome(step.error, step.locked + (answer.rest if step.rest else 0), step.pinned)
        if got != want:
            return Mismatch(setting, tuple(steps[:number]), got, answer.rest)
    return None


def explore(
    ask: Ask,
    *,
    groups: Sequence[Group] = PINS,
    examples: int = 1000,
    seed: int = 1,
    on_sequence: Callable[[Explored], None] = lambda explored: None,
) -> Explored:
    """Try *examples* sequences; the same *seed* gives the same ones.

    Raises InfrastructureError when hypothesis is not installed, and whatever *ask* raises.
    """
    try:
        import hypothesis
        from hypothesis import strategies as st
    except ImportError:
        raise InfrastructureError(
            "exploring needs hypothesis, which is not installed", hint="pip install hypothesis"
        ) from None
    done = Explored()
    settings = [Setting(group, kind) for group in groups for kind in group.kinds]
    sequences = {
        setting: st.lists(_calls(setting.group), min_size=1, max_size=LONGEST)
        for setting in settings
    }
    cases = st.sampled_from(settings).flatmap(
        lambda setting: st.tuples(st.just(setting), sequences[setting])
    )

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples, deadline=None, database=None, report_multiple_bugs=False,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )  # fmt: skip
    @hypothesis.given(cases)
    def try_one(case: tuple[Setting, list[Op]]) -> None:
        setting, ops = case
        steps = predict(setting, ops)
        if not steps:
            return
        answer = ask(setting, [step.op for step in steps])
        done.sequences += 1
        done.calls += len(steps)
        name = f"{setting.group.name}.{setting.kind}"
        done.settings[name] = done.settings.get(name, 0) + 1
        on_sequence(done)
        if (found := compare(setting, steps, answer)) is not None:
            done.mismatch = found
            raise _Disagree

    try:
        try_one()
    except _Disagree:
        pass
    except hypothesis.errors.Flaky:
        assert done.mismatch is not None
        found = done.mismatch
        done.mismatch = Mismatch(found.setting, found.steps, found.got, found.rest, always=False)
    return done


def _calls(group: Group) -> Any:
    """Return a strategy for calls: those of the group, and the same with any range."""
    from hypothesis import strategies as st

    fixed = st.sampled_from(group.ops)
    names = [name for name in dict.fromkeys(op.call for op in group.ops) if name in _RANGED]
    if group.step > 1 or not names or len(group.mapped) == 0 or group.grows:
        return fixed
    ranges = st.integers(0, group.pages - 1).flatmap(
        lambda first: st.tuples(st.just(first), st.integers(1, group.pages - first))
    )
    kinds = [st.builds(Op, st.sampled_from(names), ranges)]
    for name, values in (("mprotect", PROTS), ("madvise", ADVICE)):
        if any(op.call == name for op in group.ops):
            args = st.tuples(ranges, st.integers(0, len(values) - 1))
            kinds.append(st.builds(_with_choice, st.just(name), args))
    return st.one_of(fixed, *kinds)


def _with_choice(name: str, args: tuple[tuple[int, int], int]) -> Op:
    return Op(name, (*args[0], args[1]))


def as_c(mismatch: Mismatch) -> list[str]:
    """Return the sequence as C that says what each call gives, for a mail."""
    group = mismatch.setting.group
    lines = [
        f"/* {group.pages} pages of {mismatch.setting.kind} memory at p; mapped: "
        + (", ".join(f"[{first}, {last})" for first, last in group.mapped) or "none")
        + f"; RLIMIT_MEMLOCK {'unlimited' if group.limit is None else f'{group.limit} pages'}, "
        + f"{'with' if group.capable else 'without'} CAP_IPC_LOCK */"
    ]
    for step in mismatch.steps:
        locked = step.locked + (mismatch.rest if step.rest else 0)
        told = f"{error_name(step.error)}; VmLck {locked}, VmPin {step.pinned}"
        lines.append(f"{call_text(step.op)};\t/* {told} */")
    got = mismatch.got
    lines.append(f"/* but: {error_name(got.error)}; VmLck {got.locked}, VmPin {got.pinned} */")
    if not mismatch.always:
        lines.append("/* not each time: the same calls went well, too */")
    return lines


def error_name(number: int) -> str:
    """Return ``ENOMEM`` and the like."""
    return errno.errorcode.get(number, str(number)) if number else "success"


def call_text(op: Op) -> str:
    """Return a call as C, with pages as the unit."""
    a = op.args
    at = [f"p + {arg} * page" for arg in a]
    size = [f"{arg} * page" for arg in a]
    prot = {"none": "PROT_NONE", "r": "PROT_READ", "rw": "PROT_READ | PROT_WRITE"}
    match op.call:
        case "mlock" | "munlock" | "munmap" | "munpin":
            return f"{op.call}({at[0]}, {size[1]})"
        case "mpin":
            return f"mpin({at[0]}, {size[1]}, 0)"
        case "mlock_onfault":
            return f"mlock2({at[0]}, {size[1]}, MLOCK_ONFAULT)"
        case "map" | "map_locked":
            flags = "MAP_FIXED | MAP_LOCKED" if op.call == "map_locked" else "MAP_FIXED"
            return f"mmap({at[0]}, {size[1]}, PROT_READ | PROT_WRITE, {flags} | ..., -1, 0)"
        case "mprotect":
            return f"mprotect({at[0]}, {size[1]}, {prot[PROTS[a[2]]]})"
        case "madvise":
            return f"madvise({at[0]}, {size[1]}, MADV_{ADVICE[a[2]].upper()})"
        case "remap":
            return f"mremap({at[0]}, {size[1]}, {size[2]}, 0)"
        case "remap_move":
            return f"mremap({at[0]}, {size[1]}, {size[1]}, MREMAP_MAYMOVE | MREMAP_FIXED, {at[2]})"
        case "remap_to":
            return f"mremap({at[0]}, {size[1]}, {size[2]}, MREMAP_MAYMOVE | MREMAP_FIXED, {at[3]})"
        case "remap_away":
            return f"mremap({at[0]}, {size[1]}, {size[2]}, MREMAP_MAYMOVE) /* then to {at[3]} */"
        case "remap_keep":
            flags = "MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP"
            return f"mremap({at[0]}, {size[1]}, {size[1]}, {flags}, {at[2]})"
        case "brk":
            return f"brk({at[0]})"
        case "touch":
            return f"*(char *)({at[0]}) = 1"
        case _:
            return f"{op.call}({', '.join(map(str, a))})"
