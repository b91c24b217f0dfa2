# SPDX-License-Identifier: GPL-2.0-only
"""Imports are complete, reproducible, and refuse what has no place in a tree."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from patchkit.errors import PatchkitError, TreeError
from patchkit.tree.importer import Entry, directory_entries, import_files, tar_entries
from patchkit.tree.source import GitTree


def entry(path: bytes, data: bytes = b"x", mode: int = 0o100644) -> Entry:
    return Entry(path, mode, data, 1_000_000_000)


def test_names_of_all_kinds_survive(tmp_path: Path) -> None:
    names = [b"plain", b"with space", b'"quoted"', b"line\nfeed", b"\xff\xfe", b"back\\slash"]
    made = import_files(tmp_path / "t.git", [entry(name) for name in names], "m\n")
    listing = subprocess.run(
        ["git", "-C", tmp_path / "t.git", "ls-tree", "-rz", "--name-only", made.commit],
        check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert sorted(listing.stdout.split(b"\0")[:-1]) == sorted(names)
    assert made.files == len(names)


@pytest.mark.parametrize(
    "name", [b"../x", b"a/../x", b"/x", b"a//x", b".git/config", b"a/.GIT/hooks/x", b"./x"]
)
def test_names_outside_a_tree_are_refused(tmp_path: Path, name: bytes) -> None:
    with pytest.raises(TreeError):
        import_files(tmp_path / "t.git", [entry(name)], "m\n")
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_source_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> object:
        yield entry(b"a")
        raise TreeError("the source ends")

    with pytest.raises(TreeError, match="the source ends"):
        import_files(tmp_path / "t.git", broken(), "m\n")  # type: ignore[arg-type]
    with pytest.raises(PatchkitError):
        import_files(tmp_path / "t.git", [], "m\n")
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_archive_is_noticed() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("linux/big")
        member.size = 100_000
        archive.addfile(member, io.BytesIO(b"x" * member.size))
    whole = buffer.getvalue()
    assert [len(e.data) for e in tar_entries(io.BytesIO(whole))] == [100_000]
    with pytest.raises(TreeError):
        list(tar_entries(io.BytesIO(whole[:50_000])))


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE])
def test_devices_and_the_like_are_refused(kind: bytes) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("linux/odd")
        member.type, member.linkname = kind, "linux/other"
        archive.addfile(member)
    with pytest.raises(TreeError, match="linux/odd"):
        list(tar_entries(io.BytesIO(buffer.getvalue())))


def test_a_directory_is_read_without_following_links(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a" / "tool").write_text("#!/bin/sh\n")
    (root / "a" / "tool").chmod(0o755)
    (root / "loop").symlink_to("a")
    (root / "dangling").symlink_to("/nowhere")
    made = import_files(tmp_path / "t.git", directory_entries(root), "m\n", date=5)
    with GitTree(tmp_path / "t.git", made.commit) as tree:
        modes = {path: tree.mode(path) for path in tree.list()}
    assert modes == {"a/tool": 0o100755, "loop": 0o120000, "dangling": 0o120000}
