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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plan", "vm-pinned", "--tree", "."], "expected a kernel tree, found no mm/ in it"),
        (["status", "--tree", "."], "expected a kernel tree, found no mm/ in it"),
        (["plan", "vm-pined", "--tree", "."], "did you mean vm-pinned?"),
        (["plan", "vm-pinned", "--tree", "/nowhere"], "/nowhere: no such directory"),
        (["apply", "vm-pinned", "--tree", "fixture:9.9"], "no such fixture; there is"),
        (["explain", "nonsense"], "patchkit explain lists the rules"),
        (["undo", "--tree", "."], "Next: "),
        (["test", "--tree", "."], "Next: "),
        (["lint", "--tree", "."], "Next: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_goes_wrong_is_said_with_what_to_do(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(words) != 0
    text = capsys.readouterr()
    assert said in text.err
    assert "Traceback" not in text.err and text.out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "vm-pinned"], "one of the arguments --mbox --patches --quilt --b4 is required"),
        (["export", "x", "--mbox", "m", "--reroll-count", "0"], "expected a number from 1 on"),
        (["frobnicate"], "invalid choice: 'frobnicate'"),
    ],
    ids=["no form", "version 0", "no verb"],
)
def test_usage_errors_are_short(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    text = capsys.readouterr().err
    assert stop.value.code == 2
    assert said in text
    assert "\n\n" not in text and len(text.splitlines()) <= 4


def test_colour_changes_nothing_but_colour(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["list", "vm-pinned"], ["explain", "charge-left-on-error"], ["explain"]):
        texts = []
        for when in ("always", "never"):
            assert main([*words, "--color", when]) == 0
            texts.append(capsys.readouterr().out)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", texts[0])
        squeezed = [[line.split() for line in text.splitlines()] for text in (plain, texts[1])]
        assert "\x1b[" in texts[0] and "\x1b[" not in texts[1]
        if words != ["explain"]:  # a table is as wide as the terminal
            assert squeezed[0] == squeezed[1]
