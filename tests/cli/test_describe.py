# SPDX-License-Identifier: GPL-2.0-only
"""Manual page, page of commands, completions: from the parser, and taken by their readers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from patchkit.cli import VERBS, main
from patchkit.cli.describe import commands, commands_page, completions, invocation, man_page
from patchkit.cli.formatting import COLUMNS
from patchkit.cli.parser import build_parser

DOCS = Path(__file__).resolve().parents[2] / "docs"
COMMANDS = commands(build_parser())
LINES = 40


def test_docs_commands_is_what_the_parser_says() -> None:
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == commands_page(build_parser()), (
        "an option is new or has changed: patchkit man --markdown -o docs/commands.md"
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_option_and_argument_has_words(command: object) -> None:
    for _, actions in command.groups:  # type: ignore[attr-defined]
        for action in actions:
            assert action.help, invocation(action)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_fits_a_screen(command: object, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in ("80", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        text = command.parser.format_help()  # type: ignore[attr-defined]
        assert max(map(len, text.splitlines())) <= COLUMNS
        assert len(text.splitlines()) <= LINES


def test_the_manual_page_has_every_option() -> None:
    page = man_page(build_parser()).replace("\\-", "-")
    for command in COMMANDS:
        for action in command.options:
            if action.dest != "help":
                assert invocation(action) in page


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_the_manual_page_is_well_formed(tmp_path: Path) -> None:
    page = tmp_path / "patchkit.1"
    assert main(["man", "-o", str(page)]) == 0
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", str(page)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    wrong = [line for line in done.stdout.splitlines() if "missing date" not in line]
    assert wrong == []


def test_every_verb_is_described() -> None:
    assert {command.name.split()[0] for command in COMMANDS} == set(VERBS)


def complete(*words: str) -> list[str]:
    """Ask bash what it would offer for the last word."""
    script = completions(build_parser(), "bash") + (
        f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}\n"
        'COMPREPLY=(); _patchkit; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_bash_offers_verbs_options_series_and_choices(tmp_path: Path) -> None:
    assert complete("patchkit", "ex") == ["export", "explain"]
    assert complete("patchkit", "export", "--re") == ["--rev", "--reroll-count"]
    assert "vm-pinned" in complete("patchkit", "apply", "vm")
    assert complete("patchkit", "ci", "init", "git") == ["github", "gitlab"]
    assert complete("patchkit", "plan", "--tree", str(DOCS / "comm")) == [str(DOCS / "commands.md")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_take_their_script(shell: str, tmp_path: Path) -> None:
    path = tmp_path / "script"
    assert main(["completions", shell, "-o", str(path)]) == 0
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    words = {"bash": ["-n"], "zsh": ["-n"], "fish": ["--no-execute"]}[shell]
    done = subprocess.run([shell, *words, str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    text = path.read_text()
    for option in re.findall(r"--([\w-]+)", build_parser().format_help()):
        assert option in text or option in ("help", "version")
