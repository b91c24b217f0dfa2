# SPDX-License-Identifier: GPL-2.0-only
"""How a long stage tells how far it is, without printing anything itself."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int | None, str], None]
"""Called as ``progress(stage, done, total, detail)``.

*done* and *total* are in the stage's own unit (bytes, files, objects); *total* is None while it is
unknown; the stage has ended when both are equal. *detail* is a short text for a person.
"""


def no_progress(stage: str, done: int, total: int | None, detail: str) -> None:
    """Keep silent; the default."""
