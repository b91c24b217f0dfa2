# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.boot.initramfs, cpio and elf: what the guest gets, byte for byte the same each time."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchkit.boot import cpio
from patchkit.boot.elf import Dynamic, read_dynamic
from patchkit.boot.initramfs import compile_init, initramfs, library_finder, plan_text
from patchkit.build.arch import load_arch
from patchkit.build.selftests import Selftest
from patchkit.build.toolchain import detect
from patchkit.errors import InfrastructureError

TESTS = (Selftest("mpin", "limits", 45), Selftest("mm/sub", "slow", 10), Selftest("mm/sub", "x", 0))


def members(data: bytes) -> dict[str, tuple[int, bytes]]:
    """Read an archive back, without the code under test: name to mode and contents."""
    found, at = {}, 0
    while True:
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        name = data[at + 110 : at + 110 + fields[11] - 1].decode()
        start = (at + 110 + fields[11] + 3) & ~3
        if name == "TRAILER!!!":
            return found
        assert fields[2:4] == [0, 0]
        assert fields[5] == 0
        found[name] = (fields[1], data[start : start + fields[6]])
        at = (start + fields[6] + 3) & ~3


@pytest.fixture
def install(tmp_path: Path) -> Path:
    root = tmp_path / "install"
    (root / "mpin").mkdir(parents=True)
    (root / "mpin" / "limits").write_bytes(b"program")
    (root / "mpin" / "limits").chmod(0o755)
    (root / "mpin" / "data").write_bytes(b"data")
    (root / "mpin" / "link").symlink_to("data")
    (root / "mm" / "sub").mkdir(parents=True)
    (root / "mm" / "sub" / "slow").write_bytes(b"slow")
    (root / "other").mkdir()
    (root / "other" / "secret").write_bytes(b"not asked for")
    return root


def make(tmp_path: Path, install: Path) -> bytes:
    init = tmp_path / "init"
    init.write_bytes(b"init program")
    return initramfs(init, install, TESTS, lambda name: None, scale=2.5)


def test_the_guest_has_init_the_plan_and_the_tests(tmp_path: Path, install: Path) -> None:
    found = members(make(tmp_path, install))
    assert found["init"] == (0o100755, b"init program")
    assert found["patchkit/plan"][1] == b"113 mpin limits\n25 mm/sub slow\n0 mm/sub x\n"
    assert found["kselftest/mpin/limits"] == (0o100755, b"program")
    assert found["kselftest/mpin/data"] == (0o100644, b"data")
    assert found["kselftest/mpin/link"] == (0o120777, b"data")
    assert found["kselftest/mm/sub/slow"][1] == b"slow"
    assert found["dev/console"][0] == 0o020600
    assert not any("secret" in name for name in found)
    names = list(found)
    for name in names:
        parent = name.rpartition("/")[0]
        assert not parent or names.index(parent) < names.index(name)


def test_the_same_tests_give_the_same_bytes(tmp_path: Path, install: Path) -> None:
    first = make(tmp_path, install)
    for path in install.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (1, 1))
    assert make(tmp_path, install) == first


@pytest.mark.skipif(shutil.which("cpio") is None, reason="no cpio to compare with")
def test_cpio_reads_the_archive(tmp_path: Path, install: Path) -> None:
    data = make(tmp_path, install)
    said = subprocess.run(["cpio", "-t", "--quiet"], input=data, check=True, capture_output=True)
    assert said.stdout.decode().split() == list(members(data))


@pytest.mark.parametrize("path", ["/a", "a//b", "../a", "a/.", "", "a/../b", "a\0b"])
def test_a_path_that_is_not_plain_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="normalised"):
        cpio.archive({path: cpio.file(b"")})


def test_a_file_is_no_directory() -> None:
    with pytest.raises(ValueError, match="goes through 'a'"):
        cpio.archive({"a": cpio.file(b""), "a/b": cpio.file(b"")})


def test_limits_are_scaled_and_none_stays_none() -> None:
    assert plan_text([Selftest("a", "b", 3), Selftest("a", "c", 0)], 1.5) == "5 a b\n0 a c\n"


def elf(interpreter: bytes, needed: list[bytes]) -> bytes:
    """Return a small 64-bit file with what the dynamic linker looks at."""
    strings = b"\0" + b"".join(name + b"\0" for name in needed)
    offsets = [strings.index(name + b"\0") for name in needed]
    count = 3
    at = 64 + 56 * count
    texts = interpreter + b"\0"
    string_at = at + len(texts)
    dynamic_at = string_at + len(strings)
    dynamic = b"".join(struct.pack("<qQ", 1, offset) for offset in offsets)
    dynamic += struct.pack("<qQ", 5, 0x400000 + string_at) + struct.pack("<qQ", 0, 0)
    total = dynamic_at + len(dynamic)

    def header(kind: int, offset: int, address: int, size: int) -> bytes:
        return struct.pack("<IIQQQQQQ", kind, 4, offset, address, address, size, size, 1)

    return (
        b"\x7fELF\x02\x01\x01" + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
        + header(1, 0, 0x400000, total) + header(3, at, 0x400000 + at, len(texts))
        + header(2, dynamic_at, 0x400000 + dynamic_at, len(dynamic))
        + texts + strings + dynamic
    )  # fmt: skip


def test_what_a_program_needs_is_read_from_it() -> None:
    data = elf(b"/lib64/ld.so", [b"libc.so.6", b"libcap.so.2"])
    assert read_dynamic(data) == Dynamic("/lib64/ld.so", ("libc.so.6", "libcap.so.2"))
    assert read_dynamic(b"#!/bin/sh\n") is None


@given(st.integers(0, 10**6))
def test_a_damaged_program_raises_nothing(length: int) -> None:
    data = elf(b"/lib64/ld.so", [b"libc.so.6"])
    read_dynamic(data[: length % len(data)])
    read_dynamic(data[:60] + data[60:][::-1])


def test_shared_libraries_come_along_with_what_they_need(tmp_path: Path, install: Path) -> None:
    (install / "mpin" / "limits").write_bytes(elf(b"/lib64/ld.so", [b"libone.so"]))
    libraries = {
        "ld.so": elf(b"", []), "libone.so": elf(b"", [b"libtwo.so"]), "libtwo.so": b"\x7fELF",
    }  # fmt: skip
    for name, data in libraries.items():
        (tmp_path / name).write_bytes(data)
    init = tmp_path / "init"
    init.write_bytes(b"")
    found = members(
        initramfs(init, install, TESTS, lambda name: tmp_path / name if name in libraries else None)
    )
    assert {"lib64/ld.so", "lib/libone.so", "lib/libtwo.so"} <= set(found)
    del libraries["libtwo.so"]
    with pytest.raises(InfrastructureError, match=r"libone\.so needs libtwo\.so"):
        initramfs(init, install, TESTS, lambda name: tmp_path / name if name in libraries else None)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no compiler")
def test_init_compiles_once_without_a_warning_and_needs_nothing(tmp_path: Path) -> None:
    toolchain = detect(load_arch("x86_64"))
    first = compile_init(toolchain, tmp_path)
    assert read_dynamic(first.read_bytes()) == Dynamic("", ())
    stamp = first.stat().st_mtime_ns
    assert compile_init(toolchain, tmp_path).stat().st_mtime_ns == stamp
    source = Path(__file__).parents[2] / "patchkit" / "boot" / "init.c"
    said = subprocess.run(
        ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", source],
        capture_output=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr.decode()
    finder = library_finder(toolchain)
    assert finder("libc.so.6") is not None
    assert finder("libnothing-of-this-name.so") is None
