# SPDX-License-Identifier: GPL-2.0-only
"""Edits of statements and functions that change nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mutants.effects import CHARGE, UNCHARGE, Effect
from mutants.harmless_names import sites
from mutants.model import Edit, Proposal
from mutants.ops import Context, field, has_calls, in_block, put
from mutants.view import Node, View
from patchkit.tree.csource import walk

_JUMPS = ("return_statement", "goto_statement", "break_statement", "continue_statement")
_MACROS = re.compile(r"\b[A-Z_]{3,}\b")


def _braced(view: View, node: Node | None) -> str:
    """Return a statement as a block."""
    if node is None:
        return "{ }"
    text = view.t(node)
    return text if node.type == "compound_statement" else f"{{\n\t\t{text}\n\t}}"


def _condition(view: View, node: Node) -> str:
    """Return an if's condition without its parentheses."""
    condition = field(node, "condition")
    return view.t(condition)[1:-1] if condition is not None else ""


def _ifs(context: Context) -> Iterator[Node]:
    """Yield the ifs near effects: those that hold one, or stand next to one."""
    view = context.view
    places = [e.statement for e in context.place.effects]
    for node in view.of("if_statement"):
        if "#" in view.t(node):
            continue
        near = any(
            node.start_byte <= one.start_byte < node.end_byte
            or node.prev_named_sibling == one
            or node.next_named_sibling == one
            for one in places
        )
        if near or "capable" in _condition(view, node):
            yield node


def inverted(context: Context) -> Iterator[Proposal]:
    """``if (!c) B else A``."""
    view = context.view
    for node in _ifs(context):
        alternative = field(node, "alternative")
        if node.parent is not None and node.parent.type == "else_clause":
            continue
        then = _braced(view, field(node, "consequence"))
        other = alternative.named_children[-1] if alternative is not None else None
        new = f"if (!({_condition(view, node)})) {_braced(view, other)} else {then}"
        yield Proposal("invert-if", (put(node, new),))


def split(context: Context) -> Iterator[Proposal]:
    """One ``if`` each for what ``&&`` or ``||`` joins."""
    view = context.view
    for node in _ifs(context):
        condition, consequence = field(node, "condition"), field(node, "consequence")
        if condition is None or consequence is None or field(node, "alternative") is not None:
            continue
        inner = condition.named_children[0]
        sign = view.t(field(inner, "operator"))
        left, right = view.t(field(inner, "left")), view.t(field(inner, "right"))
        if inner.type != "binary_expression" or not in_block(node):
            continue
        then = _braced(view, consequence)
        if sign == "&&":
            yield Proposal(
                "split-and", (put(node, f"if ({left}) {{\n\t\tif ({right}) {then}\n\t}}"),)
            )
        elif sign == "||" and consequence.type in _JUMPS:
            text = view.t(consequence)
            new = f"if ({left})\n\t\t{text}\n\tif ({right})\n\t\t{text}"
            yield Proposal("split-or", (put(node, new),))


def joined(context: Context) -> Iterator[Proposal]:
    """``if (a) if (b)`` as one condition."""
    view = context.view
    for node in _ifs(context):
        consequence = field(node, "consequence")
        if consequence is None or field(node, "alternative") is not None:
            continue
        held = [n for n in consequence.named_children if n.type != "comment"]
        inner = (
            held[0] if consequence.type == "compound_statement" and len(held) == 1 else consequence
        )
        if inner.type != "if_statement" or field(inner, "alternative") is not None:
            continue
        both = f"({_condition(view, node)}) && ({_condition(view, inner)})"
        new = f"if ({both}) {_braced(view, field(inner, 'consequence'))}"
        yield Proposal("join-conditions", (put(node, new),))


def goto_for_return(context: Context) -> Iterator[Proposal]:
    """``goto out`` as the return at that label, and back."""
    view = context.view
    ends: dict[str, str] = {}
    for node in view.of("labeled_statement"):
        held = node.named_children[-1]
        if held.type == "return_statement" and not has_calls(view, held):
            ends[view.t(node.child_by_field_name("label"))] = view.t(held)
    for node in view.of("goto_statement"):
        target = view.t(node.child_by_field_name("label"))
        if target in ends:
            yield Proposal("goto-as-return", (put(node, ends[target]),))
    labels = {text: label for label, text in ends.items()}
    for node in view.of("return_statement"):
        label = labels.get(view.t(node))
        if label is None or node.parent is None or node.parent.type == "labeled_statement":
            continue
        yield Proposal("return-as-goto", (put(node, f"goto {label};"),))


def returned_early(context: Context) -> Iterator[Proposal]:
    """``if (c) { … }`` at a function's end as ``if (!c) return``."""
    view = context.view
    held = [n for n in view.body.named_children if n.type != "comment"]
    if not held:
        return
    end = ""
    if held[-1].type == "return_statement" and len(held) > 1 and not has_calls(view, held[-1]):
        end, held = view.t(held[-1]), held[:-1]
    elif view.return_type() == "void":
        end = "return;"
    node = held[-1]
    consequence = field(node, "consequence")
    if node.type != "if_statement" or field(node, "alternative") is not None or not end:
        return
    if consequence is None or any(n.type == "declaration" for n in consequence.named_children):
        return
    text = view.t(consequence)
    inner = text[1:-1].strip() if consequence.type == "compound_statement" else text
    new = f"if (!({_condition(view, node)}))\n\t\t{end}\n\n\t{inner}"
    yield Proposal("early-exit", (put(node, new),))


def wrapped(context: Context) -> Iterator[Proposal]:
    """``do { … } while (0)`` around a move, and braces around what needs none."""
    view = context.view
    for effect in sites(context):
        text = view.t(effect.statement)
        yield Proposal("do-once", (put(effect.statement, f"do {{\n\t\t{text}\n\t}} while (0);"),))
    for node in _ifs(context):
        consequence = field(node, "consequence")
        if consequence is not None and consequence.type != "compound_statement":
            yield Proposal("braces", (put(consequence, _braced(view, consequence)),))


def hinted(context: Context) -> Iterator[Proposal]:
    """``unlikely()`` around a condition."""
    view = context.view
    for node in _ifs(context):
        condition = field(node, "condition")
        text = _condition(view, node)
        if condition is not None and "likely(" not in text and "=" not in text.replace("==", ""):
            yield Proposal("unlikely", (put(condition, f"(unlikely({text}))"),))


def by_macro(context: Context) -> Iterator[Proposal]:
    """A macro of the file's own for a call that moves a counter."""
    view = context.view
    for effect in sites(context):
        call = effect.node
        function = field(call, "function")
        if call.type != "call_expression" or function is None:
            continue
        names = [f"a{i}" for i, _ in enumerate(view.arguments(call))]
        listed = ", ".join(names)
        define = f"#define kept_move({listed}) {view.callee(call)}({listed})\n\n"
        yield Proposal("macro", (put(function, "kept_move"),), before=define.encode())


def hoisted(context: Context) -> Iterator[Proposal]:
    """A helper of the file's own for a statement that moves a counter."""
    view = context.view
    for effect in sites(context):
        node = effect.node
        if node.type == "assignment_expression" and field(node, "left") is not None:
            left = field(node, "left")
            if left is not None and left.type != "field_expression":
                continue
        known = {**view.parameters, **view.locals}
        names = list(dict.fromkeys(n for n in view.names(node) if n in known))
        if any("[]" in known[name] or not known[name] for name in names):
            continue
        values = [f"{known[n]}{'' if known[n].endswith('*') else ' '}{n}" for n in names]
        inline = "inline " if view.path.endswith(".h") else ""
        helper = (
            f"static {inline}void kept_step({', '.join(values) or 'void'})\n{{\n"
            f"\t{view.t(effect.statement)}\n}}\n\n"
        )
        edit = put(effect.statement, f"kept_step({', '.join(names)});")
        yield Proposal("hoist-helper", (edit,), before=helper.encode())


def inlined(context: Context) -> Iterator[Proposal]:
    """A helper's body where it is called."""
    for effect in sites(context):
        body = _body_of(context, effect)
        if body is not None:
            yield Proposal("inline-helper", (put(effect.statement, body),))


def _body_of(context: Context, effect: Effect) -> str | None:
    helper, view = effect.helper, context.view
    if helper is None or effect.node.type != "call_expression" or helper.path != view.path:
        return None
    places = context.survey.places.get(helper.path, [])
    inner = next((p.view for p in places if p.name == helper.name), None)
    if inner is None or inner.return_type() != "void" or inner.returns_pointer():
        return None
    kinds = {n.type for n in inner.nodes}
    if kinds & {"return_statement", "goto_statement", "declaration", "labeled_statement"}:
        return None
    if "#" in inner.t(inner.body):
        return None
    arguments = view.arguments(effect.node)
    names = list(inner.parameters)
    if len(names) != len(arguments) or any(has_calls(view, a) for a in arguments):
        return None
    values = {
        name: view.t(a) if a.type in ("identifier", "field_expression") else f"({view.t(a)})"
        for name, a in zip(names, arguments, strict=True)
    }
    assigned = {inner.t(target) for target, _, _ in inner.stores()}
    if assigned & set(names):
        return None
    text, start = inner.t(inner.body), inner.body.start_byte
    raw = text.encode()
    for node in sorted(walk(inner.body), key=lambda n: n.start_byte, reverse=True):
        if node.type == "identifier" and inner.t(node) in values:
            begin, end = node.start_byte - start, node.end_byte - start
            raw = raw[:begin] + values[inner.t(node)].encode() + raw[end:]
    return raw.decode()


def swapped(context: Context) -> Iterator[Proposal]:
    """Two neighbours that do not depend on each other, in the other order."""
    view = context.view
    moved = [e.statement for e in context.place.effects if e.kind in (CHARGE, UNCHARGE, "init")]
    for statement in moved:
        following = statement.next_named_sibling
        if following is None or not in_block(statement):
            continue
        first, second = _writes(view, statement), _writes(view, following)
        if first is None or second is None:
            continue
        texts = view.t(statement), view.t(following)
        if first in texts[1] or second in texts[0]:
            continue
        edits = (put(statement, texts[1]), put(following, texts[0]))
        yield Proposal("swap-statements", edits)


def _writes(view: View, statement: Node) -> str | None:
    """Return what a simple statement writes; None for what is not simple."""
    if statement.type != "expression_statement" or not statement.named_children:
        return None
    node = statement.named_children[0]
    if node.type == "assignment_expression" and not has_calls(view, node):
        return view.t(field(node, "left"))
    if node.type == "call_expression" and view.callee(node).startswith("atomic"):
        targets = [view.t(a) for a in view.arguments(node) if view.t(a).startswith("&")]
        return targets[0] if len(targets) == 1 else None
    return None


def conditional_expressions(context: Context) -> Iterator[Proposal]:
    """``if (c) x = a; else x = b;`` as ``x = c ? a : b``."""
    view = context.view
    for node in view.of("if_statement"):
        alternative, then = field(node, "alternative"), field(node, "consequence")
        if alternative is None or then is None or not in_block(node):
            continue
        pair = [_assignment(n) for n in (then, alternative.named_children[-1])]
        if pair[0] is None or pair[1] is None:
            continue
        targets = [view.t(field(n, "left")) for n in pair]
        if targets[0] != targets[1]:
            continue
        values = [view.t(field(n, "right")) for n in pair]
        condition = _condition(view, node)
        new = f"{targets[0]} = ({condition}) ? {values[0]} : {values[1]};"
        yield Proposal("ternary", (put(node, new),))


def _assignment(node: Node) -> Node | None:
    if node.type == "compound_statement" and len(node.named_children) == 1:
        node = node.named_children[0]
    if node.type != "expression_statement" or not node.named_children:
        return None
    inner = node.named_children[0]
    sign = field(inner, "operator")
    plain = inner.type == "assignment_expression" and sign is not None and sign.type == "="
    return inner if plain else None


def unused(context: Context) -> Iterator[Proposal]:
    """A local that nothing depends on."""
    view = context.view
    start = view.body.start_byte + 1
    names = [n for n in view.parameters if view.is_integer(n)]
    value = names[0] if names else "0"
    edit = Edit(start, start, f"\n\tunsigned long __maybe_unused kept_spare = {value};".encode())
    if context.place.effects:
        yield Proposal("unused-local", (edit,))


OPERATORS = (
    inverted, split, joined, goto_for_return, returned_early, wrapped, hinted, by_macro, hoisted,
    inlined, swapped, conditional_expressions, unused,
)  # fmt: skip
