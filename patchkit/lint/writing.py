# SPDX-License-Identifier: GPL-2.0-only
"""What an assignment does to the state of a path, and the events that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from patchkit.lint import ir, values
from patchkit.lint.conditions import truth
from patchkit.lint.effects import Effects
from patchkit.lint.evaluate import (
    Scope,
    bits_of,
    evaluate,
    load,
    place,
)
from patchkit.lint.events import (
    Charge,
    Check,
    Comparison,
    Event,
    Flag,
    Init,
    Lock,
    Site,
    Store,
)
from patchkit.lint.merging import mark_of
from patchkit.lint.state import State
from patchkit.lint.values import ONE, Atom, Value


class World(Protocol):
    """What the execution of one function asks of the whole program."""

    effects: Effects

    def counter(self, tag: str, member: str) -> str:
        """Return a counter's id; empty if the member is none."""

    def member_of_counter(self, counter: str) -> tuple[str, str]:
        """Return the struct's tag and the member that a counter is."""

    def counters_in(self, tag: str) -> tuple[tuple[str, str], ...]:
        """Return (member, id) of all counters in a struct."""

    def accounting(self, tag: str, member: str) -> bool:
        """Tell whether a member takes part in accounting somewhere."""

    def keeps(self, tag: str) -> bool:
        """Tell whether a struct keeps accounts: all that is stored in it is shown."""

    def watched(self, tag: str) -> bool:
        """Tell whether references to such objects matter."""

    def instantiate(
        self, call: ir.Call, name: str, args: tuple[Value, ...], state: State, run: Writer
    ) -> list[State] | None:
        """Return the states after a call of a function with a summary; None if it has none."""


def emit(state: State, event: Event) -> None:
    """Append an event; those that do not tell states apart are not counted."""
    state.events = (*state.events, event)
    mark = mark_of(event)
    state.marks = (*state.marks, mark)
    if mark < 0:
        state.effect = hash((state.effect, event))
        if isinstance(event, Charge | Init):
            state.charges = hash((state.charges, event))
        return
    if isinstance(event, Check | Comparison) and not event.via:
        state.checks |= {mark}
    elif isinstance(event, Lock):
        state.held = locked(state.held, event)


LONGEST = 3000
"""Characters of a value that is kept as it is."""

Held = frozenset[tuple[str, str, str]]
"""What is locked: the lock's name, its object as text, the mode."""


def locked(held: Held, event: Lock) -> Held:
    """Return what is held after a lock event."""
    mine = {each for each in held if each[:2] == (event.lock, event.object.text)}
    rest = held - mine
    match event.action:
        case "release":
            return rest
        case "assert":
            return held if mine else held | {(event.lock, event.object.text, event.mode)}
        case _:
            return rest | {(event.lock, event.object.text, event.mode)}


def summands(value: Value) -> frozenset[tuple[tuple[Atom, ...], int]]:
    """Return the terms of a value that are not its constant."""
    return frozenset(term for term in value.terms if term[0])


@dataclass(slots=True)
class Writer:
    """Executes what one function stores."""

    scope: Scope
    world: World

    def site(self, span: ir.Span) -> Site:
        """Return where an instruction of this function is in its file."""
        function = self.scope.function
        return Site(function.path, function.name, function.place(span))

    def assign(self, instruction: ir.Assign, state: State) -> None:
        value = state.facts.simplify(evaluate(instruction.value, state, self.scope))
        target = instruction.target
        if isinstance(target, ir.Name) and self.is_local(target.id):
            self.set_local(target.id, value, state, instruction.value)
            return
        at = place(target, state, self.scope)
        compound = bool(instruction.operator)
        self.write(at, value, state, self.site(instruction.span), instruction.operator, compound)

    def is_local(self, name: str) -> bool:
        return name in self.scope.declared or name.startswith("$")

    def set_local(self, name: str, value: Value, state: State, source: ir.Expr | None) -> None:
        """Give a local a value; note when it is too narrow for it."""
        if len(value.text) > LONGEST:
            value = values.result_of("long", (), state.serial("long"), value.type)
        type_ = self.scope.declared.get(name, "")
        if source is not None and bits_of(type_):
            self.narrowed(value, f"{type_} {name}", source)
        state.env[name] = values.retyped(value, type_) if type_ else value

    def narrowed(self, value: Value, through: str, source: ir.Expr) -> None:
        """Note that a value went through something of 32 bits or less."""
        if value.constant is not None or len(value.terms) > 8:
            return
        type_ = self.scope.type_of(source) or (value.atom.type if value.atom is not None else "")
        if not type_ or bits_of(type_) or type_ in ("bool", "_Bool"):
            return
        known = self.scope.tainted.get(value.text, ())
        if through not in known:
            self.scope.tainted[value.text] = (*known, through)

    def kept_in(self, name: str, value: Value) -> None:
        """Note that a local holds a value that was summed up in it, if it is a narrow one."""
        type_ = self.scope.declared.get(name, "")
        if bits_of(type_):
            self.scope.tainted.setdefault(value.text, (f"{type_} {name}",))

    def narrow_of(self, value: Value) -> tuple[str, ...]:
        """Return what of 32 bits or less a value or one of its summands went through."""
        table = self.scope.tainted
        if not table:
            return ()
        found = list(table.get(value.text, ())) + list(table.get((-value).text, ()))
        if len(value.terms) > 1:
            for each in value.summands():
                found += table.get(each.text, ())
                found += table.get((-each).text, ())
        return tuple(dict.fromkeys(found))

    def write(
        self,
        at: Value,
        value: Value,
        state: State,
        site: Site,
        operator: str,
        stepped: bool,
        how: Literal["plain", "atomic", "set"] = "plain",
        via: tuple[Site, ...] = (),
    ) -> None:
        """Store a value at a place; *stepped* when it is computed from what was there."""
        atom = at.atom
        if atom is None:
            return
        if atom.kind == "local":
            self.set_local(atom.name, value, state, None)
            return
        before = load(at, state, self.scope)
        if atom.kind == "field":
            counter = self.world.counter(atom.tag, atom.name)
            if counter:
                self._count(
                    counter, atom, before, value, state, (site, via), operator, stepped, how
                )
            elif atom.tag in self.world.effects.flag_members and atom.name in (
                "vm_flags",
                "def_flags",
            ):
                self._assign_flags(atom, value, before, state, site, via)
            elif self._shown(atom, value):
                narrow = self.narrow_of(value)
                bits = bits_of(atom.type)
                if bits and value.constant is None:
                    narrow = (*narrow, f"{atom.type} {atom.tag}.{atom.name}")
                emit(
                    state,
                    Store(site, via, atom.args[0], atom.tag, atom.name, value, before, narrow),
                )
        elif atom.kind == "deref":
            emit(state, Store(site, via, atom.args[0], "", "*", value, before))
        state.heap[atom.text] = value

    def _shown(self, atom: Atom, value: Value) -> bool:
        """Tell whether a store is an event."""
        if of_local(atom):
            return False
        if self.world.accounting(atom.tag, atom.name):
            return True
        return self.world.keeps(atom.tag) and all(each.kind != "local" for each in value.atoms())

    def _count(
        self,
        counter: str,
        atom: Atom,
        before: Value,
        value: Value,
        state: State,
        where: tuple[Site, tuple[Site, ...]],
        operator: str,
        stepped: bool,
        how: Literal["plain", "atomic", "set"],
    ) -> None:
        """Make the event for a counter that gets a value."""
        site, via = where
        old = summands(before)
        # An atomic is set from what it held: parts that cancel out do not make it another value.
        kept = how == "set" and ((atom,), 1) in old and ((atom,), 1) in summands(value)
        if stepped or kept or (old and old <= summands(value)):
            amount = value - before
            if not amount.zero:
                narrow = self.narrow_of(amount)
                owner = atom.args[0]
                emit(
                    state,
                    Charge(site, via, counter, owner, amount, how, operator, before, narrow),
                )
                state.facts.add(truth(owner))
            return
        emit(
            state, Init(site, via, counter, atom.args[0], value, "set" if how == "set" else "plain")
        )

    def _assign_flags(
        self,
        atom: Atom,
        value: Value,
        before: Value,
        state: State,
        site: Site,
        via: tuple[Site, ...],
    ) -> None:
        """Make the event for flags that get a value: set or clear if only that can be seen."""
        flags = flags_in(value)
        action: Literal["set", "clear", "assign"] = "assign"
        inner = value.atom
        if inner is not None and inner.kind == "op" and before in inner.args:
            other = inner.args[1] if inner.args[0] == before else inner.args[0]
            if inner.name == "|":
                action, flags = "set", flags_in(other)
            elif inner.name == "&":
                action, flags = "clear", flags_in(-other - ONE)
        emit(state, Flag(site, via, atom.args[0], action, flags, value))


def of_local(atom: Atom | None) -> bool:
    """Tell whether a place lies in one of the function's own variables."""
    while atom is not None and atom.kind in ("address", "field", "element"):
        atom = atom.args[0].atom
    return atom is not None and atom.kind == "local"


def flags_in(value: Value) -> tuple[str, ...]:
    """Return the names of flags that a value is made of."""
    names = {atom.name for atom in value.atoms() if atom.name.startswith("VM_")}
    return tuple(sorted(names))
