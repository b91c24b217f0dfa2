# SPDX-License-Identifier: GPL-2.0-only
"""What a function of the kernel does to accounting, by its name; the names are data."""

from __future__ import annotations

import fnmatch
import functools
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

_ATOMIC = re.compile(
    r"^(?:raw_|arch_)?(atomic_long|atomic64|atomic|refcount)_(\w+?)(?:_relaxed|_acquire|_release)?$"
)
_ATOMIC_OPERATIONS = frozenset(
    {
        *("read", "set", "add", "sub", "inc", "dec", "xchg", "cmpxchg", "try_cmpxchg"),
        *("add_return", "sub_return", "inc_return", "dec_return", "add_negative"),
        *("fetch_add", "fetch_sub", "fetch_inc", "fetch_dec", "sub_and_test", "dec_and_test"),
        *("inc_and_test", "add_unless", "inc_not_zero", "inc_unless_negative"),
        *("dec_if_positive", "fetch_add_unless", "add_not_zero", "dec_and_lock"),
        *("dec_and_mutex_lock", "dec_and_lock_irqsave"),
    }
)


@dataclass(frozen=True, slots=True)
class LockRule:
    """A function that changes or asserts a lock; see effects.toml."""

    lock: str
    mode: Literal["write", "read"]
    action: Literal["take", "release", "downgrade", "assert"]
    taken: str = ""
    member: str = ""
    argument: int = 0


@dataclass(frozen=True, slots=True)
class ReferenceRule:
    """A function that takes or drops a reference, or frees."""

    argument: int
    free: bool = False
    taken: str = ""
    member: bool = False


@dataclass(frozen=True, slots=True)
class FlagRule:
    """A function that changes a VMA's flags."""

    action: Literal["set", "clear", "assign"]
    flags: int
    clear: int = -1


class Names:
    """A set of names with patterns."""

    def __init__(self, names: list[str]) -> None:
        self._exact = frozenset(name for name in names if "*" not in name)
        patterns = [fnmatch.translate(name) for name in names if "*" in name]
        self._pattern = re.compile("|".join(patterns)) if patterns else None
        self._seen: dict[str, bool] = {}

    def __contains__(self, name: str) -> bool:
        known = self._seen.get(name)
        if known is None:
            known = name in self._exact or bool(self._pattern and self._pattern.match(name))
            self._seen[name] = known
        return known


class Effects:
    """The tables of effects.toml."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.limits = {n: int(e["resource"]) for e in data["limit"] for n in e["names"]}
        self.capabilities = {
            name: int(entry["capability"])
            for entry in data["capability"]
            for name in entry["names"]
        }
        self.locks = {name: _lock(entry) for entry in data["lock"] for name in entry["names"]}
        self.puts = {name: _reference(entry) for entry in data["put"] for name in entry["names"]}
        self.gets = {name: _reference(entry) for entry in data["get"] for name in entry["names"]}
        self.last_references = Names(data["last_reference"]["names"])
        self.new_references = Names(data["new_reference"]["names"])
        self.allocators = {
            name: bool(entry.get("zeroed"))
            for entry in data["allocator"]
            for name in entry["names"]
        }
        self.flags = {
            name: FlagRule(entry["action"], entry["flags"], entry.get("clear", -1))
            for entry in data["flag"]
            for name in entry["names"]
        }
        self.flag_members: dict[str, frozenset[str]] = {
            tag: frozenset(members) for tag, members in data["flag_members"].items()
        }
        self.flag_sets: dict[str, frozenset[str]] = {
            key: frozenset(names) for key, names in data["flag_sets"].items()
        }
        self.masks: dict[str, tuple[str, ...]] = {k: tuple(v) for k, v in data["masks"].items()}
        self.reports = Names(data["report"]["names"])
        self.pins = Names(data["pins"]["pin"])
        self.unpins = Names(data["pins"]["unpin"])
        self.pure = Names(data["pure"]["names"])
        self.warnings = frozenset(data["warnings"]["names"])

    def counts(self, name: str) -> bool:
        """Tell whether a function's result says that a reference was the last one, or was taken."""
        return name in self.last_references or name in self.new_references

    def known(self, name: str) -> bool:
        """Tell whether a function has an entry that makes an event or a value of its own."""
        return (
            name in self.locks
            or name in self.puts
            or name in self.gets
            or name in self.flags
            or name in self.limits
            or name in self.capabilities
            or atomic_operation(name) is not None
        )


def _lock(entry: dict[str, Any]) -> LockRule:
    return LockRule(
        entry["lock"],
        entry["mode"],
        entry["action"],
        entry.get("taken", ""),
        entry.get("member", ""),
        entry.get("argument", 0),
    )


def _reference(entry: dict[str, Any]) -> ReferenceRule:
    return ReferenceRule(
        entry["argument"],
        entry.get("free", False),
        entry.get("taken", ""),
        entry.get("member", False),
    )


@functools.lru_cache(maxsize=4096)
def atomic_operation(name: str) -> str | None:
    """Return what an atomic function does (``add_return``), None if *name* is not one."""
    found = _ATOMIC.match(name)
    return found[2] if found and found[2] in _ATOMIC_OPERATIONS else None


def flag_name(name: str) -> str:
    """Return a flag as ``VM_LOCKED``, also from ``VMA_LOCKED_BIT`` and ``VMA_LOCKED``."""
    if name.startswith("VMA_"):
        name = "VM_" + name[4:]
        return name[:-4] if name.endswith("_BIT") else name
    return name


@functools.cache
def load_effects() -> Effects:
    """Return the tables that come with the package."""
    text = files("patchkit.lint").joinpath("effects.toml").read_text(encoding="utf-8")
    return Effects(tomllib.loads(text))
