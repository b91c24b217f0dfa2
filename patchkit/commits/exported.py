# SPDX-License-Identifier: GPL-2.0-only
"""What was sent: each version of a branch as it was exported, kept as a ref of patchkit's own.

``refs/patchkit-exported/v<N>/<branch>`` is a commit whose parents are the base and the tip that
were exported, so that neither is collected as garbage, and whose tree says the rest. The next
version is compared with it (range-diff), and keeps its change-id.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import msgspec

from patchkit import __version__
from patchkit.commits.repo import Identity, Repository
from patchkit.errors import TreeError
from patchkit.tree.source import REGULAR

EXPORTS = "refs/patchkit-exported/"
SCHEMA = 1


class ExportRecord(msgspec.Struct, frozen=True):
    """One export: *base* (exclusive) to *tip* are the commits that were written down."""

    branch: str
    version: int
    base: str
    tip: str
    change_id: str
    patchkit: str = __version__
    schema: int = SCHEMA


def export_ref(branch: str, version: int) -> str:
    """Return the ref that remembers what was exported as version *version* of *branch*."""
    return f"{EXPORTS}v{version}/{branch}"


def last_export(repository: Repository, branch: str, version: int) -> ExportRecord | None:
    """Return the export that version *version* follows: the newest one up to and with it."""
    for number in range(version, 0, -1):
        commit = repository.ref(export_ref(branch, number))
        if commit is not None:
            return _read(repository, commit)
    return None


def _read(repository: Repository, commit: str) -> ExportRecord:
    entry = repository.entry(repository.commit(commit).tree, "export.json")
    try:
        if entry is None:
            raise ValueError("export.json is missing")
        record = msgspec.json.decode(repository.read(entry[1])[1], type=ExportRecord)
        if record.schema != SCHEMA:
            raise ValueError(f"schema {record.schema}, this patchkit knows {SCHEMA}")
    except (ValueError, msgspec.DecodeError) as error:
        raise TreeError(
            f"{repository.path}: {commit} is not an export that this patchkit can read: {error}"
        ) from error
    return record


def remember_export(repository: Repository, record: ExportRecord, committer: Identity) -> None:
    """Let *record* be what its version of its branch was exported as."""
    name = export_ref(record.branch, record.version)
    before = repository.ref(name)
    if before is not None and _read(repository, before) == record:
        return
    blob = repository.write_blob(msgspec.json.format(msgspec.json.encode(record), indent=1))
    tree = repository.write_tree({"export.json": (REGULAR, blob)})
    line = committer.line.encode("utf-8", "surrogateescape")
    message = f"patchkit: v{record.version} of {record.branch}\n".encode("utf-8", "surrogateescape")
    commit = repository.write_commit(tree, (record.base, record.tip), message, line, line)
    repository.move_ref(name, commit, before, f"patchkit export: v{record.version}")


def range_diff(repository: Repository, last: ExportRecord | None, base: str, tip: str) -> str:
    """Return what changed since *last*, as a section of a cover letter; "" when nothing did."""
    if last is None or (last.base, last.tip) == (base, tip):
        return ""
    words = ("-c", "diff.noprefix=false", "range-diff", "--no-color",
             f"{last.base}..{last.tip}", f"{base}..{tip}")  # fmt: skip
    text = repository.git(*words).stdout.decode("utf-8", "backslashreplace")
    body = "".join(f"  {line}".rstrip() + "\n" for line in text.splitlines())
    return f"Range-diff against v{last.version}:\n\n{body}"


def new_change_id(name: str, author: str, seconds: int, base: str) -> str:
    """Return a change-id of b4's form for the series *name*, from what its first patch is.

    *author* and *seconds* (since the epoch) are that patch's; so the id is the same again as long
    as nothing was exported, and from then on it is remembered.
    """
    digest = hashlib.sha256(f"{name}\0{author}\0{base}".encode("utf-8", "surrogateescape"))
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%d}-{name}-{digest.hexdigest()[:12]}"
