# SPDX-License-Identifier: GPL-2.0-only
"""``ir.Function`` as text, for tests and for people."""

from __future__ import annotations

from patchkit.lint import ir

_TIGHT = (ir.Name, ir.Number, ir.Text, ir.Member, ir.Index, ir.Apply, ir.Opaque)


def render(expression: ir.Expr) -> str:
    """Return an expression as C would have it, with all parentheses."""
    match expression:
        case ir.Name(id=text) | ir.Text(text=text) | ir.Opaque(text=text):
            return text
        case ir.Number(value=value):
            return str(value)
        case ir.Member(base=base, field=field, arrow=arrow):
            return f"{_part(base)}{'->' if arrow else '.'}{field}"
        case ir.Index(base=base, index=index):
            return f"{_part(base)}[{render(index)}]"
        case ir.Unary(op=op, operand=operand):
            return f"{op}{_part(operand)}"
        case ir.Binary(op=op, left=left, right=right):
            return f"{_part(left)} {op} {_part(right)}"
        case ir.Cast(type=type_, operand=operand):
            return f"({type_}){_part(operand)}"
        case ir.Apply(function=function, arguments=arguments):
            return f"{function}({', '.join(map(render, arguments))})"


def _part(expression: ir.Expr) -> str:
    text = render(expression)
    return text if isinstance(expression, _TIGHT) else f"({text})"


def instruction(what: ir.Instruction) -> str:
    """Return one instruction as a line."""
    match what:
        case ir.Assign(target=target, value=value):
            return f"{render(target)} = {render(value)}"
        case ir.Call(function=function, arguments=arguments, result=result, implicit=implicit):
            left = f"{result.id} = " if result is not None else ""
            text = f"{left}call {_part(function)}({', '.join(map(render, arguments))})"
            return text + (" implicit" if implicit else "")
        case ir.Declare(name=name, type=type_):
            return f"declare {name}: {type_}"
        case ir.Mention(what=expression):
            return f"mention {render(expression)}"


def terminator(what: ir.Terminator | None) -> str:
    """Return what ends a block as a line."""
    match what:
        case ir.Jump(to=to, back=back):
            return f"jump {to}" + (" back" if back else "")
        case ir.Branch(condition=condition, then=then, other=other, loop=loop):
            return f"{'while' if loop else 'if'} {render(condition)} then {then} else {other}"
        case ir.Return(value=value):
            return "return" if value is None else f"return {render(value)}"
        case ir.Unreachable():
            return "unreachable"
    return "open"


def pretty(function: ir.Function) -> str:
    """Return a whole function: its head, then each block with its number."""
    parameters = ", ".join(f"{p.name}: {p.type}" for p in function.parameters)
    lines = [f"{'static ' if function.static else ''}{function.name}({parameters}): "
             f"{function.returns}"]  # fmt: skip
    if function.problem:
        lines.append(f"problem: {function.problem}")
    for number, block in enumerate(function.blocks):
        lines.append(f"{number}:")
        lines += [f"  {instruction(each)}" for each in block.instructions]
        lines.append(f"  {terminator(block.terminator)}")
    return "\n".join(lines) + "\n"
