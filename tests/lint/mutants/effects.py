# SPDX-License-Identifier: GPL-2.0-only
"""What one function does to the counters, as its syntax tree, names and declared types show it."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from mutants.view import Node, View
from patchkit.tree.csource import walk

CHARGE, UNCHARGE, INIT, REPORT, CHECK, OTHER = (
    "charge", "uncharge", "init", "report", "check", "other"
)  # fmt: skip

_ATOMIC = re.compile(
    r"(?:raw_|arch_)?atomic(?:64|_long)?_(?:fetch_)?"
    r"(?P<what>add|sub|inc|dec|set|read|cmpxchg|try_cmpxchg|xchg)(?P<value>_return)?(?:_\w+)?"
)
_PRINTS = re.compile(r"seq_\w+|SEQ_\w+|pr_\w+|printk\w*|dev_\w+|snprintf|sysfs_emit")
_MM = re.compile(r"(?:^|_)mm(?:_|$)|mm$")


@functools.cache
def counters() -> dict[tuple[str, str], str]:
    """Return counter ids by struct and member."""
    text = (files("patchkit.lint") / "counters.toml").read_text("utf-8")
    return {(one["struct"], one["member"]): one["id"] for one in tomllib.loads(text)["counter"]}


@functools.cache
def members() -> frozenset[str]:
    return frozenset(member for _, member in counters())


@dataclass(frozen=True, slots=True)
class Helper:
    """A function whose calls charge or give back; parameters by their position, from 0.

    *signs* holds ``+`` and ``-`` as its own effects have them. *accounting* is false for functions
    that do much else besides (they release an object). *text* is its definition.
    """

    name: str
    path: str
    static: bool
    signs: frozenset[str]
    counters: frozenset[str]
    amount: int | None
    owner: int | None
    direction: int | None
    accounting: bool
    checks: bool
    returns: str
    zero: bool
    """Whether it may return 0, true or a variable that was set to it, and so tells success."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One place in a function.

    *form* is plain, atomic, return (an atomic whose value is used), cmpxchg or helper. *node* is
    the assignment or call, *owner* what the counter is a member of (or the argument of a helper).
    """

    kind: str
    form: str
    counter: str
    node: Node
    statement: Node
    amount: Node | None
    owner: Node | None
    helper: Helper | None = None


def owner_struct(view: View, node: Node) -> str:
    """Name the struct tag of an expression by declared types, else by the member's own name."""
    while node.type == "parenthesized_expression" and node.named_children:
        node = node.named_children[0]
    if node.type == "identifier":
        declared = re.search(r"struct (\w+)", view.type_of(view.t(node)))
        if declared is not None:
            return declared[1]
        name = view.t(node)
        if view.type_of(name):
            return ""
    elif node.type == "field_expression":
        name = view.t(node.child_by_field_name("field"))
    else:
        return ""
    if _MM.search(name):
        return "mm_struct"
    return "user_struct" if "user" in name else ""


def counter_of(view: View, node: Node) -> str:
    """Return the counter that a field_expression is; '' for look-alikes."""
    if node.type != "field_expression":
        return ""
    member = view.t(node.child_by_field_name("field"))
    if member not in members():
        return ""
    base = node.child_by_field_name("argument")
    return "" if base is None else counters().get((owner_struct(view, base), member), "")


def _plain(view: View, node: Node) -> Effect | None:
    """An assignment or ``++`` of a counter itself."""
    if node.type == "update_expression":
        target = node.child_by_field_name("argument")
        sign = view.t(node.child_by_field_name("operator"))
        value = None
    else:
        target, value = (node.child_by_field_name(field) for field in ("left", "right"))
        sign = view.t(node.child_by_field_name("operator"))
    if target is None or not (counter := counter_of(view, target)):
        return None
    kind = {"+": CHARGE, "-": UNCHARGE}.get(sign[0], OTHER)
    amount = value
    if sign == "=" and value is not None:
        text = view.t(value)
        if text == "0":
            kind, amount = INIT, None
        elif value.type == "binary_expression":
            kind = {"+": CHARGE, "-": UNCHARGE}.get(
                view.t(value.child_by_field_name("operator")), OTHER
            )
            amount = value.child_by_field_name("right")
    owner = target.child_by_field_name("argument")
    return Effect(kind, "plain", counter, node, view.statement(node), amount, owner)


def _atomic(view: View, node: Node) -> Effect | None:
    found = _ATOMIC.fullmatch(view.callee(node))
    if found is None:
        return None
    field = None
    for argument in view.arguments(node):
        for below in walk(argument):
            if below.type == "field_expression" and counter_of(view, below):
                field = below
                break
        if field is not None:
            break
    if field is None:
        return None
    rest = [a for a in view.arguments(node) if not a.start_byte <= field.start_byte < a.end_byte]
    what, form = found["what"], "atomic"
    kind = {"add": CHARGE, "inc": CHARGE, "sub": UNCHARGE, "dec": UNCHARGE}.get(what, OTHER)
    statement = view.statement(node)
    if what == "set":
        kind = INIT if rest and view.t(rest[0]) == "0" else OTHER
    elif what.endswith("cmpxchg"):
        kind, form = CHARGE, "cmpxchg"
    elif what == "read":
        kind = REPORT if _printed(view, node) else OTHER
    elif statement.type != "expression_statement" or statement.named_children[0] != node:
        form = "return"
    amount = rest[0] if rest and kind in (CHARGE, UNCHARGE) and form != "cmpxchg" else None
    owner = field.child_by_field_name("argument")
    return Effect(kind, form, counter_of(view, field), node, statement, amount, owner)


def _printed(view: View, node: Node) -> bool:
    here = node.parent
    while here is not None and here.type != "compound_statement":
        if here.type == "call_expression" and _PRINTS.fullmatch(view.callee(here)):
            return True
        here = here.parent
    return False


def _helper(view: View, node: Node, helpers: Mapping[str, Helper]) -> Effect | None:
    helper = helpers.get(view.callee(node))
    if helper is None or helper.name == view.name:
        return None
    if helper.static and helper.path != view.path and not helper.path.endswith(".h"):
        return None
    arguments = view.arguments(node)

    def at(position: int | None) -> Node | None:
        return arguments[position] if position is not None and position < len(arguments) else None

    amount, direction = at(helper.amount), view.t(at(helper.direction))
    if helper.checks and not helper.signs:
        kind = CHECK
    elif helper.signs == {"+"}:
        kind = CHARGE
    elif helper.signs == {"-"}:
        kind = UNCHARGE
    elif direction in ("true", "false"):
        kind = CHARGE if direction == "true" else UNCHARGE
    elif helper.direction is None and amount is not None and _signed(view, amount):
        kind = UNCHARGE if view.t(amount).startswith("-") else CHARGE
    else:
        kind = OTHER
    counter = next(iter(sorted(helper.counters)), "")
    return Effect(
        kind, "helper", counter, node, view.statement(node), amount, at(helper.owner), helper
    )


def _signed(view: View, amount: Node) -> bool:
    """Tell whether an amount shows its sign: no sum, and no parameter that is handed on."""
    if amount.type == "binary_expression":
        return False
    name = view.t(amount.named_children[0]) if amount.type == "call_expression" else view.t(amount)
    return name not in view.parameters and not view.t(amount).startswith("abs(")


def effects(view: View, helpers: Mapping[str, Helper]) -> Iterator[Effect]:
    """Yield what a function does to counters, in source order."""
    for node in view.nodes:
        found = None
        if node.type in ("assignment_expression", "update_expression"):
            found = _plain(view, node)
        elif node.type == "call_expression":
            found = _atomic(view, node) or _helper(view, node, helpers)
        elif node.type == "field_expression" and (counter := counter_of(view, node)):
            owner, statement = node.child_by_field_name("argument"), view.statement(node)
            if _printed(view, node) and not _inside_atomic(view, node):
                found = Effect(REPORT, "plain", counter, node, statement, None, owner)
        if found is not None:
            yield found


def _inside_atomic(view: View, node: Node) -> bool:
    here = node.parent
    while here is not None and here.type in ("pointer_expression", "argument_list"):
        here = here.parent
    return here is not None and here.type == "call_expression" and bool(
        _ATOMIC.fullmatch(view.callee(here))
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """A comparison of what is used (and asked for), *above*, with the limit, in either order."""

    node: Node
    above: Node
    limit: Node
    operator: str


def linked(view: View, starts: Iterator[tuple[str, Node]]) -> dict[str, list[Node]]:
    """Return local names that get a value from *starts*, (name, store) pairs, directly or not."""
    found: dict[str, list[Node]] = {}
    for name, node in starts:
        found.setdefault(name, []).append(node)
    for _ in range(3):
        for target, value, _sign in view.stores():
            name = view.t(target)
            fresh = target.type == "identifier" and name not in found
            if fresh and set(view.names(value)) & set(found):
                found[name] = [value]
    return found


def uses_counter(view: View, node: Node) -> bool:
    return any(counter_of(view, below) for below in walk(node))


def uses_rlimit(view: View, node: Node) -> bool:
    return "RLIMIT_MEMLOCK" in view.t(node)


def _sources(view: View, counter: bool) -> Iterator[tuple[str, Node]]:
    for target, value, _sign in view.stores():
        hit = uses_counter(view, value) if counter else uses_rlimit(view, value)
        if hit and target.type == "identifier":
            yield view.t(target), value


def usage_names(view: View) -> dict[str, list[Node]]:
    """Return locals that hold what is in use."""
    return linked(view, _sources(view, True))


def limit_names(view: View) -> dict[str, list[Node]]:
    """Return locals that hold the limit, and parameters that are called so."""
    found = linked(view, _sources(view, False))
    for name in view.parameters:
        if "limit" in name and view.is_integer(name):
            found.setdefault(name, [])
    return found


def checks(view: View) -> Iterator[Check]:
    """Yield the comparisons of usage with the limit."""
    usage, limits = usage_names(view), limit_names(view)

    def is_usage(node: Node) -> bool:
        return uses_counter(view, node) or bool(set(view.names(node)) & set(usage))

    def is_limit(node: Node) -> bool:
        return uses_rlimit(view, node) or bool(set(view.names(node)) & set(limits))

    for node in view.of("binary_expression"):
        operator = view.t(node.child_by_field_name("operator"))
        left, right = (node.child_by_field_name(field) for field in ("left", "right"))
        if operator not in ("<", "<=", ">", ">=") or left is None or right is None:
            continue
        if is_usage(left) and is_limit(right):
            yield Check(node, left, right, operator)
        elif is_usage(right) and is_limit(left):
            yield Check(node, right, left, operator)
