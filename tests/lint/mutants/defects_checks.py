# SPDX-License-Identifier: GPL-2.0-only
"""Defects of the limit check, of locks, of flags of VMAs and of reports."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mutants.effects import (
    REPORT,
    Check,
    checks,
    counter_of,
    linked,
    usage_names,
    uses_counter,
    uses_rlimit,
)
from mutants.model import Edit, Proposal
from mutants.ops import Context, after, delete, field, in_block, put
from mutants.view import Node, View
from patchkit.tree.csource import walk

_CAPABLE = re.compile(r"(?:ns_)?capable\w*\s*\([^()]*CAP_IPC_LOCK\)")
_JUMPS = ("return_statement", "goto_statement", "break_statement")


def _plus(view: View, root: Node) -> Iterator[tuple[Node, Node, Node]]:
    """Yield (sum, term, rest) for both terms of each addition below a node."""
    for node in walk(root):
        if node.type == "binary_expression" and view.t(field(node, "operator")) == "+":
            left, right = field(node, "left"), field(node, "right")
            if left is not None and right is not None:
                yield node, left, right
                yield node, right, left


def _is_read(view: View, node: Node) -> bool:
    """Tell whether a term is a counter's value and nothing else."""
    while node.type in ("cast_expression", "parenthesized_expression"):
        node = field(node, "value") or node.named_children[-1]
    if node.type == "call_expression":
        return "_read" in view.callee(node) and uses_counter(view, node)
    return node.type == "field_expression" and bool(counter_of(view, node))


def _where(view: View, check: Check) -> list[Node]:
    """Return the comparison and the stores of locals that its usage side is made of."""
    names = set(view.names(check.above))
    usage = usage_names(view)
    found = [check.above]
    for target, value, _ in view.stores():
        name = view.t(target)
        if name in usage and name in names and value.parent is not None:
            found.append(value.parent)
            names |= set(view.names(value)) & set(usage)
    return found


def usage_lost(context: Context) -> Iterator[Proposal]:
    """Compare what is asked for only, without what is in use."""
    view = context.view
    for check in checks(view):
        for root in _where(view, check):
            for total, term, rest in _plus(view, root):
                if _is_read(view, term):
                    yield Proposal("check-usage", (put(total, view.t(rest)),))
            sign = view.t(field(root, "operator"))
            right = field(root, "right") or field(root, "value")
            if right is None:
                continue
            if sign == "+=" and _is_read(view, right):
                statement = view.statement(root)
                if statement.type == "expression_statement" and in_block(statement):
                    yield Proposal("check-usage", (delete(view, statement),))
            elif _is_read(view, right) and root != check.above:
                yield Proposal("check-usage", (put(right, "0"),))
            elif right.type == "call_expression" and "_add_return" in view.callee(right):
                arguments = [view.t(a) for a in view.arguments(right)]
                statement = view.statement(right)
                call = view.callee(right).replace("_return", "")
                more = after(view, statement, f"{call}({', '.join(arguments)});")
                if more is not None and statement.type == "expression_statement":
                    yield Proposal("check-usage", (put(right, arguments[0]), more))


def request_lost(context: Context) -> Iterator[Proposal]:
    """Compare what is in use only, without what is asked for."""
    view = context.view
    usage = usage_names(view)
    for check in checks(view):
        for total, term, rest in _plus(view, check.above):
            names = set(view.names(term))
            if not uses_counter(view, term) and not names & set(usage) and names:
                yield Proposal("check-request", (put(total, view.t(rest)),))


def counted_twice(context: Context) -> Iterator[Proposal]:
    """Add what is asked for once more to a sum that holds it already."""
    view = context.view
    for check in checks(view):
        for root in _where(view, check):
            right = field(root, "right") or field(root, "value")
            if right is None or right.type != "call_expression":
                continue
            if "_add_return" in view.callee(right):
                amount = view.t(view.arguments(right)[0])
                edit = put(check.above, f"{view.t(check.above)} + {amount}")
                yield Proposal("check-twice", (edit,))


def capability_lost(context: Context) -> Iterator[Proposal]:
    """Refuse the privileged as well, or excuse everybody."""
    view = context.view
    for check in checks(view):
        here = check.node.parent
        while here is not None and here.type in ("parenthesized_expression", "binary_expression"):
            sign = view.t(field(here, "operator"))
            left, right = field(here, "left"), field(here, "right")
            if sign in ("&&", "||") and left is not None and right is not None:
                for one, other in ((left, right), (right, left)):
                    inside = one.start_byte <= check.node.start_byte < one.end_byte
                    if inside and _CAPABLE.search(view.t(other)) and "&&" not in view.t(other):
                        yield Proposal("check-capability", (put(here, view.t(one)),))
            here = here.parent


def turned(context: Context) -> Iterator[Proposal]:
    """Turn a comparison round."""
    view = context.view
    flip = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
    for check in checks(view):
        operator = field(check.node, "operator")
        if operator is not None:
            yield Proposal("check-direction", (put(operator, flip[check.operator]),))


def wrong_unit(context: Context) -> Iterator[Proposal]:
    """Compare pages with the limit in bytes."""
    view = context.view
    if not any(True for _ in checks(view)):
        return
    for target, value, sign in view.stores():
        if uses_rlimit(view, value):
            left = field(value, "left")
            if value.type == "binary_expression" and "PAGE_SHIFT" in view.t(value):
                if left is not None:
                    yield Proposal("check-bytes", (put(value, view.t(left)),))
            elif value.type == "call_expression" and view.callee(value) == "PFN_DOWN":
                edit = put(value, view.t(view.arguments(value)[0]))
                yield Proposal("check-bytes", (edit,))
        elif sign == ">>=" and "PAGE_SHIFT" in view.t(value):
            limits = linked(
                view, ((view.t(t), v) for t, v, _ in view.stores() if uses_rlimit(view, v))
            )
            statement = view.statement(target)
            if view.t(target) in limits and in_block(statement):
                yield Proposal("check-bytes", (delete(view, statement),))


def unasked(context: Context) -> Iterator[Proposal]:
    """Leave out the whole check."""
    view = context.view
    for check in checks(view):
        outer = view.statement(check.node)
        if outer.type == "return_statement":
            yield Proposal("check-deleted", (put(outer, "return true;"),))
        if outer.type != "if_statement" or field(outer, "alternative") is not None:
            continue
        condition = field(outer, "condition")
        if condition is None or check.node.end_byte > condition.end_byte or not in_block(outer):
            continue
        consequence = field(outer, "consequence")
        if consequence is not None and any(n.type in _JUMPS for n in walk(consequence)):
            rest = re.sub(_CAPABLE, "", view.t(condition))
            if "&&" not in rest.replace("&& !", "") and "||" not in rest:
                yield Proposal("check-deleted", (Edit(*view.whole_lines(outer), b""),))


def reported(context: Context) -> Iterator[Proposal]:
    """Show the other counter under this one's name."""
    view = context.view
    for effect in context.place.effects:
        if effect.kind != REPORT or effect.owner is None:
            continue
        owner = view.t(effect.owner)
        new = {
            "mm.locked_vm": f"(unsigned long)atomic64_read(&{owner}->pinned_vm)",
            "mm.pinned_vm": f"(s64){owner}->locked_vm",
        }.get(effect.counter)
        if new is not None:
            yield Proposal("report-other", (put(effect.node, new),), counter=effect.counter)


def unlocked(context: Context) -> Iterator[Proposal]:
    """Change a plain counter with the lock held for reading, or not at all."""
    view = context.view
    touches = [
        e.node
        for e in context.place.effects
        if e.counter == "mm.locked_vm" and e.kind in ("charge", "uncharge", "other")
        and (e.form == "plain" or (e.helper is not None and e.helper.name.startswith("__")))
    ]  # fmt: skip
    calls = [
        (node, view.callee(node))
        for node in view.of("call_expression")
        if re.fullmatch(r"mmap_write_(?:un)?lock(?:_killable)?", view.callee(node))
    ]
    if not touches or not calls:
        return
    functions = [(field(node, "function"), name) for node, name in calls]
    edits = [put(f, name.replace("write", "read")) for f, name in functions if f is not None]
    yield Proposal("read-lock", tuple(edits), counter="mm.locked_vm")
    edits = []
    for node, _name in calls:
        statement = view.statement(node)
        whole = statement.type == "expression_statement" and statement.named_children[0] == node
        edits.append(delete(view, statement) if whole else put(node, "0"))
    yield Proposal("no-lock", tuple(edits), counter="mm.locked_vm")


def _flags_call(view: View) -> Iterator[tuple[Node, Node, str]]:
    """Yield (statement, flags expression, what) where flags of a VMA are written."""
    for node in view.of("expression_statement"):
        inner = node.named_children[0] if node.named_children else None
        if inner is None:
            continue
        if inner.type == "call_expression" and re.fullmatch(
            r"vm_flags_(?:set|clear|mod|init|reset)|vma_(?:set|clear)_flags\w*", view.callee(inner)
        ):
            arguments = view.arguments(inner)
            if len(arguments) > 1:
                yield node, arguments[1], view.callee(inner)
        elif inner.type == "assignment_expression":
            left, right = field(inner, "left"), field(inner, "right")
            name = view.t(field(left, "field")) if left is not None else ""
            name = name or view.t(left)
            if right is not None and name in ("vm_flags", "flags", "new_flags", "def_flags"):
                yield node, right, view.t(field(inner, "operator"))


def flags(view: View, path_maps: bool) -> Iterator[Proposal]:
    """Flags and counters that part: VM_LOCKED set or left set by itself, fork that copies."""
    forks = re.search(r"dup_mm|fork", view.name) is not None
    for statement, value, what in _flags_call(view):
        text = view.t(value)
        clears = what in ("vm_flags_clear", "&=") or "clear" in what.lower()
        if ("LOCKED" in text and clears and in_block(statement)) or (
            "VM_LOCKED" in text and what == "&=" and not in_block(statement)
        ):
            if "def_flags" in view.t(statement):
                continue
            name = "fork-keeps-flag" if forks else "flag-kept"
            yield Proposal(name, (delete(view, statement),), counter="mm.locked_vm", reach="far")
        # A driver's mmap() may set VM_LOCKED: whoever calls it counts the VMA by its flags then.
        hook = "struct file *" in view.parameters.values() or "mmap" in view.name
        sets = what in ("vm_flags_set", "|=") and "vm_flags" in view.t(statement) and not hook
        if sets and "VM_" in text and "LOCKED" not in text:
            edit = put(value, f"{text} | VM_LOCKED")
            yield Proposal("flag-set", (edit,), counter="mm.locked_vm")
        if path_maps and "VM_DONTCOPY" in text and what in ("vm_flags_set", "|="):
            rest = [word.strip() for word in text.split("|") if word.strip() != "VM_DONTCOPY"]
            if rest and "(" not in text:
                edit = put(value, " | ".join(rest))
                yield Proposal("fork-copies", (edit,), counter="mm.pinned_vm", reach="far")


OPERATORS = (
    usage_lost, request_lost, counted_twice, capability_lost, turned, wrong_unit, unasked, reported,
    unlocked,
)  # fmt: skip
