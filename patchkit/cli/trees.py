# SPDX-License-Identifier: GPL-2.0-only
"""``patchkit tree``."""

from __future__ import annotations

import argparse
from typing import Any

from patchkit.cli.output import Output, ProgressDisplay
from patchkit.errors import ExitCode
from patchkit.tree import fetch
from patchkit.tree.store import StoredTree, list_trees, trees_directory


def tree(arguments: argparse.Namespace, output: Output) -> ExitCode:
    """Fetch a tree, or list those that are there."""
    return _get(arguments, output) if arguments.action == "get" else _list(arguments, output)


def _get(arguments: argparse.Namespace, output: Output) -> ExitCode:
    with ProgressDisplay(output) as display:
        repository = fetch.get(arguments.spec, progress=display)
    stored = [found for found in list_trees() if found.repository == repository.name]
    if arguments.format == "json":
        output.json({"schema": 1, "trees": [_json(found) for found in stored]})
    else:
        output.data(str(repository))
    return ExitCode.YES


def _list(arguments: argparse.Namespace, output: Output) -> ExitCode:
    stored = list_trees()
    if arguments.format == "json":
        output.json({"schema": 1, "trees": [_json(found) for found in stored]})
        return ExitCode.YES
    output.table(
        ("TREE", "PACKAGE", "VERSION", "FILES", "ASKED FOR AS"),
        (
            (found.name, found.package, found.version, str(found.files), " ".join(found.requests))
            for found in stored
        ),
    )
    if not stored:
        output.talk("no trees yet; patchkit tree get debian:6.12 fetches one")
    return ExitCode.YES


def _json(stored: StoredTree) -> dict[str, Any]:
    return {
        "spec": stored.name,
        "requests": list(stored.requests),
        "package": stored.package,
        "version": stored.version,
        "commit": stored.commit,
        "tree": stored.tree,
        "repository": str(trees_directory() / stored.repository),
    }
