# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.boot.console: the beginning and the end of a log, however long it is."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from patchkit.boot.console import BoundedLog


def test_a_short_log_is_whole_and_can_be_read_at_once(tmp_path: Path) -> None:
    with BoundedLog(tmp_path / "log", head=10, tail=5) as log:
        log.write(b"0123")
        assert log.path.read_bytes() == b"0123"
        log.write(b"456789abcde")
    assert log.path.read_bytes() == b"0123456789abcde"
    assert (log.size, log.left_out) == (15, 0)


def test_a_long_log_keeps_both_ends_and_says_what_is_left_out(tmp_path: Path) -> None:
    with BoundedLog(tmp_path / "log", head=4, tail=3) as log:
        log.write(b"abcdefghijk")
    assert log.path.read_bytes() == b"abcd\n[patchkit: 4 bytes left out]\nijk"


def test_a_flood_is_not_kept_in_memory(tmp_path: Path) -> None:
    with BoundedLog(tmp_path / "log", head=1000, tail=1000) as log:
        for _ in range(5000):
            log.write(b"x" * 700)
            assert sum(map(len, log._last)) <= 1000 + 700
    assert log.path.stat().st_size < 2100
    assert log.left_out == 5000 * 700 - 2000


@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(0, 40), st.integers(1, 40))
def test_pieces_of_any_size(pieces: list[bytes], head: int, tail: int) -> None:
    import tempfile

    whole = b"".join(pieces)
    with tempfile.TemporaryDirectory() as directory:
        with BoundedLog(Path(directory) / "log", head=head, tail=tail) as log:
            for piece in pieces:
                log.write(piece)
        data = log.path.read_bytes()
    if len(whole) <= head + tail:
        assert data == whole
    else:
        assert data.startswith(whole[:head])
        assert data.endswith(whole[-tail:])
        assert log.left_out == len(whole) - head - tail
