# SPDX-License-Identifier: GPL-2.0-only
"""The paths of one function: symbolic execution of what is left after slicing.

Blocks are executed in an order in which all ways that meet at a block have arrived there; states
that differ in nothing that matters later, and in no event, become one there, which keeps the
branches that both took. A loop is left out, gone through once, and gone through *many* times: then
what its variables, members and counters were stepped by becomes a sum over all rounds (``sum(x)``,
equal for equal x and loop), and the body is entered once more, for what happens in the last round.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

from patchkit.lint import algebra, ir, values
from patchkit.lint.branching import Branching, decided
from patchkit.lint.calls import Machine
from patchkit.lint.conditions import Condition, compare, truth
from patchkit.lint.evaluate import evaluate
from patchkit.lint.events import Capability, Charge, Check, Event, Site, Store
from patchkit.lint.graph import Graph
from patchkit.lint.merging import forget_marks, hard, marks_of, merge
from patchkit.lint.slicing import Slice, warns
from patchkit.lint.state import LoopEntry, State
from patchkit.lint.values import Value

MOST_STATES = 192
"""States at one block; more are merged by what they have done."""
MOST_ROUNDS = 4
"""States that go round a loop again; more are merged likewise."""
MOST_ENDS = 12
"""States at one return; of more, those that differ in branches only become one."""
MOST_WAITING = 1600
MOST_EVENTS = 500
MOST_STEPS = 24_000
"""Blocks executed for one function; a function that needs more is not analysed."""


class TooManyPaths(Exception):
    """A function's paths are more than the budget allows."""


@dataclass(slots=True)
class End:
    """A state at a return, with the value that is returned."""

    state: State
    result: Value | None
    site: Site


class Executor:
    """Goes through all paths of one function."""

    def __init__(
        self, function: ir.Function, graph: Graph, kept: Slice, machine: Machine, rules: Branching
    ) -> None:
        self._function = function
        self._graph = graph
        self._slice = kept
        self._machine = machine
        self._rules = rules
        self._waiting: dict[int, list[State]] = {}
        self._queue: list[tuple[int, int]] = []
        self._ends: list[End] = []
        self._steps = 0
        self.joined = False
        self.glimpses: dict[tuple[Site, str, str], tuple[Event, ...]] = {}
        """What led to each limit check, by place, relation and usage: states may be joined behind
        it."""
        self.asked: set[str] = set()
        """The capabilities that were tested: what a test gave may be joined, too."""

    def run(self) -> list[End]:
        """Return all ends. Raises TooManyPaths."""
        forget_marks()
        self._arrive(0, State())
        while self._queue:
            _, block = heapq.heappop(self._queue)
            states = self._waiting.pop(block, [])
            merged = merge(states, self._slice.live[block], self._status)
            if len(merged) > MOST_ENDS and self._ends_at(block):
                merged = merge(merged, self._slice.live[block], self._status, most=1)
            if len(merged) > MOST_ROUNDS and any(s.loops for s in merged):
                merged = self._settled(block, merged)
            if len(merged) > MOST_STATES:
                self.joined = True
                merged = merge(merged, frozenset(), self._status, coarse=1)
            if len(merged) > MOST_STATES:
                merged = merge(merged, frozenset(), self._status, coarse=2)
            if len(merged) > MOST_STATES:
                merged = merge(merged, frozenset(), self._status, coarse=3)
            if len(merged) > MOST_STATES:
                raise TooManyPaths(f"{len(merged)} states meet in one place")
            for state in merged:
                self._steps += 1
                if self._steps > MOST_STEPS:
                    raise TooManyPaths(f"more than {MOST_STEPS} steps")
                self._execute(block, state)
        return self._ends

    def _ends_at(self, block: int) -> bool:
        end = self._function.blocks[block].terminator
        return isinstance(end, ir.Return) and len(self._function.blocks[block].instructions) < 2

    def _settled(self, block: int, states: list[State]) -> list[State]:
        """At the head of a loop, do not tell apart by variables what has gone round it."""
        again = [each for each in states if block in each.loops and each.loops[block].rounds]
        if len(again) <= MOST_ROUNDS:
            return states
        first = [each for each in states if all(each is not other for other in again)]
        again = merge(again, frozenset(), self._status, coarse=1)
        if len(again) > 2 * MOST_ROUNDS:
            again = merge(again, frozenset(), self._status, coarse=3)
        return first + again

    def _status(self, name: str) -> bool:
        """Tell whether a variable is only ever tested and returned."""
        return name not in self._slice.amounts

    def _arrive(self, block: int, state: State) -> None:
        if block < 0:
            end = self._function.span
            site = Site(self._function.path, self._function.name, end)
            self._ends.append(End(state, None, site))
            return
        if block not in self._waiting:
            self._waiting[block] = []
            heapq.heappush(self._queue, (self._graph.rank[block], block))
        waiting = self._waiting[block]
        waiting.append(state)
        if len(waiting) > MOST_WAITING or len(state.events) > MOST_EVENTS:
            raise TooManyPaths(f"more than {MOST_WAITING} ways meet, or one has too many events")

    def _execute(self, block: int, state: State) -> None:
        """Execute a block in a state and send what comes out of it on."""
        if block in self._graph.loops and block not in state.loops:
            state.loops[block] = LoopEntry(
                dict(state.env), dict(state.heap), state.facts.copy(), len(state.events)
            )
        states = [state]
        for instruction in self._slice.kept[block]:
            states = [after for each in states for after in self._machine.run(instruction, each)]
        end = self._function.blocks[block].terminator
        for each in states:
            self._leave(block, end, each)

    def _leave(self, block: int, end: ir.Terminator | None, state: State) -> None:
        match end:
            case ir.Jump(to):
                self._go(block, to, state)
            case ir.Branch():
                self._branch(block, end, state)
            case ir.Return(value, span):
                self._return(value, self._machine.site(span), state)
            case _:
                pass

    def _go(self, block: int, to: int, state: State) -> None:
        """Take an edge; one that closes a loop widens the state."""
        if self._graph.retreats(block, to):
            entry = state.loops.get(to)
            if entry is None or entry.rounds >= 2:
                return
            if not self._widen(to, entry, state):
                return
        if state.loops:
            state.loops = {
                head: entry for head, entry in state.loops.items() if to in self._graph.loops[head]
            }
        self._arrive(to, state)

    def _widen(self, head: int, entry: LoopEntry, state: State) -> bool:
        """Let one round of a loop stand for many; False if the round has changed nothing."""
        live = self._slice.live[head]
        since = state.events[entry.events :]
        changed = (
            any(state.env.get(name) != entry.env.get(name) for name in live)
            or state.heap != entry.heap
        )
        acted = any(hard(each) for each in since)
        if not changed and not acted:
            return False
        stepped = self._stepped_names(head)
        for name, value in state.env.items():
            before = entry.env.get(name, self._machine.scope.initial.get(name))
            if name in stepped and before is not None and before != value:
                state.env[name] = before + algebra.sum_of(value - before, f"@{head}")
                self._machine.kept_in(name, state.env[name])
        self._widen_memory(head, entry, state)
        events = tuple(_widened(each, head, state) for each in since)
        if events != since:
            kept = state.events[: entry.events]
            state.events = (*kept, *events)
            state.effect = hash((state.effect, events))
            state.charges = hash((state.charges, events))
            state.marks = marks_of(state.events)
        state.exact = False
        state.facts.settle(entry.facts, state.leaving)
        state.loops[head] = LoopEntry(
            dict(state.env),
            dict(state.heap),
            state.facts.copy(),
            len(state.events),
            entry.rounds + 1,
        )
        return True

    def _stepped_names(self, head: int) -> set[str]:
        return {each.id for each in self._slice.steps.get(head, ()) if isinstance(each, ir.Name)}

    def _widen_memory(self, head: int, entry: LoopEntry, state: State) -> None:
        """Let members be stepped by sums, if the step can be seen."""
        steps = self._slice.steps.get(head, ())
        members = tuple(each.field for each in steps if isinstance(each, ir.Member))
        for text, value in state.heap.items():
            before = entry.heap.get(text)
            if before is None:
                found = [term for term, factor in value.terms if len(term) == 1 and factor == 1]
                same = next((term[0] for term in found if term[0].text == text), None)
                if same is not None:
                    before = values.single(same)
                elif members and text.endswith(
                    members
                ):  # memory that was zeroed when the loop began
                    before = values.ZERO
                else:
                    continue
            step = value - before
            kept = {term for term in before.terms if term[0]}
            if not kept and not (members and text.endswith(members)):
                continue
            if step.terms and kept <= set(value.terms):
                state.heap[text] = before + algebra.sum_of(step, f"@{head}")

    def _branch(self, block: int, end: ir.Branch, state: State) -> None:
        if block not in self._slice.branches:
            join = self._slice.join[block]
            if join >= 0:
                self._go(block, join, state)
            else:
                self._arrive(-1, state)
            return
        value = evaluate(end.condition, state, self._machine.scope)
        condition, known = decided(truth(value), state)
        entry = state.loops.get(block)
        if entry is not None and entry.rounds >= 2 and end.loop:
            known = False
        if known is not None:
            self._go(block, end.then if known else end.other, state)
            return
        site = self._machine.site(end.span)
        other = state.fork()
        warned = warns(self._function.blocks[end.then])
        self._assume(condition, state, site, warned)
        self._assume(condition.negated(), other, site, warned)
        if state.loops and any(
            end.then not in self._graph.loops[head] or end.other not in self._graph.loops[head]
            for head in state.loops
        ):
            state.leaving |= {condition, condition.negated()}
            other.leaving = state.leaving
        self._go(block, end.then, state)
        self._go(block, end.other, other)

    def _assume(self, condition: Condition, state: State, site: Site, plain: bool) -> None:
        self._rules.assume(condition, state, site, narrow=self._machine.narrow_of, plain=plain)
        last = state.events[-1]
        if isinstance(last, Capability):
            self.asked.add(last.name)
        elif isinstance(last, Check):
            self.glimpses.setdefault((site, last.relation, last.usage.text), state.events)

    def _return(self, expression: ir.Expr | None, site: Site, state: State) -> None:
        """End a path; one that returns a comparison ends twice."""
        if expression is None:
            self._ends.append(End(state, None, site))
            return
        value = state.facts.simplify(evaluate(expression, state, self._machine.scope))
        atom = value.atom
        if atom is not None and atom.kind in ("test", "capability"):
            condition, known = decided(truth(value), state)
            if known is None:
                other = state.fork()
                self._assume(condition, state, site, False)
                self._assume(condition.negated(), other, site, False)
                self._ends.append(End(state, values.ONE, site))
                self._ends.append(End(other, values.ZERO, site))
                return
            value = values.number(int(known))
        elif atom is not None and state.facts.decide(compare(value, "==", values.ZERO)):
            value = values.ZERO
        self._ends.append(End(state, value, site))


def _widened(event: Event, head: int, state: State) -> Event:
    """Return what an event in one round of a loop is for all rounds."""
    if isinstance(event, Charge):
        return replace(event, amount=algebra.sum_of(event.amount, f"@{head}"))
    if isinstance(event, Store) and event.tag:
        at = values.field(event.object, event.tag, event.member)
        value = state.heap.get(at.text)
        if value is not None and value != event.value and "sum(" in value.text:
            return replace(event, value=value)
    return event
