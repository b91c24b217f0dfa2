# SPDX-License-Identifier: GPL-2.0-only
"""One function as a small syntax tree of its own, with the questions that operators ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

import tree_sitter

from patchkit.tree.csource import CSource, Extent, walk

Node = tree_sitter.Node

STATEMENTS = frozenset(
    f"{word}_statement"
    for word in (
        "expression", "if", "while", "do", "for", "switch", "return", "goto", "break", "continue",
        "compound", "labeled", "case",
    )
) | {"declaration"}  # fmt: skip
_INTEGER = re.compile(
    r"(const )?(unsigned |signed )?(long long|long|int|short|size_t|ssize_t|loff_t|u?int\d+_t|"
    r"__?[su]\d+|[us]\d+|pgoff_t|dma_addr_t|unsigned|bool)( int)?"
)


class View:
    """A function's text and tree; offsets count from the start of its text.

    *path* and *extent* say where it stands; *name* is ``sys_mlock`` for SYSCALL_DEFINE2(mlock, …).
    """

    def __init__(self, path: str, data: bytes, extent: Extent) -> None:
        self.path = path
        self.extent = extent
        self.name = f"sys_{extent.name}" if extent.kind == "syscall" else extent.name
        self.text = data[extent.start : extent.end]
        self.body_offset = extent.body[0] - extent.start if extent.body is not None else 0

    @cached_property
    def source(self) -> CSource:
        return CSource(self.text, self.path)

    @cached_property
    def definition(self) -> Node | None:
        """The function_definition node; None when the grammar sees none or an error inside."""
        for node in self.source.root.children:
            if node.type == "function_definition":
                return node if not node.has_error else None
        return None

    @cached_property
    def body(self) -> Node:
        assert self.definition is not None
        body = self.definition.child_by_field_name("body")
        assert body is not None
        return body

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All named nodes of the body in source order."""
        return tuple(node for node in walk(self.body) if node.is_named)

    def of(self, *kinds: str) -> Iterator[Node]:
        """Yield the body's nodes of these types."""
        return (node for node in self.nodes if node.type in kinds)

    def t(self, node: Node | None) -> str:
        """Return a node's text as written in the file, not as blanked; '' for None."""
        if node is None:
            return ""
        return self.text[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def callee(self, call: Node) -> str:
        """Return the name that a call_expression calls; '' when it is no plain name."""
        function = call.child_by_field_name("function")
        return self.t(function) if function is not None and function.type == "identifier" else ""

    def arguments(self, call: Node) -> list[Node]:
        held = call.child_by_field_name("arguments")
        return [] if held is None else [n for n in held.named_children if n.type != "comment"]

    def statement(self, node: Node) -> Node:
        """Return the innermost statement that holds a node."""
        here = node
        while here.type not in STATEMENTS:
            assert here.parent is not None
            here = here.parent
        return here

    def line_start(self, offset: int) -> int:
        return self.text.rfind(b"\n", 0, offset) + 1

    def indent(self, node: Node) -> bytes:
        """Return the blanks before a node's line."""
        start = self.line_start(node.start_byte)
        line = self.text[start : node.start_byte]
        return line[: len(line) - len(line.lstrip(b" \t"))]

    def whole_lines(self, node: Node) -> tuple[int, int]:
        """Widen a statement to its whole lines where nothing else stands on them."""
        start, end = self.line_start(node.start_byte), self.text.find(b"\n", node.end_byte)
        if self.text[start : node.start_byte].strip() or end < 0:
            return node.start_byte, node.end_byte
        if self.text[node.end_byte : end].strip():
            return node.start_byte, node.end_byte
        return start, end + 1

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Parameter names with their types."""
        assert self.definition is not None
        found: dict[str, str] = {}
        for node in walk(self.definition, into=lambda n: n.type != "compound_statement"):
            if node.type == "parameter_declaration":
                name, stars = _declared(node.child_by_field_name("declarator"))
                if name is not None:
                    found[self.t(name)] = self._type(node) + stars
        return found

    @cached_property
    def locals(self) -> dict[str, str]:
        """Names of local variables with their types; the first one of a name counts."""
        found: dict[str, str] = {}
        for node in self.of("declaration"):
            for child in node.children_by_field_name("declarator"):
                name, stars = _declared(child)
                if name is not None and name.type == "identifier":
                    found.setdefault(self.t(name), self._type(node) + stars)
        return found

    def declarations(self, name: str) -> list[Node]:
        """Return the declaration nodes that declare a local name."""
        return [
            node
            for node in self.of("declaration")
            for child in node.children_by_field_name("declarator")
            if self.t(_declared(child)[0]) == name
        ]

    def _type(self, declaration: Node) -> str:
        words = [
            self.t(child)
            for child in declaration.children
            if child.type in ("type_qualifier",) or child == declaration.child_by_field_name("type")
        ]
        return " ".join(" ".join(words).split())

    def type_of(self, name: str) -> str:
        return self.locals.get(name) or self.parameters.get(name, "")

    def is_integer(self, name: str) -> bool:
        return _INTEGER.fullmatch(self.type_of(name)) is not None

    def names(self, node: Node) -> list[str]:
        """Return the identifiers below a node, called functions excluded, in order."""
        return [
            self.t(n)
            for n in walk(node)
            if n.type == "identifier"
            and not (
                n.parent is not None
                and n.parent.type == "call_expression"
                and n.parent.child_by_field_name("function") == n
            )
        ]

    def stores(self) -> Iterator[tuple[Node, Node, str]]:
        """Yield (target, value, operator) of all assignments and initialisers, in source order."""
        for node in self.of("assignment_expression", "init_declarator"):
            if node.type == "init_declarator":
                target, value, sign = (
                    _declared(node)[0], node.child_by_field_name("value"), "=",
                )  # fmt: skip
            else:
                target, value = (node.child_by_field_name(f) for f in ("left", "right"))
                sign = self.t(node.child_by_field_name("operator"))
            if target is not None and value is not None:
                yield target, value, sign

    def values_of(self, name: str) -> list[str]:
        """Return the texts that are assigned to a local or parameter anywhere."""
        return [self.t(value) for target, value, _ in self.stores() if self.t(target) == name]

    def return_type(self) -> str:
        assert self.definition is not None
        return self.t(self.definition.child_by_field_name("type"))

    def returns_pointer(self) -> bool:
        assert self.definition is not None
        declarator = self.definition.child_by_field_name("declarator")
        return declarator is not None and declarator.type == "pointer_declarator"


def _declared(node: Node | None) -> tuple[Node | None, str]:
    """Return the identifier that a declarator declares, and its stars; None for functions."""
    stars = ""
    while node is not None and node.type not in ("identifier", "field_identifier"):
        if node.type == "pointer_declarator":
            stars += " *" if not stars else "*"
        elif node.type == "array_declarator":
            stars += "[]"
        elif node.type == "function_declarator":
            return None, ""
        node = node.child_by_field_name("declarator")
    return node, stars


def errors(text: bytes) -> int:
    """Count the syntax errors that the grammar finds in a piece of C."""
    pending, count = [CSource(text).root], 0
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            count += 1
        if node.has_error:
            pending.extend(node.children)
    return count
