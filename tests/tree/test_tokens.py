# SPDX-License-Identifier: GPL-2.0-only
"""Tokens: whatever the bytes, nothing lost, nothing invented, no error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchkit.tree.tokens import Token, tokenize

SHAPES = [
    b"int a;\n", b"#define X 1\n", b"/* ", b"*/", b'"', b"'", b"\\", b"\\\n", b"// x\n", b"{", b"}",
    b"(", b")", b"#if A\n", b"#else\n", b"#endif\n", b"\r\n", b"...", b"\0", b"\xe9",
    b"for_each_x(",
    b"SYSCALL_DEFINE2(mlock, int, a)", b"struct_group(", b"struct {", b"enum {", b"static ", b";",
    b"DECLARE_BITMAP(", b"typeof(", b",", b"=", b"EXPORT_SYMBOL(x)\n", b"case 1 ... 2:",
]  # fmt: skip
HOSTILE = st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(SHAPES)).map(b"".join))


def texts(data: bytes) -> list[bytes]:
    return [token.text for token in tokenize(data)]


@given(HOSTILE)
def test_tokens_cover_everything_but_white_space(data: bytes) -> None:
    position = 0
    for token in tokenize(data):
        assert token.start >= position and token.end > token.start
        assert not data[position : token.start].replace(b"\\", b"").strip()
        assert token.line == data.count(b"\n", 0, token.start) + 1
        if token.kind != "directive":
            assert token.text == data[token.start : token.end]
        position = token.end
    assert not data[position:].replace(b"\\", b"").strip()


def test_kinds_and_offsets() -> None:
    assert tokenize(b'a = 0x1fUL + .5e-3f;\nL"s"') == [
        Token("ident", b"a", 0, 1, 1),
        Token("punct", b"=", 2, 3, 1),
        Token("number", b"0x1fUL", 4, 10, 1),
        Token("punct", b"+", 11, 12, 1),
        Token("number", b".5e-3f", 13, 19, 1),
        Token("punct", b";", 19, 20, 1),
        Token("string", b'L"s"', 21, 25, 2),
    ]


@pytest.mark.parametrize(
    "operator", b"... <<= >>= -> ++ -- && || << >> ## += -= *= /= %= &= |= ^= <= >= == !=".split()
)
def test_operators_are_one_token(operator: bytes) -> None:
    assert texts(b"a" + operator + b"b") == [b"a", operator, b"b"]


def test_a_directive_is_one_token_with_its_continuation_lines() -> None:
    data = b'  #  define  F(a, b) \\\r\n\t((a) + /* why */ \\\n\t "/*" "x")   /* tail */\nint x;\n'
    first, second, *rest = tokenize(data)
    assert first.kind == "directive"
    assert first.text == b'#define F(a, b) ((a) + "/*" "x")'
    assert data[first.start : first.start + 1] == b"#" and data[first.start : first.end].endswith(
        b'"x")'
    )
    assert second == Token("comment", b"/* tail */", data.index(b"/* tail"), len(data) - 8, 3)
    assert [token.text for token in rest] == [b"int", b"x", b";"]
    assert rest[0].line == 4


def test_a_comment_over_several_lines_after_a_directive_ends_it() -> None:
    assert texts(b"#endif /* a\n b */\nint x;") == [
        b"#endif", b"/* a\n b */", b"int", b"x", b";"
    ]  # fmt: skip


def test_a_hash_inside_a_line_begins_no_directive() -> None:
    assert texts(b"a #define\n") == [b"a", b"#", b"define"]


def test_lone_quotes_end_with_their_line() -> None:
    assert texts(b"#error don't\nx = \"open\ny") == [b"#error don't", b"x", b"=", b'"open', b"y"]
    assert texts(b"'\\''x '") == [b"'\\''", b"x", b"'"]


def test_a_comment_without_end_reaches_to_the_end() -> None:
    assert [token.kind for token in tokenize(b"a /* b\nc *")] == ["ident", "comment"]
    assert [token.kind for token in tokenize(b"a // b \\\nc\nd")] == ["ident", "comment", "ident"]


@pytest.mark.parametrize(
    "piece",
    [b"/*", b"\"'", b"\\", b"a/**", b"#", b"#\n", b"{", b"(", b"'\\", b"/* */ ", b"\xff", b"* /"],
)
def test_large_hostile_input_is_read_once(piece: bytes) -> None:
    """A quadratic expression would need minutes for this, not a moment."""
    data = piece * (200_000 // len(piece))
    assert len(tokenize(data)) <= len(data)
    assert len(tokenize(b"#define A " + data)) <= len(data) + 10
