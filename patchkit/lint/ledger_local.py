# SPDX-License-Identifier: GPL-2.0-only
"""What one function shows by itself: an amount moved twice, only when it has a certain size, or
though fewer pages were pinned."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from patchkit.lint.analysis import FunctionPaths
from patchkit.lint.conditions import Condition, compare
from patchkit.lint.events import Assume, Charge, Pin, Site
from patchkit.lint.ledger_algebra import Equalities, place
from patchkit.lint.ledger_draft import Draft
from patchkit.lint.ledger_paths import Balance, Key, apart, balances, direction, sign_of
from patchkit.lint.model import Step
from patchkit.lint.values import Value, number


def local_drafts(function: FunctionPaths) -> Iterator[Draft]:
    """Yield what a function's paths show without a look at others."""
    yield from _twice(function)
    yield from _sized(function)
    yield from _asked_for(function)
    yield from _other_mm(function)


def repeated(balance: Balance, key: Key) -> Charge | None:
    """Return the last change of a counter on a path that repeats one before, if one does.

    A change repeats another if it is of the same amount in the same direction at another place of
    the same function, with nothing taken back in between.
    """
    owned = balance.owned(key)
    for earlier, later in itertools.pairwise(owned):
        if earlier.amount != later.amount or earlier.amount.constant is not None:
            continue
        if earlier.here == later.here or earlier.here.function != later.here.function:
            continue
        if direction(earlier) != direction(later):
            continue
        return later
    return None


def _twice(function: FunctionPaths) -> Iterator[Draft]:
    """Yield the changes that repeat an earlier one on the same path."""
    told: set[str] = set()
    for balance in balances(function):
        if balance.warned:
            continue
        for key in balance.net:
            again = repeated(balance, key)
            if again is None:
                continue
            gain = direction(again) > 0
            rule = "double-charge" if gain else "double-uncharge"
            size = again.amount if gain else -again.amount
            subject = f"{key[0]} {key[1].typed} {size.typed}"
            if subject in told:
                continue
            told.add(subject)
            verb = "charged to" if gain else "taken off"
            message = f"{size.text} is {verb} {key[0]} of {key[1].text} a second time"
            line = again.here.span.line
            step = Step(function.file, line, message)
            yield Draft(rule, function, line, message, subject, balance.path.steps(step))


def _sized(function: FunctionPaths) -> Iterator[Draft]:
    """Yield the paths that leave out a change only because the amount has a certain size."""
    books = balances(function)
    told: set[str] = set()
    seen: set[tuple[str, str, str]] = set()
    for done in books:
        if done.warned:
            continue
        for key, rest in done.net.items():
            kind = (key[0], key[1].text, rest.text)
            if kind in seen:
                continue
            seen.add(kind)
            if rest.constant is not None or any(atom.kind == "local" for atom in rest.atoms()):
                continue
            gain = done.sign(key) > 0
            if not done.sign(key):
                continue
            if gain and done.failed:
                continue
            for left in books:
                if left.warned or (gain and left.failed):
                    continue
                if key[0] in told or any(each.counter == key[0] for each in left.charges):
                    continue
                tests = apart(left, done)
                if not tests or not all(_by_size(each, rest if gain else -rest) for each in tests):
                    continue
                told.add(key[0])
                yield _sized_draft(function, left, key, rest if gain else -rest, gain, tests)
    yield from _bounded(function, told)


def _bounded(function: FunctionPaths, told: set[str]) -> Iterator[Draft]:
    """Yield the changes that stand right behind a test that the amount is above one, or some other
    number, wherever they are made: what becomes of smaller amounts may be joined with other paths.
    """
    found: dict[Site, tuple[Balance, Charge, Condition] | None] = {}
    for balance in balances(function):
        tests: list[Assume] = []
        for event in balance.path.events:
            if isinstance(event, Assume):
                tests.append(event)
            elif isinstance(event, Charge) and event in balance.charges:
                last = next((each for each in reversed(tests) if each.here != event.here), None)
                bound = last is not None and not last.warned and _above(last.condition, event)
                if last is None or not bound or balance.warned:
                    found[event.here] = None
                else:
                    found.setdefault(event.here, (balance, event, last.condition))
    for each in found.values():
        if each is None or each[1].counter in told:
            continue
        balance, event, condition = each
        told.add(event.counter)
        gain = direction(event) > 0
        amount = event.amount if gain else -event.amount
        key = (event.counter, event.owner)
        yield _sized_draft(function, balance, key, amount, gain, [condition.negated()])


def _above(condition: Condition, charge: Charge) -> bool:
    """Tell whether a condition is that the amount of a change is above a number but zero."""
    for amount in (charge.amount, -charge.amount):
        if amount.constant is not None or sign_of(amount) < 0:
            continue
        offset = (condition.value - amount).constant
        if offset is not None and condition.relation in (">", ">="):
            return not compare(amount, ">", number(0)).implies(condition)
    return False


def _by_size(condition: Condition, amount: Value) -> bool:
    """Tell whether a condition compares the amount with a number, and lets pages through."""
    for value in (condition.value, -condition.value):
        offset = (value - amount).constant
        if offset is None:
            continue
        if Equalities((condition,)).reduce(amount).zero:
            return False
        limited = compare(amount, "<=", number(0))
        return not condition.implies(limited)
    return False


def _sized_draft(
    function: FunctionPaths,
    left: Balance,
    key: Key,
    amount: Value,
    gain: bool,
    tests: list[Condition],
) -> Draft:
    """Return the finding about a change that depends on its size."""
    counter, owner = key
    verb = "charged to" if gain else "given back to"
    message = f"{amount.text} is not {verb} {counter} where {tests[-1].text}"
    end = left.path.end
    names = " ".join(sorted(each.placed for each in tests))
    step = Step(function.file, end.span.line, message)
    return Draft(
        "guard-differs",
        function,
        end.span.line,
        message,
        f"{counter} {owner.placed} {names}",
        left.path.steps(step),
    )


def _asked_for(function: FunctionPaths) -> Iterator[Draft]:
    """Yield the charges of as many pages as were to be pinned, behind a pin that may have got
    fewer: the function tells its callers how many, and they give back only those."""
    told: set[str] = set()
    for balance in balances(function):
        if balance.failed or balance.warned or balance.path.result is None:
            continue
        result = balance.path.result.atom
        pins = {
            event.function: event
            for event in balance.path.events
            if isinstance(event, Pin) and event.pinned
        }
        if result is None or result.kind != "call" or result.name not in pins:
            continue
        pin = pins[result.name]
        for charge in balance.charges:
            if charge.via or charge.site.span.start < pin.site.span.start:
                continue
            count = balance.path.result
            if charge.amount not in pin.arguments or charge.counter in told:
                continue
            if direction(charge) < 0 or balance.equal.same(count, charge.amount):
                continue
            told.add(charge.counter)
            message = (
                f"{charge.amount.text} is charged to {charge.counter}, but the function returns"
                f" {count.text}, which may be fewer pages"
            )
            line = charge.here.span.line
            yield Draft(
                "uncharge-amount-differs",
                function,
                line,
                message,
                f"{charge.counter} {charge.owner.typed} {charge.amount.typed} {count.typed}",
                balance.path.steps(Step(function.file, line, message)),
            )


def _other_mm(function: FunctionPaths) -> Iterator[Draft]:
    """Yield the changes of the running task's counter where the owner that was handed in has been
    found to be there: that test is for the one that is changed."""
    told: set[str] = set()
    for balance in balances(function):
        if balance.warned:
            continue
        given = {
            condition.value
            for condition in balance.conditions
            if condition.relation == "!="
            and condition.value.atom is not None
            and condition.value.atom.kind == "param"
        }
        for counter, owner in balance.net:
            atom = owner.atom
            if atom is None or not place(atom).startswith("task_struct.") or counter in told:
                continue
            event = balance.owned((counter, owner))[-1]
            other = next((each for each in given if each.tag == owner.tag), None)
            if other is None or event.via or other in balance.owners:
                continue
            told.add(counter)
            line = event.here.span.line
            message = (
                f"{counter} of {owner.text} changes where {other.text} has been found to be there,"
                " which is the one that was handed in"
            )
            yield Draft(
                "uncharge-mm-differs",
                function,
                line,
                message,
                f"{counter} {owner.placed} {other.typed}",
                balance.path.steps(Step(function.file, line, message)),
            )
