# SPDX-License-Identifier: GPL-2.0-only
"""Defects of what is charged: another counter, another owner, another amount, another way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mutants.defects_moves import moves
from mutants.effects import CHARGE, UNCHARGE, Effect, linked, owner_struct
from mutants.model import Edit, Proposal, rank
from mutants.ops import Context, field, has_calls, is_whole, pure_amount, put
from mutants.view import Node, View
from patchkit.tree.csource import walk

_COUNTS = re.compile(
    r"n?r?_?pages?|pages|npage|len|length|size|count|nr|pinned|entries|npfn|grow|extra|bytes|off"
)
_WIDE = re.compile(
    r"(const )?(unsigned long|long|u64|s64|size_t|ssize_t|unsigned long long|uint64_t|loff_t)"
)
_LIMITED = re.compile(r"\b(?:min|max|min_t|max_t|clamp|clamp_t)\s*\(")


def _counter_field(view: View, effect: Effect) -> Node | None:
    for node in walk(effect.node):
        if node.type == "field_expression" and field(node, "argument") == effect.owner:
            return node
    return None


def other_counter(context: Context) -> Iterator[Proposal]:
    """Move the other counter of the pair, or of the user."""
    view = context.view
    for effect in moves(context):
        if not is_whole(effect) or effect.owner is None or effect.amount is None:
            continue
        owner, amount = view.t(effect.owner), view.t(effect.amount)
        what = "add" if effect.kind == CHARGE else "sub"
        sign = "+=" if effect.kind == CHARGE else "-="
        found = _counter_field(view, effect)
        arrow = view.t(field(found, "operator")) if found is not None else "->"
        new = ""
        if effect.form == "helper":
            helper = effect.helper
            plain = helper is not None and helper.counters == {"mm.locked_vm"}
            simple = plain and helper is not None and helper.direction is not None
            simple = simple and not has_calls(view, effect.owner)
            if simple and owner_struct(view, effect.owner) == "mm_struct":
                new = f"atomic64_{what}({amount}, &{owner}->pinned_vm)"
        elif effect.counter == "mm.locked_vm" and re.search(r"[+-]=", view.t(effect.node)):
            new = f"atomic64_{what}({amount}, &{owner}{arrow}pinned_vm)"
        elif effect.counter == "mm.pinned_vm" and effect.form == "atomic":
            new = f"{owner}{arrow}locked_vm {sign} {amount}"
        elif effect.counter == "user.locked_vm" and effect.form == "atomic":
            new = f"atomic64_{what}({amount}, &current->mm->pinned_vm)"
        elif effect.counter == "user.perf_mlock":
            new = view.t(effect.node).replace("perf_mlock", "locked_vm")
        if new and new != view.t(effect.node):
            edit = put(effect.node, new)
            yield Proposal("other-counter", (edit,), pairing=True, counter=effect.counter)


def other_owner(context: Context) -> Iterator[Proposal]:
    """Charge, or give back to, the mm or user of whoever runs instead of the one kept.

    Where both are the same by construction the edit would be no defect, so: a return is changed
    only in functions that do not charge, a charge only if its owner is kept in an object or is
    ``current->mm``; a VMA's or a guest's mm is the caller's when something is mapped or made.
    """
    view = context.view
    signs = context.place.signs
    for effect in moves(context):
        owner = effect.owner
        if owner is None:
            continue
        text, tag = view.t(owner), owner_struct(view, owner)
        if effect.form == "helper" and tag not in ("mm_struct", "user_struct"):
            continue
        if view.path.startswith("mm/") and tag == "mm_struct":
            continue
        new = ""
        values = view.values_of(text)
        if tag == "mm_struct" or text == "current->mm":
            own = text == "current->mm" or any("current->mm" in value for value in values)
            if own:
                new = "current->parent->mm"
            elif effect.kind == UNCHARGE and "+" not in signs(effect.counter):
                new = "current->mm"
            elif effect.kind == CHARGE and owner.type == "field_expression":
                new = "" if re.search(r"vm_mm$|kvm->mm$", text) else "current->mm"
        elif effect.kind == UNCHARGE and owner.type == "field_expression":
            new = "current_user()" if tag == "user_struct" else ""
        if new:
            edit = put(owner, new)
            yield Proposal("other-owner", (edit,), pairing=True, counter=effect.counter)


def other_amount(context: Context) -> Iterator[Proposal]:
    """Another variable, a sum without a term, bytes for pages, half of the bits."""
    view = context.view
    for effect in moves(context):
        amount = effect.amount
        if amount is None or effect.form == "cmpxchg":
            continue
        inner = amount
        while inner.type == "parenthesized_expression" and inner.named_children:
            inner = inner.named_children[0]
        text = view.t(amount)

        def propose(name: str, edit: Edit, counter: str = effect.counter) -> Proposal:
            return Proposal(name, (edit,), pairing=True, counter=counter)

        sign = view.t(field(inner, "operator"))
        left = field(inner, "left")
        if inner.type == "binary_expression" and sign in "+-" and left is not None:
            yield propose("amount-term", put(amount, view.t(left)))
        if "PAGE_SHIFT" in text and sign == ">>" and left is not None:
            yield propose("amount-bytes", put(amount, view.t(left)))
        elif inner.type == "call_expression" and view.callee(inner) in ("PFN_DOWN", "PFN_UP"):
            yield propose("amount-bytes", put(amount, view.t(view.arguments(inner)[0])))
        elif pure_amount(view, effect):
            yield propose("amount-bytes", put(amount, f"({text}) << PAGE_SHIFT"))
        if amount.type == "identifier" and _WIDE.fullmatch(view.type_of(text)):
            yield propose("amount-32bit", put(amount, f"(unsigned int){text}"))
        for name in _alternatives(view, effect)[:2]:
            yield propose("amount-variable", put(amount, name))


def _alternatives(view: View, effect: Effect) -> list[str]:
    """Return other integers that hold a count of something and have a value by then."""
    amount = effect.amount
    assert amount is not None
    used = set(view.names(amount))
    kin = {
        view.t(target)
        for target, value, _ in view.stores()
        if set(view.names(value)) & used and value.type in ("identifier", "assignment_expression")
    }
    kin |= {value for name in used for value in view.values_of(name)}
    names = []
    for name in (*view.parameters, *view.locals):
        if name in used or name in kin or not view.is_integer(name):
            continue
        if view.type_of(name) == "bool" or not _COUNTS.search(name) or "limit" in name:
            continue
        set_before = any(
            view.t(target) == name and value.end_byte < effect.node.start_byte
            for target, value, _ in view.stores()
        )
        if name in view.parameters or set_before:
            names.append(name)
    return sorted(names, key=lambda name: rank(view.path, view.name, name))


def unlimited(context: Context) -> Iterator[Proposal]:
    """Take the clamp off a value that becomes an amount, or set where it was added up."""
    view = context.view
    counters: dict[str, str] = {}
    for effect in moves(context):
        if effect.amount is not None:
            for name in view.names(effect.amount):
                counters.setdefault(name, effect.counter)
    for target, value, sign in view.stores():
        name = view.t(target)
        if name not in counters:
            continue
        if value.type == "call_expression" and _LIMITED.match(view.t(value)):
            arguments = view.arguments(value)
            kept = arguments[1 if view.callee(value).endswith("_t") else 0]
            edit = put(value, view.t(kept))
            yield Proposal("amount-clamp", (edit,), pairing=True, counter=counters[name])
        store = value.parent
        if sign == "+=" and store is not None and _in_loop(store):
            edit = put(store, f"{name} = {view.t(value)}")
            yield Proposal("amount-set", (edit,), pairing=True, counter=counters[name])


def _in_loop(node: Node) -> bool:
    here: Node | None = node
    while here is not None:
        if here.type in ("while_statement", "for_statement", "do_statement"):
            return True
        here = here.parent
    return False


def other_way(context: Context) -> Iterator[Proposal]:
    """``=`` for ``+=``, and a read and a set for one atomic step."""
    view = context.view
    for effect in moves(context):
        if not is_whole(effect) or effect.amount is None:
            continue
        text, amount = view.t(effect.node), view.t(effect.amount)
        if effect.form == "plain" and ("+=" in text or "-=" in text):
            edit = put(effect.node, re.sub(r"[+-]=", "=", text, count=1))
            yield Proposal("store-for-add", (edit,), counter=effect.counter)
        elif effect.form == "atomic":
            call = view.callee(effect.node)
            prefix = re.split(r"_(?:add|sub)", call)[0]
            target = next(
                (view.t(a) for a in view.arguments(effect.node) if a != effect.amount), ""
            )  # fmt: skip
            if not target or prefix == call:
                continue
            edit = put(effect.node, f"{prefix}_set({target}, {amount})")
            yield Proposal("store-for-add", (edit,), counter=effect.counter)
            sign = "+" if effect.kind == CHARGE else "-"
            new = f"{prefix}_set({target}, {prefix}_read({target}) {sign} {amount})"
            yield Proposal("not-atomic", (put(effect.node, new),), counter=effect.counter)


def narrowed(context: Context) -> Iterator[Proposal]:
    """Keep an amount, or what is in use, in an ``int``."""
    view = context.view
    amounts: dict[str, str] = {}
    for effect in moves(context):
        if effect.amount is not None and effect.amount.type == "identifier":
            amounts.setdefault(view.t(effect.amount), effect.counter)
    kept = linked(view, ((name, view.body) for name in amounts))
    for name, counter in amounts.items():
        if name not in kept or not _WIDE.fullmatch(view.locals.get(name, "")):
            continue
        declarations = view.declarations(name)
        kind = declarations[0].child_by_field_name("type") if declarations else None
        if kind is None or len(declarations[0].children_by_field_name("declarator")) != 1:
            continue
        yield Proposal("local-32bit", (put(kind, "int"),), counter=counter)


OPERATORS = (other_counter, other_owner, other_amount, unlimited, other_way, narrowed)
