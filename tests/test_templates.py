# SPDX-License-Identifier: GPL-2.0-only
"""What holds for every template, whatever the tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from patchkit.paths import data_directory

TEMPLATES = sorted(
    path
    for path in data_directory("templates").rglob("*")
    if path.suffix in (".j2", ".toml") and path.is_file()
)
LOGIC = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
VERSION = re.compile(r"LINUX_VERSION|KERNEL_VERSION|(?<![\w.])[2-7]\.\d{1,2}(?![\w.])")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_decision_by_version(path: Path) -> None:
    """Distributions backport: a template asks what the tree contains, never how old it is."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        text = "\n".join(
            line
            for line in text.splitlines()
            if re.match(r"\s*(when|requires|holds|probe)\b", line)
        )
        assert not VERSION.search(text)
        return
    for logic in LOGIC.findall(text):
        assert not VERSION.search(logic), logic


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nobody_is_made_an_author_or_signer(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    forged = re.findall(
        r"^(?:Signed-off-by|From|Reviewed-by|Acked-by|Tested-by|Co-developed-by):.*", text, re.M
    )
    assert forged == []
