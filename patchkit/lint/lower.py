# SPDX-License-Identifier: GPL-2.0-only
"""From the text of a C function to its control-flow graph (``ir.Function``)."""

from __future__ import annotations

from patchkit.lint import ir
from patchkit.lint.lower_call import parsed
from patchkit.lint.lower_expr import CannotLower, Node
from patchkit.lint.lower_macros import Macro, macros_of
from patchkit.lint.lower_reading import Reading, named
from patchkit.lint.lower_stmt import Statements
from patchkit.lint.lower_types import declared, specifier
from patchkit.tree.csource import CSource, Extent, walk

_COMPAT = b"COMPAT_"


def lower(source: CSource, extent: Extent, macros: dict[str, Macro] | None = None) -> ir.Function:
    """Return the graph of one function or system call of a file.

    *macros* are those that may be expanded; by default the file's own. What cannot be lowered has
    a problem and no blocks; nothing is raised because of what the bytes are.
    """
    if macros is None:
        macros = macros_of(source.data)
    text = source.data[extent.start : extent.end]
    return _lowered(CSource(text, source.path), extent, source.path, macros)


def lower_text(text: bytes, extent: Extent, path: str, macros: dict[str, Macro]) -> ir.Function:
    """The same for a function whose own text is given; *extent* says where it is in the file."""
    return _lowered(CSource(text, path), extent, path, macros)


def _lowered(source: CSource, extent: Extent, path: str, macros: dict[str, Macro]) -> ir.Function:
    span = ir.Span(extent.start, extent.end, extent.line)
    name = extent.name
    if extent.kind == "syscall":
        prefix = "compat_sys_" if source.data.startswith(_COMPAT) else "sys_"
        name = prefix + name
    static = b"static" in source.data[: source.data.find(b"(")].split()
    problem, returns = "", ""
    parameters: tuple[ir.Parameter, ...] = ()
    blocks: tuple[ir.Block, ...] = ()
    try:
        definition = _definition(source, extent)
        reading = Reading(source)
        parameters, returns = _head(reading, definition)
        builder = Statements(reading, macros)
        builder.parameters = parameters
        builder.returns_nothing = returns == "void"
        body = definition.child_by_field_name("body")
        if body is None:
            raise CannotLower("no body")
        blocks = builder.body(body)
    except CannotLower as error:
        problem = str(error)
    except RecursionError:
        problem = "nested too deeply"
    return ir.Function(
        name, path, span, parameters, returns, static, blocks, problem, extent.conditions
    )


def _definition(source: CSource, extent: Extent) -> Node:
    """Return the node of the function; CannotLower when the grammar could not read it."""
    if extent.body is None:
        raise CannotLower("no body")
    start, end = extent.body[0] - extent.start, extent.body[1] - extent.start
    found: Node | None = None
    for node in walk(source.root, into=_may_hold):
        if node.type == "function_definition":
            body = node.child_by_field_name("body")
            if body is not None and (body.start_byte, body.end_byte) == (start, end):
                found = node
                break
    if found is None:
        raise CannotLower("the grammar does not see where the function begins and ends")
    body = found.child_by_field_name("body")
    if body is not None and body.has_error:
        raise CannotLower(f"syntax error at line {extent.line + _error_line(body)}")
    return found


def _may_hold(node: Node) -> bool:
    return node.type in (
        "translation_unit", "ERROR", "preproc_ifdef", "preproc_if", "preproc_else", "preproc_elif",
        "function_definition",
    )  # fmt: skip


def _error_line(node: Node) -> int:
    for inner in walk(node, into=lambda here: here.has_error):
        if inner.is_error or inner.is_missing:
            return inner.start_point[0]
    return node.start_point[0]


def _head(reading: Reading, node: Node) -> tuple[tuple[ir.Parameter, ...], str]:
    """Return parameters and return type."""
    declarator = node.child_by_field_name("declarator")
    returns = specifier(reading, node)
    while declarator is not None and declarator.type != "function_declarator":
        if declarator.type == "pointer_declarator":
            returns = f"{returns}*" if returns.endswith("*") else f"{returns} *"
        declarator = declarator.child_by_field_name("declarator") or next(named(declarator), None)
    if declarator is None:
        raise CannotLower("no parameters")
    found: list[ir.Parameter] = []
    listed = declarator.child_by_field_name("parameters")
    for child in named(listed) if listed is not None else ():
        if child.type == "parameter_declaration":
            name, type_, _ = declared(
                reading, specifier(reading, child), child.child_by_field_name("declarator")
            )
            if name or type_ != "void":
                found.append(ir.Parameter(name, _decayed(type_)))
    return tuple(found), returns


def _decayed(type_: str) -> str:
    """A parameter that is an array is a pointer."""
    if type_.endswith(" []"):
        inner = type_[:-3]
        return f"{inner}*" if inner.endswith("*") else f"{inner} *"
    return type_


def expression_of(text: str) -> ir.Expr | None:
    """Return an expression that stands alone, with nothing done; None if it cannot be read."""
    found = parsed(text.encode("utf-8", "surrogateescape"))
    if found is None or len(found[1]) != 1 or found[1][0].type != "expression_statement":
        return None
    inner = next(named(found[1][0]), None)
    try:
        return Statements(Reading(found[0]), {}).quietly(inner) if inner is not None else None
    except (CannotLower, RecursionError):
        return None
