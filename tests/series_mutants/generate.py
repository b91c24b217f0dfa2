# SPDX-License-Identifier: GPL-2.0-only
"""Make mutants of the lines that a series adds and that touch what it is about.

Not chosen by hand: every added line of C that reads or writes a counter, a flag, a limit or a pin
is taken, and each of four operators that fits it is applied. Lines are looked at one by one, so
that a mutant is one line in a report; an expression that goes over several lines is changed where
a line of it has what the operator needs.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Operator = Literal["delete", "negate", "swap", "off-by-one"]
OPERATORS: tuple[Operator, ...] = ("delete", "negate", "swap", "off-by-one")

SUBJECT = re.compile(
    r"\b(?:(?:vma_)?(?:locked|pinned)_vm|total_vm|mm_locked_pages|locked_pages|def_flags"
    r"|mm_account_vma_flags|mm_charge_vma|vma_charge_class|VMA_CHARGE_\w+|count_mm_\w+"
    r"|VM_LOCKED(?:_MASK)?|VM_LOCKONFAULT|VM_PINNED"
    r"|RLIMIT_MEMLOCK|RLIM_INFINITY|CAP_IPC_LOCK|can_do_mlock|(?:lock_)?limit|bypass_rlim"
    r"|pins|mm_pin_tree_\w+|nr_(?:fresh|locked|pages)|npages|charged)\b"
)
"""Counters, flags, limits and pins, by the names that the series use."""
SWAPS = {
    "locked_vm": "pinned_vm", "vma_locked_vm": "vma_pinned_vm", "VM_LOCKED": "VM_PINNED",
    "VMA_CHARGE_LOCKED": "VMA_CHARGE_PINNED", "nr_fresh": "nr_locked",
    "mm_pin_tree_insert": "mm_pin_tree_remove",
}  # fmt: skip
_SWAP = {**SWAPS, **{new: old for old, new in SWAPS.items()}}
_NAME = re.compile(r"\b(?:" + "|".join(sorted(_SWAP, key=len, reverse=True)) + r")\b")
_STATEMENT = re.compile(r"\s*(?!return\b|goto\b|break\b|case\b|else\b|if\b|for\b|while\b).*;\s*$")
_DECLARATION = re.compile(
    r"\s*(?:static\s+|const\s+|struct\s+|unsigned\s+|signed\s+)*\w+[\s*]+\w+(?:\[\w*\])?\s*"
    r"(?:=[^=].*|,.*)?;\s*$"
)
_CONDITION = re.compile(r"^(\s*(?:\} else )?(?:if|while) )(\(.*\))( \{)?$")
_RETURN = re.compile(r"^(\s*return )(.*(?:==|!=|<=|>=|<|>|&&|\|\||^\s*return !).*)(;)$")
_RELATION = re.compile(r"(?<![<>=!-])(<=|>=|<|>)(?![<>=])")
_STEP = re.compile(r"([+-]= )([^;]+)(;)$")
_COUNT = re.compile(r"\b(?:mm_account_vma_flags|mm_charge_vma)\(.*?(\);)$")
_ATOMIC = re.compile(r"\batomic64_(?:add|sub)(?:_return)?\(([^,]+),")
_RELATED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One line of one file, changed."""

    path: str
    line: int
    """From 1."""
    operator: Operator
    before: str
    after: str

    @property
    def id(self) -> str:
        """A name that does not change while line and file stay."""
        text = "\0".join((self.path, str(self.line), self.operator, self.before, self.after))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def apply(self, text: str) -> str:
        """Return the file's text with the line changed; ValueError when it is another file."""
        lines = text.split("\n")
        if lines[self.line - 1] != self.before:
            raise ValueError(f"{self.path}:{self.line} is not {self.before!r}")
        lines[self.line - 1] = self.after
        return "\n".join(lines)


def added_lines(diff: str) -> Iterator[tuple[str, int, str]]:
    """Yield path, line number and text of what a unified diff adds; any context will do."""
    path, number = "", 0
    for line in diff.split("\n"):
        if line.startswith("+++ "):
            path = line[4:].split("\t")[0].removeprefix("b/")
        elif match := re.match(r"@@ -\S+ \+(\d+)(?:,\d+)? @@", line):
            number = int(match[1])
        elif line.startswith("+"):
            yield path, number, line[1:]
            number += 1
        elif line.startswith(" "):
            number += 1


def mutants(diff: str) -> list[Mutant]:
    """Return all mutants of what *diff* adds, in the order of its lines."""
    found = []
    for path, number, text in added_lines(diff):
        code = re.sub(r"/\*.*?\*/", "", text)
        if not path.endswith((".c", ".h")) or not SUBJECT.search(code) or _is_text(text):
            continue
        for operator in OPERATORS:
            found += [
                Mutant(path, number, operator, text, after)
                for after in dict.fromkeys(_apply(operator, text))
                if after != text
            ]
    return found


def _is_text(text: str) -> bool:
    """Whether the line is a comment, a directive or part of a message."""
    return text.lstrip().startswith(("*", "/*", "//", "#", '"')) or "pr_alert" in text


def _apply(operator: Operator, text: str) -> Iterable[str]:
    indent = text[: len(text) - len(text.lstrip())]
    if operator == "delete":
        if _STATEMENT.match(text) and text.count("(") == text.count(")") and not (
            _DECLARATION.match(text) and not re.match(r"\s*\w+(?:->|\.|\()", text)
        ):  # fmt: skip
            yield f"{indent};"
    elif operator == "negate":
        yield from _negated(text)
    elif operator == "swap":
        for match in _NAME.finditer(text):
            yield text[: match.start()] + _SWAP[match[0]] + text[match.end() :]
    else:
        yield from _off_by_one(text)


def _negated(text: str) -> Iterator[str]:
    if (match := _CONDITION.match(text)) and _closed(match[2]):
        yield f"{match[1]}(!{match[2]}){match[3] or ''}"
    elif match := _RETURN.match(text):
        yield f"{match[1]}!({match[2]}){match[3]}"
    elif "+=" in text or "-=" in text:
        yield re.sub(r"([+-])=", lambda sign: ("-" if sign[1] == "+" else "+") + "=", text)
    elif match := re.search(r"atomic64_(add|sub)", text):
        other = "sub" if match[1] == "add" else "add"
        yield text[: match.start(1)] + other + text[match.end(1) :]
    elif match := re.search(r"vm_flags_(set|clear)", text):
        other = "clear" if match[1] == "set" else "set"
        yield text[: match.start(1)] + other + text[match.end(1) :]


def _closed(condition: str) -> bool:
    """Whether the first parenthesis of *condition* is closed by its last."""
    depth = 0
    for at, letter in enumerate(condition):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return at == len(condition) - 1
    return False


def _off_by_one(text: str) -> Iterator[str]:
    for match in _RELATION.finditer(re.sub(r"->", "  ", text)):
        yield text[: match.start()] + _RELATED[match[1]] + text[match.end() :]
    if match := _STEP.search(text):
        yield f"{text[: match.start()]}{match[1]}({match[2]}) + 1;"
    if match := _COUNT.search(text):
        head, _, count = text[: match.start(1)].rpartition(", ")
        yield f"{head}, ({count}) + 1);"
    if match := _ATOMIC.search(text):
        yield f"{text[: match.start(1)]}({match[1]}) + 1{text[match.end(1) :]}"


def sample(every: Sequence[Mutant], number: int, seed: int) -> list[Mutant]:
    """Return *number* of them, the same for the same *seed*, as they come in the series."""
    if number >= len(every):
        return list(every)
    chosen = set(random.Random(seed).sample(range(len(every)), number))
    return [mutant for place, mutant in enumerate(every) if place in chosen]
