# SPDX-License-Identifier: GPL-2.0-only
"""Objects that give their charge back when they are released, and who keeps them.

A driver gets such an object from a function that charges, keeps the pointer in a struct of its own,
and hands it to the function that gives back when the struct goes. These drivers name no counter, so
no paths are needed: a member that is set to such an object and that nobody ever releases is found
by what is assigned and called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from patchkit.lint import ir
from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.ledger_draft import Draft
from patchkit.lint.ledger_paths import balances
from patchkit.lint.model import Step
from patchkit.lint.slicing import parts
from patchkit.lint.values import tag_of

_ROUNDS = 3
"""Wrappers around wrappers of the functions that get and release."""

Member = tuple[str, str]


@dataclass(slots=True)
class _Kind:
    """Objects of one struct: who gets them, who releases them, by name, with their files."""

    tag: str
    getters: dict[str, str] = field(default_factory=dict)
    releasers: dict[str, str] = field(default_factory=dict)


def owned_drafts(analysis: Analysis) -> Iterator[Draft]:
    """Yield the members that keep a charged object which nobody releases."""
    for kind in _kinds(analysis):
        _wrap(analysis, kind)
        released: set[Member] = set()
        for function in _users(analysis, kind.releasers):
            released |= _known(analysis, kind, function).released
        names = {name for tag, name in released if not tag}
        for function in _users(analysis, kind.getters):
            kept = _known(analysis, kind, function).kept
            if kept and not any(each in released or each[1] in names for each in kept):
                yield _draft(kind, min(kept), function, kept[min(kept)])


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one function keeps and releases. *blocks* are held so that their id stays theirs."""

    blocks: object
    kept: dict[Member, ir.Span]
    released: set[Member]


_memory: dict[tuple[int, str, frozenset[str]], _Facts] = {}
_MOST = 2000


def _known(analysis: Analysis, kind: _Kind, function: ir.Function) -> _Facts:
    """Return what a function keeps and releases, worked out once for the same text."""
    names = frozenset(kind.getters) | frozenset(kind.releasers)
    key = (id(function.blocks), kind.tag, names)
    facts = _memory.get(key)
    if facts is None or facts.blocks is not function.blocks:
        if len(_memory) > _MOST:
            _memory.clear()
        got = {
            call.result.id
            for call, name in _calls(function)
            if name in kind.getters and isinstance(call.result, ir.Name)
        }
        kept: dict[Member, ir.Span] = {}
        _keeps(analysis, kind, function, got, kept)
        facts = _Facts(function.blocks, kept, _releases(analysis, kind, function))
        _memory[key] = facts
    return facts


def _kinds(analysis: Analysis) -> Iterator[_Kind]:
    """Yield the structs that are made with a charge and freed with its release."""
    kinds: dict[str, _Kind] = {}
    for function in analysis.functions:
        tag = tag_of(function.function.returns) if "*" in function.function.returns else ""
        if tag and _leaves(function, 1):
            kinds.setdefault(tag, _Kind(tag)).getters[function.name] = function.file
        first = function.function.parameters[:1]
        tag = tag_of(first[0].type) if first else ""
        if tag and not function.function.static and _leaves(function, -1) and _frees(function):
            kinds.setdefault(tag, _Kind(tag)).releasers[function.name] = function.file
    for kind in kinds.values():
        if kind.getters and kind.releasers:
            yield kind


def _leaves(function: FunctionPaths, sign: int) -> bool:
    """Tell whether a function succeeds with a charge left, or gives back."""
    return any(
        not balance.failed and any(balance.sign(key) == sign for key in balance.net)
        for balance in balances(function)
    )


def _frees(function: FunctionPaths) -> bool:
    """Tell whether a function frees the object that it is handed first."""
    name = function.function.parameters[0].name
    return any(name in balance.ended for balance in balances(function))


def _users(analysis: Analysis, names: dict[str, str]) -> list[ir.Function]:
    """Return the functions that call one of some, once each."""
    program = analysis.program
    program.prefetch(names)
    found: dict[tuple[str, int], ir.Function] = {}
    for name, file in names.items():
        for function in program.callers(name, file):
            found.setdefault((function.path, function.span.start), function)
    return list(found.values())


def _calls(function: ir.Function) -> Iterator[tuple[ir.Call, str]]:
    for block in function.blocks:
        for each in block.instructions:
            if isinstance(each, ir.Call) and isinstance(each.function, ir.Name):
                yield each, each.function.id


def _assigned(function: ir.Function) -> Iterator[ir.Assign]:
    for block in function.blocks:
        for each in block.instructions:
            if isinstance(each, ir.Assign):
                yield each


def _copies(function: ir.Function, names: Iterable[str]) -> set[str]:
    """Return variables, and those that they are copied to."""
    known = set(names)
    for _ in range(_ROUNDS):
        before = len(known)
        for each in _assigned(function):
            if isinstance(each.target, ir.Name) and _name(each.value) in known:
                known.add(each.target.id)
        if len(known) == before:
            break
    return known


def _name(expression: ir.Expr) -> str:
    """Return the variable that an expression is, casts apart."""
    while isinstance(expression, ir.Cast):
        expression = expression.operand
    return expression.id if isinstance(expression, ir.Name) else ""


def _wrap(analysis: Analysis, kind: _Kind) -> None:
    """Let functions that return what a getter returned be getters, too."""
    for _ in range(_ROUNDS):
        new = {
            function.name: function.path
            for function in _users(analysis, kind.getters)
            if "*" in function.returns and tag_of(function.returns) == kind.tag
        }
        if new.keys() <= kind.getters.keys():
            return
        kind.getters.update(new)


def _keeps(
    analysis: Analysis,
    kind: _Kind,
    function: ir.Function,
    got: set[str],
    kept: dict[Member, ir.Span],
    at: ir.Span | None = None,
) -> None:
    """Note the members that a function, or one that it calls, sets to an object that it got."""
    held = _copies(function, got)
    for each in _assigned(function):
        if isinstance(each.target, ir.Member) and _name(each.value) in held:
            tag = tag_of(analysis.program.type_of(each.target.base, function))
            if tag and tag != kind.tag:
                kept.setdefault((tag, each.target.field), at or each.span)
    for call, name in _calls(function) if at is None else ():
        places = [number for number, each in enumerate(call.arguments) if _name(each) in held]
        if not places or name in kind.releasers:
            continue
        callee = analysis.program.function(name, function.path)
        if callee is None or callee.path != function.path:
            continue
        there = callee.parameters
        handed = {there[number].name for number in places if number < len(there)}
        _keeps(analysis, kind, callee, handed, kept, call.span)


def _releases(analysis: Analysis, kind: _Kind, function: ir.Function) -> set[Member]:
    """Return the members whose objects a function releases; without a tag where that is open."""
    found: set[Member] = set()
    sources: dict[str, list[ir.Expr]] = {}
    for each in _assigned(function):
        if isinstance(each.target, ir.Name):
            sources.setdefault(each.target.id, []).append(each.value)
    for call, name in _calls(function):
        if name not in kind.releasers:
            continue
        pending = list(call.arguments)
        seen: set[str] = set()
        while pending:
            for part in parts(pending.pop()):
                if isinstance(part, ir.Member):
                    tag = tag_of(analysis.program.type_of(part.base, function))
                    found.add((tag, part.field))
                elif isinstance(part, ir.Name) and part.id not in seen:
                    seen.add(part.id)
                    pending += sources.get(part.id, ())
    return found


def _draft(kind: _Kind, member: Member, keeper: ir.Function, span: ir.Span) -> Draft:
    """Say that nobody releases what a function gets and keeps."""
    tag, name = member
    message = (
        f"{keeper.name}() keeps a struct {kind.tag} in {tag}.{name}, and nobody hands it to"
        f" {min(kind.releasers)}(), which gives back"
    )
    line = keeper.line(span)
    return Draft(
        "release-without-uncharge",
        FunctionPaths(keeper, ()),
        line,
        message,
        f"{kind.tag} in {tag}.{name}",
        (Step(keeper.path, line, message),),
    )
