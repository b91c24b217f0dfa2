# SPDX-License-Identifier: GPL-2.0-only
"""Derived answers: kept while what they asked has the same answer."""

from __future__ import annotations

from patchkit.lint.queries import Answers, asked, derived


class Numbers:
    """Stands for an analysis: numbers by name."""

    def __init__(self, numbers: dict[str, int], earlier: Numbers | None = None) -> None:
        self.numbers = numbers
        self.answers = Answers(earlier.answers if earlier is not None else None)


worked: list[str] = []


@asked
def number(numbers: Numbers, name: str) -> int:
    return numbers.numbers[name]


@derived
def square(numbers: Numbers, name: str) -> int:
    worked.append(f"square {name}")
    return number(numbers, name) ** 2


@derived
def sum_of_squares(numbers: Numbers, first: str, second: str) -> int:
    worked.append("sum")
    return square(numbers, first) + square(numbers, second)


@asked
def largest(numbers: Numbers) -> int:
    return max(number(numbers, name) for name in numbers.numbers)


@derived
def twice_the_largest(numbers: Numbers) -> int:
    worked.append("twice")
    return 2 * largest(numbers)


def work(numbers: Numbers) -> tuple[int, list[str]]:
    """Return the sum of the squares of a and b, and what was worked out for it."""
    worked.clear()
    return sum_of_squares(numbers, "a", "b"), list(worked)


def test_an_answer_is_worked_out_once() -> None:
    numbers = Numbers({"a": 3, "b": 4})
    assert work(numbers) == (25, ["sum", "square a", "square b"])
    assert work(numbers) == (25, [])


def test_only_what_depends_on_a_change_is_worked_out_again() -> None:
    first = Numbers({"a": 3, "b": 4})
    work(first)
    assert work(Numbers({"a": 3, "b": 4, "c": 1}, first)) == (25, [])
    assert work(Numbers({"a": 3, "b": 5}, first)) == (34, ["square b", "sum"])


def test_what_comes_out_the_same_stops_there() -> None:
    first = Numbers({"a": 3, "b": 4})
    work(first)
    assert work(Numbers({"a": -3, "b": 4}, first)) == (25, ["square a"])


def test_a_question_stands_for_all_that_it_asks() -> None:
    first = Numbers({"a": 3, "b": 4})
    worked.clear()
    assert twice_the_largest(first) == 8
    assert twice_the_largest(Numbers({"a": 1, "b": 4}, first)) == 8
    assert worked == ["twice"]
    assert twice_the_largest(Numbers({"a": 5, "b": 4}, first)) == 10


def test_answers_last_over_several_edits() -> None:
    first = Numbers({"a": 3, "b": 4})
    work(first)
    second = Numbers({"a": 3, "b": 5}, first)
    work(second)
    assert work(Numbers({"a": 3, "b": 5, "c": 1}, second)) == (34, [])
