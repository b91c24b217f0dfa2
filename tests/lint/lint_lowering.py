# SPDX-License-Identifier: GPL-2.0-only
"""Lower snippets and compare their printed form."""

from __future__ import annotations

import textwrap

from patchkit.lint import ir
from patchkit.lint.lower import lower
from patchkit.lint.pretty import pretty
from patchkit.tree.csource import CSource


def functions(text: str | bytes) -> list[ir.Function]:
    data = text.encode() if isinstance(text, str) else text
    source = CSource(data, "a.c")
    return [
        lower(source, each) for each in source.entities() if each.kind in ("function", "syscall")
    ]


def body(statements: str, head: str = "void f(void)", before: str = "") -> str:
    """Return the printed blocks of a function with this body."""
    inside = textwrap.indent(textwrap.dedent(statements), "\t", lambda line: line[:1] != "#")
    found = functions(f"{before}\n{head}\n{{\n{inside}\n}}\n")
    return pretty(found[-1]).split("\n", 1)[1]


def check(statements: str, expected: str, head: str = "void f(void)", before: str = "") -> None:
    assert body(statements, head, before) == textwrap.dedent(expected).lstrip("\n")
