# SPDX-License-Identifier: GPL-2.0-only
"""What one function shows by itself: an amount moved twice, only when it has a certain size, or
though fewer pages were pinned."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from patchkit.lint.analysis import FunctionPaths
from patchkit.lint.conditions import Condition, compare
from patchkit.lint.events import Charge, Pin
from patchkit.lint.ledger_algebra import Equalities, place
from patchkit.lint.ledger_draft import Draft
from patchkit.lint.ledger_paths import Balance, Key, apart, balances, direction
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
