# SPDX-License-Identifier: GPL-2.0-only
"""Declarations of locals and their initialisers."""

from __future__ import annotations

import re

from patchkit.lint import ir
from patchkit.lint.lower_expr import CannotLower, Node
from patchkit.lint.lower_reading import named
from patchkit.lint.lower_scope import Scopes
from patchkit.lint.lower_types import declared, specifier

_CLEANUP = re.compile(rb"\s*(__free|__cleanup)\s*\(\s*(\w+)\s*\)")


class Declarations(Scopes):
    """Adds declarations."""

    def declaration(self, node: Node) -> None:
        """Lower ``int a = 1, *b;``."""
        base = specifier(self.reading, node)
        static = any(
            child.type == "storage_class_specifier" and child.text in (b"static", b"extern")
            for child in named(node)
        )
        for declarator in node.children_by_field_name("declarator"):
            self._one(base, declarator, static)

    def _one(self, base: str, node: Node, static: bool) -> None:
        name, type_, where = declared(self.reading, base, node)
        if not name or where is None or _is_prototype(node):
            return
        value = node.child_by_field_name("value") if node.type == "init_declarator" else None
        span = self.reading.span(node)
        if value is None or static:
            self.declare(name, type_, span)
            if value is not None:
                self.emit(ir.Mention(self._said(value), span))
        elif value.type == "initializer_list":
            target = self.declare(name, type_, span)
            self.emit(ir.Assign(target, ir.Opaque("{}"), span))
            self.initialise(target, value)
        else:
            # The initialiser may name what the new local hides; it is evaluated first, but the
            # local is in scope already: p = kzalloc(sizeof(*p)).
            held = self.value(value)
            self.emit(ir.Assign(self.declare(name, type_, span), held, span))
        self._cleanup(name, where)

    def _said(self, node: Node) -> ir.Expr:
        if node.type == "initializer_list":
            return ir.Opaque(self.reading.text(node))
        return self.quietly(node)

    def _cleanup(self, name: str, where: Node) -> None:
        """Note what ``__free(f)`` or ``__cleanup(f)`` behind a name says."""
        found = _CLEANUP.match(self.reading.data, where.end_byte)
        if found is None:
            return
        variable = ir.Name(self.renamed.get(name, name))
        function = found[2].decode()
        if found[1] == b"__free":
            self.later(self.words.free.get(function, function), variable)
        else:
            self.later(function, ir.Unary("&", variable))

    def initialise(self, target: ir.Expr, node: Node) -> None:
        """Lower an initialiser list: one assignment for each value in it."""
        if node.type != "initializer_list":
            self.emit(ir.Assign(target, self.value(node), self.reading.span(node)))
            return
        position = 0
        for child in named(node):
            if child.type == "initializer_pair":
                position = self._designated(target, child, position)
            elif child.type == "initializer_list":
                self.initialise(ir.Index(target, ir.Number(position)), child)
                position += 1
            elif not child.type.startswith("preproc"):
                # Positions in structs are not members; what is there is only named.
                self.emit(ir.Mention(self.value(child), self.reading.span(child)))
                position += 1

    def _designated(self, target: ir.Expr, node: Node, position: int) -> int:
        value = node.child_by_field_name("value")
        if value is None:
            raise CannotLower("an initialiser without a value")
        for designator in node.children_by_field_name("designator"):
            inner = next(named(designator), None)
            if designator.type == "field_designator" and inner is not None:
                target = ir.Member(target, self.reading.text(inner), False)
            elif designator.type == "field_identifier":
                target = ir.Member(target, self.reading.text(designator), False)
            elif inner is not None:
                target = ir.Index(target, self.value(inner))
        if value.type == "initializer_list":
            self.initialise(target, value)
        else:
            self.emit(ir.Assign(target, self.value(value), self.reading.span(node)))
        return position + 1


def _is_prototype(node: Node | None) -> bool:
    while node is not None and node.type == "pointer_declarator":
        node = node.child_by_field_name("declarator")
    if node is None or node.type != "function_declarator":
        return False
    inner = node.child_by_field_name("declarator")
    return inner is not None and inner.type == "identifier"
