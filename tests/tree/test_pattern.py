# SPDX-License-Identifier: GPL-2.0-only
"""Token patterns: layout and comments do not matter, brackets do."""

from __future__ import annotations

import pytest

from patchkit.tree.pattern import compile_pattern
from patchkit.tree.tokens import tokenize


def search(pattern: str, text: str) -> str | None:
    """Return what was matched, from the first token to the last."""
    data = text.encode()
    found = compile_pattern(pattern).search(tokenize(data))
    return None if found is None else data[found.first.start : found.last.end].decode()


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a+b", "x a /* c */ +\n b y", "a /* c */ +\n b"),
        ("a b", "a, b", None),
        ("a ... b", "a b", "a b"),
        ("a ... b", "a { b } b", "a { b } b"),
        ("f(... b)", "f(a, (b), b)", "f(a, (b), b)"),
        ("a ... b", "{ a } b", None),
        ("a ... b ... c", "a b } a b c", "a b c"),
        ("a ... f(x ... c", "a f(x) f(x, c)", "a f(x) f(x, c"),
        ("if ($v) free($v)", "if (a) free(b) if (b) free(b)", "if (b) free(b)"),
        ("$_ = 1", "= 1; x = 1", "x = 1"),
        ("$_ = 1", "(*p) = 1", None),
        ("... a ...", "b a c", "a"),
        ("a b", "a\n#ifdef X\nb\n#endif", "a\n#ifdef X\nb"),
        ("#ifdef X", "a\n# ifdef  X\nb", "# ifdef  X"),
        ("0x10UL", "#define A 0x10UL\n", "#define A 0x10UL"),
        ("a", '"a" /* a */', None),
        ('"a"', '"a"', '"a"'),
    ],
)
def test_patterns(pattern: str, text: str, expected: str | None) -> None:
    assert search(pattern, text) == expected


def test_captures_are_told() -> None:
    found = compile_pattern("$old = vma->$member").search(tokenize(b"x = y; f = vma->vm_flags;"))
    assert found is not None and found.captures == {"old": "f", "member": "vm_flags"}


@pytest.mark.parametrize("text", ["", "...", "/* a */", "... ..."])
def test_a_pattern_without_tokens_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no tokens"):
        compile_pattern(text)
