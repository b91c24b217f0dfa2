# SPDX-License-Identifier: GPL-2.0-only
"""What is worked out from an analysis, kept for analyses of edited files.

A *derived* answer remembers what it asked the analysis on its way: functions by name, callers,
other answers. In the analysis after an edit it is taken over if all of that would be answered the
same; else it is worked out anew. What asks for all functions at once is worked out after each edit.

A table of a whole analysis that is kept (``lru_cache``) must not be read from derived answers but
through a function that is *asked*: whoever finds it made already would not know what it is made of.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

Asked = tuple[Callable[..., Any], tuple[Any, ...], Any]
"""What was asked, with which arguments, and what the answer was."""

_asking: list[list[Asked] | None] = []
"""The questions of each derived answer that is being worked out; None where they do not count."""


def note(question: Callable[..., Any], arguments: tuple[Any, ...], answer: T) -> T:
    """Take down that *question* was asked, of an analysis, and return its answer.

    *question* is called with the analysis before the arguments to ask again.
    """
    if _asking and _asking[-1] is not None:
        _asking[-1].append((question, arguments, answer))
    return answer


def asked(question: F) -> F:
    """Make a function of an analysis count as one question, whatever it asks itself."""

    @functools.wraps(question)
    def ask(analysis: Any, *args: Any) -> Any:
        _asking.append(None)
        try:
            answer = question(analysis, *args)
        finally:
            _asking.pop()
        return note(ask, args, answer)

    return cast(F, ask)


def derived(work: F) -> F:
    """Keep what a function of an analysis returns as long as all that it asked stays the same."""

    @functools.wraps(work)
    def ask(analysis: Any, *args: Any) -> Any:
        answers: Answers = analysis.answers
        key = (work, args)
        known = answers.now.get(key)
        if known is None:
            known = answers.earlier.get(key)
            if known is None or not _stands(analysis, known[0]):
                asked_for: list[Asked] = []
                _asking.append(asked_for)
                try:
                    answer = work(analysis, *args)
                finally:
                    _asking.pop()
                known = (tuple(asked_for), answer)
            answers.now[key] = known
        return note(ask, args, known[1])

    return cast(F, ask)


def _stands(analysis: Any, before: tuple[Asked, ...]) -> bool:
    """Tell whether all questions have the answers that they had."""
    _asking.append(None)
    try:
        return all(question(analysis, *args) == answer for question, args, answer in before)
    finally:
        _asking.pop()


class Answers:
    """The derived answers of one analysis, and those of the one that it was edited from."""

    def __init__(self, earlier: Answers | None = None) -> None:
        self.now: dict[Any, tuple[tuple[Asked, ...], Any]] = {}
        self.earlier = earlier.now if earlier is not None else {}
