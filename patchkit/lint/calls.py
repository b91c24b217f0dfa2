# SPDX-License-Identifier: GPL-2.0-only
"""What an assignment or a call does to the state of a path."""

from __future__ import annotations

from dataclasses import dataclass

from patchkit.lint import algebra, ir, values
from patchkit.lint.conditions import Condition, compare, truth
from patchkit.lint.effects import atomic_operation
from patchkit.lint.evaluate import (
    evaluate,
    known_value,
    load,
    member_of,
)
from patchkit.lint.events import (
    Assume,
    Get,
    Init,
    Lock,
    Pin,
    Put,
    Report,
    Site,
)
from patchkit.lint.slicing import addressed
from patchkit.lint.state import State
from patchkit.lint.values import ONE, ZERO, Value, tag_of
from patchkit.lint.writing import Writer, emit


@dataclass(slots=True)
class Machine(Writer):
    """Executes the instructions of one function."""

    def run(self, instruction: ir.Instruction, state: State) -> list[State]:
        """Execute one instruction; return the states that can follow (*state* may be changed)."""
        match instruction:
            case ir.Assign():
                self.assign(instruction, state)
            case ir.Call():
                return self._call(instruction, state)
            case ir.Mention(ir.Apply("WARN", ())):
                state.warn()
            case _:
                pass
        return [state]

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
        if not self.world.watched(tag_of(type_)) and not self.world.effects.counts(name):
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
        first = operation in ("try_cmpxchg", "cmpxchg", "xchg", "set") or "unless" in operation
        if first or "_lock" in operation:
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
        if name in self.world.effects.new_references and self._counting(at) and call.result:
            return self._refer(call, name, at, args, state)
        amount = _stepped_by(operation, args, pointer)
        if amount is None or "unless" in operation or "zero" in operation:
            self._unknown(call, name, args, state)
            return [state]
        self.write(at, before + amount, state, site, name, stepped=True, how="atomic")
        if "_and_" in operation or "negative" in operation:
            self._unknown(call, name, args, state)
            return [state]
        self.give(call, before if operation.startswith("fetch") else before + amount, state)
        return [state]

    def _counting(self, at: Value) -> bool:
        """Tell whether a place counts the references that a charge is given back with."""
        atom = at.atom
        return atom is not None and self.world.accounting(atom.tag, atom.name)

    def _refer(
        self, call: ir.Call, name: str, at: Value, args: tuple[Value, ...], state: State
    ) -> list[State]:
        """Execute a call that takes a reference if there is still one."""
        result = self.fresh(call, name, args, state)
        self.give(call, result, state)
        failed = state.fork()
        site = self.site(call.span)
        for each, condition in ((state, truth(result)), (failed, truth(result).negated())):
            each.facts.add(condition)
            emit(each, Assume(site, (), condition))
        before = load(at, state, self.scope)
        self.write(at, before + ONE, state, site, name, stepped=True, how="atomic")
        return [state, failed]

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
                if self.is_local(local):
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
