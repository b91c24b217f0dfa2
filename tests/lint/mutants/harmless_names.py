# SPDX-License-Identifier: GPL-2.0-only
"""Edits of names and expressions that change nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mutants.effects import CHARGE, UNCHARGE, Effect, checks, counter_of, owner_struct
from mutants.model import Edit, Proposal, rank
from mutants.ops import Context, after, ahead, field, has_calls, in_block, is_whole, put
from mutants.view import Node, View
from patchkit.tree.csource import walk


def sites(context: Context) -> Iterator[Effect]:
    """Yield the effects that are statements of their own in a block."""
    for effect in context.place.effects:
        if effect.kind in (CHARGE, UNCHARGE) and is_whole(effect) and in_block(effect.statement):
            yield effect


def relevant(context: Context) -> list[str]:
    """Return the locals and parameters that effects and checks use, in a stable random order."""
    view = context.view
    names: set[str] = set()
    for effect in context.place.effects:
        names |= set(view.names(effect.statement))
    for check in checks(view):
        names |= set(view.names(check.node))
    names &= set(view.locals) | set(view.parameters)
    return sorted(names, key=lambda name: rank(view.path, view.name, name))


def renamed(context: Context) -> Iterator[Proposal]:
    """Give a local or parameter another name."""
    view = context.view
    tokens = [t for t in view.source.tokens if t.kind not in ("comment",)]
    labels = {view.t(node.child_by_field_name("label")) for node in view.of("labeled_statement")}
    directives = b" ".join(t.text for t in tokens if t.kind == "directive")
    for name in relevant(context)[:2]:
        word = name.encode()
        if name in labels or word in directives or b"kept_" + word in view.text:
            continue
        edits = []
        for position, token in enumerate(tokens):
            if token.kind != "ident" or token.text != word:
                continue
            before = tokens[position - 1].text if position else b""
            if before not in (b".", b"->", b"struct", b"enum", b"union"):
                edits.append(Edit(token.start, token.end, b"kept_" + word))
        if edits:
            yield Proposal("rename-local", tuple(edits))


def spelled_out(context: Context) -> Iterator[Proposal]:
    """``x += y`` as ``x = x + y``."""
    view = context.view
    for node in view.of("assignment_expression"):
        sign = view.t(field(node, "operator"))
        left, right = field(node, "left"), field(node, "right")
        if sign not in ("+=", "-=") or left is None or right is None or has_calls(view, left):
            continue
        simple = right.type in (
            "identifier",
            "field_expression",
            "number_literal",
            "call_expression",
        )
        value = view.t(right) if simple else f"({view.t(right)})"
        new = f"{view.t(left)} = {view.t(left)} {sign[0]} {value}"
        yield Proposal("spelled-out", (put(node, new),))


def swapped_terms(context: Context) -> Iterator[Proposal]:
    """``a + b`` as ``b + a``, in what is compared or moved."""
    view = context.view
    roots = [check.above for check in checks(view)]
    roots += [e.amount for e in context.place.effects if e.amount is not None]
    roots += [value for _, value, _ in view.stores() if counter_in(view, value)]
    for root in roots:
        for node in walk(root):
            left, right = field(node, "left"), field(node, "right")
            if node.type != "binary_expression" or left is None or right is None:
                continue
            if view.t(field(node, "operator")) != "+" or right.type == "binary_expression":
                continue
            if left.type == "binary_expression":
                new = f"{view.t(right)} + ({view.t(left)})"
            else:
                new = f"{view.t(right)} + {view.t(left)}"
            yield Proposal("swap-terms", (put(node, new),))


def counter_in(view: View, node: Node) -> bool:
    return any(counter_of(view, below) for below in walk(node))


def mirrored(context: Context) -> Iterator[Proposal]:
    """``a > b`` as ``b < a``."""
    view = context.view
    flip = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
    for check in checks(view):
        left, right = field(check.node, "left"), field(check.node, "right")
        new = f"{view.t(right)} {flip[check.operator]} {view.t(left)}"
        yield Proposal("mirror-comparison", (put(check.node, new),))


def zero_tests(context: Context) -> Iterator[Proposal]:
    """``!x`` as ``x == 0`` or ``x == NULL``, ``if (x)`` as ``if (x != 0)``."""
    view = context.view
    for node in view.of("if_statement"):
        condition = field(node, "condition")
        inner = condition.named_children[0] if condition is not None else None
        if inner is None or condition is None:
            continue
        target, sign = inner, "!="
        if inner.type == "unary_expression" and view.t(inner).startswith("!"):
            argument = field(inner, "argument")
            if argument is None:
                continue
            target, sign = argument, "=="
        if target.type != "identifier":
            continue
        kind = view.type_of(view.t(target))
        if kind == "bool" or not kind:
            continue
        zero = "NULL" if kind.endswith("*") else "0" if view.is_integer(view.t(target)) else ""
        if zero:
            edit = put(condition, f"({view.t(target)} {sign} {zero})")
            yield Proposal("zero-test", (edit,))


def local_for_expression(context: Context) -> Iterator[Proposal]:
    """An amount or an owner by way of a local."""
    view = context.view
    for effect in sites(context):
        statement = effect.statement
        for node, name in ((effect.amount, "kept_pages"), (effect.owner, "kept_owner")):
            if node is None or (has_calls(view, node) and name == "kept_owner"):
                continue
            kind = view.type_of(view.t(node)) or "long "
            if name == "kept_owner":
                tag = owner_struct(view, node)
                if tag not in ("mm_struct", "user_struct") or view.t(node).startswith("&"):
                    continue
                kind = f"struct {tag} *"
            elif view.t(node) in ("0", "1", "NULL") or kind.endswith("*"):
                continue
            separator = "" if kind.endswith(("*", " ")) else " "
            text = view.t(statement)
            at = node.start_byte - statement.start_byte
            raw = text.encode()
            moved = raw[:at] + name.encode() + raw[at + node.end_byte - node.start_byte :]
            indent = view.indent(statement).decode()
            new = (
                f"{{\n{indent}\t{kind}{separator}{name} = {view.t(node)};\n\n"
                f"{indent}\t{moved.decode()}\n{indent}}}"
            )
            yield Proposal("local-for-expression", (put(statement, new),))


def local_for_sum(context: Context) -> Iterator[Proposal]:
    """What is compared with the limit by way of a local."""
    view = context.view
    for check in checks(view):
        outer = view.statement(check.node)
        condition = field(outer, "condition")
        if outer.type != "if_statement" or condition is None or not in_block(outer):
            continue
        inside = view.text[condition.start_byte : check.above.start_byte]
        if inside.strip(b"( ") or (
            has_calls(view, check.above) and "_read" not in view.t(check.above)
        ):
            continue
        first = ahead(view, outer, "")
        if first is None:
            continue
        indent = view.indent(outer).decode()
        head = f"{{\n{indent}\tunsigned long kept_sum = {view.t(check.above)};\n\n{indent}\t"
        edits = (
            Edit(outer.start_byte, outer.start_byte, head.encode()),
            put(check.above, "kept_sum"),
            Edit(outer.end_byte, outer.end_byte, f"\n{indent}}}".encode()),
        )
        yield Proposal("local-for-sum", edits)


def read_once(context: Context) -> Iterator[Proposal]:
    """``READ_ONCE()`` around a plain counter that is only read."""
    view = context.view
    for node in view.of("field_expression"):
        if counter_of(view, node) != "mm.locked_vm" or node.parent is None:
            continue
        parent = node.parent
        written = parent.type in ("assignment_expression", "update_expression")
        if written and field(parent, "right") != node:
            continue
        if parent.type in ("pointer_expression", "sizeof_expression"):
            continue
        yield Proposal("read-once", (put(node, f"READ_ONCE({view.t(node)})"),))


def commented(context: Context) -> Iterator[Proposal]:
    """A comment that names a counter, and one at the end of a line."""
    view = context.view
    for effect in sites(context):
        edit = ahead(view, effect.statement, "/* mm->locked_vm += npages; if (ret) goto out; */")
        line = after(view, effect.statement, "// atomic64_sub(npages, &mm->pinned_vm);")
        if edit is not None and line is not None:
            yield Proposal("comment", (edit, line))


def laid_out(context: Context) -> Iterator[Proposal]:
    """Blanks and line breaks between the tokens of a statement."""
    view = context.view
    for effect in context.place.effects:
        statement = effect.statement
        if statement.type not in ("expression_statement", "return_statement"):
            continue
        tokens = view.source.tokens_in(statement.start_byte, statement.end_byte)
        if any(t.kind in ("comment", "directive") for t in tokens):
            continue
        text = " ".join(
            t.text.decode() + ("\n\t\t" if t.text in (b",", b"=", b"+=", b"-=") else "")
            for t in tokens
        )
        yield Proposal("layout", (put(statement, text),))


def parenthesised(context: Context) -> Iterator[Proposal]:
    """Parentheses that nobody needs."""
    view = context.view
    for effect in context.place.effects:
        if effect.amount is not None and effect.amount.type != "parenthesized_expression":
            yield Proposal("parentheses", (put(effect.amount, f"({view.t(effect.amount)})"),))


def printed(context: Context) -> Iterator[Proposal]:
    """A debugging message next to a move."""
    view = context.view
    for effect in sites(context):
        amount = view.t(effect.amount)
        if effect.amount is None or has_calls(view, effect.amount):
            continue
        text = f'pr_debug("%s: %lu pages\\n", __func__, (unsigned long)({amount}));'
        edit = ahead(view, effect.statement, text)
        if edit is not None:
            yield Proposal("debug-print", (edit,))


def asserted(context: Context) -> Iterator[Proposal]:
    """An assertion that holds."""
    view = context.view
    for effect in sites(context):
        owner = effect.owner
        if owner is None or has_calls(view, owner) or owner_struct(view, owner) != "mm_struct":
            continue
        if re.match(r"[&*]", view.t(owner)) is None:
            edit = ahead(view, effect.statement, f"WARN_ON_ONCE(!{view.t(owner)});")
            if edit is not None:
                yield Proposal("assertion", (edit,))


OPERATORS = (
    renamed, spelled_out, swapped_terms, mirrored, zero_tests, local_for_expression, local_for_sum,
    read_once, commented, laid_out, parenthesised, printed, asserted,
)  # fmt: skip
