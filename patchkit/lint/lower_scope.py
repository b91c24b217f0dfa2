# SPDX-License-Identifier: GPL-2.0-only
"""Scopes of names, and what runs when they are left."""

from __future__ import annotations

from dataclasses import dataclass, field

from patchkit.lint import ir
from patchkit.lint.lower_cond import Conditions
from patchkit.lint.lower_macros import Macro
from patchkit.lint.lower_reading import Reading


@dataclass(slots=True)
class Scope:
    """A block that is open. *node* is the id of its compound statement, 0 if it has none."""

    node: int
    renamed: dict[str, str]
    declared: set[str] = field(default_factory=set)
    cleanups: list[tuple[str, ir.Expr]] = field(default_factory=list)


class Scopes(Conditions):
    """Adds block scopes: locals that hide others get names of their own, clean-ups become calls."""

    def __init__(self, reading: Reading, macros: dict[str, Macro]) -> None:
        super().__init__(reading, macros)
        self.scopes: list[Scope] = []
        self._types: dict[str, str] = {}
        self.parameters: tuple[ir.Parameter, ...] = ()

    def open_scope(self, node: int = 0) -> None:
        """Begin a block."""
        self.scopes.append(Scope(node, self.renamed))
        self.renamed = dict(self.renamed)

    def close_scope(self, span: ir.Span) -> None:
        """End a block; its clean-ups run."""
        self.clean_up(len(self.scopes) - 1, span)
        self.renamed = self.scopes.pop().renamed

    def clean_up(self, down_to: int, span: ir.Span) -> None:
        """Emit the clean-ups of all scopes above a depth, the last made first."""
        for scope in reversed(self.scopes[down_to:]):
            for function, argument in reversed(scope.cleanups):
                arguments = () if isinstance(argument, ir.Opaque) else (argument,)
                self.emit(ir.Call(ir.Name(function), arguments, None, span, implicit=True))

    @property
    def cleans(self) -> bool:
        """Whether anything runs when the function is left here."""
        return any(scope.cleanups for scope in self.scopes)

    def later(self, function: str, argument: ir.Expr) -> None:
        """Let a function be called with an argument when the innermost scope is left."""
        self.scopes[-1].cleanups.append((function, argument))

    def declare(self, name: str, type_: str, span: ir.Span) -> ir.Name:
        """Declare a local, under another name if it hides one or differs in type from one."""
        visible = any(name in scope.declared for scope in self.scopes)
        used = name
        number = 1
        while (visible and used in self._types and number == 1) or (
            used in self._types and self._types[used] != type_
        ):
            number += 1
            used = f"{name}.{number}"
        self._types[used] = type_
        self.scopes[-1].declared.add(name)
        self.renamed[name] = used
        self.emit(ir.Declare(used, type_, span))
        return ir.Name(used)

    def is_local(self, name: str) -> bool:
        """Tell whether a name is a local variable here, parameters excepted."""
        return any(name in scope.declared for scope in self.scopes)
