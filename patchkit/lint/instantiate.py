# SPDX-License-Identifier: GPL-2.0-only
"""Putting what a call of a function does into the path of a caller."""

from __future__ import annotations

from dataclasses import replace

from patchkit.lint import ir, values
from patchkit.lint.branching import Branching, decided
from patchkit.lint.conditions import Condition, compare, truth
from patchkit.lint.evaluate import load
from patchkit.lint.events import (
    Charge,
    Check,
    Comparison,
    Event,
    Flag,
    Get,
    Init,
    Lock,
    Put,
    Site,
    Store,
)
from patchkit.lint.state import State, substitute
from patchkit.lint.summaries import Case, Summary
from patchkit.lint.values import ZERO, Atom, Value
from patchkit.lint.writing import Writer, emit, of_local


class Instantiation:
    """Puts a summary's cases into the path of a caller."""

    def __init__(self, rules: Branching) -> None:
        self._rules = rules

    def states(
        self,
        summary: Summary,
        call: ir.Call,
        args: tuple[Value, ...],
        state: State,
        run: Writer,
    ) -> list[State]:
        """Return the caller's states after the call, one for each case that is possible."""
        change = _Change(summary.function, args, state, run)
        found: list[State] = []
        for case in summary.cases:
            fork = state.fork()
            if self._conditions(case, change, fork, run.site(call.span)):
                for event in case.events:
                    self._event(event, change, fork, run, run.site(call.span))
                if case.result is not None and call.result is not None:
                    value = fork.facts.simplify(change.value(case.result))
                    run.set_local(call.result.id, value, fork, None)
                found.append(fork)
        return found or [state]

    def _conditions(self, case: Case, change: _Change, state: State, site: Site) -> bool:
        """Let a case's conditions hold; False if they cannot."""
        compared = {each.condition for each in case.events if isinstance(each, Comparison)}
        for condition in case.conditions:
            moved = compare(change.value(condition.value), condition.relation, ZERO)
            moved, known = decided(moved, state)
            if known is False:
                return False
            if known is None:
                self._rules.assume(
                    moved,
                    state,
                    site,
                    (),
                    plain=condition in compared or self._elsewhere(condition, moved),
                )
        return True

    def _elsewhere(self, before: Condition, after: Condition) -> bool:
        """Tell whether the check that a condition makes is among the case's events already."""
        return self._rules.checks(before) or not self._rules.checks(after)

    def _event(self, event: Event, change: _Change, state: State, run: Writer, site: Site) -> None:
        """Let one event of the callee happen in the caller."""
        via = (site, *event.via)
        match event:
            case Charge() | Init() | Store() | Flag():
                self._write(event, change, state, run, via)
            case Comparison():
                condition = compare(
                    change.value(event.condition.value), event.condition.relation, ZERO
                )
                if condition.known() is None:
                    check = self._rules.check(condition, state, event.site, via, run.narrow_of)
                    emit(state, check or replace(event, condition=condition, via=via))
            case Check():
                emit(state, self._moved_check(event, change, state, via))
            case Put() | Get() | Lock():
                emit(state, replace(event, object=change.value(event.object), via=via))
            case _:
                pass

    def _moved_check(
        self, event: Check, change: _Change, state: State, via: tuple[Site, ...]
    ) -> Check:
        usage = state.facts.simplify(change.value(event.usage))
        return replace(
            event,
            via=via,
            usage=usage,
            limit=change.value(event.limit),
            request=state.facts.simplify(change.value(event.request)),
            counters=tuple((each, change.value(owner)) for each, owner in event.counters),
            charged=tuple(
                (each, change.value(owner), change.value(amount))
                for each, owner, amount in event.charged
            ),
        )

    def _write(
        self,
        event: Charge | Init | Store | Flag,
        change: _Change,
        state: State,
        run: Writer,
        via: tuple[Site, ...],
    ) -> None:
        """Let a callee's store happen: in the caller's memory, and as an event."""
        match event:
            case Charge():
                owner = change.value(event.owner)
                amount = state.facts.simplify(change.value(event.amount))
                at = change.counter_place(event.counter, owner)
                before = load(at, state, run.scope)
                if at.atom is not None and not amount.zero:
                    state.heap[at.atom.text] = before + amount
                    emit(
                        state,
                        replace(
                            event,
                            via=via,
                            owner=owner,
                            amount=amount,
                            before=before,
                            narrow=(*event.narrow, *run.narrow_of(amount)),
                        ),
                    )
                    state.facts.add(truth(owner))
            case Init():
                owner, value = change.value(event.owner), change.value(event.value)
                at = change.counter_place(event.counter, owner)
                if at.atom is not None:
                    state.heap[at.atom.text] = value
                emit(state, replace(event, via=via, owner=owner, value=value))
            case Store():
                self._store(event, change, state, run, via)
            case Flag():
                target = change.value(event.target)
                value = change.value(event.value) if event.value is not None else ZERO
                place = values.field(target, "vm_area_struct", "vm_flags", "vm_flags_t")
                if place.atom is not None and target.tag != "mm_struct":
                    state.heap[place.atom.text] = value
                emit(state, replace(event, via=via, target=target, value=value))

    def _store(
        self, event: Store, change: _Change, state: State, run: Writer, via: tuple[Site, ...]
    ) -> None:
        thing = change.value(event.object)
        value = state.facts.simplify(change.value(event.value))
        if event.member == "*":
            at = values.deref(thing)
            if at.atom is not None and at.atom.kind == "local":
                run.set_local(at.atom.name, value, state, None)
                return
        else:
            type_ = run.scope.member_type(event.tag, event.member)
            at = values.field(thing, event.tag, event.member, type_)
        before = load(at, state, run.scope)
        if at.atom is not None:
            state.heap[at.atom.text] = value
        if not of_local(at.atom):
            emit(state, replace(event, via=via, object=thing, value=value, before=before))


class _Change:
    """Turns a callee's values into the caller's, as they are at the call."""

    def __init__(
        self, function: ir.Function, args: tuple[Value, ...], state: State, run: Writer
    ) -> None:
        self._args = args
        self._before = state.fork()
        self._run = run
        self._memo: dict[str, Value] = {}
        self._suffix = f"~{function.name}{state.serial(f'~{function.name}')}"
        self._before.serials = state.serials

    def value(self, value: Value) -> Value:
        """Return a value in the caller's terms."""
        return substitute(value, self._replace, self._memo)

    def _replace(self, atom: Atom, pointed: bool) -> Value | None:
        match atom.kind:
            case "local" if pointed:  # the caller's, whose address it has handed in
                return load(values.single(atom), self._before, self._run.scope)
            case "param":
                at = atom.position - 1
                return values.retyped(self._args[at], atom.type) if at < len(self._args) else ZERO
            case "field" | "element" | "deref":
                return load(values.single(atom), self._before, self._run.scope)
            case "local":
                return values.local(atom.name + self._suffix, atom.type)
            case "alloc":
                return self._renamed(atom)
            case "call":
                pure = atom.name in self._run.world.effects.pure
                return None if pure else self._renamed(atom)
            case _:
                return None

    def _renamed(self, atom: Atom) -> Value:
        copy = Atom(atom.kind, atom.name, atom.args, text=atom.text + self._suffix, type_=atom.type)
        return values.single(copy)

    def counter_place(self, counter: str, owner: Value) -> Value:
        """Return the place of a counter."""
        tag, member = self._run.world.member_of_counter(counter)
        return values.field(owner, tag, member)
