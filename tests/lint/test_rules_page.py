# SPDX-License-Identifier: GPL-2.0-only
"""``docs/rules.md`` is what the rules say."""

from __future__ import annotations

from rules_page import PAGE, page

from patchkit.lint.rule import load_rules


def test_the_page_is_current() -> None:
    expected = page(load_rules())
    assert PAGE.read_text(encoding="utf-8") == expected, "python tests/lint/rules_page.py"
