# SPDX-License-Identifier: GPL-2.0-only
"""Rules of other packages come by an entry point, and a broken one is told by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from patchkit.errors import UserError
from patchkit.lint import collect, others
from patchkit.lint.rule import load_rules

RULE = """
from patchkit.lint.model import Severity
from patchkit.lint.rule import Rule

RULE = Rule(
    id={id!r}, title="Theirs", severity=Severity.NOTE, why="Why.", failing="a;", passing="b;",
    check=lambda analysis: iter(()),
)
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that makes a distribution with one module and one entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(code: str, value: str = "their_rules:RULE", version: str = "1.0") -> None:
        (tmp_path / "their_rules.py").write_text(code)
        info = tmp_path / "their_rules-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: their-rules\nVersion: {version}\n"
        )
        (info / "entry_points.txt").write_text(f"[patchkit.lint.rules]\ntheirs = {value}\n")
        load_rules.cache_clear()
        others.digest.cache_clear()

    yield make
    sys.modules.pop("their_rules", None)
    load_rules.cache_clear()
    others.digest.cache_clear()


def test_a_rule_of_another_package(install: Install) -> None:
    ours = {rule.id for rule in load_rules()}
    install(RULE.format(id="theirs"))
    assert {rule.id for rule in load_rules()} == ours | {"theirs"}


def test_what_is_kept_depends_on_them(install: Install) -> None:
    without = collect._key("tree")
    install(RULE.format(id="theirs"))
    first = collect._key("tree")
    install(RULE.format(id="theirs"), version="1.1")
    assert len({without, first, collect._key("tree")}) == 3


@pytest.mark.parametrize(
    ("code", "value", "why"),
    [
        ("", "their_rules:RULE", "AttributeError: .*RULE"),
        ("", "none_such:RULE", "ModuleNotFoundError: .*none_such"),
        ("1 / 0", "their_rules:RULE", "ZeroDivisionError: division by zero"),
        ("RULE = 3", "their_rules:RULE", r"expected a patchkit.lint.rule.Rule, found int"),
    ],
)
def test_a_broken_one(install: Install, code: str, value: str, why: str) -> None:
    install(code, value)
    with pytest.raises(UserError, match=f"^their-rules: the lint rule theirs = .*{why}") as error:
        load_rules()
    assert "pip uninstall their-rules" in error.value.hint


def test_a_name_that_is_taken(install: Install) -> None:
    ours = load_rules()
    if not ours:
        pytest.skip("no rules yet")
    install(RULE.format(id=ours[0].id))
    with pytest.raises(UserError, match=f"there is a rule '{ours[0].id}' already"):
        load_rules()
