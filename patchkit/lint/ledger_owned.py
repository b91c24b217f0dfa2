# SPDX-License-Identifier: GPL-2.0-only
"""Objects that give their charge back when they are released, and who keeps them.

A driver gets such an object from a function that charges, keeps the pointer in a struct of its own,
and hands it to the function that gives back when the struct goes. These drivers name no counter, so
no values are needed: a member that is set to such an object and that nobody releases but who got it
is found by what is assigned and called, an error path that loses one by a walk (``holding``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patchkit.lint import ir
from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.effects import load_effects
from patchkit.lint.holding import Loss
from patchkit.lint.ledger_draft import Draft
from patchkit.lint.ledger_paths import balances
from patchkit.lint.model import Step
from patchkit.lint.owning import Kind, Member, calls_in, facts_of
from patchkit.lint.values import tag_of

_ROUNDS = 3
"""Wrappers around wrappers of the functions that get and release, and static callers of those."""


def owned_drafts(analysis: Analysis) -> Iterator[Draft]:
    """Yield the members that keep a charged object which nobody releases but who got it, and the
    error paths that lose one."""
    for kind in _kinds(analysis):
        _wrap(analysis, kind)
        getting = _users(analysis, kind.getters)
        keepers = {id(each.blocks) for function in getting for each in _above(analysis, function)}
        released: set[Member] = set()
        moved: set[tuple[Member, Member]] = set()
        near: set[tuple[str, str]] = set()
        for function in _users(analysis, kind.releasers):
            facts = facts_of(analysis, kind, function)
            moved |= facts.moved
            if id(function.blocks) not in keepers:
                released |= facts.released
                near |= {(_directory(function), name) for tag, name in facts.released if not tag}
        released |= {first for first, then in moved if then in released}
        for function in getting:
            facts = facts_of(analysis, kind, function)
            where = _directory(function)
            for kept in facts.kept:
                if not any(each in released or (where, each[1]) in near for each in kept):
                    ender = _ender(analysis, kind, kept, function, keepers)
                    yield _draft(kind, min(kept), function, kept[min(kept)], ender)
            for loss in facts.lost:
                yield _lost(kind, function, loss)


def _kinds(analysis: Analysis) -> Iterator[Kind]:
    """Yield the structs that are made with a charge and freed with its release."""
    kinds: dict[str, Kind] = {}
    for function in analysis.functions:
        tag = tag_of(function.function.returns) if "*" in function.function.returns else ""
        if tag and _leaves(function, 1):
            kinds.setdefault(tag, Kind(tag)).getters[function.name] = function.file
        first = function.function.parameters[:1]
        tag = tag_of(first[0].type) if first else ""
        if tag and not function.function.static and _leaves(function, -1) and _frees(function):
            kinds.setdefault(tag, Kind(tag)).releasers[function.name] = function.file
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


def _above(analysis: Analysis, function: ir.Function) -> Iterator[ir.Function]:
    """Yield a function that gets objects, and those that it is a part of: who calls it if it is
    static. What they release is what they have got themselves."""
    level = [function]
    for _ in range(_ROUNDS):
        yield from level
        level = [
            caller
            for each in level
            if each.static and each.path.endswith(".c")
            for caller in analysis.program.callers(each.name, each.path)
        ]


def _directory(function: ir.Function) -> str:
    return function.path.rpartition("/")[0]


def _wrap(analysis: Analysis, kind: Kind) -> None:
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


def _ender(
    analysis: Analysis,
    kind: Kind,
    kept: Iterable[Member],
    keeper: ir.Function,
    keepers: set[int],
) -> tuple[ir.Function, ir.Span] | None:
    """Return where the file of a function that keeps objects releases others that the same struct
    keeps, or else frees that, if it is in one that has not got or set them."""
    tags = {tag for tag, _ in kept}
    frees = {name: put.argument for name, put in load_effects().puts.items() if put.free}
    others: list[tuple[ir.Function, ir.Span]] = []
    words = (*sorted(frees), *sorted(kind.releasers))
    for function in analysis.program.mentioning(keeper.path, words):
        if id(function.blocks) in keepers:
            continue
        facts = facts_of(analysis, kind, function)
        for call, name in calls_in(function):
            if name in kind.releasers and any(tag in tags for tag, _ in facts.released):
                return function, call.span
            at = frees.get(name, len(call.arguments))
            if at < len(call.arguments) and not facts.sets.intersection(kept):
                type_ = analysis.program.type_of(call.arguments[at], function)
                if tag_of(type_) in tags:
                    others.append((function, call.span))
    return others[0] if others else None


def _draft(
    kind: Kind,
    member: Member,
    keeper: ir.Function,
    span: ir.Span,
    ender: tuple[ir.Function, ir.Span] | None,
) -> Draft:
    """Say that nobody releases what a function gets and keeps, where its keeper ends if that is
    known."""
    tag, name = member
    message = (
        f"{keeper.name}() keeps a struct {kind.tag} in {tag}.{name}, and nobody hands it to"
        f" {min(kind.releasers)}(), which gives back"
    )
    steps = [Step(keeper.path, keeper.line(span), message)]
    where, at = ender or (keeper, span)
    if ender is not None:
        steps.append(Step(where.path, where.line(at), f"struct {tag} ends, what it keeps does not"))
    return Draft(
        "release-without-uncharge",
        FunctionPaths(where, ()),
        where.line(at),
        message,
        f"{kind.tag} in {tag}.{name}",
        tuple(steps),
    )


def _lost(kind: Kind, function: ir.Function, loss: Loss) -> Draft:
    """Say that an error path loses an object, or that another one takes its place."""
    giver = min(kind.releasers)
    if loss.replaced:
        message = (
            f"{function.name}() puts another struct {kind.tag} into {loss.member} without handing"
            f" the one that it has to {giver}(), which gives back"
        )
    else:
        what = f", which was in {loss.member}" if loss.member else ""
        message = (
            f"{function.name}() fails without handing the struct {kind.tag} that it got{what} to"
            f" {giver}(), which gives back"
        )
    line = function.line(loss.span)
    return Draft(
        "release-without-uncharge" if loss.replaced else "charge-left-on-error",
        FunctionPaths(function, ()),
        line,
        message,
        f"{kind.tag} in {loss.member or 'a variable'}{' replaced' if loss.replaced else ''}",
        (Step(function.path, line, message),),
    )
