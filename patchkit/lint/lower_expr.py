# SPDX-License-Identifier: GPL-2.0-only
"""Expressions of C: what they do becomes instructions, what they read stays an expression."""

from __future__ import annotations

import re
from collections.abc import Callable

import tree_sitter

from patchkit.lint import ir
from patchkit.lint.lower_graph import Graph
from patchkit.lint.lower_macros import Macro
from patchkit.lint.lower_reading import Reading, named
from patchkit.lint.lower_types import descriptor_type
from patchkit.lint.lower_words import vocabulary

Node = tree_sitter.Node
DEEPEST = 12
"""Macros in macros that are expanded."""
_SUFFIX = re.compile(r"[uUlL]+\Z")
_ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27}
_ZERO = ir.Number(0)
_ONE = ir.Number(1)


class CannotLower(Exception):
    """A function has something that the lowering does not read; the text says what."""


class Expressions(Graph):
    """Lowers expressions; declarations and statements are added by those who build on it."""

    def __init__(self, reading: Reading, macros: dict[str, Macro]) -> None:
        super().__init__()
        self.reading = reading
        self.macros = macros
        self.words = vocabulary()
        self.quiet = False
        self.active: list[str] = []
        self.renamed: dict[str, str] = {}
        self._values: dict[str, Callable[[Node], ir.Expr]] = {
            "identifier": self._identifier,
            "field_identifier": lambda node: ir.Name(self.reading.text(node)),
            "type_identifier": lambda node: ir.Opaque(self.reading.text(node)),
            "primitive_type": lambda node: ir.Opaque(self.reading.text(node)),
            "sized_type_specifier": lambda node: ir.Opaque(self.reading.text(node)),
            "number_literal": self._number,
            "char_literal": self._character,
            "string_literal": lambda node: ir.Text(self.reading.text(node)),
            "concatenated_string": lambda node: ir.Text(self.reading.text(node)),
            "true": lambda _: _ONE,
            "false": lambda _: _ZERO,
            "null": lambda _: _ZERO,
            "parenthesized_expression": self._parentheses,
            "field_expression": self._member,
            "subscript_expression": self._index,
            "pointer_expression": self._pointer,
            "unary_expression": self._unary,
            "update_expression": lambda node: self._update(node, used=True),
            "assignment_expression": self._assignment,
            "binary_expression": self._binary,
            "conditional_expression": self._conditional,
            "cast_expression": self._cast,
            "comma_expression": self._comma,
            "call_expression": lambda node: self.call(node, used=True),
            "sizeof_expression": self._opaque,
            "alignof_expression": self._opaque,
            "offsetof_expression": self._opaque,
            "generic_expression": self._opaque,
            "type_descriptor": lambda node: ir.Opaque(descriptor_type(self.reading, node)),
            "struct_specifier": self._opaque,
            "compound_literal_expression": self._compound_literal,
            "gnu_asm_expression": self._assembly,
            "compound_statement": self.statement_expression,
            "extension_expression": self._last_child,
        }

    # What those who build on this provide

    def statement_expression(self, node: Node) -> ir.Expr:
        """Lower ``{ … }`` and return the value of its last statement."""
        raise NotImplementedError

    def initialise(self, target: ir.Expr, node: Node) -> None:
        """Lower an initialiser list for *target*, which is all zero so far."""
        raise NotImplementedError

    def expansion(self, macro: Macro, node: Node, used: bool) -> ir.Expr | None:
        """Lower the use of a macro in place; None when it cannot be."""
        raise NotImplementedError

    def call(self, node: Node, used: bool) -> ir.Expr:
        """Lower a call; its value, if not *used*, means nothing."""
        raise NotImplementedError

    def branch(self, condition: ir.Expr, then: int, other: int, node: Node) -> None:
        """End the current block with a branch, or a jump if the condition is a number."""
        raise NotImplementedError

    def condition(self, node: Node, then: int, other: int) -> None:
        """Lower a condition: lead to *then* if it is true, to *other* if not."""
        raise NotImplementedError

    # Entry points

    def value(self, node: Node) -> ir.Expr:
        """Lower an expression whose value is used."""
        lower = self._values.get(node.type)
        if lower is None:
            raise CannotLower(f"{node.type} in an expression")
        return lower(node)

    def effect(self, node: Node) -> None:
        """Lower an expression for what it does; what it merely names is mentioned."""
        kind = node.type
        if kind == "parenthesized_expression":
            inner = next(named(node), None)
            if inner is not None:
                self.effect(inner)
        elif kind == "comma_expression":
            for child in named(node):
                self.effect(child)
        elif kind == "update_expression":
            self._update(node, used=False)
        elif kind == "call_expression":
            self.call(node, used=False)
        elif kind == "conditional_expression" or (
            kind == "binary_expression" and self._operator(node) in ("&&", "||")
        ):
            self._branching_effect(node)
        elif kind == "cast_expression":
            value = node.child_by_field_name("value")
            if value is not None:
                self.effect(value)
        elif kind in ("assignment_expression", "gnu_asm_expression", "compound_statement"):
            self.value(node)
        else:
            what = self.value(node)
            if not isinstance(what, ir.Number) and not (
                isinstance(what, ir.Name) and what.id in self.words.nothing
            ):
                self.emit(ir.Mention(what, self.reading.span(node)))

    def quietly(self, node: Node) -> ir.Expr:
        """Return what an expression says without lowering what it does."""
        before, self.quiet = self.quiet, True
        try:
            return self.value(node)
        finally:
            self.quiet = before

    def _branching_effect(self, node: Node) -> None:
        join = self.block()
        if node.type == "conditional_expression" and not self.quiet:
            then, other = self.block(), self.block()
            self.condition(self._field(node, "condition"), then, other)
            consequence = node.child_by_field_name("consequence")
            for number, arm in ((then, consequence), (other, self._field(node, "alternative"))):
                self.here = number
                if arm is not None:
                    self.effect(arm)
                self.jump(join)
            self.here = join
            return
        right = self.block()
        skip = self._operator(node) == "||"
        self.condition(self._field(node, "left"), *((join, right) if skip else (right, join)))
        self.here = right
        self.effect(self._field(node, "right"))
        self.start(join)

    # Leaves

    def _identifier(self, node: Node) -> ir.Expr:
        text = self.reading.text(node)
        if " " in text or "*" in text:
            return ir.Opaque(text)  # a type among the arguments of a macro
        if text in ("struct", "union", "enum"):
            return ir.Opaque(self.reading.tagged(node))  # the same, on two lines
        macro = self.macros.get(text)
        if macro is not None and macro.parameters is None and text not in self.renamed:
            expanded = self.expansion(macro, node, used=True)
            if expanded is not None:
                return expanded
        return ir.Name(self.renamed.get(text, text))

    def _number(self, node: Node) -> ir.Expr:
        text = self.reading.text(node)
        digits = _SUFFIX.sub("", text) if not text.lower().startswith("0b") else text
        try:
            if re.fullmatch(r"0[0-7]+", digits):
                return ir.Number(int(digits, 8))
            return ir.Number(int(digits.replace("'", ""), 0))
        except ValueError:
            return ir.Opaque(text)

    def _character(self, node: Node) -> ir.Expr:
        text = self.reading.text(node).strip("LuU8")
        inner = text[1:-1]
        if len(inner) == 1:
            return ir.Number(ord(inner))
        if len(inner) == 2 and inner[0] == "\\":
            return ir.Number(_ESCAPES.get(inner[1], ord(inner[1])))
        return ir.Opaque(text)

    def _opaque(self, node: Node) -> ir.Expr:
        return ir.Opaque(self.reading.text(node))

    def _last_child(self, node: Node) -> ir.Expr:
        return self.value(list(named(node))[-1])

    # Places

    def _parentheses(self, node: Node) -> ir.Expr:
        inner = next(named(node), None)
        if inner is None:
            raise CannotLower("empty parentheses")
        return self.value(inner)

    def _field(self, node: Node, name: str) -> Node:
        child = node.child_by_field_name(name)
        if child is None:
            raise CannotLower(f"{node.type} without {name}")
        return child

    def _member(self, node: Node) -> ir.Expr:
        base = self.value(self._field(node, "argument"))
        field = self.reading.text(self._field(node, "field"))
        operator = node.child_by_field_name("operator")
        arrow = operator is None or operator.type == "->"
        if arrow and isinstance(base, ir.Unary) and base.op == "&":
            return ir.Member(base.operand, field, False)
        if not arrow and isinstance(base, ir.Unary) and base.op == "*":
            return ir.Member(base.operand, field, True)
        return ir.Member(base, field, arrow)

    def _index(self, node: Node) -> ir.Expr:
        base = self.value(self._field(node, "argument"))
        return ir.Index(base, self.value(self._field(node, "index")))

    def _pointer(self, node: Node) -> ir.Expr:
        operator = self.reading.blanked(node)[:1]
        operand = self.value(self._field(node, "argument"))
        if isinstance(operand, ir.Unary) and {operator, operand.op} == {"*", "&"}:
            return operand.operand
        return ir.Unary(operator, operand)

    # Operators

    def _operator(self, node: Node) -> str:
        operator = node.child_by_field_name("operator")
        return operator.type if operator is not None else ""

    def _unary(self, node: Node) -> ir.Expr:
        operator = self._operator(node)
        argument = self._field(node, "argument")
        if operator == "!" and not self.quiet and self._branches(argument):
            return self._truth(node)
        operand = self.value(argument)
        if operator == "+":
            return operand
        if operator == "-" and isinstance(operand, ir.Number):
            return ir.Number(-operand.value)
        return ir.Unary(operator, operand)

    def _branches(self, node: Node) -> bool:
        """Tell whether an expression is && or || behind parentheses and ``!``."""
        while node.type == "parenthesized_expression" or (
            node.type == "unary_expression" and self._operator(node) == "!"
        ):
            inner = next(named(node), None)
            if inner is None:
                return False
            node = inner
        return node.type == "binary_expression" and self._operator(node) in ("&&", "||")

    def _update(self, node: Node, used: bool) -> ir.Expr:
        target = self.value(self._field(node, "argument"))
        operator = self.reading.blanked(node)
        postfix = not operator.startswith(("++", "--"))
        operator = (operator[-2:] if postfix else operator[:2])[0]
        if self.quiet:
            return target
        result: ir.Expr = target
        span = self.reading.span(node)
        if postfix and used:
            result = self.temporary()
            self.emit(ir.Assign(result, target, span))
        self.emit(ir.Assign(target, ir.Binary(operator, target, _ONE), span, f"{operator}="))
        return result

    def _assignment(self, node: Node) -> ir.Expr:
        left, right = self._field(node, "left"), self._field(node, "right")
        operator = self._operator(node)
        if self.quiet:
            return ir.Apply(operator, (self.value(left), self.value(right)))
        if right.type == "initializer_list" or left.type == "initializer_list":
            raise CannotLower("an initializer list in an assignment")
        value = self.value(right)
        target = self.value(left)
        if operator != "=":
            value = ir.Binary(operator[:-1], target, value)
        written = operator if operator != "=" else ""
        self.emit(ir.Assign(target, value, self.reading.span(node), written))
        # a = b = 0 does not read b: where the value is as simple, it is what a gets.
        return value if isinstance(value, ir.Number) else target

    def _binary(self, node: Node) -> ir.Expr:
        operator = self._operator(node)
        if operator in ("&&", "||") and not self.quiet:
            return self._truth(node)
        left = self.value(self._field(node, "left"))
        return ir.Binary(operator, left, self.value(self._field(node, "right")))

    def _truth(self, node: Node) -> ir.Expr:
        """Return a temporary that is 1 or 0 as a condition is true or not."""
        result = self.temporary()
        then, other, join = self.block(), self.block(), self.block()
        self.condition(node, then, other)
        span = self.reading.span(node)
        for number, value in ((then, _ONE), (other, _ZERO)):
            self.here = number
            self.emit(ir.Assign(result, value, span))
            self.jump(join)
        self.here = join
        return result

    def _conditional(self, node: Node) -> ir.Expr:
        condition = self._field(node, "condition")
        consequence = node.child_by_field_name("consequence")
        alternative = self._field(node, "alternative")
        if self.quiet:
            arms = [n for n in (condition, consequence, alternative) if n is not None]
            return ir.Apply("?:", tuple(self.value(arm) for arm in arms))
        result = self.temporary()
        then, other, join = self.block(), self.block(), self.block()
        if consequence is None:
            # x ?: y evaluates x once.
            self.emit(ir.Assign(result, self.value(condition), self.reading.span(condition)))
            self.branch(result, then, other, condition)
        else:
            self.condition(condition, then, other)
        for number, arm in ((then, consequence), (other, alternative)):
            self.here = number
            if arm is not None:
                self.emit(ir.Assign(result, self.value(arm), self.reading.span(arm)))
            self.jump(join)
        self.here = join
        return result

    def _cast(self, node: Node) -> ir.Expr:
        type_ = descriptor_type(self.reading, self._field(node, "type"))
        operand = self.value(self._field(node, "value"))
        return operand if type_ == "void" else ir.Cast(type_, operand)

    def _comma(self, node: Node) -> ir.Expr:
        children = list(named(node))
        if self.quiet:
            return ir.Apply(",", tuple(self.value(child) for child in children))
        for child in children[:-1]:
            self.effect(child)
        return self.value(children[-1])

    def _compound_literal(self, node: Node) -> ir.Expr:
        if self.quiet:
            return self._opaque(node)
        result = self.temporary()
        span = self.reading.span(node)
        type_ = descriptor_type(self.reading, self._field(node, "type"))
        self.emit(ir.Declare(result.id, type_, span))
        self.emit(ir.Assign(result, ir.Opaque("{}"), span))
        self.initialise(result, self._field(node, "value"))
        return result

    def _assembly(self, node: Node) -> ir.Expr:
        """Inline assembly is a call of ``asm`` that gets the outputs by address."""
        arguments: list[ir.Expr] = []
        for group in named(node):
            for operand in named(group):
                value = operand.child_by_field_name("value")
                if value is None or not operand.type.startswith("gnu_asm_"):
                    continue
                what = self.value(value)
                is_output = operand.type == "gnu_asm_output_operand"
                arguments.append(ir.Unary("&", what) if is_output else what)
        self.emit(ir.Call(ir.Name("asm"), tuple(arguments), None, self.reading.span(node)))
        return _ZERO
