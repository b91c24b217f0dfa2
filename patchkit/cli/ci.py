# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit ci``: workflows for hosted CI."""

from __future__ import annotations

import argparse
from pathlib import Path

from patchkit.cli.output import Output
from patchkit.cli.workflows import workflow, write
from patchkit.errors import ExitCode


def ci(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Write a workflow into a repository, or show it."""
    made = workflow(arguments.provider, arguments.series or ["vm-pinned", "mpin"], arguments.source)
    if arguments.action == "show":
        if arguments.format == "json":
            output.json({"schema": 1, "path": made.path, "text": made.text})
        else:
            output.raw(made.text)
        return ExitCode.YES
    path = write(made, Path(arguments.directory), force=arguments.force)
    if arguments.format == "json":
        output.json({"schema": 1, "path": str(path), "text": made.text})
    else:
        output.data(str(path))
        output.talk(f"Next: read it, then git add {made.path}")
    return ExitCode.YES
