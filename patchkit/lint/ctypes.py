# SPDX-License-Identifier: GPL-2.0-only
"""Types of expressions: enough to tell whose member ``locked_vm`` is, and how wide an integer is.

A type is text as in ``ir.Declare``: ``struct mm_struct *``, ``unsigned long``; empty if unknown.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TypeVar

from patchkit.lint import ir
from patchkit.lint.ctypes_known import APPLIED, ATOMIC, ENTRIES, FIXED, KNOWN_CALLS
from patchkit.lint.ctypes_struct import (
    Members,
    find_struct,
    find_typedef,
    members_of,
)
from patchkit.lint.headers import Files, SourceFile

_ATOMIC_CALL = re.compile(r"(atomic(?:64|_long)?)_(?!set|add\b|sub\b|inc\b|dec\b)\w+\Z")
_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=", "&&", "||")
_TAG = re.compile(r"(?:struct|union)\s+([\w.]+)")
_TYPED_ALLOCATION = re.compile(r"k[mvz]*alloc_(?:obj|objs|flex)\Z")
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer type: how many bits, and whether it has a sign. The kernel is a 64-bit one."""

    bits: int
    signed: bool


def tag_of(type_: str) -> str:
    """Return the tag of a struct or union or of what a pointer to one points to, else empty."""
    found = _TAG.match(type_)
    return found[1] if found is not None else ""


def pointee(type_: str) -> str:
    """Return what a pointer or array is made of; empty if the type is neither."""
    if type_.endswith(" []"):
        return type_[:-3]
    if type_.endswith("*"):
        return type_[:-1].rstrip()
    return ""


def pointer(type_: str) -> str:
    """Return the type of a pointer to *type_*."""
    if not type_:
        return ""
    return f"{type_}*" if type_.endswith("*") else f"{type_} *"


class Types:
    """Types as seen from the files of a tree. Looked up on first use and kept."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._structs: dict[tuple[str, str], tuple[Members, ...]] = {}
        self._anywhere: dict[str, tuple[Members, ...]] = {}
        self._typedefs: dict[tuple[str, str], str] = {}
        self._returns: dict[tuple[str, str], str] = {}
        self._globals: dict[tuple[str, str], str] = {}
        self._locals: dict[int, tuple[object, dict[str, str], dict[str, ir.Expr | ir.Call]]] = {}

    def edited(self, files: Files, changes: Mapping[str, object]) -> Types:
        """Return the types of a tree in which ``.c`` files changed.

        What such a file sees in headers stays known, unless it now includes others.
        """
        other = Types(files)

        def touched(table: str) -> dict[str, Container[str] | None]:
            return {path: self._touched(files, path, table) for path in changes}

        _keep(self._returns, other._returns, touched("functions"))
        _keep(self._globals, other._globals, touched("variables"))
        _keep(self._typedefs, other._typedefs, touched("typedefs"))
        _keep(self._structs, other._structs, touched("tags"))
        other._anywhere = dict(self._anywhere)
        other._locals = self._locals
        return other

    def _touched(self, files: Files, path: str, table: str) -> Container[str] | None:
        """Return the names that a file defines before or after a change; None for all."""
        before, after = self.files.file(path), files.file(path)
        if before is None or after is None or before.includes != after.includes:
            return None
        return set(getattr(before.names, table)) | set(getattr(after.names, table))

    # Definitions

    def struct(self, tag: str, path: str) -> tuple[Members, ...]:
        """Return the members of a struct; more than one where its definitions differ by #if."""
        key = (tag, path)
        known = self._structs.get(key)
        if known is None:
            known = self._find_struct(tag, path) if path else ()
            if not known:
                known = self._anywhere.get(tag, ())
            elif tag not in self._anywhere:
                self._anywhere[tag] = known
            self._structs[key] = known
        return known

    def _find_struct(self, tag: str, path: str) -> tuple[Members, ...]:
        if "." in tag:
            self.struct(tag.split(".", 1)[0], path)
            return self._anywhere.get(tag, ())
        for file in self.files.visible(path):
            found = self._in_file(tag, file)
            if found:
                return found
        for name in self.files.directory(path):
            near = self.files.file(name)
            found = self._in_file(tag, near) if near is not None else ()
            if found:
                return found
        return ()

    def _in_file(self, tag: str, file: SourceFile) -> tuple[Members, ...]:
        if tag not in file.names.tags:
            return ()
        found = []
        for text in find_struct(file.data, tag):
            members, inner = members_of(text, tag)
            found.append(members)
            for own, inside in inner.items():
                self._anywhere[own] = (inside,)
        return tuple(found)

    def member_type(self, tag: str, member: str, path: str = "") -> str:
        """Return the type of a struct's member; *path* is a file that sees the struct."""
        for members in self.struct(tag, path) if tag else ():
            if member in members:
                return members[member]
        return ""

    def resolved(self, type_: str, path: str) -> str:
        """Return a type with its typedef taken away, if what it stands for is a struct or other."""
        stars = ""
        for _ in range(8):
            while type_.endswith("*"):
                type_, stars = type_[:-1].rstrip(), stars + "*"
            if not type_ or type_ in FIXED or type_ in ATOMIC or " " in type_ or "(" in type_:
                break
            found = self._typedef(type_, path)
            if not found or found == type_:
                break
            type_ = found
        return f"{type_} {stars}" if stars and type_ else type_

    def _typedef(self, name: str, path: str) -> str:
        key = (name, path)
        known = self._typedefs.get(key)
        if known is None:
            known = ""
            for file in self.files.visible(path):
                found = find_typedef(file.data, name) if name in file.names.typedefs else None
                if found is not None:
                    known = found[0]
                    if found[1]:
                        members, inner = members_of(found[1], name)
                        self._anywhere[name] = (members,)
                        for own, inside in inner.items():
                            self._anywhere[own] = (inside,)
                        known = f"struct {name}"
                    break
            self._typedefs[key] = known
        return known

    def returns(self, name: str, path: str) -> str:
        """Return what a function returns that a file can call; empty if that is not known."""
        if name in KNOWN_CALLS:
            return KNOWN_CALLS[name]
        found = _ATOMIC_CALL.match(name)
        if found is not None and name.endswith(("return", "read", "xchg", "_add", "_sub")):
            return ATOMIC[f"{found[1]}_t"]
        key = (name, path)
        known = self._returns.get(key)
        if known is None:
            said = (file.names.returns(name) for file in self.files.visible(path))
            known = self._returns[key] = next(filter(None, said), "")
        return known

    def global_type(self, name: str, path: str) -> str:
        """Return the type of a variable at file scope; empty if that is not known."""
        if name == "current":
            return "struct task_struct *"
        key = (name, path)
        known = self._globals.get(key)
        if known is None:
            said = (file.names.variables.get(name, "") for file in self.files.visible(path))
            known = next(filter(None, said), "")
            self._globals[key] = known
        return known

    # Expressions

    def integer(self, type_: str, path: str = "") -> Integer | None:
        """Return width and sign of an integer type; None for all others."""
        resolved = self.resolved(type_, path) if path else type_
        if resolved.startswith("enum "):
            return Integer(32, False)
        known = FIXED.get(resolved)
        return Integer(*known) if known is not None else None

    def type_of(self, expression: ir.Expr, function: ir.Function) -> str:
        """Return the type of an expression in a function; empty if it is not known."""
        return self._type(expression, function, 0)

    def _type(self, what: ir.Expr, function: ir.Function, depth: int) -> str:
        if depth > _DEEPEST:
            return ""
        match what:
            case ir.Name(id=name):
                return self._name(name, function, depth)
            case ir.Number():
                return "int"
            case ir.Text():
                return "char *"
            case ir.Opaque(text=text):
                return "size_t" if text.startswith("sizeof") else ""
            case ir.Cast(type=type_):
                return type_
            case ir.Member(base=base, field=field):
                owner = self.resolved(self._type(base, function, depth + 1), function.path)
                return self.member_type(tag_of(owner), field, function.path)
            case ir.Index(base=base):
                return pointee(self._type(base, function, depth + 1))
            case ir.Unary(op=op, operand=operand):
                return self._unary(op, self._type(operand, function, depth + 1))
            case ir.Binary():
                return self._binary(what, function, depth)
            case ir.Apply():
                return self._apply(what, function, depth)

    @staticmethod
    def _unary(op: str, operand: str) -> str:
        if op == "&":
            return pointer(operand)
        if op == "*":
            return pointee(operand)
        return "int" if op == "!" else operand

    def _binary(self, what: ir.Binary, function: ir.Function, depth: int) -> str:
        if what.op in _COMPARISONS:
            return "int"
        left = self._type(what.left, function, depth + 1)
        if what.op in ("<<", ">>"):
            return self._promoted(left, function.path)
        right = self._type(what.right, function, depth + 1)
        if pointee(left) or pointee(right):
            if pointee(left) and pointee(right):
                return "long"
            return left if pointee(left) else right
        first, second = self._rank(left, function.path), self._rank(right, function.path)
        return self._promoted(left if first >= second else right, function.path)

    def _rank(self, type_: str, path: str) -> tuple[int, bool]:
        known = self.integer(type_, path)
        return (known.bits, not known.signed) if known is not None else (0, False)

    def _promoted(self, type_: str, path: str) -> str:
        known = self.integer(type_, path)
        return "int" if known is not None and known.bits < 32 else type_

    def _apply(self, what: ir.Apply, function: ir.Function, depth: int) -> str:
        if what.function in APPLIED:
            return APPLIED[what.function]
        if what.function in ENTRIES and len(what.arguments) >= 2:
            return self._entry(what.arguments[1])
        best = ""
        for argument in what.arguments[:2]:
            type_ = self._type(argument, function, depth + 1)
            if not best or self._rank(type_, function.path) > self._rank(best, function.path):
                best = type_
        return best

    @staticmethod
    def _entry(type_: ir.Expr) -> str:
        return pointer(type_.text) if isinstance(type_, ir.Opaque) else ""

    def _name(self, name: str, function: ir.Function, depth: int) -> str:
        declared, values = self._local(function)
        type_ = declared.get(name)
        if type_ is None or type_ == "auto":
            value = values.get(name)
            if value is None:
                return self.global_type(name, function.path) if not name.startswith("$") else ""
            return self._call(value, function) if isinstance(value, ir.Call) else self._type(
                value, function, depth + 1
            )  # fmt: skip
        if type_.startswith("typeof("):
            return self._typeof(type_, function, depth)
        return type_

    def _call(self, call: ir.Call, function: ir.Function) -> str:
        if not isinstance(call.function, ir.Name):
            return ""
        name = call.function.id
        if name in ENTRIES and len(call.arguments) >= 2:
            return self._entry(call.arguments[1])
        if _TYPED_ALLOCATION.match(name) and call.arguments:
            first = call.arguments[0]
            if isinstance(first, ir.Opaque):
                return pointer(first.text)
            inner = self._type(first, function, 1)
            return pointer(inner)
        return self.returns(name, function.path)

    def _typeof(self, type_: str, function: ir.Function, depth: int) -> str:
        """``typeof(x)``, ``typeof(*x)``, ``typeof(a->b)`` and a type in ``typeof()``."""
        from patchkit.lint.lower import expression_of

        rest = type_[type_.rindex(")") + 1 :]
        inner = type_[len("typeof(") : type_.rindex(")")]
        if _TAG.match(inner) or inner in FIXED:
            return f"{inner}{rest}"
        expression = expression_of(inner)
        found = self._type(expression, function, depth + 1) if expression is not None else ""
        return f"{found}{rest}" if found else ""

    def _local(self, function: ir.Function) -> tuple[dict[str, str], dict[str, ir.Expr | ir.Call]]:
        """Return types of parameters and locals, and the first values of what has no type."""
        known = self._locals.get(id(function.blocks))
        if known is not None and known[0] is function.blocks:
            return known[1], known[2]
        declared = {parameter.name: parameter.type for parameter in function.parameters}
        values: dict[str, ir.Expr | ir.Call] = {}
        for block in function.blocks:
            for each in block.instructions:
                match each:
                    case ir.Declare(name=name, type=type_):
                        declared[name] = type_
                    case ir.Assign(target=ir.Name(id=name), value=value):
                        if not isinstance(value, ir.Number):
                            values.setdefault(name, value)
                    case ir.Call(result=ir.Name(id=name)):
                        values.setdefault(name, each)
        self._locals[id(function.blocks)] = (function.blocks, declared, values)
        return declared, values


_T = TypeVar("_T")


def _keep(
    before: dict[tuple[str, str], _T],
    after: dict[tuple[str, str], _T],
    touched: Mapping[str, Container[str] | None],
) -> None:
    """Copy what is known by (name, file), except for names that files have touched."""
    for (name, path), value in before.items():
        if path in touched:
            names = touched[path]
            if names is None or name.split(".", 1)[0] in names:
                continue
        after[name, path] = value
