# SPDX-License-Identifier: GPL-2.0-only
"""Defects of charging and giving back as such: not at all, twice, on some paths, somewhere else."""

from __future__ import annotations

from collections.abc import Iterator

from mutants.effects import CHARGE, CHECK, INIT, REPORT, UNCHARGE, Effect
from mutants.model import Edit, Proposal
from mutants.ops import (
    Context,
    after,
    ahead,
    delete,
    failure,
    field,
    has_calls,
    in_block,
    is_whole,
    parent_if,
    pure_amount,
    put,
    skip_call,
)
from mutants.view import Node, View
from patchkit.tree.csource import walk

MOVES = (CHARGE, UNCHARGE)


def moves(context: Context) -> Iterator[Effect]:
    """Yield the charges and returns, those aside that come with the release of an object."""
    for effect in context.place.effects:
        if effect.kind in MOVES and (effect.helper is None or effect.helper.accounting):
            yield effect


def deleted(context: Context) -> Iterator[Proposal]:
    """Take away a charge, its return, an initialisation or a report."""
    for effect in context.place.effects:
        if effect.kind in (INIT, REPORT):
            whole = effect.statement.type == "expression_statement"
            single = not whole or _reports_one(context.view, effect)
            if whole and (effect.kind == INIT or single):
                yield Proposal(
                    f"delete-{effect.kind}", (delete(context.view, effect.statement),),
                    counter=effect.counter,
                )  # fmt: skip
        elif effect.kind in MOVES:
            edit = skip_call(context.view, effect)
            if edit is not None:
                releases = effect.helper is not None and not effect.helper.accounting
                name = "delete-release" if releases else f"delete-{effect.kind}"
                yield Proposal(name, (edit,), pairing=True, counter=effect.counter)


def _reports_one(view: View, effect: Effect) -> bool:
    """Tell whether a printing statement prints this counter alone."""
    call = effect.statement.named_children[0]
    return call.type == "call_expression" and len(view.arguments(call)) <= 3


def duplicated(context: Context) -> Iterator[Proposal]:
    """Charge or give back twice. Stores of ``old + n`` are left out: twice is once."""
    view = context.view
    for effect in moves(context):
        statement = effect.statement
        if statement.type != "expression_statement":
            continue
        if effect.form == "plain" and " = " in view.t(effect.node):
            continue
        if effect.form not in ("plain", "atomic", "return", "helper"):
            continue
        text = view.t(statement)
        edit = after(view, statement, text)
        if edit is None and parent_if(statement) is not None:
            edit = put(statement, f"{{ {text} {text} }}")
        if edit is not None:
            name = f"duplicate-{effect.kind}"
            yield Proposal(name, (edit,), pairing=True, counter=effect.counter)


def conditional(context: Context) -> Iterator[Proposal]:
    """Charge or give back only when the amount is more than one."""
    view = context.view
    for effect in moves(context):
        amount = pure_amount(view, effect)
        if not amount or effect.form in ("cmpxchg", "return"):
            continue
        if is_whole(effect):
            if effect.statement.parent is not None and parent_if(effect.statement) is not None:
                continue
            text = view.t(effect.statement)
            edit = put(effect.statement, f"if ({amount} > 1)\n\t\t{text}")
        elif effect.helper is not None and effect.helper.returns == "int" and effect.helper.zero:
            edit = put(effect.node, f"({amount} > 1 ? {view.t(effect.node)} : 0)")
        else:
            continue
        name = f"conditional-{effect.kind}"
        yield Proposal(name, (edit,), pairing=True, counter=effect.counter)


def unconditional(context: Context) -> Iterator[Proposal]:
    """Drop the condition that a charge or its return stands under.

    A condition on the amount or on the owner itself is kept: without it, zero pages are charged, or
    a null pointer is followed, and neither is a defect of accounting.
    """
    view = context.view
    for effect in moves(context):
        outer = parent_if(effect.statement)
        if not is_whole(effect) or outer is None or field(outer, "alternative") is not None:
            continue
        condition = field(outer, "condition")
        if condition is None or not in_block(outer):
            continue
        used = set(view.names(effect.node))
        if used & set(view.names(condition)) or "IS_ENABLED" in view.t(condition):
            continue
        edit = put(outer, view.t(effect.statement))
        name = f"unconditional-{effect.kind}"
        yield Proposal(name, (edit,), pairing=True, counter=effect.counter)


def early_return(context: Context) -> Iterator[Proposal]:
    """Leave for one amount just before it is given back."""
    view = context.view
    for effect in moves(context):
        amount = pure_amount(view, effect)
        if effect.kind != UNCHARGE or not amount or not is_whole(effect):
            continue
        edit = ahead(view, effect.statement, f"if ({amount} == 1)\n\t\t{failure(view)}")
        if edit is not None:
            yield Proposal("early-return", (edit,), pairing=True, counter=effect.counter)


def opposite(context: Context) -> Iterator[Proposal]:
    """Charge where it is to be given back, or the other way round."""
    view = context.view
    for effect in moves(context):
        text = view.t(effect.node)
        new = text
        if effect.form == "plain" and ("+=" in text or "-=" in text):
            new = text.replace("+=", "%").replace("-=", "+=").replace("%", "-=")
        elif effect.form in ("atomic", "return"):
            new = (
                text.replace("_add", "_%", 1) if "_add" in text else text.replace("_sub", "_add", 1)
            )
            new = new.replace("_%", "_sub", 1)
        elif effect.form == "helper" and effect.helper is not None:
            if effect.helper.direction is not None:
                swap = {"true": "false", "false": "true"}
                argument = view.arguments(effect.node)[effect.helper.direction]
                if view.t(argument) in swap:
                    yield Proposal(
                        "opposite-sign", (put(argument, swap[view.t(argument)]),), pairing=True,
                        counter=effect.counter,
                    )  # fmt: skip
                continue
            amount = effect.amount
            if effect.helper.signs == {"+", "-"} and amount is not None:
                text = view.t(amount)
                new = text[1:] if text.startswith("-") else f"-({text})"
                yield Proposal(
                    "opposite-sign", (put(amount, new),), pairing=True, counter=effect.counter
                )
            continue
        if new != text:
            yield Proposal(
                "opposite-sign", (put(effect.node, new),), pairing=True, counter=effect.counter
            )


def after_put(context: Context) -> Iterator[Proposal]:
    """Give back after the reference to the owner is dropped, or its holder freed."""
    view = context.view
    for effect in moves(context):
        if not is_whole(effect) or effect.owner is None or not in_block(effect.statement):
            continue
        holders = _prefixes(view, effect.owner)
        here = effect.statement.next_named_sibling
        while here is not None:
            if here.type == "expression_statement" and here.named_children:
                call = here.named_children[0]
                if call.type == "call_expression" and _drops(view, call, holders):
                    text = view.t(effect.statement)
                    behind = after(view, here, text)
                    if behind is not None:
                        edits = (Edit(*view.whole_lines(effect.statement), b""), behind)
                        yield Proposal("after-put", edits, counter=effect.counter)
                    break
            elif here.type not in ("comment", "if_statement", "expression_statement"):
                break
            here = here.next_named_sibling


def _prefixes(view: View, node: Node) -> set[str]:
    """Return the expressions that lead to an owner: ``umem->mm`` and ``umem``."""
    found, here = set(), node
    while here is not None:
        found.add(view.t(here))
        if here.type not in ("field_expression", "subscript_expression"):
            break
        here = here.child_by_field_name("argument") or here
    return found


def _drops(view: View, call: Node, holders: set[str]) -> bool:
    arguments = view.arguments(call)
    name = view.callee(call)
    drop = name in ("mmdrop", "mmput", "mmput_async", "free_uid") or name.endswith(
        ("kfree", "vfree")
    )
    return drop and bool(arguments) and view.t(arguments[0]) in holders


# Jumps


def _labels(view: View) -> list[tuple[int, str]]:
    return [
        (node.start_byte, view.t(node.child_by_field_name("label")))
        for node in view.of("labeled_statement")
    ]


def _fails_charge(view: View, jump: Node, charges: list[Effect]) -> bool:
    """Tell whether a jump is the way out of the failed charge itself."""
    here = jump
    while here.parent is not None and here.type != "if_statement":
        here = here.parent
    if here.type != "if_statement":
        return False
    condition = field(here, "condition")
    previous = here.prev_named_sibling
    for effect in charges:
        if (
            condition is not None
            and condition.start_byte <= effect.node.start_byte < condition.end_byte
        ):
            return True
        if previous is not None and effect.statement == previous and not is_whole(effect):
            return True
        if previous is not None and effect.statement == previous and condition is not None:
            target = field(previous.named_children[0], "left")
            if target is not None and view.t(target) in view.names(condition):
                return True
    return False


def jumps(context: Context) -> Iterator[Proposal]:
    """Leave past the uncharge of an exit ladder, or enter the ladder above it."""
    view = context.view
    labels = _labels(view)
    charges = [e for e in moves(context) if e.kind == CHARGE]
    backs = [e for e in moves(context) if e.kind == UNCHARGE]
    returns = [(n.start_byte, view.t(n)) for n in view.of("return_statement")]
    for jump in view.of("goto_statement"):
        target = view.t(jump.child_by_field_name("label"))
        position = next((p for p, name in labels if name == target and p > jump.end_byte), -1)
        if position < 0:
            continue
        failed = _fails_charge(view, jump, charges)
        charged = (
            {e.counter for e in charges if e.node.end_byte < jump.start_byte}
            if not failed
            else set()
        )
        ladder = [e for e in backs if e.node.start_byte > position and e.counter in charged]
        if ladder:
            last = max(e.statement.end_byte for e in ladder)
            away = next((text for p, text in returns if p > last), "")
            if away or view.return_type() == "void":
                yield Proposal(
                    "return-past", (put(jump, away or "return;"),), counter=ladder[0].counter
                )
            further = next((name for p, name in labels if p >= last), "")
            if further:
                edit = put(jump, f"goto {further};")
                yield Proposal("goto-past", (edit,), counter=ladder[0].counter)
        else:
            skipped = [
                e for e in backs
                if jump.end_byte < e.node.start_byte < position and e.counter not in charged
                and _counted(view, e, jump)
            ]  # fmt: skip
            above = next(
                (name for p, name in reversed(labels) if jump.end_byte < p <= min(
                    (e.statement.start_byte for e in skipped), default=-1)), "",
            )  # fmt: skip
            begin = next((p for p, name in labels if name == above), 0)
            charges_there = any(begin < c.node.start_byte < position for c in charges)
            if skipped and above and not charges_there:
                edit = put(jump, f"goto {above};")
                yield Proposal("goto-above", (edit,), counter=skipped[0].counter)


def _counted(view: View, effect: Effect, jump: Node) -> bool:
    """Tell whether an amount is set by the time of a jump; one of a fresh object is zero else."""
    if effect.amount is None:
        return True
    texts = {view.t(n) for n in walk(effect.amount) if n.type in ("identifier", "field_expression")}
    for text in texts - set(view.parameters):
        stores = [t.start_byte for t, _, _ in view.stores() if view.t(t) == text]
        if stores and min(stores) > jump.start_byte:
            return False
    return True


def unchecked(context: Context) -> Iterator[Proposal]:
    """Drop the question whether the limit allows it, where a helper answers."""
    view = context.view
    for effect in context.place.effects:
        if effect.kind != CHECK:
            continue
        outer = effect.statement
        if outer.type == "if_statement" and field(outer, "alternative") is None and in_block(outer):
            condition = field(outer, "condition")
            if condition is None or _more(view, condition):
                continue
            if condition.start_byte <= effect.node.start_byte < condition.end_byte:
                edit = Edit(*view.whole_lines(outer), b"")
                yield Proposal("check-deleted", (edit,), reach="far")


def _more(view: View, condition: Node) -> bool:
    """Tell whether a condition asks for more than one call's answer."""
    inner = condition.named_children[0]
    return inner.type == "binary_expression" and has_calls(view, inner) and "&&" in view.t(inner)


OPERATORS = (
    deleted, duplicated, conditional, unconditional, early_return, opposite, after_put, jumps,
    unchecked,
)  # fmt: skip
