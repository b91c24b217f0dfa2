# SPDX-License-Identifier: GPL-2.0-only
"""Help that fits a screen: 80 columns, one line of usage, each option once."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterable
from typing import Any

COLUMNS = 80


class Formatter(argparse.HelpFormatter):
    """As argparse's own, with ``-o, --output FILE`` and the options left out of the usage line."""

    def __init__(self, prog: str, **more: Any) -> None:
        width = min(COLUMNS, shutil.get_terminal_size((COLUMNS, 24)).columns)
        more = {"max_help_position": 26, "width": width, **more}
        super().__init__(prog, **more)

    def format_help(self) -> str:
        """Put the groups together, so that a verb's help fits a screen."""
        usage, _, rest = super().format_help().partition("\n\n")
        if not rest:  # the usage alone, before an error
            return usage
        about, _, groups = rest.partition("\n\n")
        body, _, epilog = groups.rpartition("\n\n")
        return f"{usage}\n\n{about}\n\n{body.replace(chr(10) * 2, chr(10))}\n\n{epilog}"

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        default = action.dest.upper()
        return f"{', '.join(action.option_strings)} {self._format_args(action, default)}"

    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        if action.nargs == "+" and action.option_strings:
            return f"{action.metavar or default_metavar}..."
        return super()._format_args(action, default_metavar)

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        """Show what has to be given, and OPTION for all that may be."""
        every = list(actions)
        options = [one for one in every if one.option_strings]
        if usage is None and len(options) > 2:
            needed = [one for one in options if one.required]
            positional = [one for one in every if not one.option_strings]
            words = ["%(prog)s", "[OPTION]..."]
            words += [f"{one.option_strings[-1]} {one.metavar}" for one in needed]
            words += [self._positional(one) for one in positional]
            usage = " ".join(words).replace("%(prog)s", self._prog)
        super().add_usage(usage, every, groups, prefix)

    def _positional(self, action: argparse.Action) -> str:
        name = str(action.metavar or ("|".join(action.choices) if action.choices else action.dest))
        if action.nargs == "+":
            return f"{name}..."
        if action.nargs == "*":
            return f"[{name}...]"
        return f"[{name}]" if action.nargs == "?" else name
