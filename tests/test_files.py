# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.files: what is written is whole, and nothing else stays."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from patchkit.files import keep_file, replace_file


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for data in (b"one", b"two"):
        replace_file(path, data)
        assert (path.read_bytes(), list(tmp_path.iterdir())) == (data, [path])


def test_a_full_disk_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "a.json"
    replace_file(path, b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as raised:
        replace_file(path, b"new")
    assert raised.value.filename == str(path)
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"old", [path])


def test_a_directory_that_is_not_there_is_named_as_it_was_given(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        replace_file(tmp_path / "none" / "a", b"")
    assert raised.value.filename == str(tmp_path / "none" / "a")


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    keep_file(tmp_path / "made" / "entry", b"data")
    assert (tmp_path / "made" / "entry").read_bytes() == b"data"
    (tmp_path / "file").write_bytes(b"")
    keep_file(tmp_path / "file" / "entry", b"data")


def test_nothing_is_left_of_an_entry_that_could_not_be_kept(tmp_path: Path) -> None:
    (tmp_path / "entry").mkdir()
    keep_file(tmp_path / "entry", b"data")
    assert list(tmp_path.iterdir()) == [tmp_path / "entry"]
