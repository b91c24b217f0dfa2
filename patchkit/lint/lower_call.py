# SPDX-License-Identifier: GPL-2.0-only
"""Calls, macros that look like calls, and the expansion of a file's own macros."""

from __future__ import annotations

from collections.abc import Callable

from patchkit.lint import ir
from patchkit.lint.lower_decl import Declarations
from patchkit.lint.lower_expr import DEEPEST, CannotLower, Node
from patchkit.lint.lower_macros import Macro, expand
from patchkit.lint.lower_reading import Reading, named
from patchkit.tree.csource import CSource

_HEAD = b"void f(void)\n{\n"


class Calls(Declarations):
    """Adds calls."""

    def statement(self, node: Node) -> None:
        """Lower a statement; provided by who builds on this."""
        raise NotImplementedError

    def call(self, node: Node, used: bool) -> ir.Expr:
        function = self._field(node, "function")
        arguments = self.arguments(node)
        if function.type == "identifier":
            return self._named(self.reading.text(function), arguments, node, used)
        if function.type == "call_expression" and not self.quiet:
            scoped = self._scope_call(function, arguments, node)
            if scoped is not None:
                return scoped
        target = self.value(function)
        while isinstance(target, ir.Unary) and target.op in "*&":
            target = target.operand
        return self._called(target, [self.value(n) for n in arguments], node, used)

    def arguments(self, node: Node) -> list[Node]:
        """Return the arguments of a call."""
        inside = node.child_by_field_name("arguments")
        return [] if inside is None else list(named(inside))

    def _called(self, function: ir.Expr, values: list[ir.Expr], node: Node, used: bool) -> ir.Expr:
        """Emit an ordinary call."""
        if self.quiet:
            word = function.id if isinstance(function, ir.Name) else "()"
            return ir.Apply(word, tuple(values))
        result = self.temporary() if used else None
        self.emit(ir.Call(function, tuple(values), result, self.reading.span(node)))
        return result if result is not None else ir.Number(0)

    def _named(self, word: str, arguments: list[Node], node: Node, used: bool) -> ir.Expr:
        macro = self.macros.get(word)
        if macro is not None and word not in self.renamed and not self.words.knows(word):
            expanded = self.expansion(macro, node, used)
            if expanded is not None:
                return expanded
        special = self._special(word)
        if special is not None and (arguments or word in self.words.noreturn):
            return special(word, arguments, node, used)
        if self.words.mentions(word) or word in self.words.pure:
            return self._pure(word, arguments, node, used)
        values = [self.value(argument) for argument in arguments]
        for position in self.words.outputs.get(word, ()):
            if position < len(values):
                values[position] = ir.Unary("&", values[position])
        name = self.renamed.get(word, word)
        if word in self.words.declares and arguments and not self.quiet:
            self._declared_by(word, values, node)
        result = self._called(ir.Name(name), values, node, used)
        if word in self.words.noreturn and not self.quiet:
            self.end(ir.Unreachable(self.reading.span(node)))
        return result

    def _declared_by(self, word: str, values: list[ir.Expr], node: Node) -> None:
        """``LIST_HEAD(x)`` declares x and is handed its address."""
        if isinstance(values[0], ir.Name):
            span = self.reading.span(node)
            values[0] = ir.Unary("&", self.declare(values[0].id, self.words.declares[word], span))

    def _pure(self, word: str, arguments: list[Node], node: Node, used: bool) -> ir.Expr:
        if self.words.mentions(word):
            values = tuple(self.quietly(argument) for argument in arguments)
            what = ir.Apply(word, values)
            if not self.quiet:
                self.emit(ir.Mention(what, self.reading.span(node)))
            return ir.Number(0) if used else what
        what = ir.Apply(word, tuple(self.value(argument) for argument in arguments))
        if not used and not self.quiet:
            self.emit(ir.Mention(what, self.reading.span(node)))
        return what

    # Words with a meaning of their own

    def _special(self, word: str) -> Callable[[str, list[Node], Node, bool], ir.Expr] | None:
        words = self.words
        if word in words.transparent or word in words.warning:
            return self._transparent
        if word in words.typed:
            return self._typed
        if word in words.loads:
            return self._load
        if self.quiet:
            return None
        if word in words.stores or word in words.stores_through:
            return self._store
        if word in words.overflow:
            return self._overflow
        if word in words.noreturn_if:
            return self._ends_if
        if word in words.taken or word in words.return_taken:
            return self._taken
        if word == "swap":
            return self._swap
        if word in words.noreturn and word.startswith(("BUG", "unreachable", "__builtin")):
            return self._ends
        return None

    def _transparent(self, word: str, arguments: list[Node], node: Node, used: bool) -> ir.Expr:
        position = self.words.warning_argument.get(word, 0)
        if position >= len(arguments):
            raise CannotLower(f"{word}() with {len(arguments)} arguments")
        value: ir.Expr = ir.Number(0)
        for number, argument in enumerate(arguments):
            if number != position:
                if not self.quiet:
                    what = self.quietly(argument)
                    self.emit(ir.Mention(what, self.reading.span(argument)))
            elif used or self.quiet:
                value = self.value(argument)
            else:
                self.effect(argument)
        return value

    def _typed(self, word: str, arguments: list[Node], node: Node, used: bool) -> ir.Expr:
        type_ = self.reading.text(arguments[0])
        values = tuple(ir.Cast(type_, self.value(argument)) for argument in arguments[1:])
        return ir.Apply(self.words.typed[word], values)

    def _load(self, word: str, arguments: list[Node], node: Node, used: bool) -> ir.Expr:
        return _deref(self.value(arguments[0]))

    def _store(self, word: str, arguments: list[Node], node: Node, used: bool) -> ir.Expr:
        if len(arguments) != 2:
            raise CannotLower(f"{word}() with {len(arguments)} arguments")
        value = self.value(arguments[1])
        target = self.value(arguments[0])
        if word in self.words.stores_through:
            target = _deref(target)
        self.emit(ir.Assign(target, value, self.reading.span(node)))
        return target

    def _overflow(self, word: str, arguments: list[Node], node: Node, used: bool) -> ir.Expr:
        """``check_add_overflow(a, b, &d)``: the value is what nobody knows."""
        if len(arguments) != 3:
            raise CannotLower(f"{word}() with {len(arguments)} arguments")
        left, right, target = (self.value(argument) for argument in arguments)
        span = self.reading.span(node)
        result = self.temporary()
        self.emit(ir.Call(ir.Name(word), (left, right), result, span))
        value = ir.Binary(self.words.overflow[word], left, right)
        self.emit(ir.Assign(_deref(target), value, span))
        return result

    def _ends(self, word: str, arguments: list[Node], node: Node, used: bool) -> ir.Expr:
        self.end(ir.Unreachable(self.reading.span(node)))
        return ir.Number(0)

    def _ends_if(self, word: str, arguments: list[Node], node: Node, used: bool) -> ir.Expr:
        dead, on = self.block(), self.block()
        self.condition(arguments[0], dead, on)
        self.here = dead
        self.end(ir.Unreachable(self.reading.span(node)))
        self.here = on
        return ir.Number(0)

    def _taken(self, word: str, arguments: list[Node], node: Node, used: bool) -> ir.Expr:
        target = self.value(arguments[0])
        span = self.reading.span(node)
        old = self.temporary()
        self.emit(ir.Assign(old, target, span))
        self.emit(ir.Assign(target, ir.Number(0), span))
        if word in self.words.return_taken:
            self.clean_up(0, span)
            self.end(ir.Return(old, span))
        return old

    def _swap(self, word: str, arguments: list[Node], node: Node, used: bool) -> ir.Expr:
        if len(arguments) != 2:
            raise CannotLower("swap() without two arguments")
        span = self.reading.span(node)
        left, right = self.value(arguments[0]), self.value(arguments[1])
        old = self.temporary()
        self.emit(ir.Assign(old, left, span))
        self.emit(ir.Assign(left, right, span))
        self.emit(ir.Assign(right, old, span))
        return ir.Number(0)

    # guard(mutex)(&lock) and CLASS(fd, f)(fd)

    def _scope_call(self, function: Node, values: list[Node], node: Node) -> ir.Expr | None:
        maker = function.child_by_field_name("function")
        if maker is None or maker.type != "identifier":
            return None
        word = self.reading.text(maker)
        what = [self.reading.text(argument) for argument in self.arguments(function)]
        if word == "guard" and len(what) == 1:
            self.guard(what[0], [self.value(value) for value in values], node)
            return ir.Number(0)
        if word in ("CLASS", "ACQUIRE", "CLASS_INIT") and len(what) == 2:
            self._class(what[0], what[1], [self.value(value) for value in values], node)
            return ir.Number(0)
        return None

    def guard(self, kind: str, values: list[ir.Expr], node: Node) -> tuple[str, str]:
        """Emit the call that takes a lock; it is given back when the innermost scope is left."""
        take, give = self.words.guards.get(kind, (f"guard_{kind}", f"unguard_{kind}"))
        self.emit(ir.Call(ir.Name(take), tuple(values), None, self.reading.span(node)))
        self.later(give, values[0] if values else ir.Opaque(""))
        return take, give

    def _class(self, kind: str, name: str, values: list[ir.Expr], node: Node) -> None:
        names = (f"class_{kind}_constructor", f"class_{kind}_destructor")
        make, end = self.words.classes.get(kind, names)
        span = self.reading.span(node)
        result = self.temporary()
        self.emit(ir.Call(ir.Name(make), tuple(values), result, span))
        variable = self.declare(name, f"class_{kind}_t", span)
        self.emit(ir.Assign(variable, result, span))
        self.later(end, variable)

    # Macros of the file

    def expansion(self, macro: Macro, node: Node, used: bool) -> ir.Expr | None:
        if macro.name in self.active or len(self.active) >= DEEPEST or not macro.body:
            return None
        given: list[bytes] = []
        if macro.parameters is not None:
            if node.type != "call_expression":
                return None
            given = [self.reading.raw(argument) for argument in self.arguments(node)]
        text = expand(macro, given)
        if text is None or not text.strip():
            return None
        statements = parsed(text)
        if statements is None:
            return None
        source, inner = statements
        single = inner[0] if len(inner) == 1 and inner[0].type == "expression_statement" else None
        if (used or self.quiet) and single is None:
            return None
        outside = self.reading
        self.active.append(macro.name)
        self.reading = Reading(source, outside.span(node))
        try:
            return self._expanded(single, inner, used)
        finally:
            self.active.pop()
            self.reading = outside

    def _expanded(self, single: Node | None, inner: list[Node], used: bool) -> ir.Expr:
        expression = next(named(single), None) if single is not None else None
        if expression is not None:
            if used or self.quiet:
                return self.value(expression)
            self.effect(expression)
            return ir.Number(0)
        for statement in inner:
            self.statement(statement)
        return ir.Number(0)

    def snippet(self, text: bytes, span: ir.Span) -> ir.Expr:
        """Return the value of an expression that is not in the tree, such as a range's end."""
        found = parsed(text)
        expression = next(named(found[1][0]), None) if found is not None and found[1] else None
        if found is None or expression is None or found[1][0].type != "expression_statement":
            return ir.Opaque(" ".join(text.decode("utf-8", "backslashreplace").split()))
        outside, self.reading = self.reading, Reading(found[0], span)
        try:
            return self.value(expression)
        finally:
            self.reading = outside


def _deref(pointer: ir.Expr) -> ir.Expr:
    if isinstance(pointer, ir.Unary) and pointer.op == "&":
        return pointer.operand
    return ir.Unary("*", pointer)


def parsed(text: bytes) -> tuple[CSource, list[Node]] | None:
    """Parse statements that stand alone; None when the grammar cannot."""
    source = CSource(_HEAD + text.strip() + b"\n;}\n")
    if source.root.has_error:
        return None
    for node in source.root.named_children:
        body = node.child_by_field_name("body")
        if node.type == "function_definition" and body is not None:
            statements = [child for child in named(body) if not _is_empty(child)]
            return source, statements
    return None


def _is_empty(node: Node) -> bool:
    return node.type == "expression_statement" and not node.named_children
