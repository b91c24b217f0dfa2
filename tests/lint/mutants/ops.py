# SPDX-License-Identifier: GPL-2.0-only
"""What the operators share: places to edit, and the edits that keep a function's shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mutants.effects import Effect
from mutants.model import Edit, Proposal
from mutants.survey import Place, Survey
from mutants.view import Node, View
from patchkit.tree.csource import walk


@dataclass(frozen=True, slots=True)
class Context:
    """A place in its tree."""

    survey: Survey
    place: Place

    @property
    def view(self) -> View:
        return self.place.view


Operator = Callable[[Context], Iterator[Proposal]]


def has_calls(view: View, node: Node) -> bool:
    return any(below.type == "call_expression" for below in walk(node))


def field(node: Node | None, name: str) -> Node | None:
    return None if node is None else node.child_by_field_name(name)


def parent_if(node: Node) -> Node | None:
    """Return the if_statement of which a statement is the whole consequence, braces or not."""
    here, parent = node, node.parent
    if parent is not None and parent.type == "compound_statement":
        if len([n for n in parent.named_children if n.type != "comment"]) != 1:
            return None
        here, parent = parent, parent.parent
    if parent is not None and parent.type == "if_statement":
        return parent if field(parent, "consequence") == here else None
    return None


def in_block(node: Node) -> bool:
    """Tell whether a statement stands in a block, so that it may go or have neighbours."""
    return node.parent is not None and node.parent.type in ("compound_statement", "case_statement")


def delete(view: View, statement: Node) -> Edit:
    """Take a statement out; an ``if`` that had only this goes too, if it only looks."""
    if in_block(statement):
        return Edit(*view.whole_lines(statement), b"")
    outer = parent_if(statement)
    if (
        outer is not None
        and field(outer, "alternative") is None
        and in_block(outer)
        and not has_calls(view, field(outer, "condition") or outer)
    ):
        return Edit(*view.whole_lines(outer), b"")
    return Edit(statement.start_byte, statement.end_byte, b";")


def put(node: Node, text: str) -> Edit:
    """Replace a node's text."""
    return Edit(node.start_byte, node.end_byte, text.encode())


def after(view: View, statement: Node, text: str) -> Edit | None:
    """Put a statement behind another; None where that needs braces that are not there."""
    if not in_block(statement):
        return None
    new = b"\n" + view.indent(statement) + text.encode()
    return Edit(statement.end_byte, statement.end_byte, new)


def ahead(view: View, statement: Node, text: str) -> Edit | None:
    """Put a statement before another."""
    if not in_block(statement):
        return None
    new = text.encode() + b"\n" + view.indent(statement)
    return Edit(statement.start_byte, statement.start_byte, new)


def is_whole(effect: Effect) -> bool:
    """Tell whether the effect's node is a whole statement, its value unused."""
    statement = effect.statement
    return (
        statement.type == "expression_statement"
        and bool(statement.named_children)
        and statement.named_children[0] == effect.node
    )


def pure_amount(view: View, effect: Effect) -> str:
    """Return an amount that can be written once more: no calls, no constants, no sign."""
    amount = effect.amount
    if amount is None or has_calls(view, amount) or not view.names(amount):
        return ""
    text = view.t(amount)
    return "" if text.startswith(("-", "&", "abs", "NULL")) else text


def failure(view: View) -> str:
    """Return a return statement for failure that fits the function's type."""
    if view.returns_pointer():
        return "return ERR_PTR(-EINVAL);"
    kind = view.return_type()
    return {"void": "return;", "bool": "return false;"}.get(kind, "return -EINVAL;")


def not_called(view: View, effect: Effect) -> str:
    """Return the value that a call would have on success, were it not made; '' if unknown."""
    helper = effect.helper
    if helper is None or not helper.zero:
        return ""
    return {"bool": "true", "int": "0", "long": "0"}.get(helper.returns, "")


def skip_call(view: View, effect: Effect) -> Edit | None:
    """Make an effect not happen, whatever its form."""
    if is_whole(effect):
        return delete(view, effect.statement)
    if effect.form == "helper":
        value = not_called(view, effect)
        return put(effect.node, value) if value else None
    if effect.form == "return" and effect.amount is not None:
        call = view.callee(effect.node)
        sign = "-" if "sub" in call else "+"
        prefix = call.partition("_add")[0].partition("_sub")[0]
        target = next(
            (view.t(a) for a in view.arguments(effect.node) if a != effect.amount), ""
        )  # fmt: skip
        return put(effect.node, f"({prefix}_read({target}) {sign} {view.t(effect.amount)})")
    if effect.form == "cmpxchg":
        loop = effect.node.parent
        while loop is not None and loop.type not in ("do_statement", "while_statement"):
            loop = loop.parent
        condition = field(loop, "condition")
        if loop is not None and loop.type == "do_statement" and condition is not None:
            return put(condition, "(0)")
    return None
