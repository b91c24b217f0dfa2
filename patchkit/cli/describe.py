# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit man`` and ``completions``: what the parser knows, in other forms.

Nothing is written down twice: the manual page, the page of commands in docs/ and the completions of
three shells are all made from the parser.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from patchkit import __version__
from patchkit.cli.output import Output
from patchkit.errors import ExitCode
from patchkit.paths import data_directory
from patchkit.series.manifest import list_series

_PATHS = ("FILE", "DIR")


@dataclass(frozen=True, slots=True)
class Command:
    """A verb, or a verb and its action, with its parser."""

    name: str
    help: str
    parser: argparse.ArgumentParser

    @property
    def groups(self) -> Iterator[tuple[str, list[argparse.Action]]]:
        """Yield the groups that have something to show, with their actions."""
        for group in self.parser._action_groups:
            actions = [
                one for one in group._group_actions
                if one.help is not argparse.SUPPRESS
                and not isinstance(one, argparse._SubParsersAction)
            ]  # fmt: skip
            if actions:
                yield group.title or "", actions

    @property
    def options(self) -> list[argparse.Action]:
        """All options that are shown."""
        return [one for _, actions in self.groups for one in actions if one.option_strings]

    @property
    def usage(self) -> str:
        """One line."""
        text = " ".join(self.parser.format_usage().split())
        return text.removeprefix("usage: ")


def commands(parser: argparse.ArgumentParser) -> list[Command]:
    """Return every verb of *parser*, with the actions of those that have some."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {one.dest: one.help or "" for one in action._choices_actions}
            for name, child in action.choices.items():
                inner = commands(child)
                words = name if not parser.prog.count(" ") else f"{parser.prog.split()[-1]} {name}"
                found += inner or [Command(words, helps.get(name, ""), child)]
    return found


def invocation(action: argparse.Action) -> str:
    """Return how an option or argument is typed."""
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest
    if not action.option_strings:
        choices = action.choices
        return "|".join(map(str, choices)) if choices and action.metavar is None else metavar
    value = "" if action.nargs == 0 else f" {metavar}{'...' if action.nargs == '+' else ''}"
    return ", ".join(action.option_strings) + value


# -- the manual page and the page of commands ---------------------------------------------------


def man_page(parser: argparse.ArgumentParser) -> str:
    """Return patchkit(1) in the man macros."""
    lines = [
        f'.TH PATCHKIT 1 "" "patchkit {__version__}" "User Commands"',
        ".SH NAME", f"patchkit \\- {_roff(_sentence(parser.description))}",
        ".SH SYNOPSIS", ".B patchkit", "VERB [OPTION]... [ARGUMENT]...",
        ".SH VERBS",
    ]  # fmt: skip
    for command in commands(parser):
        lines += [f'.SS "{_roff(command.usage)}"', _roff(_capital(command.help) + ".")]
        for title, actions in command.groups:
            if title in ("output", "kernel tree", "templates"):
                continue
            for action in actions:
                if action.dest != "help":
                    lines += [".TP", f"\\fB{_roff(invocation(action))}\\fR", _roff(_help(action))]
    lines += [".SH COMMON OPTIONS"]
    for action in _common(parser):
        lines += [".TP", f"\\fB{_roff(invocation(action))}\\fR", _roff(_help(action))]
    lines += [
        ".SH EXIT STATUS", _roff((parser.epilog or "").removeprefix("Exit codes: ")),
        ".SH ENVIRONMENT", ".TP", "\\fBPATCHKIT_CACHE\\fR",
        "Where trees, builds and runs are kept (default: the user's cache directory).",
        ".TP", "\\fBNO_COLOR\\fR", "No colour, unless \\-\\-color=always.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def commands_page(parser: argparse.ArgumentParser) -> str:
    """Return docs/commands.md."""
    lines = [
        "# Commands", "",
        "Made from the parser (`patchkit man --markdown`); also as a manual page (`patchkit man`).",
        "", "```console", "$ patchkit man", "$ patchkit completions bash", "```", "",
        f"{parser.epilog} What they mean is in the [README](../README.md#exit-codes).", "",
        "## Everywhere", "", *_rows(_common(parser)),
    ]  # fmt: skip
    for command in commands(parser):
        lines += [
            f"## {command.name}",
            "",
            f"`{command.usage}`",
            "",
            _capital(command.help) + ".",
            "",
        ]
        own = [
            action for title, actions in command.groups
            if title not in ("output", "kernel tree", "templates")
            for action in actions if action.dest != "help"
        ]  # fmt: skip
        lines += _rows(own)
        takes = [title for title, _ in command.groups if title in ("kernel tree", "templates")]
        if takes:
            lines += [f"And the options of: {', '.join(takes)}.", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _rows(actions: list[argparse.Action]) -> list[str]:
    if not actions:
        return []
    rows = [f"| `{_cell(invocation(action))}` | {_cell(_help(action))} |" for action in actions]
    return ["| | |", "|---|---|", *rows, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _common(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the options of the groups that many verbs share, each once."""
    found: dict[str, argparse.Action] = {}
    for command in commands(parser):
        for title, actions in command.groups:
            if title in ("output", "kernel tree", "templates"):
                for action in actions:
                    if action.option_strings:
                        found.setdefault(action.option_strings[-1], action)
    return list(found.values())


def _help(action: argparse.Action) -> str:
    return " ".join((action.help or "").replace("%%", "%").split())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str | None) -> str:
    return (text or "").rstrip(".")


def _roff(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return "\\&" + text if text.startswith((".", "'")) else text


# -- completions ------------------------------------------------------------------------------


def completions(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return a completion script for *shell*: bash, zsh or fish."""
    verbs = {one.name.split()[0]: one for one in commands(parser)}
    series = " ".join(one.name for one in list_series(data_directory("templates")))
    if shell == "fish":
        return _fish(verbs, series)
    script = _bash(verbs, series)
    if shell == "zsh":
        return f"#compdef patchkit\nautoload -U +X bashcompinit && bashcompinit\n{script}"
    return script


def _bash(verbs: dict[str, Command], series: str) -> str:
    cases = "".join(
        f"    {name}) words='{' '.join(_words(command))}{_series_of(command, series)}' ;;\n"
        for name, command in verbs.items()
    )
    paths = "|".join(
        sorted({
            option for command in verbs.values() for action in command.options
            if action.metavar in (*_PATHS, "TREE") for option in action.option_strings
        })
    )  # fmt: skip
    return (
        "# patchkit completions for bash\n"
        "_patchkit() {\n"
        '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" words\n'
        f'  case "$prev" in\n    {paths}) COMPREPLY=($(compgen -f -- "$cur")); return ;;\n  esac\n'
        f"  case \"${{COMP_WORDS[1]}}\" in\n{cases}    *) words='{' '.join(verbs)}' ;;\n  esac\n"
        f"  if [ \"$COMP_CWORD\" -le 1 ]; then words='{' '.join(verbs)} --version --help'; fi\n"
        '  COMPREPLY=($(compgen -W "$words" -- "$cur"))\n'
        "}\n"
        "complete -o default -F _patchkit patchkit\n"
    )


def _words(command: Command) -> list[str]:
    words = [option for action in command.options for option in action.option_strings]
    for action in command.parser._actions:
        if not action.option_strings and action.choices:
            words += [str(one) for one in action.choices]
    return words


def _series_of(command: Command, series: str) -> str:
    return f" {series}" if any(one.metavar == "SERIES" for one in command.parser._actions) else ""


def _fish(verbs: dict[str, Command], series: str) -> str:
    lines = ["# patchkit completions for fish", "complete -c patchkit -f"]
    lines += [
        f"complete -c patchkit -n __fish_use_subcommand -a {name} -d {_quoted(command.help)}"
        for name, command in verbs.items()
    ]
    for name, command in verbs.items():
        seen = f"complete -c patchkit -n '__fish_seen_subcommand_from {name}'"
        for action in command.options:
            names = "".join(
                f" -l {option[2:]}" if option.startswith("--") else f" -s {option[1:]}"
                for option in action.option_strings
            )
            value = "" if action.nargs == 0 else " -r"
            if action.metavar in (*_PATHS, "TREE"):
                value += " -F"
            elif action.choices:
                value += f" -a '{' '.join(map(str, action.choices))}'"
            lines.append(f"{seen}{names}{value} -d {_quoted(_help(action))}")
        if _series_of(command, series):
            lines.append(f"{seen} -a '{series}'")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


# -- the verbs --------------------------------------------------------------------------------


def man(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Write the manual page, or the page of commands as Markdown."""
    from patchkit.cli.parser import build_parser

    make = commands_page if arguments.markdown else man_page
    output.raw(make(build_parser()))
    return ExitCode.YES


def complete(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Write a completion script."""
    from patchkit.cli.parser import build_parser

    output.raw(completions(build_parser(), arguments.shell))
    return ExitCode.YES
