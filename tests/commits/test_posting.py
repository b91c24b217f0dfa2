# SPDX-License-Identifier: GPL-2.0-only
"""What goes with a posting: versions, range-diffs, prerequisites, styles, sign-offs, copies."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest
from commit_helpers import PATCHES, Patch, commit, git, line, plan_at, write

from patchkit.commits.backport import styled
from patchkit.commits.cover import Cover
from patchkit.commits.export import ExportRequest, export_branch, export_plan
from patchkit.commits.exported import remember_export
from patchkit.commits.exportfiles import write_exported
from patchkit.commits.maintainers import maintainers
from patchkit.commits.repo import Repository, user_identity
from patchkit.commits.transaction import ApplyRequest, apply
from patchkit.errors import InfrastructureError, TreeError, UserError
from patchkit.series.model import Plan
from patchkit.tree.source import DirectoryTree

NAME = "patchkit/mpin"
COVER = Cover("mm: count pinned memory once", "It was counted twice.\n")
UPSTREAM = "0123456789abcdef0123456789abcdef01234567"


def two_series(where: Path, patches: list[Patch] | None = None) -> Plan:
    """Make a plan whose last patch is of the series mpin, and apply it."""
    base = git(where, "rev-parse", "main")
    plan = plan_at(where, base, patches)
    *below, last = plan.patches
    plan = Plan(plan.tree, (*below, replace(last, series="mpin")))
    apply(ApplyRequest(where, base, plan, NAME))
    return plan


def export(where: Path, **more: object) -> str:
    """Export, remember it and return the cover letter."""
    exported = export_branch(ExportRequest("patches", cover=COVER, **more), where, NAME)  # type: ignore[arg-type]
    assert exported.record is not None
    with Repository(where) as opened:
        remember_export(opened, exported.record, user_identity("COMMITTER", where))
    return exported.files[0].data.decode()


def change_id(cover: str) -> str:
    found = re.search(r"^change-id: (\d{8}-mpin-[0-9a-f]{12})$", cover, re.M)
    assert found
    return found[1]


def test_a_new_version_keeps_the_change_id_and_shows_a_range_diff(kernel: Path) -> None:
    two_series(kernel)
    first = export(kernel)
    assert "Range-diff" not in first
    git(kernel, "checkout", "-q", NAME)
    git(kernel, "commit", "-q", "--amend", "-m", "mm: sum up both\n\nIn other words.")
    git(kernel, "checkout", "-q", "main")
    second = export(kernel, version=2)
    assert change_id(first) == change_id(second)
    assert "Range-diff against v1:" in second
    assert re.search(r"^  3:  [0-9a-f]+ ! 3:  [0-9a-f]+ mm: sum up", second, re.M)
    assert re.search(r"^  +\+ +In other words\.$", second, re.M)
    assert "Subject: [PATCH v2 0/3]" in second
    # The same version again is compared with the one before it, not with itself.
    assert "Range-diff" not in export(kernel, version=2)
    assert git(kernel, "rev-parse", f"refs/patchkit-exported/v1/{NAME}^2") != git(
        kernel, "rev-parse", f"refs/patchkit-exported/v2/{NAME}^2"
    )


def test_exporting_the_same_again_writes_no_ref(kernel: Path) -> None:
    two_series(kernel)
    export(kernel)
    before = git(kernel, "for-each-ref", "refs/patchkit-exported/")
    export(kernel)
    assert git(kernel, "for-each-ref", "refs/patchkit-exported/") == before


def test_an_undone_apply_leaves_what_was_exported_reachable(kernel: Path) -> None:
    two_series(kernel)
    export(kernel)
    tip = git(kernel, "rev-parse", NAME)
    git(kernel, "update-ref", "-d", f"refs/heads/{NAME}")
    git(kernel, "update-ref", "-d", f"refs/patchkit/{NAME}")
    git(kernel, "reflog", "expire", "--expire=now", "--all")
    git(kernel, "gc", "-q", "--prune=now")
    assert git(kernel, "cat-file", "-t", tip) == "commit"


def test_only_makes_prerequisites_of_what_is_below(kernel: Path) -> None:
    plan = two_series(kernel)
    cover = export(kernel, only=("mpin",))
    listed = re.findall(r"^prerequisite-patch-id: ([0-9a-f]{40})$", cover, re.M)
    theirs = [
        subprocess.run(
            ["git", "patch-id", "--stable"], check=True, capture_output=True,
            input=git(
                kernel, "diff-tree", "-p", "--text", f"{NAME}~{back}~1", f"{NAME}~{back}"
            ).encode(),
        ).stdout.split()[0].decode()
        for back in (2, 1)
    ]  # fmt: skip
    assert listed == theirs
    assert f"base-commit: {git(kernel, 'rev-parse', 'main')}\n" in cover
    assert "[PATCH 0/1]" in cover
    exported = export_plan(ExportRequest("mbox", only=("mpin",)), plan, identity_from=kernel)
    assert exported.subjects == ("mm: sum up",)
    assert [f"prerequisite-patch-id: {one}" in exported.files[0].data.decode() for one in theirs]


def test_only_refuses_patches_that_lie_below_others(kernel: Path) -> None:
    two_series(kernel)
    with pytest.raises(UserError, match="stands below patches of other series"):
        plan = plan_at(kernel, git(kernel, "rev-parse", "main"))
        first, *rest = plan.patches
        export_plan(
            ExportRequest("mbox", only=("mpin",)),
            Plan("t", (replace(first, series="mpin"), *rest)), identity_from=kernel,
        )  # fmt: skip


def test_sign_off_is_added_only_when_asked_and_only_once(kernel: Path, tmp_path: Path) -> None:
    two_series(kernel)
    git(kernel, "checkout", "-q", NAME)
    own = "Mine\n\nSigned-off-by: Ursula Tester <ursula@example.org>"
    commit(kernel, {"kernel/mine.c": b"x\n"}, own)
    git(kernel, "checkout", "-q", "main")
    assert all(
        b"Signed-off-by" not in file.data
        for file in export_branch(ExportRequest("patches"), kernel, NAME).files[:3]
    )
    request = ExportRequest("patches", signer=user_identity("COMMITTER", kernel))
    signed = export_branch(request, kernel, NAME)
    assert [file.data.count(b"Signed-off-by: Ursula") for file in signed.files] == [1, 1, 1, 1]
    git(kernel, "worktree", "add", "-q", "--detach", str(tmp_path / "am"), "main")
    git(tmp_path / "am", "am", "-q", *map(str, write_exported(signed, tmp_path / "out")))
    trailers = git(tmp_path / "am", "log", "-1", "--format=%(trailers:only)", "HEAD~1")
    assert trailers.splitlines()[-1] == "Signed-off-by: Ursula Tester <ursula@example.org>"


def backported() -> list[Patch]:
    text = f'mm: count\n\nEquivalent of upstream commit {UPSTREAM} ("mm: count").\n'
    return [PATCHES[0], ("0002-count", text, {"mm/mlock.c": line(20, b"/* x */")}), PATCHES[2]]


def test_stable_style_names_the_upstream_commit_first(kernel: Path, tmp_path: Path) -> None:
    two_series(kernel, backported())
    exported = export_branch(ExportRequest("patches", style="stable"), kernel, NAME)
    git(kernel, "worktree", "add", "-q", "--detach", str(tmp_path / "am"), "main")
    git(tmp_path / "am", "am", "-q", *map(str, write_exported(exported, tmp_path / "out")))
    body = git(tmp_path / "am", "log", "-1", "--format=%b", "HEAD~1")
    assert body.splitlines()[0] == f"[ Upstream commit {UPSTREAM} ]"
    assert "Upstream commit" not in git(tmp_path / "am", "log", "-1", "--format=%b")
    assert len([note for note in exported.notes if "names no upstream commit" in note]) == 2


def test_debian_style_has_dep3_fields_and_claims_nothing() -> None:
    ours = styled("mm: x\n\nBody.\n", "debian", "mpin/0001-x", 0)
    assert ours.startswith("mm: x\n\nOrigin: other, rendered by patchkit ")
    assert "from mpin/0001-x\nForwarded: no\nLast-Update: 1970-01-01\n\nBody.\n" in ours
    text = f'mm: x\n\nEquivalent of\nupstream commit {UPSTREAM} ("x").\n'
    theirs = styled(text, "debian", "mpin/0001-x", 0)
    assert f"\n\nOrigin: backport, commit:{UPSTREAM}\nForwarded: not-needed\n" in theirs
    assert styled(text, "none", "mpin/0001-x", 0) == text
    mine = styled("mm: x\n", "debian", "", 86400)
    assert mine == "mm: x\n\nForwarded: no\nLast-Update: 1970-01-02\n"


def test_quilt_headers_are_dep3(kernel: Path) -> None:
    two_series(kernel, backported())
    for style in ("none", "debian"):
        exported = export_branch(ExportRequest("quilt", style=style), kernel, NAME)  # type: ignore[arg-type]
        fields = [message_from_bytes(file.data) for file in exported.files[:-1]]
        assert [sorted(one.keys()) for one in fields] == [
            ["Date", "Forwarded", "From", "Last-Update", "Origin", "Subject"]
        ] * 3
        assert [one["Origin"].split(",")[0] for one in fields] == ["other", "backport", "other"]
        assert fields[0]["From"] == "Ursula Tester <ursula@example.org>"
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", fields[0]["Last-Update"])


GET_MAINTAINER = b"""\
my ($file) = grep { !/^--/ } @ARGV;
open(my $patch, '<', $file) or die "cannot open\n";
open(my $people, '<', 'MAINTAINERS') or die "cannot open\n";
while (<$people>) { print }
print "linux-mm\\@kvack.example\n" if grep { m{^\\+\\+\\+ b/mm/} } <$patch>;
print "not an address\n";
"""


def test_copies_are_those_that_the_trees_script_names(kernel: Path, tmp_path: Path) -> None:
    people = '"Paula P. Maintainer" <paula@example.org>\nJörg Müller <j@example.org>\n'
    files = {"scripts/get_maintainer.pl": GET_MAINTAINER, "MAINTAINERS": people.encode()}
    write(tmp_path / "tree", files)
    tree = DirectoryTree(tmp_path / "tree")
    asked = []

    def whom(diff: bytes) -> tuple[str, ...]:
        asked.append(diff)
        return maintainers(tree, diff)

    plan = two_series(kernel)
    exported = export_plan(
        ExportRequest("patches", cover=COVER, whom_to_copy=whom), plan, identity_from=kernel
    )
    assert len(asked) == 1
    for file in exported.files:
        copies = re.search(r"^Cc: (.*(?:\n .*)*)$", file.data.decode(), re.M)
        assert copies
        assert copies[1].split(",\n    ") == [
            '"Paula P. Maintainer" <paula@example.org>',
            "=?utf-8?b?SsO2cmcgTcO8bGxlcg==?= <j@example.org>",
            "linux-mm@kvack.example",
        ]
    git(kernel, "am", "-q", *map(str, write_exported(exported, tmp_path / "out")[1:]))


def test_without_the_trees_script_nobody_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match=r"expected scripts/get_maintainer.pl there"):
        maintainers(DirectoryTree(tmp_path), b"")
    script = b'die "no MAINTAINERS entry\\n";'
    write(tmp_path, {"scripts/get_maintainer.pl": script, "MAINTAINERS": b""})
    with pytest.raises(InfrastructureError, match="no MAINTAINERS entry"):
        maintainers(DirectoryTree(tmp_path), b"")


def test_what_is_known_of_the_commits_is_in_the_cover_letter(kernel: Path) -> None:
    two_series(kernel)
    known = "Known of these commits:\n  patchkit lint: no findings\n"
    request = ExportRequest("patches", cover=Cover("x", "About.", known))
    text = export_branch(request, kernel, NAME).files[0].data.decode()
    assert f"\n\nAbout.\n\n{known}\n" in text
