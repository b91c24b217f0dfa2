# SPDX-License-Identifier: GPL-2.0-only
"""C functions as control-flow graphs of simple instructions.

The form is small on purpose. Everything that C can hide in an expression has its own instruction,
in the order in which it happens: calls, assignments, ``++``, short circuits, conditional
expressions and statement expressions. What is left of an expression only reads. Annotations such
as ``likely()`` are gone; ``x += y`` is ``x = x + y``; a condition is a branch on one comparison or
truth value, without ``!``, ``&&`` and ``||``. Two ways to write the same thing are the same here.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """A byte range ``[start, end)`` and the *line* of its start.

    A function's own span counts from the start of its file, lines from 1. Those inside it count
    from the function (line 0 is its first), so that a function that an edit above it has moved
    keeps its blocks; ``Function.place`` makes one absolute.
    """

    start: int
    end: int
    line: int


# Expressions: frozen, hashable, equal by meaning (no positions), free of side effects.


@dataclass(frozen=True, slots=True)
class Name:
    """A local, parameter, global, enumerator or object-like macro, or a temporary (``$1``)."""

    id: str


@dataclass(frozen=True, slots=True)
class Number:
    """An integer literal with its value; a character literal too."""

    value: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal, as written."""

    text: str


@dataclass(frozen=True, slots=True)
class Member:
    """``base->field`` (*arrow*) or ``base.field``."""

    base: Expr
    field: str
    arrow: bool


@dataclass(frozen=True, slots=True)
class Index:
    """``base[index]``."""

    base: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class Unary:
    """*op* is one of ``-``, ``~``, ``!``, ``*`` (dereference), ``&`` (address)."""

    op: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary:
    """*op* is an arithmetic, bitwise, shift or comparison operator of C."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Cast:
    """``(type)operand``; *type* with one blank between words, such as ``unsigned long``."""

    type: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Apply:
    """A call of something that only computes: ``min(a, b)``, ``PFN_UP(x)``, ``IS_ERR(p)``,
    ``vma_pages(v)``; which names these are is data (``vocabulary.toml``)."""

    function: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Opaque:
    """What the analysis does not look into (``sizeof``, compound literals), as normalised text."""

    text: str


Expr = (
    Name | Number | Text | Member | Index | Unary | Binary | Cast | Apply | Opaque
)  # fmt: skip


# Instructions


@dataclass(frozen=True, slots=True)
class Assign:
    """``target = value``. *operator* is the compound operator that was written, or empty."""

    target: Expr
    value: Expr
    span: Span
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """``result = function(arguments)``; *function* is a Name for a direct call.

    *result* is None when the value is not used. *text* is the name as written, empty for a call
    through a pointer. A clean-up that runs because a scope ends (``guard()``, ``__free()``) is a
    Call too; *implicit* then.
    """

    function: Expr
    arguments: tuple[Expr, ...]
    result: Name | None
    span: Span
    implicit: bool = False


@dataclass(frozen=True, slots=True)
class Declare:
    """A local comes into scope; *type* as in Cast, with its stars: ``struct mm_struct *``."""

    name: str
    type: str
    span: Span


@dataclass(frozen=True, slots=True)
class Mention:
    """Code that names something but computes nothing: ``sizeof(mm->locked_vm)``, an argument of a
    debugging macro."""

    what: Expr
    span: Span


Instruction = Assign | Call | Declare | Mention


# What ends a block


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on with block *to*. *back* for the edge that closes a loop."""

    to: int
    back: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """If *condition* is not zero go to *then*, else to *other*.

    *loop* marks the head of a loop, where *then* is the body. A ``switch`` is a chain of these with
    ``==``."""

    condition: Expr
    then: int
    other: int
    span: Span
    loop: bool = False


@dataclass(frozen=True, slots=True)
class Return:
    """Leave the function, with a value or none."""

    value: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Unreachable:
    """``BUG()``, ``unreachable()``, ``panic()``: the path ends."""

    span: Span


Terminator = Jump | Branch | Return | Unreachable


@dataclass(slots=True)
class Block:
    """Instructions in order, then where to go."""

    instructions: list[Instruction] = field(default_factory=list)
    terminator: Terminator | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; *type* as in Declare."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function definition. ``SYSCALL_DEFINE2(mlock, …)`` is ``sys_mlock``.

    Block 0 is the entry. *static* as declared. *problem* says why the function could not be
    analysed (the syntax tree has an error inside, …) and is empty otherwise; a function with a
    problem has no blocks. *conditions* is the stack of ``#if`` it stands under.
    """

    name: str
    path: str
    span: Span
    parameters: tuple[Parameter, ...]
    returns: str
    static: bool
    blocks: tuple[Block, ...]
    problem: str = ""
    conditions: tuple[str, ...] = ()

    def place(self, span: Span) -> Span:
        """Return where in the file a span of one of the instructions is."""
        return Span(self.span.start + span.start, self.span.start + span.end, self.line(span))

    def line(self, span: Span) -> int:
        """Return the line of the file (from 1) of one of the instructions."""
        return self.span.line + span.line
