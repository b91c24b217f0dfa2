# SPDX-License-Identifier: GPL-2.0-only
"""What a probe is asked with and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FactValue = bool | int | str | tuple[str, ...]
"""What a fact can be: plain values that a template can show and compare."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A probe's answer: the value, the place it was seen at, and one sentence.

    *line* counts from 1; 0 stands for the file as a whole.
    """

    value: FactValue
    file: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Options:
    """The fields of one definition, checked against its kind before any probe sees them."""

    fields: Mapping[str, object]

    def text(self, name: str) -> str:
        """Return a string field, "" when it was left out."""
        value = self.fields.get(name, "")
        assert isinstance(value, str)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a field that is a string or a list of them; () when it was left out."""
        value = self.fields.get(name, ())
        if isinstance(value, str):
            return (value,)
        assert isinstance(value, (list, tuple))
        return tuple(str(item) for item in value)

    def number(self, name: str) -> int:
        """Return an integer field."""
        value = self.fields[name]
        assert isinstance(value, int)
        return value

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a field that is a list of integers."""
        value = self.fields[name]
        assert isinstance(value, (list, tuple))
        return tuple(int(item) for item in value)


def alternatives(paths: tuple[str, ...]) -> str:
    """Return paths as a person would say them: ``a``, ``a or b``, ``a, b or c``."""
    if len(paths) <= 1:
        return "".join(paths)
    return f"{', '.join(paths[:-1])} or {paths[-1]}"
