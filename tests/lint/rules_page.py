# SPDX-License-Identifier: GPL-2.0-only
"""Write ``docs/rules.md`` from the rules: ``python tests/lint/rules_page.py``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from patchkit.lint.rule import Rule, load_rules

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "rules.md"
_HEAD = """\
# The rules of the lint

Made from the rules themselves (`python tests/lint/rules_page.py`); `patchkit explain RULE` shows
the same. An error loses or evades accounting, a warning may, a note informs.

| rule | severity | what it finds |
|---|---|---|
"""


def page(rules: Iterable[Rule]) -> str:
    """Return the page for *rules*."""
    rules = list(rules)
    rows = [f"| [{rule.id}](#{rule.id}) | {rule.severity} | {rule.title} |\n" for rule in rules]
    return _HEAD + "".join(rows) + "".join(_section(rule) for rule in rules)


def _section(rule: Rule) -> str:
    return (
        f"\n## {rule.id}\n\n{rule.title} ({rule.severity}).\n\n{rule.why.strip()}\n\n"
        f"This fails:\n\n```c\n{rule.failing.strip()}\n```\n\n"
        f"This passes:\n\n```c\n{rule.passing.strip()}\n```\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(load_rules()), encoding="utf-8")
