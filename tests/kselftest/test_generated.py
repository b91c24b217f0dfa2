# SPDX-License-Identifier: GPL-2.0-only
"""The tables in the templates are what the model says now, and such as templates can be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from patchkit.kselftest.generate import COMMAND, LOCK_TABLES, PIN_TABLES, write

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
NAMES = (LOCK_TABLES, PIN_TABLES)


def test_the_tables_are_those_of_the_model(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir()
    write(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.j2")} == set(NAMES)
    for name in NAMES:
        current, text = (TEMPLATES / name).read_bytes(), (tmp_path / name).read_bytes()
        assert current == text, f"{name} is out of date: {COMMAND} {TEMPLATES}"


@pytest.mark.parametrize("name", NAMES)
def test_they_can_be_templates_and_stay_readable(name: str) -> None:
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    assert not re.search(r"\{\{|\{%|\{#", text), "Jinja would take it for its own"
    assert COMMAND in text
    assert len(text) < 128 * 1024, f"{name} has grown: is it still read by anyone?"
