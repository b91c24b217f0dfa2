# SPDX-License-Identifier: GPL-2.0-only
"""The README says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from patchkit.cli import VERBS
from patchkit.cli.parser import build_parser
from patchkit.errors import ExitCode

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_exit_codes_are_those_of_the_program() -> None:
    documented = {int(number) for number in re.findall(r"^\| (\d+) \|", README, re.M)}
    assert documented == {int(code) for code in ExitCode}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_named(verb: str) -> None:
    assert re.search(rf"`(?:patchkit )?{verb}[ `]", README)


def test_every_verb_has_options_and_code() -> None:
    choices = next(
        action.choices
        for action in build_parser()._actions
        if action.dest == "verb" and action.choices
    )
    assert set(choices) == set(VERBS)


@pytest.mark.parametrize("target", re.findall(r"^\$ make ([\w-]+)", README, re.M))
def test_make_targets_exist(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.M)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("line", re.findall(r"^\$ (patchkit .*?)(?:  +#.*)?$", README, re.M))
def test_commands_parse(line: str) -> None:
    build_parser().parse_args(line.split()[1:])
