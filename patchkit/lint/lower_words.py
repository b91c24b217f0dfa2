# SPDX-License-Identifier: GPL-2.0-only
"""What words of kernel C mean to the lowering: ``vocabulary.toml``, ready to be asked."""

from __future__ import annotations

import functools
from importlib.resources import files

import msgspec


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of ``vocabulary.toml``, whose comments say what each is for."""

    transparent: frozenset[str]
    warning: frozenset[str]
    warning_argument: dict[str, int]
    loads: frozenset[str]
    stores: frozenset[str]
    stores_through: frozenset[str]
    pure: frozenset[str]
    typed: dict[str, str]
    overflow: dict[str, str]
    mention: tuple[str, ...]
    no_mention: frozenset[str]
    noreturn: frozenset[str]
    noreturn_if: frozenset[str]
    nothing: frozenset[str]
    taken: frozenset[str]
    return_taken: frozenset[str]
    outputs: dict[str, tuple[int, ...]]
    declares: dict[str, str]
    loops: dict[str, tuple[int, ...]]
    guards: dict[str, tuple[str, str]]
    classes: dict[str, tuple[str, str]]
    free: dict[str, str]

    def mentions(self, word: str) -> bool:
        """Tell whether a call of *word* only names its arguments."""
        return _mentions(self, word)

    def knows(self, word: str) -> bool:
        """Tell whether *word* has a meaning here, so that no macro of that name is expanded."""
        return word in _known(self) or self.mentions(word)


@functools.cache
def vocabulary() -> Vocabulary:
    """Return the tables; read once."""
    data = (files("patchkit.lint") / "vocabulary.toml").read_bytes()
    return msgspec.toml.decode(data, type=Vocabulary)


_MENTIONS: dict[str, bool] = {}


def _mentions(words: Vocabulary, word: str) -> bool:
    known = _MENTIONS.get(word)
    if known is None:
        exact, prefixes = _patterns()
        known = (word in exact or word.startswith(prefixes)) and word not in words.no_mention
        _MENTIONS[word] = known
    return known


@functools.cache
def _patterns() -> tuple[frozenset[str], tuple[str, ...]]:
    words = vocabulary().mention
    exact = frozenset(word for word in words if not word.endswith("*"))
    return exact, tuple(word[:-1] for word in words if word.endswith("*"))


_KNOWN: list[frozenset[str]] = []


def _known(words: Vocabulary) -> frozenset[str]:
    if not _KNOWN:
        _KNOWN.append(
            words.transparent | words.warning | words.loads | words.stores | words.stores_through
            | words.pure | words.typed.keys() | words.overflow.keys() | words.noreturn
            | words.noreturn_if | words.nothing | words.taken | words.return_taken
            | words.loops.keys() | words.outputs.keys() | words.declares.keys()
            | {"swap", "guard", "scoped_guard", "CLASS", "scoped_cond_guard"}
        )  # fmt: skip
    return _KNOWN[0]
