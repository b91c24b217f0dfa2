# SPDX-License-Identifier: GPL-2.0-only
"""Conditions as edges: no ``!``, ``&&``, ``||`` and ``?:`` is left in them."""

from __future__ import annotations

from patchkit.lint import ir
from patchkit.lint.lower_expr import Expressions, Node
from patchkit.lint.lower_reading import named, normal


class Conditions(Expressions):
    """Adds conditions."""

    def branch(self, condition: ir.Expr, then: int, other: int, node: Node) -> None:
        if isinstance(condition, ir.Number):
            self.jump(then if condition.value else other)
        else:
            self.end(ir.Branch(condition, then, other, self.reading.span(node)))

    def condition(self, node: Node, then: int, other: int) -> None:
        kind = node.type
        if kind in ("parenthesized_expression", "comma_expression"):
            children = list(named(node))
            if children and children[-1].type != "compound_statement":
                for child in children[:-1]:
                    self.effect(child)
                self.condition(children[-1], then, other)
                return
        elif kind == "unary_expression" and self._operator(node) == "!":
            self.condition(self._field(node, "argument"), other, then)
            return
        elif kind == "binary_expression":
            self._binary_condition(node, then, other)
            return
        elif kind == "conditional_expression" and node.child_by_field_name("consequence"):
            first, second = self.block(), self.block()
            self.condition(self._field(node, "condition"), first, second)
            self.here = first
            self.condition(self._field(node, "consequence"), then, other)
            self.here = second
            self.condition(self._field(node, "alternative"), then, other)
            return
        elif kind == "call_expression" and self._call_condition(node, then, other):
            return
        elif kind == "identifier":
            macro = self.macros.get(self.reading.text(node))
            if macro is not None and macro.parameters is None:
                self.branch(self.value(node), then, other, node)
                return
        self._decide(self.value(node), then, other, node)

    def _decide(self, value: ir.Expr, then: int, other: int, node: Node) -> None:
        while isinstance(value, ir.Unary) and value.op == "!":
            value, then, other = value.operand, other, then
        self.branch(value, then, other, node)

    def _binary_condition(self, node: Node, then: int, other: int) -> None:
        operator = self._operator(node)
        left, right = self._field(node, "left"), self._field(node, "right")
        if operator in ("&&", "||"):
            following = self.block()
            if operator == "&&":
                self.condition(left, following, other)
            else:
                self.condition(left, then, following)
            self.here = following
            self.condition(right, then, other)
            return
        if operator in ("==", "!="):
            # x == 0 is the truth of x, the other way round.
            if operator == "==":
                then, other = other, then
            for zero, operand in ((right, left), (left, right)):
                if self._is_zero(zero):
                    self.condition(operand, then, other)
                    return
            value = ir.Binary("==", self.value(left), self.value(right))
            self._decide(value, other, then, node)
            return
        value = ir.Binary(operator, self.value(left), self.value(right))
        self._decide(value, then, other, node)

    def _is_zero(self, node: Node) -> bool:
        return node.type in ("null", "false") or (
            node.type == "number_literal" and normal(self.reading.raw(node)).rstrip("uUlL") == "0"
        )

    def _call_condition(self, node: Node, then: int, other: int) -> bool:
        """Conditions behind ``likely(…)`` and ``WARN_ON(…)``; tell whether it was one."""
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if function is None or function.type != "identifier" or arguments is None:
            return False
        word = self.reading.text(function)
        if word not in self.words.transparent and word not in self.words.warning:
            return False
        children = list(named(arguments))
        number = self.words.warning_argument.get(word, 0)
        if len(children) <= number:
            return False
        for position, child in enumerate(children):
            if position != number:
                self.emit(ir.Mention(self.quietly(child), self.reading.span(child)))
        if word in self.words.warning:
            warned = self.block()
            self.condition(children[number], warned, other)
            self.here = warned
            self.emit(ir.Mention(ir.Apply("WARN", ()), self.reading.span(node)))
            self.jump(then)
        else:
            self.condition(children[number], then, other)
        return True
