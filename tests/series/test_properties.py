# SPDX-License-Identifier: GPL-2.0-only
"""Whatever the code and the hunk: a unique place is edited, or the conflict says why not."""

from __future__ import annotations

import contextlib
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from series_support import MemoryTree

from patchkit.errors import ConflictError, TemplateError
from patchkit.series.apply import apply, hunk_edits
from patchkit.series.layout import apply_edits
from patchkit.series.match import search
from patchkit.series.pattern import compile_hunk
from patchkit.series.semantic import Hunk, Line, Origin, parse
from patchkit.series.stream import c_stream

WORDS = st.sampled_from(
    ["a", "b", "c", ";", "(", ")", "{", "}", "=", "...", "/* x */", "/* y z */"]
)
LINES = st.lists(WORDS, max_size=4).map(" ".join)
PIECES = st.sampled_from(
    ["a;", "b;", "a(b);", "if (a) {", "}", "{", "else", "/* x */", "// y", "#ifdef A", "#else",
     "#endif", "#define X \\\n\ta", "", '"s', "'", "\\", "\x00", "/*", "\xe9", "return a;", "x:"]
)  # fmt: skip
CODE = st.lists(st.tuples(st.sampled_from(["", "\t", "    "]), PIECES), max_size=14).map(
    lambda lines: "".join(f"{indent}{piece}\n" for indent, piece in lines)
)
MARKED = st.lists(st.tuples(st.sampled_from(" -+"), LINES), min_size=1, max_size=6)
ORIGIN = Origin("t", 1)


def hunk(lines: list[tuple[str, str]], kind: str = "file", name: str = "") -> Hunk:
    return Hunk(
        kind, name, "", "in",
        tuple(Line(mark, text.encode("latin-1"), ORIGIN) for mark, text in lines),  # type: ignore[arg-type]
        ORIGIN, f"@@ {kind} {name} @@",
    )  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(CODE, MARKED, st.sampled_from(["file", "text", "table"]))
def test_nothing_but_the_two_errors_is_ever_raised(
    code: str, lines: list[tuple[str, str]], kind: str
) -> None:
    data = code.encode("latin-1")
    with contextlib.suppress(ConflictError, TemplateError):
        edits = hunk_edits(hunk(lines, kind), data, "mm/a.c", MemoryTree({}))
        apply_edits(data, edits)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=" -+@\n\tabc.;{}()#\"'/*", max_size=120))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(ConflictError, TemplateError):
        patch = parse(f"s\n---\n--- mm/a.c\n@@ function f @@\n{text}", "t")
        apply(patch, MemoryTree({"mm/a.c": "int f(void)\n{\n\ta;\n}\n"}), lambda name: b"")


@settings(max_examples=200, deadline=None)
@given(CODE, MARKED)
def test_replacing_words_by_themselves_gives_the_same_words(
    code: str, lines: list[tuple[str, str]]
) -> None:
    """What a hunk keeps, it keeps in order: no word outside its changes is touched."""
    data = code.encode("latin-1")
    kept = [(mark, text) for mark, text in lines if mark != "+"]
    marker = "MARK ;"
    try:
        edits = hunk_edits(hunk([*kept[:1], ("+", marker), *kept[1:]]), data, "f", MemoryTree({}))
    except (ConflictError, TemplateError):
        return
    if any(mark == "-" for mark, _ in kept):
        return
    result = apply_edits(data, edits)
    before = c_stream(data, 0, len(data), comments=False).texts
    after = c_stream(result, 0, len(result), comments=False).texts
    if b"MARK" in after:  # it may have been put into a macro, a comment or a string
        at = after.index(b"MARK")
        assert after[:at] + after[at + 2 :] == before


def solutions(words: list[bytes], scopes: list[int], pattern: list[bytes]) -> set[tuple[int, ...]]:
    """All ways to place a pattern's words, by trying: the definition of a match."""
    found: set[tuple[int, ...]] = set()

    def place(index: int, at: int, skip_from: int | None, placed: tuple[int, ...]) -> None:
        if index == len(pattern):
            found.add(placed)
            return
        if pattern[index] == b"...":
            place(index + 1, at, at if skip_from is None else skip_from, placed)
            return
        if skip_from is None and placed:
            candidates = [at] if at < len(words) else []
        else:
            candidates = list(range(at, len(words)))
        for position in candidates:
            if words[position] != pattern[index]:
                continue
            if placed and skip_from is not None and not balanced(words, skip_from, position):
                continue
            place(index + 1, position + 1, None, (*placed, position))

    place(0, 0, None, ())
    return found


def balanced(words: list[bytes], start: int, end: int) -> bool:
    depth = 0
    for word in words[start:end]:
        depth += (word in b"({") - (word in b")}")
        if depth < 0:
            return False
    return depth == 0


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", ";", "(", ")"]), max_size=9),
    st.lists(st.sampled_from(["a", "b", ";", "(", ")", "..."]), min_size=1, max_size=5),
    st.data(),
)
def test_matches_are_exactly_those_that_trying_everything_finds(
    words: list[str], pattern: list[str], data: st.DataObject
) -> None:
    pattern = list(itertools.dropwhile(lambda word: word == "...", pattern))
    while pattern and pattern[-1] == "...":
        pattern.pop()
    if not pattern:
        return
    removed = data.draw(st.integers(0, len(pattern) - 1))
    if pattern[removed] == "...":
        return
    lines = [("-" if index == removed else " ", word) for index, word in enumerate(pattern)]
    compiled = compile_hunk(hunk(lines))
    source = "\n".join(words).encode()
    stream = c_stream(source, 0, len(source), comments=False)
    expected = solutions(stream.texts, stream.scopes, [word.encode() for word in pattern])
    matches = search(compiled, stream)
    assert matches.found == bool(expected)
    if not expected:
        return
    index = len([word for word in pattern[:removed] if word != "..."])
    segment = next(i for i, each in enumerate(compiled.segments) if each.edited)
    first = compiled.segments[segment].first
    sites = {occurrence.words[removed - first] for occurrence in matches.occurrences[segment]}
    assert sites == {solution[index] for solution in expected}


def replaced_by_itself(data: bytes, first: int, last: int) -> bytes | None:
    """Replace lines [first, last) by themselves through a hunk; None when that conflicts."""
    lines = data.split(b"\n")[first:last]
    text = [line.removesuffix(b"\r").decode("latin-1") for line in lines]
    marked = [("-", line) for line in text] + [("+", line) for line in text]
    try:
        return apply_edits(data, hunk_edits(hunk(marked), data, "f", MemoryTree({})))
    except (ConflictError, TemplateError):
        return None


@settings(max_examples=300, deadline=None)
@given(CODE, st.booleans(), st.data())
def test_lines_replaced_by_themselves_give_the_same_bytes(
    code: str, crlf: bool, data: st.DataObject
) -> None:
    raw = code.encode("latin-1")
    if any(odd in raw for odd in (b"/*", b"//", b"...", b"\\", b'"', b"'")):
        return  # what spans lines, or lies beside the lines named, is for the tests of hunks
    raw = raw.replace(b"\n", b"\r\n") if crlf else raw
    count = raw.count(b"\n")
    first = data.draw(st.integers(0, count))
    last = data.draw(st.integers(first, count))
    assert replaced_by_itself(raw, first, last) in (raw, None)
