# SPDX-License-Identifier: GPL-2.0-only
"""Atoms as text: with names, with types in their place, or with the last member only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from patchkit.lint.tags import tag_of

if TYPE_CHECKING:
    from patchkit.lint.values import Atom, Value


def _root(atom: Atom) -> str:
    """Return what stands for a root in texts without names."""
    tag = tag_of(atom.type)
    if tag:
        return f"<{tag}>"
    return f"#{atom.position}" if atom.kind == "param" else f"<{atom.type or atom.kind}>"


def render_atom(atom: Atom, show: Callable[[Value], str], whole: bool) -> str:
    """Return an atom's text, its arguments as *show* has them; *whole* pointer chains or not."""
    match atom.kind:
        case "param" | "local" | "alloc":
            return _root(atom)
        case "field":
            if not whole and atom.tag:
                return f"{atom.tag}.{atom.name}"
            return f"{show(atom.args[0])}.{atom.name}"
        case "element":
            return f"{show(atom.args[0])}[]"
        case "deref":
            return f"*{show(atom.args[0])}"
        case "address":
            return show(atom.args[0])
        case "call" | "limit":
            return f"{atom.name}({', '.join(show(each) for each in atom.args)})"
        case "sum":
            return f"sum({show(atom.args[0])})"
        case "op" | "test" | "choice":
            return operation_text(atom.kind, atom.name, [show(each) for each in atom.args])
        case _:
            return atom.text


def operation_text(kind: str, name: str, arguments: list[str]) -> str:
    """Return the text of an operation: infix for operators, a call for names."""
    if kind == "test":
        return f"({arguments[0]} {name} 0)" if name[0] in "<>=!" else f"{name}({arguments[0]})"
    if kind == "choice":
        return f"({arguments[0]} ? {arguments[1]} : {arguments[2]})"
    if name[0].isalpha() or name[0] == "_":
        return f"{name}({', '.join(arguments)})"
    return f"({f' {name} '.join(arguments)})" if len(arguments) > 1 else f"{name}({arguments[0]})"
