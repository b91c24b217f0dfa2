# SPDX-License-Identifier: GPL-2.0-only
"""Find the one place where a pattern fits a stream of words.

All ways to match are considered at once: forward from the beginning and backward from the end,
each step keeping, per bracket nesting, only the places that can be reached. What survives both
ways takes part in some match, so a place is unique exactly when one occurrence of it survives.
The cost grows with the length of the stream, never with the number of ways to match.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from patchkit.series.pattern import Element, Pattern, Segment
from patchkit.series.stream import COMMENT, COMMENT_END, Stream

_EXAMINED = 12
"""Places that are compared closely before the nearest are named."""
_LIKE = 0.3
"""A place that agrees less than this is not worth naming."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a segment fits: the stream's index of each of its words, in order."""

    words: tuple[int, ...] | range

    @property
    def first(self) -> int:
        """Index of the first word."""
        return self.words[0]

    @property
    def end(self) -> int:
        """Index past the last word."""
        return self.words[-1] + 1


@dataclass(frozen=True, slots=True)
class Matches:
    """All places that take part in a match: for each segment of the pattern, in order.

    Empty lists mean that nothing fits. *reached* is the number of segments that fit one after the
    other from the start, with *places* where the last of them can end.
    """

    occurrences: tuple[tuple[Occurrence, ...], ...]
    reached: int
    places: tuple[Occurrence, ...]

    @property
    def found(self) -> bool:
        """Whether the pattern fits at all."""
        return all(self.occurrences)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that nearly fits: *matched* words of the segment agree, from word *start* on.

    *expected* is the first word of the pattern that does not agree (its index within the
    segment), *at* the word found instead (may be one past the end).
    """

    start: int
    matched: int
    expected: int
    at: int


def search(pattern: Pattern, stream: Stream) -> Matches:
    """Find all matches of *pattern* in *stream*."""
    forward: list[list[Occurrence]] = []
    ends: dict[int, int] | None = None
    for segment in pattern.segments:
        found = occurrences(pattern, segment, stream)
        if ends is not None:
            found = [
                occurrence
                for occurrence in found
                if ends.get(stream.scopes[occurrence.first], len(stream) + 1) <= occurrence.first
            ]
        if not found:
            places = tuple(forward[-1]) if forward else ()
            return Matches(((),) * len(pattern.segments), len(forward), places)
        forward.append(found)
        ends = {}
        for occurrence in found:
            scope = stream.scopes[occurrence.end]
            ends[scope] = min(ends.get(scope, occurrence.end), occurrence.end)
    kept: list[tuple[Occurrence, ...]] = []
    starts: dict[int, int] | None = None
    for found in reversed(forward):
        if starts is not None:
            found = [
                occurrence
                for occurrence in found
                if starts.get(stream.scopes[occurrence.end], -1) >= occurrence.end
            ]
        kept.append(tuple(found))
        starts = {}
        for occurrence in found:
            scope = stream.scopes[occurrence.first]
            starts[scope] = max(starts.get(scope, -1), occurrence.first)
    kept.reverse()
    return Matches(tuple(kept), len(kept), kept[-1] if kept else ())


def occurrences(pattern: Pattern, segment: Segment, stream: Stream) -> list[Occurrence]:
    """Find all places where one segment fits, overlapping ones included."""
    if pattern.general:
        return _general(pattern, segment, stream)
    wanted = [element.text for element in pattern.elements[segment.first : segment.last]]
    texts, length, first = stream.texts, len(wanted), wanted[0]
    found: list[Occurrence] = []
    at = -1
    while True:
        try:
            at = texts.index(first, at + 1)
        except ValueError:
            return found
        if texts[at : at + length] == wanted:
            found.append(Occurrence(range(at, at + length)))


def _general(pattern: Pattern, segment: Segment, stream: Stream) -> list[Occurrence]:
    first = pattern.elements[segment.first]
    found: list[Occurrence] = []
    for at, text in enumerate(stream.texts):
        if first.matches(text) and (words := _fit(pattern, segment, stream, at)) is not None:
            found.append(Occurrence(words))
    return found


def _fit(pattern: Pattern, segment: Segment, stream: Stream, at: int) -> tuple[int, ...] | None:
    """Fit a segment from word *at* on, passing over comments that it does not name."""
    words: list[int] = []
    index = segment.first
    back: tuple[int, int, int] | None = None  # where to go on when a comment disagrees
    while index < segment.last:
        if at >= len(stream):
            return None
        element = pattern.elements[index]
        text = stream.texts[at]
        if text == COMMENT and words and (back is None or back[0] != at):
            skipped = _past_comment(stream, at)
            if element.text != COMMENT:
                at = skipped
                continue
            back = (at, index, len(words))
        if element.matches(text):
            if element.text == COMMENT_END:
                back = None
            words.append(at)
            index += 1
            at += 1
            continue
        if back is None:
            return None
        at = _past_comment(stream, back[0])
        index = back[1]
        del words[back[2] :]
        back = None
    return tuple(words)


def _past_comment(stream: Stream, at: int) -> int:
    while at < len(stream) and stream.texts[at] != COMMENT_END:
        at += 1
    return at + 1


def nearest(
    pattern: Pattern, segment: Segment, stream: Stream, lowest: int = 0, limit: int = 3
) -> list[Candidate]:
    """Return the places that come nearest to fitting a segment, best first.

    They are the places that agree for the most words from the segment's beginning, and those that
    have most of its words in about the right order. Words before *lowest* do not count.
    """
    elements = pattern.elements[segment.first : segment.last]
    wanted = [element.text for element in elements]
    candidates = {
        at: _agreement(elements, stream, at)
        for at in range(lowest, len(stream))
        if elements[0].matches(stream.texts[at])
    }
    best = sorted(candidates.values(), key=lambda each: (-each.matched, each.start))[:_EXAMINED]
    starts = [candidate.start for candidate in best]
    starts += _similar(wanted, stream, lowest, _EXAMINED)
    ranked: list[tuple[float, int, int, Candidate]] = []
    for start in starts:
        window = stream.texts[start : start + len(wanted)]
        matcher = difflib.SequenceMatcher(None, wanted, window, autojunk=False)
        candidate = candidates.get(start) or _aligned(matcher, start, len(wanted))
        score = max(candidate.matched / len(wanted), matcher.ratio())
        if score > _LIKE:
            ranked.append((-score, -candidate.matched, candidate.start, candidate))
    ranked.sort(key=lambda each: each[:3])
    chosen: list[Candidate] = []
    for *_, candidate in ranked:
        if all(abs(candidate.start - other.start) >= len(wanted) for other in chosen):
            chosen.append(candidate)
    return chosen[:limit]


def _agreement(elements: Sequence[Element], stream: Stream, at: int) -> Candidate:
    start, matched = at, 0
    for element in elements:
        comment = matched and at < len(stream) and stream.texts[at] == COMMENT
        if comment and element.text != COMMENT:
            at = _past_comment(stream, at)
        if at >= len(stream) or not element.matches(stream.texts[at]):
            break
        matched += 1
        at += 1
    return Candidate(start, matched, min(matched, len(elements) - 1), at)


def _aligned(matcher: difflib.SequenceMatcher[bytes], start: int, length: int) -> Candidate:
    """Return a window that does not begin as the segment does, seen from what they share most."""
    block = matcher.find_longest_match()
    if block.a and block.b:
        return Candidate(start + block.b, block.size, block.a - 1, start + block.b - 1)
    expected = min(block.a + block.size, length - 1)
    return Candidate(start + block.b, block.size, expected, start + block.b + block.size)


def _similar(wanted: list[bytes], stream: Stream, lowest: int, limit: int) -> list[int]:
    """Return starts of windows that share the most words with *wanted*, none overlapping."""
    size = len(wanted)
    need = Counter(wanted)
    have: Counter[bytes] = Counter()
    shared = 0
    scores: list[tuple[int, int]] = []
    for at in range(lowest, len(stream)):
        text = stream.texts[at]
        if text in need:
            have[text] += 1
            shared += have[text] <= need[text]
        leaving = at - size
        if leaving >= lowest and (old := stream.texts[leaving]) in need:
            shared -= have[old] <= need[old]
            have[old] -= 1
        if shared * 2 > size:
            scores.append((-shared, max(lowest, at - size + 1)))
    scores.sort()
    chosen: list[int] = []
    for _, start in scores:
        if all(abs(start - other) >= size for other in chosen):
            chosen.append(start)
            if len(chosen) == limit:
                break
    return chosen
