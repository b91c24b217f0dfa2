# SPDX-License-Identifier: GPL-2.0-only
"""Which shared libraries a program needs, read from the program itself.

Nothing is executed for it (as ``ldd`` does), so it works for another architecture too.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NEEDED, _DT_STRTAB = 1, 5


@dataclass(frozen=True, slots=True)
class Dynamic:
    """What a program or library asks of the dynamic linker."""

    interpreter: str
    """Path of the dynamic linker; empty for a library or a static program."""
    needed: tuple[str, ...]
    """Names of libraries, such as ``libc.so.6``."""


def read_dynamic(data: bytes) -> Dynamic | None:
    """Return what the ELF file in *data* asks for; None when it is no complete ELF file."""
    if data[:4] != b"\x7fELF" or len(data) < 52:
        return None
    try:
        return _read(data)
    except (struct.error, IndexError, ValueError):
        return None


def _read(data: bytes) -> Dynamic:
    wide = data[4] == 2
    order = "<" if data[5] == 1 else ">"
    if wide:
        table, size, count = (
            struct.unpack_from(order + "Q", data, 32)[0],
            *struct.unpack_from(order + "HH", data, 54),
        )
    else:
        table, size, count = (
            struct.unpack_from(order + "I", data, 28)[0],
            *struct.unpack_from(order + "HH", data, 42),
        )
    loads: list[tuple[int, int, int]] = []
    interpreter, dynamic = "", (0, 0)
    for number in range(count):
        at = table + number * size
        kind = struct.unpack_from(order + "I", data, at)[0]
        if wide:
            offset, address, _, length = struct.unpack_from(order + "QQQQ", data, at + 8)
        else:
            offset, address, _, length = struct.unpack_from(order + "IIII", data, at + 4)
        if kind == _PT_LOAD:
            loads.append((address, offset, length))
        elif kind == _PT_INTERP:
            interpreter = data[offset : offset + length].split(b"\0")[0].decode()
        elif kind == _PT_DYNAMIC:
            dynamic = (offset, length)
    entry = struct.Struct(order + ("qQ" if wide else "iI"))
    tags = [
        entry.unpack_from(data, dynamic[0] + at)
        for at in range(0, dynamic[1] - entry.size + 1, entry.size)
    ]
    strings = next((value for tag, value in tags if tag == _DT_STRTAB), 0)
    base = next(
        (offset + strings - address for address, offset, length in loads
         if address <= strings < address + length), 0,
    )  # fmt: skip
    names = []
    for tag, value in tags:
        if tag == _DT_NEEDED:
            names.append(data[base + value : data.index(b"\0", base + value)].decode())
    return Dynamic(interpreter, tuple(names))
