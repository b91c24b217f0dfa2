# SPDX-License-Identifier: GPL-2.0-only
"""Statements of C as edges between blocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from patchkit.lint import ir
from patchkit.lint.lower_config import Configurations
from patchkit.lint.lower_expr import CannotLower, Node
from patchkit.lint.lower_loop import LoopMacros
from patchkit.lint.lower_macros import Macro
from patchkit.lint.lower_reading import Reading, named

_LABEL = re.compile(rb"\.\.\.")


@dataclass(slots=True)
class _Exits:
    """Where ``break`` and ``continue`` lead; *depth* is how many scopes stay open then."""

    leave: int
    again: int | None
    depth: int
    again_depth: int


class Statements(LoopMacros, Configurations):
    """Adds statements; ``body`` lowers a whole function."""

    def __init__(self, reading: Reading, macros: dict[str, Macro]) -> None:
        super().__init__(reading, macros)
        self.exits: list[_Exits] = []
        self.labels: dict[str, int] = {}
        self.label_scopes: dict[str, frozenset[int]] = {}
        self.cases: dict[int, int] = {}
        self._statements: dict[str, Callable[[Node], None]] = {
            "expression_statement": self._expression,
            "declaration": self.declaration,
            "compound_statement": self._compound,
            "if_statement": self._if,
            "while_statement": self._while,
            "do_statement": self._do,
            "for_statement": self._for,
            "switch_statement": self._switch,
            "case_statement": self._case,
            "return_statement": self._return,
            "break_statement": self._break,
            "continue_statement": self._continue,
            "goto_statement": self._goto,
            "labeled_statement": self._labeled,
            "attributed_statement": self._attributed,
            "preproc_ifdef": self.conditional_group,
            "preproc_if": self.conditional_group,
            "preproc_else": self.else_group,
            "preproc_elif": self.conditional_group,
            "preproc_elifdef": self.conditional_group,
            "preproc_def": self.define,
            "preproc_function_def": self.define,
            "preproc_call": lambda _: None,
            "preproc_include": lambda _: None,
            "type_definition": lambda _: None,
            "struct_specifier": lambda _: None,
            "union_specifier": lambda _: None,
            "enum_specifier": lambda _: None,
            "gnu_asm_expression": self.effect,
            "else_clause": self._attributed,
            "comment": lambda _: None,
            ";": lambda _: None,
        }

    def body(self, node: Node) -> tuple[ir.Block, ...]:
        """Lower a function's body and return its blocks."""
        self.open_scope()
        self._find_labels(node)
        for child in named(node):
            self.statement(child)
        end = self.reading.range(node.end_byte - 1, node.end_byte)
        self.clean_up(0, end)
        self.end(ir.Return(None, end))
        return self.finish()

    def statement(self, node: Node) -> None:
        lower = self._statements.get(node.type)
        if lower is None:
            raise CannotLower(f"{node.type} as a statement")
        lower(node)

    def _find_labels(self, body: Node) -> None:
        """Note which blocks each label is in: leaving the others runs their clean-ups."""
        if b"goto" not in self.reading.data:
            return
        pending: list[tuple[Node, frozenset[int]]] = [(body, frozenset())]
        while pending:
            node, inside = pending.pop()
            if node.type == "labeled_statement":
                label = node.child_by_field_name("label")
                if label is not None:
                    self.label_scopes[self.reading.text(label)] = inside
            if node.type in ("compound_statement", "if_statement", "while_statement"):
                inside = inside | {node.id}
            pending += [(child, inside) for child in node.named_children]

    # Plain statements

    def _expression(self, node: Node) -> None:
        for child in named(node):
            self.effect(child)

    def _compound(self, node: Node) -> None:
        self.open_scope(node.id)
        self.statements(named(node))
        self.close_scope(self.reading.range(node.end_byte - 1, node.end_byte))

    def _attributed(self, node: Node) -> None:
        children = list(named(node))
        if children:
            self.statement(children[-1])

    def statement_expression(self, node: Node) -> ir.Expr:
        if self.quiet:
            return ir.Opaque(self.reading.text(node))
        children = list(named(node))
        self.open_scope(node.id)
        result: ir.Expr = ir.Number(0)
        for child in children[:-1]:
            self.statement(child)
        if children:
            last = children[-1]
            expression = next(named(last), None) if last.type == "expression_statement" else None
            if expression is None:
                self.statement(last)
            else:
                # The value may name locals of the block, which end here.
                held = self.value(expression)
                result = self.temporary()
                self.emit(ir.Assign(result, held, self.reading.span(expression)))
        self.close_scope(self.reading.range(node.end_byte - 1, node.end_byte))
        return result

    # Branches

    def _if(self, node: Node) -> None:
        if self.is_macro(node, "if"):
            self.macro_statement(node)
            return
        then, other = self.block(), self.block()
        alternative = node.child_by_field_name("alternative")
        join = self.block() if alternative is not None else other
        self.condition(self._field(node, "condition"), then, other)
        self.here = then
        self.statement(self._field(node, "consequence"))
        self.jump(join)
        self.here = other
        if alternative is not None:
            self.statements(named(alternative))
            self.start(join)

    def _switch(self, node: Node) -> None:
        value = self.value(self._field(node, "condition"))
        span = self.reading.span(self._field(node, "condition"))
        self.emit(ir.Mention(value, span))
        body = self._field(node, "body")
        leave = self.block()
        default = leave
        for case in _cases(body):
            target = self.cases[case.id] = self.block()
            label = case.child_by_field_name("value")
            if label is None:
                default = target
            else:
                self._case_test(value, case, label, target)
        self.jump(default)
        again = self.exits[-1] if self.exits else None
        self.exits.append(
            _Exits(
                leave, again.again if again else None, len(self.scopes),
                again.again_depth if again else 0,
            )
        )  # fmt: skip
        self.statement(body)
        self.exits.pop()
        self.start(leave)

    def _case_test(self, value: ir.Expr, case: Node, label: Node, target: int) -> None:
        following = self.block()
        span = self.reading.span(label)
        what = self.value(label)
        colon = next((child for child in case.children if child.type == ":"), None)
        behind = self.reading.data[label.end_byte : colon.start_byte] if colon is not None else b""
        dots = _LABEL.search(behind)
        if dots is None:
            self.end(ir.Branch(ir.Binary("==", value, what), target, following, span))
        else:
            last = self.snippet(behind[dots.end() :], span)
            second = self.block()
            self.end(ir.Branch(ir.Binary(">=", value, what), second, following, span))
            self.here = second
            self.end(ir.Branch(ir.Binary("<=", value, last), target, following, span))
        self.here = following

    def _case(self, node: Node) -> None:
        target = self.cases.get(node.id)
        if target is not None:
            self.start(target)
        label = node.child_by_field_name("value")
        self.statements(child for child in named(node) if label is None or child.id != label.id)

    # Loops

    def loop_body(self, node: Node, leave: int, again: int, depth: int | None = None) -> None:
        kept = len(self.scopes) if depth is None else depth
        self.exits.append(_Exits(leave, again, kept, kept))
        self.statement(node)
        self.exits.pop()

    def loop_condition(self, node: Node | None, body: int, leave: int) -> None:
        """Test at the head of a loop. With ``&&`` and ``||`` every part is a head of its own."""
        first = len(self.blocks)
        here = self.here
        if node is None:
            self.jump(body)
            return
        self.condition(node, body, leave)
        for number in (here, *range(first, len(self.blocks))):
            branch = self.blocks[number].terminator
            if isinstance(branch, ir.Branch) and body == branch.then:
                self.blocks[number].terminator = ir.Branch(
                    branch.condition, branch.then, branch.other, branch.span, loop=True
                )

    def _while(self, node: Node) -> None:
        if self.is_macro(node, "while"):
            self.macro_statement(node)
            return
        head, body, leave = self.block(), self.block(), self.block()
        self.start(head)
        self.loop_condition(self._field(node, "condition"), body, leave)
        self.here = body
        self.loop_body(self._field(node, "body"), leave, head)
        self.jump(head)
        self.here = leave

    def _do(self, node: Node) -> None:
        body, test, leave, again = (self.block() for _ in range(4))
        self.start(body)
        self.loop_body(self._field(node, "body"), leave, test)
        self.start(test)
        self.condition(self._field(node, "condition"), again, leave)
        self.here = again
        self.jump(body)
        self.here = leave

    def _for(self, node: Node) -> None:
        self.open_scope(node.id)
        first = node.child_by_field_name("initializer")
        if first is not None:
            if first.type == "declaration":
                self.declaration(first)
            else:
                self.effect(first)
        head, body, following, leave = (self.block() for _ in range(4))
        self.start(head)
        self.loop_condition(node.child_by_field_name("condition"), body, leave)
        self.here = body
        self.loop_body(self._field(node, "body"), leave, following)
        self.start(following)
        update = node.child_by_field_name("update")
        if update is not None:
            self.effect(update)
        self.jump(head)
        self.here = leave
        self.close_scope(self.reading.range(node.end_byte - 1, node.end_byte))

    # Jumps

    def _return(self, node: Node) -> None:
        child = next(named(node), None)
        span = self.reading.span(node)
        value: ir.Expr | None = None
        if child is not None:
            value = self.value(child)
            if self.returns_nothing:
                self.emit(ir.Mention(value, span))
                value = None
            elif self.cleans and not isinstance(value, ir.Number):
                held = self.temporary()
                self.emit(ir.Assign(held, value, span))
                value = held
        self.clean_up(0, span)
        self.end(ir.Return(value, span))

    returns_nothing = False

    def _break(self, node: Node) -> None:
        if not self.exits:
            raise CannotLower("break outside of a loop")
        self.clean_up(self.exits[-1].depth, self.reading.span(node))
        self.jump(self.exits[-1].leave)

    def _continue(self, node: Node) -> None:
        if not self.exits or self.exits[-1].again is None:
            raise CannotLower("continue outside of a loop")
        self.clean_up(self.exits[-1].again_depth, self.reading.span(node))
        self.jump(self.exits[-1].again)

    def _label_block(self, name: str) -> int:
        if name not in self.labels:
            self.labels[name] = self.block()
        return self.labels[name]

    def _goto(self, node: Node) -> None:
        label = node.child_by_field_name("label")
        if label is None:
            raise CannotLower("a computed goto")
        name = self.reading.text(label)
        if name not in self.label_scopes and not self.active:
            raise CannotLower(f"no label {name}")
        inside = self.label_scopes.get(name, frozenset())
        depth = len(self.scopes)
        while depth > 1 and self.scopes[depth - 1].node not in inside:
            depth -= 1
        self.clean_up(depth, self.reading.span(node))
        self.jump(self._label_block(name))

    def _labeled(self, node: Node) -> None:
        label = self._field(node, "label")
        self.start(self._label_block(self.reading.text(label)))
        self.statements(child for child in named(node) if child.id != label.id)


def _cases(body: Node) -> list[Node]:
    """Return the ``case`` labels of a switch, those of inner ones excepted, in source order."""
    found: list[Node] = []
    pending = [body]
    while pending:
        node = pending.pop()
        if node.type == "case_statement":
            found.append(node)
        if node.type != "switch_statement":
            pending += reversed(node.named_children)
    return found
