# SPDX-License-Identifier: GPL-2.0-only
"""How a stable or distribution tree wants a patch described: where it is from, in its own words.

Stable: Documentation/process/stable-kernel-rules.rst of the kernel. Debian: DEP-3, whose fields
stand before the text of a patch. A patch has an upstream commit only if its message says so; of
the others neither form may claim that upstream has them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal

from patchkit import __version__

Style = Literal["none", "stable", "debian"]
STYLES: tuple[Style, ...] = ("none", "stable", "debian")

_UPSTREAM = re.compile(r"\bEquivalent of\s+upstream\s+commit\s+([0-9a-f]{12,40})\b")


def upstream_commit(message: str) -> str:
    """Return the upstream commit that *message* says it is equivalent to, "" when there is none."""
    found = _UPSTREAM.search(message)
    return found[1] if found else ""


def styled(message: str, style: Style, key: str, seconds: int) -> str:
    """Return *message* with what *style* wants at the start of the body.

    *key* is the patch's ``series/id``, "" for one that patchkit did not render; *seconds* is its
    date since the epoch.
    """
    upstream = upstream_commit(message)
    if style == "stable" and upstream:
        return _put_first(message, f"[ Upstream commit {upstream} ]")
    if style == "debian":
        return _put_first(message, "\n".join(dep3_fields(message, key, seconds)))
    return message


def dep3_fields(message: str, key: str, seconds: int) -> list[str]:
    """Return the DEP-3 fields that do not follow from the mail headers; see :func:`styled`."""
    upstream = upstream_commit(message)
    fields = []
    if upstream:
        fields.append(f"Origin: backport, commit:{upstream}")
    elif key:
        fields.append(f"Origin: other, rendered by patchkit {__version__} from {key}")
    fields.append(f"Forwarded: {'not-needed' if upstream else 'no'}")
    fields.append(f"Last-Update: {datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}")
    return fields


def _put_first(message: str, paragraph: str) -> str:
    subject, _, body = message.partition("\n")
    return f"{subject}\n\n{paragraph}\n\n{body.lstrip()}".rstrip("\n") + "\n"
