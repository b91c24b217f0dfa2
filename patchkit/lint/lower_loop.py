# SPDX-License-Identifier: GPL-2.0-only
"""Macros that stand for the head of a loop or of a block: ``for_each_vma``, ``scoped_guard``."""

from __future__ import annotations

from patchkit.lint import ir
from patchkit.lint.lower_call import Calls, parsed
from patchkit.lint.lower_expr import CannotLower, Node
from patchkit.lint.lower_reading import Reading, named
from patchkit.tree.vocabulary import SCOPE


class LoopMacros(Calls):
    """Adds what the blanking has turned into ``while`` and ``if``."""

    def loop_body(self, node: Node, leave: int, again: int, depth: int | None = None) -> None:
        """Lower what a loop repeats; the caller closes the circle.

        *depth* is how many scopes stay open on ``break`` and ``continue``; by default all.
        """
        raise NotImplementedError

    def is_macro(self, node: Node, keyword: str) -> bool:
        """Tell whether what looks like a loop or an ``if`` is a macro in the file."""
        return self.reading.word(node.start_byte) != keyword

    def macro_statement(self, node: Node) -> None:
        """Lower such a macro with the statement behind it."""
        word = self.reading.word(node.start_byte)
        condition = self._field(node, "condition")
        arguments = _flat(condition)
        inner = node.child_by_field_name("body") or node.child_by_field_name("consequence")
        if inner is None:
            raise CannotLower(f"{word} without a body")
        if SCOPE.match(word.encode()):
            self._scope(word, arguments, node, inner)
        else:
            self._loop(word, arguments, condition, inner)

    def _loop(self, word: str, arguments: list[Node], condition: Node, inner: Node) -> None:
        """Each round calls the macro, which gets what it assigns by address."""
        head, body, leave = self.block(), self.block(), self.block()
        self.start(head)
        assigned = self._assigned(word, arguments)
        values: list[ir.Expr] = []
        for position, argument in enumerate(arguments):
            value = self.value(argument)
            values.append(ir.Unary("&", value) if position in assigned else value)
        more = self.temporary()
        span = self.reading.span(condition)
        self.emit(ir.Call(ir.Name(word), tuple(values), more, span))
        self.end(ir.Branch(more, body, leave, span, loop=True))
        self.here = body
        self.loop_body(inner, leave, head)
        self.jump(head)
        self.here = leave

    def _assigned(self, word: str, arguments: list[Node]) -> frozenset[int]:
        known = self.words.loops.get(word)
        if known is not None:
            return frozenset(known)
        plain: dict[int, str] = {}
        for position, argument in enumerate(arguments):
            if argument.type == "identifier" and self.is_local(self.reading.text(argument)):
                plain[position] = self.reading.text(argument)
        fresh = [position for position, name in plain.items() if not self._has_value(name)]
        return frozenset(fresh or list(plain)[:1])

    def _has_value(self, name: str) -> bool:
        """Tell whether anything lowered so far gives a local a value."""
        local = ir.Name(self.renamed.get(name, name))
        return any(
            isinstance(instruction, ir.Assign) and instruction.target == local
            for block in self.blocks
            for instruction in block.instructions
        )

    # Blocks that run once

    def _scope(self, word: str, arguments: list[Node], node: Node, inner: Node) -> None:
        self.open_scope(node.id)
        span = self.reading.span(self._field(node, "condition"))
        if word == "scoped_guard" and arguments:
            values = [self.value(argument) for argument in arguments[1:]]
            self.guard(self.reading.text(arguments[0]), values, self._field(node, "condition"))
        elif word == "scoped_cond_guard" and len(arguments) >= 2:
            self._conditional_guard(arguments, span)
        else:
            given = tuple(self.value(argument) for argument in arguments)
            self.emit(ir.Call(ir.Name(word), given, None, span))
        # These are loops that run once: break and continue leave them.
        leave = self.block()
        depth = len(self.scopes)
        self.loop_body(inner, leave, leave, depth - 1)
        self.close_scope(self.reading.range(node.end_byte - 1, node.end_byte))
        self.start(leave)

    def _conditional_guard(self, arguments: list[Node], span: ir.Span) -> None:
        """``scoped_cond_guard(kind, statement, lock)``: the statement runs without the lock."""
        kind = self.reading.text(arguments[0])
        take, give = self.words.guards.get(kind, (f"guard_{kind}", f"unguard_{kind}"))
        values = [self.value(argument) for argument in arguments[2:]]
        result = self.temporary()
        self.emit(ir.Call(ir.Name(take), tuple(values), result, span))
        failed, taken = self.block(), self.block()
        is_try = kind.endswith("_try")
        arms = (taken, failed) if is_try else (failed, taken)
        self.end(ir.Branch(result, *arms, span))
        self.here = failed
        self._statement_text(self._written(arguments[1]), span)
        self.jump(taken)
        self.here = taken
        self.later(give, values[0] if values else ir.Opaque(""))

    def _written(self, node: Node) -> bytes:
        """Return an argument as the file has it, up to the comma: the blanking made it a 0."""
        data = self.reading.data
        depth, end = 0, node.start_byte
        while end < len(data) and (depth or data[end] not in b",)"):
            depth += (data[end] in b"(") - (data[end] in b")")
            end += 1
        return data[node.start_byte : end]

    def _statement_text(self, text: bytes, span: ir.Span) -> None:
        found = parsed(text)
        if found is None:
            raise CannotLower("the statement of a conditional guard")
        outside, self.reading = self.reading, Reading(found[0], span)
        try:
            for statement in found[1]:
                self.statement(statement)
        finally:
            self.reading = outside


def _flat(condition: Node) -> list[Node]:
    """Return the arguments that a blanked macro's parentheses hold."""
    pending = list(named(condition))
    found: list[Node] = []
    while pending:
        node = pending.pop(0)
        if node.type == "comma_expression":
            pending = [*named(node), *pending]
        else:
            found.append(node)
    return found
