# SPDX-License-Identifier: GPL-2.0-only
"""What an assignment or a call does to the state of a path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from patchkit.lint import algebra, ir, values
from patchkit.lint.conditions import Condition, compare
from patchkit.lint.effects import Effects, atomic_operation
from patchkit.lint.evaluate import (
    Scope,
    bits_of,
    evaluate,
    known_value,
    load,
    member_of,
    place,
)
from patchkit.lint.events import (
    Charge,
    Check,
    Comparison,
    Event,
    Flag,
    Get,
    Init,
    Lock,
    Pin,
    Put,
    Report,
    Site,
    Store,
)
from patchkit.lint.merging import mark_of
from patchkit.lint.slicing import addressed
from patchkit.lint.state import State
from patchkit.lint.values import ONE, ZERO, Atom, Value, tag_of


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
        self, call: ir.Call, name: str, args: tuple[Value, ...], state: State, run: Machine
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
class Machine:
    """Executes the instructions of one function."""

    scope: Scope
    world: World

    def site(self, span: ir.Span) -> Site:
        """Return where an instruction of this function is in its file."""
        function = self.scope.function
        return Site(function.path, function.name, function.place(span))

    def run(self, instruction: ir.Instruction, state: State) -> list[State]:
        """Execute one instruction; return the states that can follow (*state* may be changed)."""
        match instruction:
            case ir.Assign():
                self._assign(instruction, state)
            case ir.Call():
                return self._call(instruction, state)
            case ir.Mention(ir.Apply("WARN", ())):
                state.warn()
            case _:
                pass
        return [state]

    # Writing

    def _assign(self, instruction: ir.Assign, state: State) -> None:
        value = state.facts.simplify(evaluate(instruction.value, state, self.scope))
        target = instruction.target
        if isinstance(target, ir.Name) and self._is_local(target.id):
            self.set_local(target.id, value, state, instruction.value)
            return
        at = place(target, state, self.scope)
        compound = bool(instruction.operator)
        self.write(at, value, state, self.site(instruction.span), instruction.operator, compound)

    def _is_local(self, name: str) -> bool:
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
        type_ = self.scope.type_of(source)
        if not type_ or bits_of(type_) or type_ in ("bool", "_Bool"):
            return
        known = self.scope.tainted.get(value.text, ())
        if through not in known:
            self.scope.tainted[value.text] = (*known, through)

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
        if stepped or (old and old <= summands(value)):
            amount = value - before
            if not amount.zero:
                narrow = self.narrow_of(amount)
                owner = atom.args[0]
                emit(
                    state,
                    Charge(site, via, counter, owner, amount, how, operator, before, narrow),
                )
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

    # Calls

    def _call(self, call: ir.Call, state: State) -> list[State]:
        name = call.function.id if isinstance(call.function, ir.Name) else ""
        args = tuple(evaluate(each, state, self.scope) for each in call.arguments)
        if name:
            found = self._known(call, name, args, state)
            if found is not None:
                return found
            states = self.world.instantiate(call, name, args, state, self)
            if states is not None:
                return states
        self._unknown(call, name, args, state)
        return [state]

    def _known(
        self, call: ir.Call, name: str, args: tuple[Value, ...], state: State
    ) -> list[State] | None:
        """Execute a call of a function that is known by name; None if it is not."""
        effects = self.world.effects
        value = known_value(name, args, state, self.scope)
        if value is not None:
            self.give(call, value, state)
            return [state]
        operation = atomic_operation(name)
        if operation is not None and args:
            return self._atomic(call, name, operation, args, state)
        if name in effects.locks:
            return self._lock(call, name, args, state)
        if name in effects.puts:
            return self._put(call, name, args, state)
        if name in effects.gets:
            return self._get(call, name, args, state)
        if name in effects.flags and args:
            return self._flag(call, name, args, state)
        if name in effects.allocators:
            return self._allocate(call, name, args, state)
        if name in ("memcpy", "memset", "memmove", "__memcpy") and len(args) > 1:
            return self._fill(call, name, args, state)
        sets = effects.flag_sets
        if args and (name in sets["set"] or name in sets["clear"]):
            return self._flag_set(call, name in sets["set"], args, state)
        return None

    def give(self, call: ir.Call, value: Value, state: State) -> None:
        """Let a call return a value."""
        if call.result is not None:
            self.set_local(call.result.id, value, state, None)

    def fresh(self, call: ir.Call, name: str, args: tuple[Value, ...], state: State) -> Value:
        """Return the unknown result of a call."""
        type_ = self.scope.type_of(call.result) if call.result else ""
        shown = name or "call"
        if name and name in self.world.effects.pure:
            return values.result_of(shown, args, "", type_)
        if not self.world.watched(tag_of(type_)):
            args = ()
        key = f"{shown}({', '.join(each.text for each in args)})"
        return values.result_of(shown, args, state.serial(key), type_)

    def split(
        self,
        call: ir.Call,
        state: State,
        yes: Value,
        no: Value | None,
        facts: tuple[Condition, ...],
    ) -> tuple[State, State]:
        """Return the states in which a call did and did not do what it is for.

        It returns *yes* or *no*; without *no* something of which *facts* hold.
        """
        failed = state.fork()
        self.give(call, yes, state)
        if no is not None:
            self.give(call, no, failed)
        for each in facts:
            failed.facts.add(each)
        return state, failed

    def _atomic(
        self, call: ir.Call, name: str, operation: str, args: tuple[Value, ...], state: State
    ) -> list[State]:
        """Execute an operation on an atomic variable; the pointer is found by what it points to."""
        pointer = next((each for each in reversed(args) if self._pointer(each)), args[-1])
        if operation in ("try_cmpxchg", "cmpxchg", "xchg", "set") or "unless" in operation:
            pointer = args[0]
        at = values.deref(pointer)
        before = load(at, state, self.scope)
        site = self.site(call.span)
        if operation == "set" and len(args) > 1:
            self.write(at, args[1], state, site, name, stepped=False, how="set")
            return [state]
        if operation == "xchg":
            self.write(at, args[1], state, site, name, stepped=False, how="set")
            self.give(call, before, state)
            return [state]
        if operation in ("cmpxchg", "try_cmpxchg") and len(args) > 2:
            return self._exchange(call, name, operation, at, args, state)
        amount = _stepped_by(operation, args, pointer)
        if amount is None or "unless" in operation or "zero" in operation:
            self._unknown(call, name, args, state)
            return [state]
        self.write(at, before + amount, state, site, name, stepped=True, how="atomic")
        if "and_test" in operation or "negative" in operation:
            self._unknown(call, name, args, state)
            return [state]
        self.give(call, before if operation.startswith("fetch") else before + amount, state)
        return [state]

    def _pointer(self, value: Value) -> bool:
        atom = value.atom
        return atom is not None and (atom.kind == "address" or "*" in atom.type)

    def _exchange(
        self,
        call: ir.Call,
        name: str,
        operation: str,
        at: Value,
        args: tuple[Value, ...],
        state: State,
    ) -> list[State]:
        """Execute a compare-and-exchange: it happens, or memory was something else."""
        expected = args[1]
        if operation == "try_cmpxchg":
            expected = load(values.deref(args[1]), state, self.scope)
        failed = state.fork()
        before = load(at, state, self.scope)
        step = before + args[2] - expected
        self.write(at, step, state, self.site(call.span), name, stepped=True, how="atomic")
        if operation == "try_cmpxchg":
            self.give(call, ONE, state)
            self.give(call, ZERO, failed)
            slot = values.deref(args[1])
            self.write(slot, before, failed, self.site(call.span), name, stepped=False)
        else:
            self.give(call, expected, state)
            other = self.fresh(call, name, args, failed)
            self.give(call, other, failed)
            failed.facts.add(compare(other, "!=", expected))
        return [state, failed]

    def _lock(self, call: ir.Call, name: str, args: tuple[Value, ...], state: State) -> list[State]:
        rule = self.world.effects.locks[name]
        owner = args[rule.argument] if rule.argument < len(args) else ZERO
        if rule.member:
            owner = _containing(owner, rule.member)
        if not owner.terms:
            self._unknown(call, name, args, state)
            return [state]
        states = [state]
        if rule.taken and call.result is not None:
            states = list(self._taken(call, name, args, state, rule.taken))
        emit(states[0], Lock(self.site(call.span), (), rule.lock, owner, rule.action, rule.mode))
        return states

    def _taken(
        self, call: ir.Call, name: str, args: tuple[Value, ...], state: State, taken: str
    ) -> tuple[State, State]:
        """Return the states in which a lock or reference was taken, and was not."""
        if taken == "nonzero":
            return self.split(call, state, ONE, ZERO, ())
        other = self.fresh(call, name, args, state)
        return self.split(call, state, ZERO, other, (compare(other, "<", ZERO),))

    def _put(self, call: ir.Call, name: str, args: tuple[Value, ...], state: State) -> list[State]:
        rule = self.world.effects.puts[name]
        if rule.argument < len(args):
            thing = _containing(args[rule.argument], "") if rule.member else args[rule.argument]
            if thing.terms and self.world.watched(thing.tag):
                site = self.site(call.span)
                emit(state, Put(site, (), thing, thing.tag, name, rule.free))
        return [state]

    def _get(self, call: ir.Call, name: str, args: tuple[Value, ...], state: State) -> list[State]:
        rule = self.world.effects.gets[name]
        if rule.argument < 0:
            result = self.fresh(call, name, args, state)
            self.give(call, result, state)
            emit(state, Get(self.site(call.span), (), result, result.tag, name))
            return [state]
        states = [state]
        if rule.taken and call.result is not None:
            states = list(self._taken(call, name, args, state, rule.taken))
        elif call.result is not None and rule.argument < len(args):
            self.give(call, args[rule.argument], state)
        if rule.argument < len(args):
            thing = args[rule.argument]
            emit(states[0], Get(self.site(call.span), (), thing, thing.tag, name))
        return states

    def _flag(self, call: ir.Call, name: str, args: tuple[Value, ...], state: State) -> list[State]:
        rule = self.world.effects.flags[name]
        at = member_of(args[0], "vm_area_struct", "vm_flags", self.scope)
        before = load(at, state, self.scope)
        value = args[rule.flags] if rule.flags < len(args) else ZERO
        if rule.action == "assign":
            if _points(value):
                value = load(values.deref(value), state, self.scope)
        elif rule.action == "set":
            for each in args[rule.flags + 1 :] if rule.clear < 0 else ():
                value = algebra.binary("|", value, each)
            value = algebra.binary("|", before, value)
            if 0 <= rule.clear < len(args):
                value = algebra.binary("&", value, algebra.unary("~", args[rule.clear]))
        else:
            for each in args[rule.flags + 1 :]:
                value = algebra.binary("|", value, each)
            value = algebra.binary("&", before, algebra.unary("~", value))
        self.write(at, value, state, self.site(call.span), name, stepped=False)
        return [state]

    def _flag_set(
        self, call: ir.Call, setting: bool, args: tuple[Value, ...], state: State
    ) -> list[State]:
        at = values.deref(args[0])
        value = load(at, state, self.scope)
        for each in args[1:]:
            if setting:
                value = algebra.binary("|", value, each)
            else:
                value = algebra.binary("&", value, algebra.unary("~", each))
        self.write(at, value, state, self.site(call.span), "", stepped=False)
        return [state]

    def _allocate(
        self, call: ir.Call, name: str, args: tuple[Value, ...], state: State
    ) -> list[State]:
        """Execute an allocation: new memory, or NULL."""
        if call.result is None:
            return [state]
        type_ = self.scope.type_of(call.result)
        made = values.allocated(name, state.serial(f"{name}()"), type_)
        self.give(call, made, state)
        if name in ("vm_area_dup", "kmemdup") and args:
            flags = member_of(args[0], "vm_area_struct", "vm_flags", self.scope)
            copy = member_of(made, "vm_area_struct", "vm_flags", self.scope)
            if copy.atom is not None and name == "vm_area_dup":
                state.heap[copy.atom.text] = load(flags, state, self.scope)
        return [state]

    def _fill(self, call: ir.Call, name: str, args: tuple[Value, ...], state: State) -> list[State]:
        """Execute a memcpy or memset of an object that holds counters."""
        tag = args[0].tag
        for member, counter in self.world.counters_in(tag):
            value = args[1]
            if name != "memset":
                source = member_of(args[1], tag, member, self.scope)
                value = load(source, state, self.scope)
            at = member_of(args[0], tag, member, self.scope)
            site = self.site(call.span)
            emit(state, Init(site, (), counter, args[0], value, "plain", whole=True))
            if at.atom is not None:
                state.heap[at.atom.text] = value
        self.give(call, args[0], state)
        return [state]

    def _unknown(self, call: ir.Call, name: str, args: tuple[Value, ...], state: State) -> None:
        """Execute a call of which only the name is known."""
        effects = self.world.effects
        site = self.site(call.span)
        if name in effects.reports:
            self._report(name, args, state, site)
        if name in effects.pins or name in effects.unpins:
            emit(state, Pin(site, (), name, name in effects.pins, args))
        result = self.fresh(call, name, args, state)
        for number, argument in enumerate(call.arguments):
            for local in addressed((argument,)):
                if self._is_local(local):
                    key = f"{name or 'call'}:{number + 1}"
                    type_ = self.scope.declared.get(local, "")
                    serial = state.serial(key)
                    state.env[local] = values.result_of(key, (), serial, type_)
        gone = {
            atom.text for each in args for atom in each.atoms() if atom.kind == "alloc"
        } - state.escaped
        if gone:
            state.escaped |= gone
        self.give(call, result, state)

    def _report(self, name: str, args: tuple[Value, ...], state: State, site: Site) -> None:
        for each in args:
            for atom in each.atoms():
                if atom.kind == "field":
                    counter = self.world.counter(atom.tag, atom.name)
                    if counter:
                        emit(state, Report(site, (), counter, atom.args[0], name))


def of_local(atom: Atom | None) -> bool:
    """Tell whether a place lies in one of the function's own variables."""
    while atom is not None and atom.kind in ("address", "field", "element"):
        atom = atom.args[0].atom
    return atom is not None and atom.kind == "local"


def _points(value: Value) -> bool:
    atom = value.atom
    return atom is not None and (atom.kind == "address" or "*" in atom.type)


def _containing(value: Value, member: str) -> Value:
    """Return x for ``&x->member`` (any member if *member* is empty), else 0."""
    atom = value.atom
    if atom is not None and atom.kind == "address":
        inner = atom.args[0].atom
        if inner is not None and inner.kind == "field" and member in ("", inner.name):
            return inner.args[0]
    return ZERO


def _stepped_by(operation: str, args: tuple[Value, ...], pointer: Value) -> Value | None:
    """Return by how much an atomic operation changes what it is applied to."""
    amount = next((each for each in args if each is not pointer), ONE)
    if "inc" in operation:
        return ONE
    if "dec" in operation:
        return -ONE
    if "add" in operation:
        return amount
    return -amount if "sub" in operation else None


def flags_in(value: Value) -> tuple[str, ...]:
    """Return the names of flags that a value is made of."""
    names = {atom.name for atom in value.atoms() if atom.name.startswith("VM_")}
    return tuple(sorted(names))
