# SPDX-License-Identifier: GPL-2.0-only
"""Write a workflow that applies, lints, builds and boots series, for GitHub or GitLab.

The texts are beside this module, with ``@NAME@`` where the series and where patchkit comes from go.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from patchkit.errors import UserError
from patchkit.files import replace_file

Provider = Literal["github", "gitlab"]
PROVIDERS: tuple[Provider, ...] = ("github", "gitlab")
FILES: dict[Provider, str] = {
    "github": ".github/workflows/patchkit.yml",
    "gitlab": ".gitlab-ci.yml",
}
"""Where each provider looks for it, below the top of the repository."""
DEFAULT_SOURCE = "patchkit"

_TEMPLATES = Path(__file__).resolve().parent
_SERIES = re.compile(r"[a-z0-9][a-z0-9._-]*")
_SOURCE = re.compile(r"[A-Za-z0-9][^\s'\"\\$`;|&<>@]*(?:@[^\s'\"\\$`;|&<>]+)?")


@dataclass(frozen=True, slots=True)
class Workflow:
    """A file to write; *path* is relative to the repository's top."""

    path: str
    text: str


def workflow(provider: Provider, series: Sequence[str], source: str = DEFAULT_SOURCE) -> Workflow:
    """Return the workflow for *series*; *source* is what ``pip install`` gets patchkit from.

    UserError for names that could mean something to a shell or to YAML.
    """
    for name in series:
        if not _SERIES.fullmatch(name):
            raise UserError(f"{name!r} is not the name of a series", hint="patchkit list")
    if not _SOURCE.fullmatch(source):
        raise UserError(
            f"{source!r}: expected a name or URL for pip install, without white space or quotes",
            hint="--source git+https://example.org/patchkit.git@v0.1.0",
        )
    text = (_TEMPLATES / f"{provider}.yml").read_text(encoding="utf-8")
    text = text.replace("@SERIES@", " ".join(series)).replace("@SOURCE@", shlex.quote(source))
    return Workflow(FILES[provider], text)


def write(made: Workflow, root: Path, *, force: bool = False) -> Path:
    """Write the workflow below *root* and return its path.

    UserError when there is another file already, unless *force*.
    """
    path = root / made.path
    if not root.is_dir():
        raise UserError(f"{root}: expected a directory, the top of your repository")
    there = path.read_text(encoding="utf-8", errors="replace") if path.exists() else made.text
    if there != made.text and not force:
        raise UserError(
            f"{path} is there already and is different; nothing was written",
            hint="compare with patchkit ci show, or --force",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, made.text.encode())
    return path
