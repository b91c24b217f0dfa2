# SPDX-License-Identifier: GPL-2.0-only
"""Failing paths have to leave the books as they found them."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from patchkit.lint.analysis import Analysis, FunctionPaths
from patchkit.lint.events import Charge
from patchkit.lint.ledger_algebra import vague
from patchkit.lint.ledger_draft import Draft, flag_owned
from patchkit.lint.ledger_excuses import (
    below,
    by_state,
    charged_by,
    evened,
    handed_on,
    kept,
    loops,
    may_release,
    optional,
    relieved,
    settled,
    unknown,
)
from patchkit.lint.ledger_paths import Balance, Key, balances, direction, sign_of
from patchkit.lint.model import Step
from patchkit.lint.values import ZERO, Value


def error_drafts(analysis: Analysis, function: FunctionPaths) -> Iterator[Draft]:
    """Yield what a function's failing paths leave behind, each kind of rest once."""
    best: dict[str, tuple[int, Draft]] = {}
    for balance in balances(function):
        if not balance.failed or balance.warned:
            continue
        for key, rest in balance.net.items():
            if flag_owned(analysis, balance, key[0]):
                continue
            if not charged_by(balance, key):
                draft = _unearned(balance, key, rest)
                if draft is not None and not below(analysis, balance, key):
                    best.setdefault(f"{draft.rule} {draft.subject}", (0, draft))
                continue
            if key[1].zero or relieved(balance, key):
                continue
            if kept(balance, rest) and not evened(balance, key):
                continue
            if loops(analysis, balance, key, rest) or handed_on(analysis, balance, key):
                continue
            if may_release(analysis, balance, key):
                continue
            if below(analysis, balance, key) or settled(analysis, balance, key):
                continue
            draft = _draft(balance, key, rest)
            if draft is not None:
                size = len(balance.path.events)
                name = f"{draft.rule} {draft.subject}"
                if name not in best or size < best[name][0]:
                    best[name] = (size, draft)
    for _, draft in best.values():
        yield draft


def _unearned(balance: Balance, key: Key, rest: Value) -> Draft | None:
    """Say that a failing path gives back what only other paths of the function charge."""
    if balance.sign(key) >= 0 or vague(rest):
        return None
    if any(each.via for each in balance.owned(key)) and optional(balance, key[0]):
        return None
    charged = (key[0], key[1].text, (-rest).text) in _moves(balance.function)
    if not charged:
        return None
    return _make(
        "double-uncharge",
        balance,
        balance.owned(key)[-1],
        rest,
        key[1],
        f"{(-rest).text} is given back to {key[0]} of {key[1].text} on a path that has not"
        " charged it",
    )


@functools.lru_cache(maxsize=2048)
def _moves(function: FunctionPaths) -> frozenset[tuple[str, str, str]]:
    """Return counter, owner and amount of everything that some path of a function moves."""
    return frozenset(
        (each.counter, each.owner.text, each.amount.text)
        for balance in balances(function)
        for each in balance.charges
    )


def _draft(balance: Balance, key: Key, rest: Value) -> Draft | None:
    """Say what is wrong with the rest of a failing path; None if that is not certain."""
    counter, owner = key
    owned = balance.owned(key)
    taken = [each for each in owned if direction(each) <= 0]
    if sign_of(rest) > 0 or not taken:
        other = _other(balance, key, rest)
        if other is not None:
            return other
        if not taken or any(balance.equal.same(each.amount, rest) for each in owned):
            return _make(
                "charge-left-on-error",
                balance,
                owned[0],
                rest,
                owner,
                f"{rest.text} charged to {counter} of {owner.text} is not given back on this"
                " error path",
            )
    if any(vague(each.amount) for each in owned):
        return None
    if any(balance.equal.same(each.amount, rest) for each in taken):
        return _make(
            "double-uncharge",
            balance,
            taken[-1],
            rest,
            owner,
            f"{(-rest).text} is given back to {counter} of {owner.text} once more than charged",
        )
    charged = next(each for each in owned if direction(each) > 0)
    if any(charged.amount.typed == (-each.amount).typed for each in taken):
        return None
    if any(unknown(balance, each.amount) for each in taken):
        return None
    given = taken[-1] if taken else charged
    if by_state(balance, key, given):
        return None
    return _make(
        "uncharge-amount-differs",
        balance,
        given,
        rest,
        owner,
        f"{charged.amount.text} is charged to {counter} of {owner.text}, but"
        f" {(-given.amount).text} is given back on this error path",
        ZERO,
    )


def _other(balance: Balance, key: Key, rest: Value) -> Draft | None:
    """Look for the same amount taken off another owner or another counter on the same path."""
    for (counter, owner), amount in balance.net.items():
        if not balance.equal.same(amount, -rest):
            continue
        event = balance.owned((counter, owner))[-1]
        if counter == key[0]:
            return _make(
                "uncharge-mm-differs",
                balance,
                event,
                rest,
                owner,
                f"{counter} was charged for {key[1].text}, but {owner.text} is relieved",
            )
        return _make(
            "uncharge-counter-differs",
            balance,
            event,
            rest,
            owner,
            f"{key[0]} was charged, but {counter} is relieved on this error path",
        )
    return None


def _make(
    rule: str,
    balance: Balance,
    event: Charge,
    rest: Value,
    owner: Value,
    message: str,
    what: Value | None = None,
) -> Draft:
    """Return a draft at the end of a path."""
    function = balance.function
    end = balance.path.end
    if rest.negative:
        text = f"returns with {(-rest).text} less than before"
    else:
        text = f"returns with {rest.text} more than before"
    last = Step(function.file, end.span.line, text)
    return Draft(
        rule,
        function,
        end.span.line,
        message,
        f"{event.counter} {owner.typed} {(rest if what is None else what).typed}".rstrip(" 0"),
        balance.path.steps(last),
    )
