# SPDX-License-Identifier: GPL-2.0-only
"""Which instructions of a function make events, before anything is executed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from patchkit.lint import ir
from patchkit.lint.effects import Effects, atomic_operation
from patchkit.lint.evaluate import Types
from patchkit.lint.slicing import addressed, parts
from patchkit.lint.summaries import Summary
from patchkit.lint.values import tag_of


@dataclass(frozen=True, slots=True)
class Contents:
    """What a function names, for a first choice: functions that it calls, members that it has to
    do with, those that it writes, other names, and functions whose address it takes."""

    calls: frozenset[str]
    members: frozenset[str]
    writes: frozenset[str]
    names: frozenset[str]


def contents(function: ir.Function) -> Contents:
    """Return what a function names."""
    calls: set[str] = set()
    members: set[str] = set()
    writes: set[str] = set()
    names: set[str] = set()
    for block in function.blocks:
        expressions: list[ir.Expr] = []
        for instruction in block.instructions:
            match instruction:
                case ir.Assign(target, value):
                    expressions += (target, value)
                    if isinstance(target, ir.Member):
                        writes.add(target.field)
                case ir.Call(called, arguments):
                    if isinstance(called, ir.Name):
                        calls.add(called.id)
                    else:
                        expressions.append(called)
                    expressions += arguments
                case ir.Mention(what):
                    expressions.append(what)
                case _:
                    pass
        match block.terminator:
            case ir.Branch(condition):
                expressions.append(condition)
            case ir.Return(returned) if returned is not None:
                expressions.append(returned)
            case _:
                pass
        for expression in expressions:
            for each in parts(expression):
                if isinstance(each, ir.Member):
                    members.add(each.field)
                elif isinstance(each, ir.Name):
                    names.add(each.id)
                elif isinstance(each, ir.Apply):
                    calls.add(each.function)
    return Contents(frozenset(calls), frozenset(members), frozenset(writes), frozenset(names))


@dataclass(slots=True)
class FunctionInterest:
    """Says for one function what is an event (``slicing.Interest``)."""

    function: ir.Function
    types: Types
    effects: Effects
    counter: Callable[[str, str], str]
    accounting: Callable[[str, str], bool]
    watched: Callable[[str], bool]
    resources: frozenset[str]
    eventful: Callable[[str], bool]
    """Whether calls of a function have events by its summary."""
    limiting: Callable[[str], bool]
    """Whether a function returns something computed from a limit or a counter."""
    summary: Callable[[str], Summary | None]
    """What calls of a function do."""
    keeps: Callable[[str], bool] = lambda tag: False
    """Whether a struct keeps accounts: then all that is stored in it is shown."""
    handed: frozenset[str] = frozenset()
    """The parameters that are limits."""
    parameters: frozenset[str] = field(default=frozenset())
    found: dict[ir.Expr, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parameters = frozenset(each.name for each in self.function.parameters)

    def tag(self, expression: ir.Expr) -> str:
        """Return the tag of the struct that an expression is or points to."""
        known = self.found.get(expression)
        if known is None:
            known = tag_of(self.types.type_of(expression, self.function))
            self.found[expression] = known
        return known

    def event(self, instruction: ir.Instruction) -> bool:
        """Tell whether an instruction makes an event or stores what matters elsewhere."""
        match instruction:
            case ir.Assign(target):
                return self._stores(target)
            case ir.Call(ir.Name(name), arguments):
                return self._calls(name, arguments)
            case ir.Mention(ir.Apply("WARN", ())):
                return False
            case _:
                return False

    def minor(self, instruction: ir.Instruction) -> bool:
        """Tell whether an event is of interest only besides others: locks, ``*result = x``."""
        match instruction:
            case ir.Assign(ir.Unary("*", _)):
                return True
            case ir.Call(ir.Name(name), _):
                return name in self.effects.locks or name in self.effects.gets
            case _:
                return False

    def _stores(self, target: ir.Expr) -> bool:
        match target:
            case ir.Member(base, member):
                tag = self.tag(base)
                return (
                    bool(self.counter(tag, member))
                    or member in self.effects.flag_members.get(tag, ())
                    or self.accounting(tag, member)
                )
            case ir.Unary("*", ir.Name(name)):
                return name in self.parameters
            case _:
                return False

    def _calls(self, name: str, arguments: tuple[ir.Expr, ...]) -> bool:
        effects = self.effects
        operation = atomic_operation(name)
        if operation is not None:
            return operation != "read" and any(self._accounted(each) for each in arguments)
        if name in effects.locks:
            rule = effects.locks[name]
            return not rule.member or any(
                isinstance(each, ir.Member) and each.field == rule.member
                for argument in arguments
                for each in parts(argument)
            )
        if name in effects.puts:
            at = effects.puts[name].argument
            return at < len(arguments) and self._watched(arguments[at])
        if name in effects.gets:
            at = effects.gets[name].argument
            return at < 0 or (at < len(arguments) and self._watched(arguments[at]))
        if name in effects.flags:
            return True
        if name in ("memcpy", "memset", "memmove") and arguments:
            return bool(self.counter(self.tag(arguments[0]), "")) or self._holds(arguments[0])
        return self.eventful(name)

    def _holds(self, expression: ir.Expr) -> bool:
        return self.watched(self.tag(expression)) and self.tag(expression).startswith("mm_struct")

    def _watched(self, argument: ir.Expr) -> bool:
        if isinstance(argument, ir.Unary) and argument.op == "&":
            inner = argument.operand
            if isinstance(inner, ir.Member):
                return self.watched(self.tag(inner.base))
        return self.watched(self.tag(argument))

    def _accounted(self, expression: ir.Expr) -> bool:
        """Tell whether a counter, or a member that takes part in accounting, is named."""
        for each in parts(expression):
            if isinstance(each, ir.Member):
                tag = self.tag(each.base)
                if self.counter(tag, each.field) or self.accounting(tag, each.field):
                    return True
            elif isinstance(each, ir.Name) and "atomic" in self.types.type_of(each, self.function):
                return True
        return False

    def limit(self, expression: ir.Expr) -> bool:
        """Tell whether an expression reads a limit or a counter."""
        for each in parts(expression):
            if isinstance(each, ir.Name) and (each.id in self.resources or each.id in self.handed):
                return True
            if isinstance(each, ir.Apply) and self.limiting(each.function):
                return True
            if isinstance(each, ir.Member) and self.counter(self.tag(each.base), each.field):
                return True
        return False

    def limit_call(self, call: ir.Call) -> bool:
        """Tell whether a call returns a limit or a counter."""
        name = call.function.id if isinstance(call.function, ir.Name) else ""
        if name in self.effects.limits or atomic_operation(name) is not None:
            return any(self.limit(each) for each in call.arguments)
        return bool(name) and self.limiting(name)

    def witness(self, instruction: ir.Instruction) -> bool:
        """Tell whether an instruction is shown where a path comes by, but is no reason to look."""
        match instruction:
            case ir.Call(ir.Name(name), arguments):
                if name in self.effects.reports:
                    return any(self._accounted(each) for each in arguments)
                return name in self.effects.pins or name in self.effects.unpins
            case ir.Assign(ir.Member(base, _)):
                return self.keeps(self.tag(base))
            case ir.Mention(ir.Apply("WARN", ())):
                return True
            case _:
                return False

    def arguments(self, call: ir.Call) -> Iterable[ir.Expr]:
        """Return the arguments that the effects or the result of a call depend on."""
        name = call.function.id if isinstance(call.function, ir.Name) else ""
        if name in self.effects.pure or self.event(call) or self.effects.known(name):
            return call.arguments
        summary = self.summary(name) if name else None
        if summary is not None and summary.cases:
            return call.arguments
        if call.result is not None and self.watched(self.tag(call.result)):
            return call.arguments
        return [each for each in call.arguments if any(addressed((each,)))]
