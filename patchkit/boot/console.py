# SPDX-License-Identifier: GPL-2.0-only
"""Keep what a guest says, however much that is.

The beginning and the end of a log are worth keeping; a guest that prints for ever must fill
neither the disk nor the memory.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from types import TracebackType


class BoundedLog:
    """A file with the first *head* and the last *tail* bytes of what it is given.

    What lies between is counted and replaced by one line that says so. Bytes are kept as they
    come: cleaning them for a terminal is for whoever shows them.
    """

    def __init__(self, path: Path, *, head: int = 16 << 20, tail: int = 4 << 20) -> None:
        self.path = path
        self.size = 0
        """Bytes that have been given so far."""
        self.left_out = 0
        """Bytes that will not be in the file; final after close()."""
        self._head = head
        self._tail = tail
        self._last: deque[bytes] = deque()
        self._last_size = 0
        self._file = path.open("wb")

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        room = max(self._head - self.size, 0)
        self.size += len(data)
        if room:
            self._file.write(data[:room])
            self._file.flush()
            data = data[room:]
        if not data:
            return
        self._last.append(data)
        self._last_size += len(data)
        while self._last_size - len(self._last[0]) >= self._tail:
            gone = len(self._last.popleft())
            self._last_size -= gone
            self.left_out += gone

    def close(self) -> None:
        """Write the end and close the file."""
        if self._file.closed:
            return
        end = b"".join(self._last)
        extra = max(len(end) - self._tail, 0)
        self.left_out += extra
        if self.left_out:
            self._file.write(b"\n[patchkit: %d bytes left out]\n" % self.left_out)
        self._file.write(end[extra:])
        self._file.close()

    def __enter__(self) -> BoundedLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
