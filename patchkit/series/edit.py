# SPDX-License-Identifier: GPL-2.0-only
"""Turn a hunk that matched into edits of bytes, keeping the layout of everything else."""

from __future__ import annotations

from collections.abc import Mapping

from patchkit.series.layout import (
    Edit,
    above_comments,
    before_blank_lines,
    end_of_line_with_comment,
    is_label,
    leading,
    line_end,
    line_ending,
    line_start,
    next_line,
    only_comments,
    past_blank_lines,
    shifted,
    width,
)
from patchkit.series.pattern import Change, Pattern
from patchkit.series.stream import DIRECTIVE, Stream


class Editor:
    """Makes the edits of one hunk.

    *at* gives, for each element of the pattern that a change depends on, the stream's word.
    """

    def __init__(self, pattern: Pattern, stream: Stream, at: Mapping[int, int]) -> None:
        self.pattern = pattern
        self.stream = stream
        self.at = at
        self.data = stream.data

    def edits(self) -> list[Edit]:
        """Return the edits of all changes of the hunk, in order."""
        return [self._edit(change) for change in self.pattern.changes]

    def sites(self) -> list[int]:
        """Return, for each change, the offset that it happens at."""
        return [self._site(change) for change in self.pattern.changes]

    def _word(self, element: int) -> int | None:
        """Return the word that an element matched, None for ``...`` and beyond the ends."""
        return self.at.get(element)

    def _site(self, change: Change) -> int:
        removed = self._removed(change)
        if removed is not None:
            return removed[0]
        before, after = self._word(change.first - 1), self._word(change.last)
        if before is not None:
            return self.stream.starts[before]
        return self.stream.starts[after] if after is not None else 0

    def _removed(self, change: Change) -> tuple[int, int] | None:
        """Return the bytes from the first to the last word removed, None when there is none."""
        if change.first == change.last:
            return None
        elements, stream = self.pattern.elements, self.stream
        if elements[change.first].skip:
            before = self.at[change.first - 1] + 1
            start = stream.starts[before] if before < len(stream) else len(self.data)
        else:
            start = stream.starts[self.at[change.first]]
        if elements[change.last - 1].skip:
            end = stream.ends[self.at[change.last] - 1]
        else:
            end = stream.ends[self.at[change.last - 1]]
        return (start, end) if start < end else None

    def _edit(self, change: Change) -> Edit:
        removed = self._removed(change)
        if removed is not None:
            return self._replace(change, *removed)
        if not change.added:
            return self._remove_blank_lines(change)
        return self._insert(change)

    # Removal and replacement

    def _replace(self, change: Change, start: int, end: int) -> Edit:
        data = self.data
        added = self._added(change)
        first = line_start(data, start)
        last = line_end(data, end)
        alone = not data[first:start].strip() or self._first_in_comment_line(change, first, start)
        rest = data[end:last]
        if not added:
            if alone and only_comments(rest):
                return self._remove_lines(change, first, end_of_line_with_comment(data, end))
            return self._remove_inline(start, end)
        ending = line_ending(data, end)
        if alone and not rest.strip():
            before, after = change.removed_blanks
            first = before_blank_lines(data, first, before)
            if after:
                below = past_blank_lines(data, next_line(data, end), after)
                if below > next_line(data, end):
                    # All but the line end of the last blank line.
                    last = line_end(data, line_start(data, below - 1))
            return Edit(first, last, ending.join(added))
        return Edit(start, end, ending.join([added[0].lstrip(), *added[1:]]))

    def _first_in_comment_line(self, change: Change, first: int, start: int) -> bool:
        """Tell whether nothing but the star of a comment is before a change in its line."""
        word = self.at.get(change.first)
        return (
            word is not None
            and self.stream.texts[word].startswith(b"\0")
            and self.data[first:start].strip() == b"*"
        )

    def _remove_lines(self, change: Change, first: int, last: int) -> Edit:
        """Remove whole lines, and a blank line that would be one too many afterwards."""
        data = self.data
        before, after = change.removed_blanks
        end = next_line(data, last)
        start = before_blank_lines(data, first, before)
        end = past_blank_lines(data, end, after)
        if self.pattern.by_line:
            return self._without_last_newline(start, end)
        above = data[line_start(data, start - 1) : start].strip() if start else b"{"
        below = data[end : next_line(data, end)].strip()
        if end < len(data) and not below and (not above or above.endswith(b"{")):
            end = next_line(data, end)
        elif not above and start and below.startswith(b"}"):
            start = line_start(data, start - 1)
        return self._without_last_newline(start, end)

    def _without_last_newline(self, start: int, end: int) -> Edit:
        """Keep a file that ends without a newline that way when its last lines go."""
        data = self.data
        if end == len(data) and end and data[-1:] != b"\n" and start:
            start = line_end(data, line_start(data, start - 1))
        return Edit(start, end, b"")

    def _remove_inline(self, start: int, end: int) -> Edit:
        """Remove a part of a line, and the white space that would be left over."""
        data = self.data
        last = line_end(data, end)
        if not data[end:last].strip():
            while start > 0 and data[start - 1 : start] in (b" ", b"\t"):
                start -= 1
            return Edit(start, end, b"")
        follows = data[end : end + 1]
        before = data[start - 1 : start]
        if follows in (b" ", b"\t") and (before.isspace() or before in (b"(", b"[", b"")):
            while data[end : end + 1] in (b" ", b"\t"):
                end += 1
        elif before == b" " and follows in (b",", b";", b")", b"]"):
            start -= 1
        return Edit(start, end, b"")

    def _remove_blank_lines(self, change: Change) -> Edit:
        """Remove blank lines after the word before the change (or before the word after it)."""
        data = self.data
        count = sum(change.removed_blanks)
        before, after = self._word(change.first - 1), self._word(change.last)
        if before is not None:
            start = next_line(data, end_of_line_with_comment(data, self.stream.ends[before]))
            return Edit(start, past_blank_lines(data, start, count), b"")
        if after is not None:
            end = line_start(data, self.stream.starts[after])
            return Edit(before_blank_lines(data, end, count), end, b"")
        return Edit(0, 0, b"")

    # Insertion

    def _insert(self, change: Change) -> Edit:
        before, after = self._word(change.first - 1), self._word(change.last)
        if before is not None:
            return self._insert_after(change, before, after)
        if after is not None:
            return self._insert_before(change, after)
        return self._insert_at_end(change)

    def _insert_after(self, change: Change, before: int, after: int | None) -> Edit:
        data, stream = self.data, self.stream
        offset = stream.ends[before]
        end = line_end(data, offset)
        added = self._added(change)
        if after is not None and stream.starts[after] < end:
            return self._insert_between(added, offset, stream.starts[after])
        if not only_comments(data[offset:end]) and end == end_of_line_with_comment(data, offset):
            # More code follows on this line: the new text goes between, not after all of it.
            rest = offset + len(leading(data[offset:end]))
            return self._insert_between(added, offset, rest)
        ending = line_ending(data, offset)
        end = end_of_line_with_comment(data, offset)
        position = past_blank_lines(data, next_line(data, end), change.blanks_before)
        if position == len(data) and data[-1:] != b"\n":
            return Edit(position, position, ending + ending.join(added))
        return Edit(position, position, b"".join(line + ending for line in added))

    def _insert_between(self, added: list[bytes], offset: int, following: int) -> Edit:
        """Insert in the middle of a line, between two words."""
        ending = line_ending(self.data, offset)
        text = ending.join([added[0].lstrip(), *added[1:]])
        if following > offset:
            return Edit(following, following, text + b" ")
        left = self.data[offset - 1 : offset]
        right = self.data[offset : offset + 1]
        if left == b"," or (_word_byte(left) and _word_byte(text[:1])):
            text = b" " + text
        if text[-1:] == b"," or (_word_byte(right) and _word_byte(text[-1:])):
            text += b" "
        return Edit(offset, offset, text)

    def _insert_before(self, change: Change, after: int) -> Edit:
        data, stream = self.data, self.stream
        offset = stream.starts[after]
        first = line_start(data, offset)
        ending = line_ending(data, offset)
        added = self._added(change)
        if data[first:offset].strip():
            text = ending.join([added[0].lstrip(), *added[1:]])
            space = b" " if data[offset - 1 : offset].isspace() or text[-1:] == b"," else b""
            return Edit(offset, offset, text + space)
        if not self.pattern.by_line:
            first = above_comments(data, first)
        first = before_blank_lines(data, first, change.blanks_after)
        return Edit(first, first, b"".join(line + ending for line in added))

    def _insert_at_end(self, change: Change) -> Edit:
        """Add lines at the end of a text, or at its beginning when ``...`` follows them."""
        data = self.data
        added = self._added(change)
        ending = line_ending(data, len(data))
        if change.last < len(self.pattern.elements):
            return Edit(0, 0, b"".join(line + ending for line in added))
        text = b"".join(line + ending for line in added)
        if data and data[-1:] != b"\n":
            text = ending + text
        return Edit(len(data), len(data), text)

    # Indentation

    def _added(self, change: Change) -> list[bytes]:
        lines = [line.text for line in change.added]
        shift, tabs = self._shift(change)
        return shifted(lines, shift, tabs=tabs)

    def _shift(self, change: Change) -> tuple[int, bool]:
        """Return by how many columns added lines move, and whether the place uses tabs."""
        best: tuple[tuple[int, int, int], int, bool] | None = None
        data, stream = self.data, self.stream
        nested = self._inside_parentheses(change)
        for index, word in self.at.items():
            element = self.pattern.elements[index]
            if not element.first or element.text == DIRECTIVE:
                continue
            if is_label(self.pattern.hunk.lines[element.line].text):
                continue
            offset = stream.starts[word]
            indent = data[line_start(data, offset) : offset]
            if indent.strip():
                continue  # not the first word of its line in the tree
            shift = width(indent) - width(element.indent)
            removed = change.first <= index < change.last
            distance = abs(element.line - change.line)
            # A statement's indentation says more than that of a line which goes on: the latter
            # is aligned to names that may differ in length.
            odd = shift % 8 != 0 and not nested and not removed and not self.pattern.by_line
            key = (int(odd), int(not removed), distance)
            if best is None or key < best[0]:
                best = (key, shift, b"\t" in indent or not indent)
        return (0, True) if best is None else (best[1], best[2])

    def _inside_parentheses(self, change: Change) -> bool:
        """Tell whether a change is in the middle of a list or expression."""
        for index in (change.first - 1, change.first):
            if 0 <= index < len(self.pattern.elements) and index in self.at:
                return self.pattern.elements[index].text in (b",", b"(", b"&&", b"||", b"|", b"+")
        return False


def _word_byte(text: bytes) -> bool:
    return text.isalnum() or text == b"_"
