# SPDX-License-Identifier: GPL-2.0-only
"""The command line: the only place that prints or exits. One function a verb, grouped by stage."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from patchkit.cli.output import Output
from patchkit.cli.parser import build_parser
from patchkit.errors import ExitCode, PatchkitError

Verb = Callable[[argparse.Namespace, Output], ExitCode]

VERBS = {
    "tree": "patchkit.cli.trees:tree",
    "list": "patchkit.cli.series:list_",
    "facts": "patchkit.cli.series:facts",
    "plan": "patchkit.cli.series:plan",
    "apply": "patchkit.cli.commits:apply",
    "status": "patchkit.cli.commits:status",
    "undo": "patchkit.cli.commits:undo",
    "export": "patchkit.cli.export:export",
    "port": "patchkit.cli.port:port",
    "verify": "patchkit.cli.verify:verify",
    "lint": "patchkit.cli.lint:lint",
    "explain": "patchkit.cli.lint:explain",
    "build": "patchkit.cli.guest:build",
    "test": "patchkit.cli.guest:test",
    "run": "patchkit.cli.guest:run",
    "parse": "patchkit.cli.guest:parse",
    "ci": "patchkit.cli.ci:ci",
    "doctor": "patchkit.cli.doctor:doctor",
    "man": "patchkit.cli.describe:man",
    "completions": "patchkit.cli.describe:complete",
}
"""Where each verb is; imported when it is called, so that --help needs no kernel machinery."""


def _load(verb: str) -> Verb:
    module, _, function = VERBS[verb].partition(":")
    loaded: Verb = getattr(import_module(module), function)
    return loaded


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    arguments = build_parser().parse_args(argv)
    try:
        output = Output(
            color=arguments.color,
            quiet=arguments.quiet,
            verbose=arguments.verbose,
            file=arguments.output,
        )
    except OSError as error:
        print(f"patchkit: {arguments.output}: {error.strerror}", file=sys.stderr)
        return ExitCode.USAGE
    # As Ctrl-C: what was started is ended with us, builds and their children too.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _load(arguments.verb)(arguments, output)
    except PatchkitError as error:
        output.failure(error)
        return error.exit_code
    except KeyboardInterrupt:
        output.error("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader went away (a pager that was left): nothing is wrong.
        sys.stderr.close()
        return ExitCode.YES
    except Exception as error:  # Python would exit with 1, which is an answer
        output.failure(error)
        return ExitCode.INFRASTRUCTURE
    finally:
        signal.signal(signal.SIGTERM, before)
        output.close()
