# SPDX-License-Identifier: GPL-2.0-only
"""For authors of templates: ``python -m patchkit.series.preview --tree PATH SERIES…``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from patchkit.errors import PatchkitError
from patchkit.series.plan import plan
from patchkit.tree.source import DirectoryTree, GitTree, Tree


def main() -> int:
    """Write states, conflicts and, if asked, diffs to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, required=True, help="a git repository or directory")
    parser.add_argument("--templates", type=Path, help="a templates directory (is trusted)")
    parser.add_argument("--patch", action="append", help="show only patches whose id has this")
    parser.add_argument("--diff", action="store_true", help="show the diffs")
    parser.add_argument("series", nargs="+")
    arguments = parser.parse_args()
    where: Path = arguments.tree
    repository = (where / ".git").exists() or (where / "objects").is_dir()
    tree: Tree = GitTree(where) if repository else DirectoryTree(where)
    try:
        made = plan(tree, arguments.series, templates=arguments.templates, trust=True)
    except PatchkitError as error:
        sys.stdout.write(f"{error.message}\n{error.hint}\n")
        return error.exit_code
    for patch in made.patches:
        if arguments.patch and not any(part in patch.id for part in arguments.patch):
            continue
        sys.stdout.write(f"{patch.state:<10} {patch.series}/{patch.id}  {patch.subject}\n")
        for item in patch.evidence:
            sys.stdout.write(f"    {item.file}:{item.line}: {item.why}\n")
        if patch.conflict:
            sys.stdout.write("    " + patch.conflict.replace("\n", "\n    ") + "\n")
        if arguments.diff:
            sys.stdout.write(patch.diff)
    return 1 if made.conflicts else 0


if __name__ == "__main__":
    sys.exit(main())
