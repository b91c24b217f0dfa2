# SPDX-License-Identifier: GPL-2.0-only
"""What declarations say: the name that a declarator declares and its type as text.

A type is written with one blank between words: ``unsigned long``, ``struct page **``, ``int []``,
``int (*)()`` for pointers to functions. Qualifiers, storage classes and annotations are left out.
"""

from __future__ import annotations

import tree_sitter

from patchkit.lint.lower_reading import Reading, named

_WORDS_LEFT_OUT = frozenset(
    ("const", "volatile", "static", "extern", "register", "inline", "restrict", "auto", "typedef")
)
_DECLARATORS = (
    "pointer_declarator", "array_declarator", "function_declarator", "parenthesized_declarator",
    "init_declarator", "attributed_declarator", "abstract_pointer_declarator",
    "abstract_array_declarator", "abstract_function_declarator",
    "abstract_parenthesized_declarator",
)  # fmt: skip
_INTEGERS = {
    "unsigned": "unsigned int", "signed": "int", "signed int": "int", "short int": "short",
    "long int": "long", "unsigned long int": "unsigned long", "long unsigned int": "unsigned long",
    "unsigned short int": "unsigned short", "long unsigned": "unsigned long",
    "long long int": "long long", "unsigned long long int": "unsigned long long",
    "signed long": "long", "signed char": "signed char", "long signed int": "long",
    "long long unsigned int": "unsigned long long", "long long unsigned": "unsigned long long",
}  # fmt: skip


def base_type(reading: Reading, node: tree_sitter.Node) -> str:
    """Return the type that a specifier node names; of a struct with a body only its tag."""
    if node.type in ("struct_specifier", "union_specifier", "enum_specifier"):
        name = node.child_by_field_name("name")
        keyword = node.type.split("_", 1)[0]
        return f"{keyword} {reading.text(name)}" if name is not None else f"{keyword} <unnamed>"
    word = reading.word(node.start_byte)
    if word.startswith(("typeof", "__typeof")):
        return typeof_text(reading, node.start_byte)
    if word in ("__auto_type", "auto"):
        return "auto"
    text = reading.blanked(node)
    if text[:1].isupper() and reading.text(node) != text and "_" in text:
        text = reading.text(node)  # a type that the blanking has made one word
    return plain(text)


def plain(text: str) -> str:
    """Return a type's words without qualifiers, integers in one spelling."""
    words = [word for word in text.split() if word not in _WORDS_LEFT_OUT]
    joined = " ".join(words)
    return _INTEGERS.get(joined, joined)


def typeof_text(reading: Reading, start: int) -> str:
    """Return ``typeof(expression)`` as the file has it, with single blanks."""
    data = reading.data
    opening = data.find(b"(", start, start + 40)
    if opening < 0:
        return "typeof()"
    depth, end = 0, opening
    while end < len(data):
        depth += (data[end] == 0x28) - (data[end] == 0x29)
        end += 1
        if depth == 0:
            break
    inner = " ".join(data[opening + 1 : end - 1].decode("utf-8", "backslashreplace").split())
    return f"typeof({inner})"


def declared(
    reading: Reading, base: str, declarator: tree_sitter.Node | None
) -> tuple[str, str, tree_sitter.Node | None]:
    """Return name (empty for abstract ones), type and name node of a declarator.

    Declarators read from the outside in: what is met first applies to the base type first.
    """
    type_ = base
    node = declarator
    function = False
    while node is not None and node.type in _DECLARATORS:
        if node.type in ("pointer_declarator", "abstract_pointer_declarator"):
            type_ = pointer_to(type_)
        elif node.type in ("array_declarator", "abstract_array_declarator"):
            type_ = f"{type_} []"
        elif node.type in ("function_declarator", "abstract_function_declarator"):
            function = True
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next((n for n in named(node) if n.type in (*_DECLARATORS, *_NAMES)), None)
        if function and inner is not None and inner.type.endswith("parenthesized_declarator"):
            name, stars, where = declared(reading, "", inner)
            return name, f"{type_} ({stars.strip() or '*'})()", where
        node = inner
    if node is not None and node.type in _NAMES:
        return reading.text(node), type_, node
    return "", type_, None


_NAMES = ("identifier", "field_identifier", "type_identifier", "statement_identifier")


def pointer_to(type_: str) -> str:
    """Return the type of a pointer to *type_*."""
    return f"{type_}*" if type_.endswith("*") else f"{type_} *".lstrip()


def specifier(reading: Reading, node: tree_sitter.Node) -> str:
    """Return the base type of a declaration, parameter or type descriptor node."""
    type_node = node.child_by_field_name("type")
    return base_type(reading, type_node) if type_node is not None else "int"


def descriptor_type(reading: Reading, node: tree_sitter.Node) -> str:
    """Return the type that a cast or ``sizeof`` names."""
    _, type_, _ = declared(
        reading, specifier(reading, node), node.child_by_field_name("declarator")
    )
    return type_
