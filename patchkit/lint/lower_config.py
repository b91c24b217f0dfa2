# SPDX-License-Identifier: GPL-2.0-only
"""The preprocessor inside functions: every branch of an ``#if`` is one that may be taken."""

from __future__ import annotations

from collections.abc import Iterable

from patchkit.lint import ir
from patchkit.lint.lower_call import Calls
from patchkit.lint.lower_expr import CannotLower, Node
from patchkit.lint.lower_macros import macros_of
from patchkit.lint.lower_reading import named


class Configurations(Calls):
    """Adds conditional groups and macros that are defined inside a function."""

    def statements(self, nodes: Iterable[Node]) -> None:
        """Lower statements one after the other."""
        for node in nodes:
            self.statement(node)

    def conditional_group(self, node: Node) -> None:
        """Lower an ``#if`` with its branches."""
        then, other = self.block(), self.block()
        name = node.child_by_field_name("name")
        test = name or node.child_by_field_name("condition")
        alternative = node.child_by_field_name("alternative")
        join = self.block() if alternative is not None else other
        negated = node.children[0].type in ("#ifndef", "#elifndef")
        if test is None:
            raise CannotLower("an #if without a condition")
        arms = (other, then) if negated else (then, other)
        if name is not None:
            self._configured(self.reading.text(name), arms, name)
        else:
            self._configuration(test, *arms)
        self.here = then
        left_out = {n.id for n in (test, alternative) if n is not None}
        self.statements(child for child in named(node) if child.id not in left_out)
        self.jump(join)
        self.here = other
        if alternative is not None:
            self.statement(alternative)
            self.start(join)

    def else_group(self, node: Node) -> None:
        """Lower what is behind an ``#else``."""
        self.statements(named(node))

    def _configured(self, word: str, arms: tuple[int, int], node: Node) -> None:
        """Branch on whether a macro is defined."""
        what: ir.Expr = ir.Opaque(f"defined {word}")
        if word.startswith("CONFIG_"):
            what = ir.Apply("IS_ENABLED", (ir.Name(word),))
        self.branch(what, *arms, node)

    def _configuration(self, node: Node, then: int, other: int) -> None:
        """Branch on the expression of an ``#if``."""
        if node.type == "parenthesized_expression":
            self._configuration(next(named(node)), then, other)
        elif node.type == "unary_expression" and self._operator(node) == "!":
            self._configuration(self._field(node, "argument"), other, then)
        elif node.type == "binary_expression" and self._operator(node) in ("&&", "||"):
            following = self.block()
            conjunction = self._operator(node) == "&&"
            arms = (following, other) if conjunction else (then, following)
            self._configuration(self._field(node, "left"), *arms)
            self.here = following
            self._configuration(self._field(node, "right"), then, other)
        elif node.type == "preproc_defined":
            self._configured(self.reading.text(next(named(node))), (then, other), node)
        elif node.type == "call_expression" and self.reading.text(node).startswith("IS_"):
            self.branch(self.quietly(node), then, other, node)
        else:
            what = ir.Opaque(f"#if {self.reading.text(node)}")
            self.end(ir.Branch(what, then, other, self.reading.span(node)))

    def define(self, node: Node) -> None:
        """A macro that is defined inside the function is known from here on."""
        self.macros = {**self.macros, **macros_of(self.reading.raw(node))}
