# SPDX-License-Identifier: GPL-2.0-only
"""Limits that callers hand in: parameters that are ``rlimit(RLIMIT_MEMLOCK)`` in every call.

A static function whose callers all pass the same limit compares with it as if it had asked itself.
The calls are found in the text of its file; nothing needs to be executed for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from patchkit.lint import ir, values
from patchkit.lint.effects import Effects
from patchkit.lint.evaluate import Scope, Types, evaluate
from patchkit.lint.program import Program
from patchkit.lint.slicing import names_in
from patchkit.lint.state import State
from patchkit.lint.values import Value

_EVERYWHERE = frozenset({"limit", "global", "op"})
"""Kinds of atoms that are the same in every function."""

Handed = Mapping[str, Mapping[int, Value]]
"""The limits that functions get, by name and position of the parameter."""


def in_file(
    program: Program,
    path: str,
    effects: Effects,
    resources: frozenset[str],
    naming: Callable[[str, set[str]], Iterable[ir.Function]],
) -> Handed:
    """Return the limits that the functions of one file hand to each other, by callee.

    *naming* gives the functions of a file in whose bodies names stand.
    """
    asking = program.mentioning(path, tuple(sorted(resources)))
    names = set(_passed(asking, program, effects, resources))
    users = tuple(naming(path, names)) if names else ()
    names -= {name for _, _, _, name in program.entry_points(path)}
    names -= {name for each in users for name in _pointed_to(each)}
    found = _passed(users, program, effects, resources)
    return {name: found[name] for name in names & found.keys()}


def _pointed_to(function: ir.Function) -> Iterator[str]:
    """Yield the names that a function hands on or stores, functions among them."""
    for block in function.blocks:
        for each in block.instructions:
            match each:
                case ir.Call(_, arguments):
                    yield from (name for argument in arguments for name in names_in(argument))
                case ir.Assign(_, value):
                    yield from names_in(value)
                case _:
                    pass


def _passed(
    functions: Iterable[ir.Function], types: Types, effects: Effects, resources: frozenset[str]
) -> Handed:
    """Return the limits that functions hand to others; where calls disagree there is none."""
    passed: dict[str, dict[int, set[Value | None]]] = {}
    for function in functions:
        state = State()
        scope = Scope(function, types, effects, {})
        known = _limits(function, state, scope, resources)
        for call in _calls(function):
            assert isinstance(call.function, ir.Name)
            places = passed.setdefault(call.function.id, {})
            for position, argument in enumerate(call.arguments):
                plain = isinstance(argument, ir.Name) and argument.id in known
                value = evaluate(argument, state, scope) if plain else None
                places.setdefault(position, set()).add(value)
    return {
        name: found
        for name, places in passed.items()
        if (found := {at: only for at, each in places.items() if (only := _only(each))})
    }


def _only(found: set[Value | None]) -> Value | None:
    return next(iter(found)) if len(found) == 1 else None


def _calls(function: ir.Function) -> Iterator[ir.Call]:
    for block in function.blocks:
        for each in block.instructions:
            if isinstance(each, ir.Call) and isinstance(each.function, ir.Name):
                yield each


def _limits(
    function: ir.Function, state: State, scope: Scope, resources: frozenset[str]
) -> set[str]:
    """Return the locals that only ever hold one limit; what they hold goes into *state*."""
    known: set[str] = set()
    spoilt: set[str] = {each.name for each in function.parameters}
    for block in function.blocks:
        for each in block.instructions:
            name, value = _set(each, known, state, scope, resources)
            if not name:
                continue
            before = state.env.get(name)
            stepped = isinstance(each, ir.Assign) and name in names_in(each.value)
            if value is None or name in spoilt or not (stepped or before in (None, value)):
                spoilt.add(name)
                known.discard(name)
            else:
                state.env[name] = value
                known.add(name)
    return known


def _set(
    instruction: ir.Instruction,
    known: set[str],
    state: State,
    scope: Scope,
    resources: frozenset[str],
) -> tuple[str, Value | None]:
    """Return the local that an instruction sets, and the limit that it is set to, if it is one."""
    match instruction:
        case ir.Call(ir.Name(name), arguments, ir.Name(result)):
            at = scope.effects.limits.get(name, -1)
            if 0 <= at < len(arguments) and names_in(arguments[at]) & resources:
                given = tuple(evaluate(each, state, scope) for each in arguments)
                return result, values.limit_of(given[at].text, name, given)
            return result, None
        case ir.Assign(ir.Name(target), value) if names_in(value) & known:
            found = evaluate(value, state, scope)
            inside = {atom.kind for atom in found.atoms()}
            return target, found if inside <= _EVERYWHERE else None
        case ir.Assign(ir.Name(target)):
            return target, None
        case _:
            return "", None
