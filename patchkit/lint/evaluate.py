# SPDX-License-Identifier: GPL-2.0-only
"""Expressions to canonical values, in the state of a path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from patchkit.lint import algebra, ir, values
from patchkit.lint.conditions import compare, truth
from patchkit.lint.effects import Effects, atomic_operation, flag_name
from patchkit.lint.state import State
from patchkit.lint.values import ONE, ZERO, Atom, Value, named, number, tag_of

_CONSTANTS = {
    "true": ONE,
    "false": ZERO,
    "NULL": ZERO,
    "TRUE": ONE,
    "FALSE": ZERO,
    "PAGE_MASK": -algebra.PAGE_SIZE,
    "VM_NONE": ZERO,
    "EMPTY_VMA_FLAGS": ZERO,
}
_NARROW = {
    "int": 32,
    "unsigned int": 32,
    "unsigned": 32,
    "u32": 32,
    "__u32": 32,
    "s32": 32,
    "__s32": 32,
    "uint32_t": 32,
    "int32_t": 32,
    "short": 16,
    "unsigned short": 16,
    "u16": 16,
    "s16": 16,
    "u8": 8,
    "char": 8,
    "unsigned char": 8,
}


class Types(Protocol):
    """Where types come from; ``program.Program`` is one."""

    def type_of(self, expr: ir.Expr, function: ir.Function) -> str:
        """Return the C type of an expression; empty if it is not known."""

    def member_type(self, tag: str, member: str, seen_from: str = "") -> str:
        """Return the C type of a struct's member; empty if it is not known."""

    def enumerator(self, name: str, seen_from: str) -> int | None:
        """Return the value of an enumerator; None if it is not known."""


class Accounted(Protocol):
    """What is accounted; see counters.toml."""

    def counter_of(self, tag: str, member: str) -> str:
        """Return the id of a counter; empty if the member is none."""


def bits_of(type_: str) -> int:
    """Return the width of an integer type of 32 bits or less, else 0."""
    return _NARROW.get(type_.removeprefix("const ").strip(), 0)


@dataclass(slots=True)
class Scope:
    """What does not change while a function is executed."""

    function: ir.Function
    types: Types
    effects: Effects
    declared: dict[str, str]
    initial: dict[str, Value] = field(default_factory=dict)
    found: dict[ir.Expr, str] = field(default_factory=dict)
    members: dict[tuple[str, str], str] = field(default_factory=dict)
    tainted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What of 32 bits a value, by text, went through."""

    def __post_init__(self) -> None:
        for position, each in enumerate(self.function.parameters, 1):
            self.initial[each.name] = values.parameter(each.name, each.type, position)
            self.declared.setdefault(each.name, each.type)

    def member_type(self, tag: str, member: str) -> str:
        """Return the C type of a struct's member as this function sees it."""
        key = (tag, member)
        known = self.members.get(key)
        if known is None:
            known = self.types.member_type(tag, member, self.function.path)
            self.members[key] = known
        return known

    def tag(self, expression: ir.Expr) -> str:
        """Return the tag of the struct that an expression is or points to."""
        return tag_of(self.type_of(expression))

    def type_of(self, expression: ir.Expr) -> str:
        """Return the C type of an expression; empty if it is not known."""
        known = self.found.get(expression)
        if known is None:
            known = self.types.type_of(expression, self.function)
            self.found[expression] = known
        return known


def place(expression: ir.Expr, state: State, scope: Scope) -> Value:
    """Return the place that an expression names, as the value it had at entry."""
    match expression:
        case ir.Name(id):
            if id in scope.declared or id.startswith("$"):
                return values.local(id, scope.declared.get(id, ""))
            return named(id, scope.type_of(expression))
        case ir.Member(base, member, arrow):
            if arrow:
                pointer = evaluate(base, state, scope)
            else:
                pointer = values.address(place(base, state, scope))
            return member_of(pointer, scope.tag(base) or pointer.tag, member, scope)
        case ir.Index(base, index):
            type_ = scope.type_of(expression)
            return values.element(
                evaluate(base, state, scope), evaluate(index, state, scope), type_
            )
        case ir.Unary("*", operand):
            type_ = scope.type_of(expression)
            return values.deref(evaluate(operand, state, scope), type_)
        case ir.Cast(_, operand):
            return place(operand, state, scope)
        case _:
            return evaluate(expression, state, scope)


def member_of(pointer: Value, tag: str, member: str, scope: Scope) -> Value:
    """Return the place ``pointer->member``; a VMA's flags have one name, whatever the tree's."""
    if member in scope.effects.flag_members.get(tag, ()):
        member = "def_flags" if member.startswith("def_") else "vm_flags"
        return values.field(pointer, tag, member, "vm_flags_t")
    type_ = scope.member_type(tag, member) if tag else ""
    return values.field(pointer, tag, member, type_)


def load(at: Value, state: State, scope: Scope) -> Value:
    """Return what is at a place now."""
    atom = at.atom
    if atom is None:
        return at
    if atom.kind == "local":
        found = state.env.get(atom.name)
        return found if found is not None else scope.initial.get(atom.name, at)
    written = state.heap.get(atom.text)
    if written is not None:
        return written
    if tag_of(atom.type) and "*" not in atom.type:
        return at
    if atom.kind == "field":
        base = atom.args[0].atom
        if base is not None and base.kind == "alloc" and base.text not in state.escaped:
            return ZERO if scope.effects.allocators.get(base.name) else at
        if base is not None and base.kind == "address":
            return _of_local(base, at, state) if not _zeroed(base, state, scope) else ZERO
    return at


def _zeroed(base: Atom, state: State, scope: Scope) -> bool:
    """Tell whether a part of an object lies in memory that was cleared when it was allocated."""
    while base.kind == "address":
        member = base.args[0].atom
        inner = member.args[0].atom if member is not None and member.kind == "field" else None
        if inner is None:
            return False
        base = inner
    if base.kind != "alloc" or base.text in state.escaped:
        return False
    return bool(scope.effects.allocators.get(base.name))


def _of_local(base: Atom, at: Value, state: State) -> Value:
    """Return what a member of a local holds that was not written: 0 after ``= {}``."""
    local = base.args[0].atom
    if local is not None and local.kind == "local":
        held = state.env.get(local.name)
        if held is not None and held.text == "{}":
            return ZERO
    return at


def evaluate(expression: ir.Expr, state: State, scope: Scope) -> Value:
    """Return the value of an expression."""
    match expression:
        case ir.Number(value):
            return number(value)
        case ir.Name(id):
            return _name(id, state, scope)
        case ir.Member(base, "rlim_cur" | "rlim_max" as which, _):
            return _limit_member(expression, base, which, state, scope)
        case ir.Member() | ir.Index():
            return load(place(expression, state, scope), state, scope)
        case ir.Unary("*", _):
            return load(place(expression, state, scope), state, scope)
        case ir.Unary("&", operand):
            return values.address(place(operand, state, scope), _pointer_to(operand, scope))
        case ir.Unary(op, operand):
            return algebra.unary(op, evaluate(operand, state, scope))
        case ir.Binary(op, left, right):
            return algebra.binary(op, evaluate(left, state, scope), evaluate(right, state, scope))
        case ir.Cast(type_, operand):
            return _cast(type_, evaluate(operand, state, scope), scope)
        case ir.Apply(function, arguments):
            return apply(function, arguments, state, scope)
        case ir.Text(text) | ir.Opaque(text):
            return values.single(Atom("text", text, text=text))


def _pointer_to(operand: ir.Expr, scope: Scope) -> str:
    type_ = scope.type_of(operand)
    return f"{type_} *" if tag_of(type_) and "*" not in type_ else ""


def _name(id: str, state: State, scope: Scope) -> Value:
    found = state.env.get(id)
    if found is not None:
        return found
    found = scope.initial.get(id)
    if found is not None:
        return found
    type_ = scope.declared.get(id)
    if type_ is not None or id.startswith("$"):
        found = values.local(id, type_ or "")
    else:
        found = _global(id, scope)
    scope.initial[id] = found
    return found


def _global(id: str, scope: Scope) -> Value:
    """Return a constant or a global; masks of flags are taken apart."""
    constant = _CONSTANTS.get(id)
    if constant is not None:
        return constant
    parts = scope.effects.masks.get(id)
    if parts:
        total = ZERO
        for part in parts:
            total = algebra.binary("|", total, named(part))
        return total
    if not id.endswith("_BIT"):
        number = scope.types.enumerator(id, scope.function.path)
        if number is not None:
            return values.enumerator(id, number)
    if id.startswith("VMA_"):
        return named(flag_name(id))
    if id == "current":
        return named(id, "struct task_struct *")
    return named(id, scope.type_of(ir.Name(id)))


def _limit_member(
    expression: ir.Member, base: ir.Expr, which: str, state: State, scope: Scope
) -> Value:
    """Return ``signal->rlim[RLIMIT_MEMLOCK].rlim_cur`` as what rlimit() returns."""
    if isinstance(base, ir.Index) and isinstance(base.index, ir.Name):
        resource = base.index.id
        if resource.startswith("RLIMIT_"):
            name = "rlimit" if which == "rlim_cur" else "rlimit_max"
            return values.limit_of(resource, name, (named(resource),))
    return load(place(expression, state, scope), state, scope)


def _cast(type_: str, value: Value, scope: Scope) -> Value:
    if type_ in ("bool", "_Bool"):
        return algebra.test(truth(value))
    width = bits_of(type_)
    if width and value.constant is None and value.terms:
        through = scope.tainted.get(value.text, ())
        if f"({type_})" not in through:
            scope.tainted[value.text] = (*through, f"({type_})")
    return values.retyped(value, type_)


def apply(function: str, arguments: tuple[ir.Expr, ...], state: State, scope: Scope) -> Value:
    """Return the value of something that only computes."""
    args = tuple(evaluate(each, state, scope) for each in arguments)
    if function == "ERR_PTR" and args and args[0].atom is not None:
        nonzero = state.facts.holds(truth(args[0]))
        state.facts.add(compare(args[0], "<" if nonzero else "<=", ZERO))
    found = known_value(function, args, state, scope)
    return found if found is not None else algebra.apply(function, args)


def known_value(function: str, args: tuple[Value, ...], state: State, scope: Scope) -> Value | None:
    """Return the value of a function that effects.toml knows to change nothing, else None."""
    effects = scope.effects
    if function in effects.limits:
        at = effects.limits[function]
        resource = args[at].text if at < len(args) else ""
        return values.limit_of(resource, function, args)
    if function in effects.capabilities:
        return _capability(function, args, effects)
    if atomic_operation(function) == "read" and args:
        return load(values.deref(args[0]), state, scope)
    if function == "vma_pages" and args:
        end = load(member_of(args[0], "vm_area_struct", "vm_end", scope), state, scope)
        start = load(member_of(args[0], "vm_area_struct", "vm_start", scope), state, scope)
        return algebra.pages_down(end - start)
    if function in ("container_of", "container_of_const", "list_entry", "rb_entry"):
        return _container(function, args)
    return _flags_value(function, args, state, scope)


def _capability(function: str, args: tuple[Value, ...], effects: Effects) -> Value:
    at = effects.capabilities[function]
    name = args[at].text if at < len(args) else ""
    others = ", ".join(each.text for each in args if each.text != name)
    text = f"capable({name})" if not others else f"{function}({others}, {name})"
    return values.single(Atom("capability", function, args, text=text, type_="bool", tag=name))


def _container(function: str, args: tuple[Value, ...]) -> Value | None:
    """Return x for ``container_of(&x->member, …, member)``."""
    if len(args) == 3 and args[0].atom is not None and args[0].atom.kind == "address":
        inner = args[0].atom.args[0].atom
        if inner is not None and inner.kind == "field" and inner.name == args[2].text:
            return inner.args[0]
    if len(args) == 3:
        text = f"container_of({args[0].text}, {args[2].text})"
        type_ = args[1].text if "*" in args[1].text else f"{args[1].text} *"
        return values.single(Atom("op", "container_of", args[:1], text=text, type_=type_))
    return None


def _flags_value(
    function: str, args: tuple[Value, ...], state: State, scope: Scope
) -> Value | None:
    """Return the value of functions that test and make sets of flags."""
    sets = scope.effects.flag_sets
    if function in sets["test_vma"] and len(args) >= 2:
        flags = load(member_of(args[0], "vm_area_struct", "vm_flags", scope), state, scope)
        return algebra.test(truth(algebra.binary("&", flags, _union(args[1:]))))
    if function in sets["test"] and len(args) >= 2:
        flags = load(values.deref(args[0]), state, scope)
        return algebra.test(truth(algebra.binary("&", flags, _union(args[1:]))))
    if function in sets["make"] and args:
        return _union(args)
    if function in sets["same"] and len(args) >= 2:
        left, right = (load(values.deref(each), state, scope) for each in args[:2])
        return algebra.test(compare(left, "==", right))
    return None


def _union(args: tuple[Value, ...]) -> Value:
    total = ZERO
    for each in args:
        total = algebra.binary("|", total, each)
    return total
