# SPDX-License-Identifier: GPL-2.0-only
"""The operations on canonical values: C's operators, and functions that convert pages and bytes.

``PAGE_SIZE`` is a symbol; ``1 << PAGE_SHIFT`` is the same. ``PAGE_MASK`` is ``-PAGE_SIZE``, which
it is in two's complement, so ``x & ~PAGE_MASK`` becomes the rest of x by pages and rounding up and
down are expressed by two functions only: ``PFN_DOWN(x)`` and ``PFN_UP(x)``, whole pages in x bytes.
Terms that are whole pages by themselves are moved out of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from patchkit.lint.conditions import Condition, compare, truth
from patchkit.lint.values import (
    ONE,
    ZERO,
    Atom,
    Term,
    Value,
    named,
    number,
    operation_text,
    single,
)

PAGE_SIZE = named("PAGE_SIZE")
PAGE_SHIFT = named("PAGE_SHIFT")
_PAGE = PAGE_SIZE.terms[0][0][0]
_ALIGNED = frozenset({"vm_start", "vm_end"})
"""Members that are multiples of the page size."""

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_COMMUTATIVE = frozenset({"&", "|", "^", "min", "max"})


def operation(name: str, *args: Value) -> Value:
    """Return an operation that the algebra does not look into."""
    if name in _COMMUTATIVE:
        args = tuple(sorted(args, key=lambda each: each.text))
    text = operation_text("op", name, [each.text for each in args])
    return single(Atom("op", name, args, text=text))


def test(condition: Condition) -> Value:
    """Return a condition as a value that is 0 or 1."""
    known = condition.known()
    if known is not None:
        return ONE if known else ZERO
    text = operation_text("test", condition.relation, [condition.value.text])
    return single(Atom("test", condition.relation, (condition.value,), text=text, type_="bool"))


def choice(condition: Condition, then: Value, other: Value) -> Value:
    """Return *then* where the condition holds, else *other*."""
    if then == other:
        return then
    args = (test(condition), then, other)
    text = operation_text("choice", "", [each.text for each in args])
    return single(Atom("choice", "?", args, text=text, type_=then.type or other.type))


def sum_of(value: Value, loop: str) -> Value:
    """Return what a value comes to over all rounds of a loop; *loop* tells loops apart."""
    total = ZERO
    for term in value.terms:
        product = Value(((term[0], 1),))
        text = f"sum({product.text}){loop}"
        type_ = product.type
        total += single(Atom("sum", loop, (product,), text=text, type_=type_)) * number(term[1])
    return total


def binary(op: str, left: Value, right: Value) -> Value:
    """Return ``left op right`` for an operator of C."""
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    if op in _COMPARISONS:
        return test(compare(left, op, right))
    fold = _BINARY.get(op)
    return fold(left, right) if fold is not None else operation(op, left, right)


def _shift_left(left: Value, right: Value) -> Value:
    count = right.constant
    if count is not None and 0 <= count < 64:
        return left * number(1 << count)
    if right == PAGE_SHIFT:
        return left * PAGE_SIZE
    return operation("<<", left, right)


def _shift_right(left: Value, right: Value) -> Value:
    count, constant = right.constant, left.constant
    if count == 0:
        return left
    if count is not None and constant is not None and 0 <= count < 64:
        return number(constant >> count)
    if right == PAGE_SHIFT:
        return pages_down(left)
    return operation(">>", left, right)


def _divide(left: Value, right: Value) -> Value:
    if right == PAGE_SIZE:
        return pages_down(left)
    divisor = right.constant
    if divisor == 1:
        return left
    if divisor and all(factor % divisor == 0 for _, factor in left.terms):
        return Value(tuple((product, factor // divisor) for product, factor in left.terms))
    return operation("/", left, right)


def _remainder(left: Value, right: Value) -> Value:
    if right == PAGE_SIZE:
        return left - PAGE_SIZE * pages_down(left)
    return operation("%", left, right)


def _flag(value: Value) -> bool:
    """Tell whether a value is one named flag of a VMA."""
    atom = value.atom
    return atom is not None and atom.kind == "global" and atom.name.startswith("VM_")


def _in_flags(value: Value, flag: Value) -> Value | None:
    """Return ``value & flag`` for a flag by name, as far as it follows from how value was made."""
    if _flag(value):
        return flag if value == flag else ZERO
    atom = value.atom
    if atom is None or atom.kind != "op" or len(atom.args) != 2:
        return None
    if atom.name == "|":
        return _or(_and(atom.args[0], flag), _and(atom.args[1], flag))
    if atom.name == "&":
        for kept, mask in (atom.args, atom.args[::-1]):
            if _flag(mask):
                return _and(kept, flag) if mask == flag else ZERO
            cleared = -mask - ONE
            if _only_flags(cleared):
                return ZERO if flag in _names(cleared) else _and(kept, flag)
    return None


def _names(value: Value) -> list[Value]:
    """Return the parts of ``A | B | C``."""
    atom = value.atom
    if atom is not None and atom.kind == "op" and atom.name == "|":
        return [each for part in atom.args for each in _names(part)]
    return [value]


def _only_flags(value: Value) -> bool:
    return all(_flag(each) for each in _names(value))


def _and(left: Value, right: Value) -> Value:
    for value, mask in ((left, right), (right, left)):
        if mask.zero:
            return ZERO
        if _flag(mask):
            found = _in_flags(value, mask)
            if found is not None:
                return found
        elif len(_names(mask)) > 1 and _only_flags(mask) and not _only_flags(value):
            parts = [_and(value, each) for each in _names(mask)]
            return functools.reduce(_or, parts)
        if mask == -PAGE_SIZE:
            return PAGE_SIZE * pages_down(value)
        if mask == PAGE_SIZE - ONE:
            return value - PAGE_SIZE * pages_down(value)
    first, second = left.constant, right.constant
    if first is not None and second is not None:
        return number(first & second)
    return left if left == right else operation("&", left, right)


def _or(left: Value, right: Value) -> Value:
    if left.zero or right.zero:
        return right if left.zero else left
    first, second = left.constant, right.constant
    if first is not None and second is not None:
        return number(first | second)
    return left if left == right else operation("|", left, right)


def _logical_and(left: Value, right: Value) -> Value:
    if left.zero or right.zero:
        return ZERO
    return operation("&&", left, right)


_BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "<<": _shift_left,
    ">>": _shift_right,
    "/": _divide,
    "%": _remainder,
    "&": _and,
    "|": _or,
    "&&": _logical_and,
}


def unary(op: str, operand: Value) -> Value:
    """Return ``op operand`` for ``-``, ``~``, ``!`` and ``+``."""
    if op == "-":
        return -operand
    if op == "~":
        return -operand - ONE
    if op == "!":
        return test(truth(operand).negated())
    return operand if op == "+" else operation(op, operand)


def _whole(term: Term) -> Term | None:
    """Return a term of bytes as a term of pages if it is a multiple of the page size."""
    product, factor = term
    for position, atom in enumerate(product):
        if atom == _PAGE:
            return product[:position] + product[position + 1 :], factor
    return None


def _split_pages(value: Value) -> tuple[Value, Value]:
    """Return (whole pages, rest in bytes)."""
    pages, rest = ZERO, ZERO
    for term in value.terms:
        whole = _whole(term)
        if whole is not None:
            pages += Value((whole,))
        elif len(term[0]) == 1 and term[0][0].name in _ALIGNED:
            down = operation("PFN_DOWN", Value(((term[0], 1),)))
            pages += down * number(term[1])
        else:
            rest += Value((term,))
    return pages, rest


def pages_down(value: Value) -> Value:
    """Return the whole pages in *value* bytes, rounded down."""
    pages, rest = _split_pages(value)
    if rest.zero:
        return pages
    if rest.terms[0] == ((), -1) and len(rest.terms) > 1:  # (x - 1 + PAGE_SIZE) / PAGE_SIZE
        return pages - ONE + operation("PFN_UP", rest + ONE)
    return pages + operation("PFN_DOWN", rest)


def pages_up(value: Value) -> Value:
    """Return the pages that hold *value* bytes, rounded up."""
    pages, rest = _split_pages(value)
    return pages if rest.zero else pages + operation("PFN_UP", rest)


def _align(value: Value, to: Value) -> Value:
    return PAGE_SIZE * pages_up(value) if to == PAGE_SIZE else operation("ALIGN", value, to)


def _align_down(value: Value, to: Value) -> Value:
    if to == PAGE_SIZE:
        return PAGE_SIZE * pages_down(value)
    return operation("ALIGN_DOWN", value, to)


def _round_up_division(value: Value, by: Value) -> Value:
    if by == PAGE_SIZE:
        return pages_up(value)
    return operation("DIV_ROUND_UP", value, by)


def _extreme(name: str) -> Callable[[Value, Value], Value]:
    def fold(left: Value, right: Value) -> Value:
        first, second = left.constant, right.constant
        if first is not None and second is not None:
            return number(min(first, second) if name == "min" else max(first, second))
        return left if left == right else operation(name, left, right)

    return fold


_ONE_ARGUMENT: dict[str, Callable[[Value], Value]] = {
    "PFN_DOWN": pages_down,
    "PHYS_PFN": pages_down,
    "PFN_UP": pages_up,
    "PFN_PHYS": lambda value: value * PAGE_SIZE,
    "PFN_ALIGN": lambda value: PAGE_SIZE * pages_up(value),
    "PAGE_ALIGN": lambda value: PAGE_SIZE * pages_up(value),
    "PAGE_ALIGN_DOWN": lambda value: PAGE_SIZE * pages_down(value),
    "offset_in_page": lambda value: value - PAGE_SIZE * pages_down(value),
}
_TWO_ARGUMENTS: dict[str, Callable[[Value, Value], Value]] = {
    "ALIGN": _align,
    "round_up": _align,
    "roundup": _align,
    "ALIGN_DOWN": _align_down,
    "round_down": _align_down,
    "rounddown": _align_down,
    "DIV_ROUND_UP": _round_up_division,
    "DIV_ROUND_UP_ULL": _round_up_division,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "umin": _extreme("min"),
    "umax": _extreme("max"),
    "size_add": lambda left, right: left + right,
    "size_sub": lambda left, right: left - right,
    "size_mul": lambda left, right: left * right,
    "array_size": lambda left, right: left * right,
    "div_u64": _divide,
    "div64_u64": _divide,
    "div64_ul": _divide,
    "DIV_ROUND_DOWN_ULL": _divide,
}
_SAME = frozenset(
    {
        *("READ_ONCE", "data_race", "untagged_addr", "likely", "unlikely", "ACCESS_PRIVATE"),
        *("smp_load_acquire", "rcu_dereference", "rcu_access_pointer", "array_index_nospec"),
        *("rcu_dereference_raw", "rcu_dereference_check", "rcu_dereference_protected"),
        *("READ_ONCE_NOCHECK", "cpu_to_le64", "u64_to_user_ptr", "ERR_PTR", "PTR_ERR", "ERR_CAST"),
        *("untagged_addr_remote", "no_free_ptr", "return_ptr", "rcu_dereference_bh"),
    }
)
"""Functions and macros whose value is that of their first argument."""


def apply(name: str, args: tuple[Value, ...]) -> Value:
    """Return the value of a function or macro that only computes."""
    if len(args) == 1 and name in _ONE_ARGUMENT:
        return _ONE_ARGUMENT[name](args[0])
    if len(args) == 2 and name in _TWO_ARGUMENTS:
        return _TWO_ARGUMENTS[name](args[0], args[1])
    if len(args) == 3 and name in ("min_t", "max_t"):
        return _TWO_ARGUMENTS[name[:3]](args[1], args[2])
    if len(args) == 2 and name in ("min_not_zero",):
        return operation("min_not_zero", *args)
    if len(args) == 3 and name in ("min3", "max3"):
        return _TWO_ARGUMENTS[name[:3]](_TWO_ARGUMENTS[name[:3]](args[0], args[1]), args[2])
    if args and name in _SAME:
        if name == "untagged_addr_remote":
            return args[-1]
        return args[0]
    if name == "PTR_ERR_OR_ZERO" and len(args) == 1:
        return choice(truth(apply("IS_ERR", args)), args[0], ZERO)
    if name == "abs" and len(args) == 1 and args[0].constant is not None:
        return number(abs(args[0].constant))
    return operation(name, *args)


def rebuild(atom: Atom, args: tuple[Value, ...]) -> Value | None:
    """Return an operation with other arguments, normalised anew; None for other kinds of atoms."""
    match atom.kind:
        case "op":
            if len(args) == 2 and not atom.name[0].isalpha():
                return binary(atom.name, args[0], args[1])
            if len(args) == 1 and not atom.name[0].isalpha():
                return unary(atom.name, args[0])
            return apply(atom.name, args)
        case "test":
            return test(compare(args[0], atom.name, ZERO))
        case "choice":
            condition = truth(args[0])
            known = condition.known()
            if known is not None:
                return args[1] if known else args[2]
            return choice(condition, args[1], args[2])
        case "sum":
            return sum_of(args[0], atom.name)
        case _:
            return None
