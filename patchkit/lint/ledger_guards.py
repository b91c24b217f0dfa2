# SPDX-License-Identifier: GPL-2.0-only
"""Conditions that decide whether a release gives back, and whether a set-up charges.

Paths of one function that end the same object have to agree, except where the condition between
them says that there is nothing to give back: no pages, no owner, other references left, or a state
in which no charge was made.
"""

from __future__ import annotations

from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.conditions import Condition
from patchkit.lint.events import Assume, Charge
from patchkit.lint.ledger_accounts import Entry, charges_linked, releases_of
from patchkit.lint.ledger_algebra import Equalities, decided, members, replayed, vague
from patchkit.lint.ledger_draft import Draft, flag_owned
from patchkit.lint.ledger_paths import Balance, apart, balances
from patchkit.lint.model import Step
from patchkit.lint.values import Value


def guard_drafts(analysis: Analysis, function: FunctionPaths) -> Iterator[Draft]:
    """Yield the paths of a function that differ from their siblings without a good reason."""
    yield from _releases(analysis, function)
    yield from _charges(analysis, function)


def _releases(analysis: Analysis, function: FunctionPaths) -> Iterator[Draft]:
    """Yield the paths of a function that end an object as others do, but give nothing back."""
    told: set[str] = set()
    seen: set[tuple[str, str, str]] = set()
    for given in balances(function):
        for (counter, owner), rest in given.net.items():
            kind = (counter, owner.text, rest.text)
            if kind in seen:
                continue
            seen.add(kind)
            if given.sign((counter, owner)) >= 0 or vague(rest):
                continue
            if flag_owned(analysis, given, counter):
                continue
            mine: tuple[Entry, ...] | None = None
            for kept in balances(function):
                if counter in told or kept.failed or kept.warned or not _alike(given, kept):
                    continue
                if any(each.counter == counter for each in kept.charges):
                    continue
                if mine is None:
                    mine = charges_linked(analysis, counter, *_taken_from(given, counter, owner))
                draft = _judged(function, given, kept, (counter, owner), rest, mine)
                if draft is not None:
                    told.add(counter)
                    yield draft


def _taken_from(
    balance: Balance, counter: str, owner: Value
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the members that a release takes its owner and its amount from."""
    rest = -balance.net[(counter, owner)]
    atom = owner.atom
    name = f"{atom.tag}.{atom.name}" if atom is not None and atom.kind == "field" else ""
    return frozenset({name} if name else ()), frozenset(members(rest))


def _alike(given: Balance, kept: Balance) -> bool:
    """Tell whether two paths end the same objects or unpin the same pages."""
    ends = set(given.dropped) & set(kept.dropped)
    return bool(ends) or bool(given.unpinned & kept.unpinned)


def _judged(
    function: FunctionPaths,
    given: Balance,
    kept: Balance,
    key: tuple[str, Value],
    rest: Value,
    charges: tuple[Entry, ...],
) -> Draft | None:
    """Judge the conditions between a path that gives back and one that does not."""
    tests = apart(kept, given)
    if not _guarding(given, key[0], tests):
        return None
    for condition in tests:
        if _excused(condition, key[1], rest, charges):
            return None
        if members(condition.value) & (kept.state.keys() | given.state.keys()):
            return None
    counter = key[0]
    end = kept.path.end
    subject = f"{counter} {key[1].placed} {' '.join(sorted(each.placed for each in tests))}"
    rule = "guard-differs"
    message = (
        f"{(-rest).text} is not given back to {counter} where {tests[-1].text}, which the charge"
        " does not depend on"
    )
    step = Step(function.file, end.span.line, message)
    return Draft(rule, function, end.span.line, message, subject, kept.path.steps(step))


def _guarding(moving: Balance, counter: str, tests: list[Condition]) -> bool:
    """Tell whether the last condition before a change is one that parts the two paths.

    Paths are joined where they differ in nothing that counts, and lose conditions there; so only
    what stands next to the change is known to decide over it.
    """
    last: Condition | None = None
    for event in moving.path.events:
        if isinstance(event, Assume):
            last = event.condition
        elif isinstance(event, Charge) and event.counter == counter:
            break
    return last is not None and any(last.excludes(each) for each in tests)


def _excused(condition: Condition, owner: Value, rest: Value, charges: tuple[Entry, ...]) -> bool:
    """Tell whether a condition is a reason to give nothing back."""
    equal = Equalities((condition,))
    if equal.reduce(rest).zero or (
        condition.relation == "<=" and equal.same(condition.value, -rest)
    ):
        return True
    inside = {atom.text for atom in condition.value.atoms()}
    if any(
        atom.text in inside for atom in owner.atoms() if atom.kind in ("field", "param", "call")
    ):
        atom = owner.atom
        if atom is None or atom.text in inside:
            return True
    if any(
        atom.kind in ("call", "local", "global", "text") for atom in condition.value.atoms(False)
    ):
        return True
    by_callers = _by_parameter(condition, rest)
    if by_callers is not None:
        return by_callers
    if not charges:
        return True
    verdicts = []
    for charge in charges:
        state = charge.balance.state
        verdict = decided(condition, state, charge.balance.conditions)
        if verdict is None and not members(condition.value) <= state.keys():
            verdict = False
        verdicts.append(verdict)
    return all(verdict is False for verdict in verdicts)


def _charges(analysis: Analysis, function: FunctionPaths) -> Iterator[Draft]:
    """Yield the paths of a function that set an object up as others do, but charge nothing."""
    told: set[str] = set()
    seen: set[tuple[str, str, str]] = set()
    for charged in balances(function):
        if charged.failed or charged.warned:
            continue
        for (counter, owner), rest in charged.net.items():
            kind = (counter, owner.text, rest.text)
            if kind in seen:
                continue
            seen.add(kind)
            if charged.sign((counter, owner)) <= 0 or flag_owned(analysis, charged, counter):
                continue
            mine = releases_of(analysis, counter, frozenset(charged.state))
            for free in balances(function):
                if counter in told or free.failed or free.warned or not mine:
                    continue
                if any(each.counter == counter for each in free.charges):
                    continue
                draft = _unpaid(function, charged, free, (counter, owner), rest, mine)
                if draft is not None:
                    told.add(counter)
                    yield draft


def _unpaid(
    function: FunctionPaths,
    charged: Balance,
    free: Balance,
    key: tuple[str, Value],
    rest: Value,
    releases: tuple[Entry, ...],
) -> Draft | None:
    """Judge a path that succeeds without the charge that its sibling makes."""
    tests = apart(free, charged)
    if not _guarding(charged, key[0], tests) or any(
        each.via for each in charged.charges if each.counter == key[0]
    ):
        return None
    for condition in tests:
        if _needless(condition, key[1], rest):
            return None
    counter, _ = key
    for release in releases:
        if not release.places & {name for name, held in free.state.items() if not held.zero}:
            continue
        verdicts = [
            decided(each, free.state, free.conditions) for each in release.balance.conditions
        ]
        if any(verdict is False for verdict in verdicts):
            continue
        tested = {each.placed for each in release.balance.conditions}
        if any(each.placed in tested or each.negated().placed in tested for each in tests):
            continue
        end = free.path.end
        message = (
            f"{release.function.name}() gives {release.amount.placed} back to {counter}, which"
            " this path does not charge"
        )
        if replayed(release.amount, free.state).zero:
            continue
        names = " ".join(sorted(each.placed for each in tests))
        subject = f"{counter} {key[1].placed} {names}"
        step = Step(function.file, end.span.line, message)
        return Draft(
            "guard-differs", function, end.span.line, message, subject, free.path.steps(step)
        )
    return None


def _needless(condition: Condition, owner: Value, rest: Value) -> bool:
    """Tell whether a condition is a reason to charge nothing."""
    if Equalities((condition,)).reduce(rest).zero:
        return True
    inside = {atom.text for atom in condition.value.atoms()}
    atom = owner.atom
    if atom is not None and atom.text in inside:
        return True
    if any(atom.kind in ("call", "local", "text") for atom in condition.value.atoms(deep=False)):
        return True
    return _by_parameter(condition, rest) is True


def _by_parameter(condition: Condition, rest: Value) -> bool | None:
    """Tell whether only callers decide over a condition, by a parameter that is no part of the
    amount; None if no parameter takes part."""
    scalars = {
        atom.text
        for atom in condition.value.atoms()
        if atom.kind == "param" and not atom.type.rstrip().endswith("*")
    }
    if not scalars:
        return None
    return not any(atom.text in scalars for atom in rest.atoms())
