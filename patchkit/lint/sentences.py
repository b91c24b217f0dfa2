# SPDX-License-Identifier: GPL-2.0-only
"""Events as short sentences, for the steps of a finding."""

from __future__ import annotations

from patchkit.lint.conditions import Condition
from patchkit.lint.events import (
    Assume,
    Capability,
    Charge,
    Check,
    Event,
    Flag,
    Get,
    Init,
    Lock,
    Put,
    Store,
)

_LOCK = {"take": "takes", "release": "releases", "downgrade": "downgrades", "assert": "relies on"}
_FLAG = {"set": "sets", "clear": "clears", "assign": "assigns"}


def condition_text(condition: Condition) -> str:
    """Return a condition as a reader of C would put it."""
    value, relation = condition.value, condition.relation
    atom = value.atom
    if relation in ("==", "!=") and atom is not None:
        if atom.kind == "alloc":
            return f"{atom.name}() {'succeeds' if relation == '!=' else 'fails'}"
        if atom.kind == "op" and atom.name == "IS_ERR":
            return f"{atom.args[0].text} is {'an error' if relation == '!=' else 'no error'}"
        return f"{value.text} is {'not ' if relation == '!=' else ''}zero"
    left = [term for term in value.summands() if not term.negative]
    right = [-term for term in value.summands() if term.negative]
    if not left:
        return condition.text
    shown = " + ".join(each.text for each in left)
    other = " + ".join(each.text for each in right) or "0"
    return f"{shown} {relation} {other}"


def sentence(event: Event) -> str:
    """Return an event as a sentence without a full stop; empty if it is not worth a step."""
    calls = f" in {event.site.function}()" if event.via else ""
    match event:
        case Assume():
            return f"goes on where {condition_text(event.condition)}{calls}"
        case Capability():
            return f"{event.name} is {'' if event.held else 'not '}held{calls}"
        case Charge():
            if event.gives_back:
                taken = (-event.amount).text
                return f"takes {taken} from {event.counter} of {event.owner.text}{calls}"
            return f"adds {event.amount.text} to {event.counter} of {event.owner.text}{calls}"
        case Init():
            return f"sets {event.counter} of {event.owner.text} to {event.value.text}{calls}"
        case Check():
            side = "exceeds" if event.over else "is within"
            return f"{event.usage.text} {side} {event.limit.text}{calls}"
        case Store():
            name = event.member if event.member != "*" else "memory"
            return f"stores {event.value.text} in {name} of {event.object.text}{calls}"
        case Flag():
            flags = ", ".join(event.flags) or "flags"
            return f"{_FLAG[event.action]} {flags} of {event.target.text}{calls}"
        case Lock():
            return f"{_LOCK[event.action]} {event.lock} of {event.object.text}{calls}"
        case Put():
            verb = "frees" if event.free else "drops a reference to"
            return f"{verb} {event.object.text} ({event.function}){calls}"
        case Get():
            return f"takes a reference to {event.object.text}{calls}"
        case _:
            return ""
