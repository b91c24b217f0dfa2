# SPDX-License-Identifier: GPL-2.0-only
"""Probes of what a tree hands out by number: VM flag bits and system call numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from patchkit.tree.csource import CSource
from patchkit.tree.finding import Finding, Options, alternatives
from patchkit.tree.probes_c import macro_text
from patchkit.tree.reader import Reader

_FLAG_FILES = ("include/linux/mm.h", "include/linux/mm_types.h")
_BIT_OF = re.compile(r"(?:BIT|_BITUL|_BITULL|BIT_ULL)\s*\(\s*(\w+)\s*\)\Z")
_SHIFT_OF = re.compile(r"\(?\s*(?:1|\(\s*vm_flags_t\s*\)\s*1)[uUlL]*\s*<<\s*\(?\s*(\w+)\s*\)?\)?\Z")
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\Z")


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who holds a VM flag bit."""

    name: str
    path: str
    line: int


def _plain(text: str) -> str:
    """Return an expression without casts to vm_flags_t and without outer parentheses."""
    text = re.sub(r"\(\s*(?:__force\s+)?vm_flags_t\s*\)\s*(?=[\w(])", "", text).strip()
    while text.startswith("(") and text.endswith(")") and "(" not in text[1:].split(")")[0]:
        if text.index(")") != len(text) - 1:
            break
        text = text[1:-1].strip()
    return text


def _mask(name: str, macros: dict[str, list[tuple[str, str, int]]]) -> set[int]:
    """Return the values that a macro can have; names are followed, cycles end."""
    values: set[int] = set()
    seen = {name}
    pending = [name]
    while pending:
        for text, _, _ in macros.get(pending.pop(), []):
            plain = _plain(text)
            if found := _NUMBER.match(plain):
                values.add(int(found[1], 0))
            elif found := (_BIT_OF.match(plain) or _SHIFT_OF.match(plain)):
                for bit in _bits(found[1], macros):
                    values.add(1 << bit)
            elif re.fullmatch(r"\w+", plain) and plain not in seen:
                seen.add(plain)
                pending.append(plain)
    return values


def _bits(text: str, macros: dict[str, list[tuple[str, str, int]]]) -> set[int]:
    """Return the bit numbers that ``32`` or ``VM_HIGH_ARCH_BIT_0`` stands for."""
    if found := _NUMBER.match(text):
        number = int(found[1], 0)
        return {number} if number < 64 else set()
    return {value for value in _mask(text, macros) if value < 64}


def _enumerated(source: CSource, path: str) -> list[tuple[int, _Holder]]:
    """Return the bits that ``DECLARE_VMA_BIT(NAME, n)`` takes."""
    found: list[tuple[int, _Holder]] = []
    tokens = [token for token in source.tokens if token.kind not in ("comment", "directive")]
    for position in range(len(tokens) - 5):
        if tokens[position].text != b"DECLARE_VMA_BIT" or tokens[position + 1].text != b"(":
            continue
        name, number = tokens[position + 2], tokens[position + 4]
        if number.kind == "number" and (value := _NUMBER.match(number.text.decode())):
            label = f"VM_{name.text.decode('utf-8', 'backslashreplace')}"
            found.append((int(value[1], 0), _Holder(label, path, name.line)))
    return found


def vm_flag_bit_free(options: Options, reader: Reader) -> Finding:
    """Is a bit of vm_flags free? If not, who holds it?"""
    wanted = options.number("bit")
    files = options.texts("file") or _FLAG_FILES
    macros: dict[str, list[tuple[str, str, int]]] = {}
    holders: list[tuple[int, _Holder]] = []
    looked: list[str] = []
    for path in files:
        source = reader.source(path)
        if source is None:
            continue
        looked.append(path)
        holders += _enumerated(source, path)
        for extent in source.entities():
            if extent.kind == "macro":
                text = source.tokens_in(extent.start, extent.end)[0].text
                entry = (macro_text(text, extent.name), path, extent.line)
                macros.setdefault(extent.name, []).append(entry)
    if not looked:
        return Finding(False, files[0], 0, f"no {alternatives(files)} to look at")
    for name, entries in macros.items():
        if re.match(r"VM_[A-Z0-9_]+\Z", name) and not _is_number(name):
            for value in _mask(name, macros):
                if value and value & (value - 1) == 0:
                    for _, path, line in entries[:1]:
                        holders.append((value.bit_length() - 1, _Holder(name, path, line)))
    for bit, holder in holders:
        if bit == wanted:
            return Finding(False, holder.path, holder.line, f"bit {bit} is {holder.name}")
    taken = sorted({bit for bit, _ in holders})
    if not taken:
        return Finding(False, looked[0], 0, f"no VM flags found in {alternatives(tuple(looked))}")
    last = max((item for item in holders), key=lambda item: (item[0] < wanted, item[0]))
    why = f"bit {wanted} is free; the flag nearest below is {last[1].name}, bit {last[0]}"
    return Finding(True, last[1].path, last[1].line, why)


def _is_number(name: str) -> bool:
    """Tell whether a VM_ macro is a bit number or a shift, and not a mask."""
    return name.endswith(("_BIT", "_SHIFT")) or re.search(r"_BIT_?\d+\Z", name) is not None


_TABLES = (
    "arch/*/syscall*.tbl",
    "arch/*/unistd*.h",
)
_SINGLE_TABLES = (
    "scripts/syscall.tbl",
    "include/uapi/asm-generic/unistd.h",
    "include/asm-generic/unistd.h",
)
_TABLE_LINE = re.compile(r"\s*(\d+)\s+\w+\s+(\w+)")
_DEFINE_LINE = re.compile(r"\s*#\s*define\s+__NR\d*_(\w+)\s+\(?(?:__NR_\w+\s*\+\s*)?(\d+)\)?")
ALPHA_OFFSET = 110
"""Alpha keeps Tru64's numbers below; a new system call has its common number and this."""


def syscall_numbers_free(options: Options, reader: Reader) -> Finding:
    """Are these numbers free in every architecture's table?

    They are the common ones; alpha's table is looked up with its offset.
    """
    wanted = set(options.numbers("numbers"))
    tables = (*reader.names("arch", _TABLES), *(p for p in _SINGLE_TABLES if reader.exists(p)))
    looked = 0
    highest = (0, tables[0] if tables else "arch", 0)
    for path in tables:
        data = reader.read(path)
        if data is None:
            continue
        offset = ALPHA_OFFSET if path.startswith("arch/alpha/") else 0
        entry = _TABLE_LINE if path.endswith(".tbl") else _DEFINE_LINE
        seen = False
        for line, text in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
            found = entry.match(text)
            if found is None:
                continue
            number, name = (
                (int(found[1]), found[2]) if path.endswith(".tbl") else (int(found[2]), found[1])
            )
            if name.endswith("syscalls"):  # their count, not one of them
                continue
            seen = True
            if number - offset in wanted:
                why = f"{number} is {name}"
                return Finding(False, path, line, why)
            # Headers define bases such as mips' 4000 besides; only tables tell the highest.
            if number - offset > highest[0] and path.endswith(".tbl"):
                highest = (number - offset, path, line)
        looked += seen
    if not looked:
        return Finding(False, "arch", 0, "no system call table found")
    numbers = ", ".join(str(number) for number in sorted(wanted))
    why = f"{numbers}: in none of {looked} tables; the highest number taken is {highest[0]}"
    return Finding(True, highest[1], highest[2], why)
