# SPDX-License-Identifier: GPL-2.0-only
"""export: what git am, quilt and patch make of it is what apply makes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from commit_helpers import PATCHES, Patch, commit, git, line, message, plan_at, show

from patchkit.commits.cover import Cover
from patchkit.commits.diffstat import diffstat
from patchkit.commits.export import (
    COVER,
    Exported,
    ExportRequest,
    Form,
    export_branch,
    export_plan,
)
from patchkit.commits.exportfiles import write_exported
from patchkit.commits.transaction import ApplyRequest, apply
from patchkit.errors import NothingRanError, UserError
from patchkit.series.model import Plan
from patchkit.tree.facts import Fact

NAME = "patchkit/vm-pinned"
ODD: list[Patch] = [
    ("0001-odd", message("mm: größer, with ä and “quotes”"), {
        "mm/latin.c": b"caf\xe9\nline\n", "mm/no-end.c": b"one\ntwo", "mm/empty.c": b"",
        "mm/feed.c": b"a\x0cb\n", "mm/mlock.c": line(1, b"\xff\xfe"),
    }),
    ("0002-odd", message("mm: and back"), {
        "mm/latin.c": b"caf\xe9\nline 2\n", "mm/no-end.c": b"one\ntwo\n", "mm/feed.c": None,
        "scripts/check.sh": None, "mm/deep/er/x.sh": b"#!/bin/sh\n",
    }),
]  # fmt: skip


def applied(where: Path, patches: list[Patch] | None = None) -> Plan:
    base = git(where, "rev-parse", "main")
    plan = plan_at(where, base, patches)
    apply(ApplyRequest(where, base, plan, NAME))
    return plan


def am(where: Path, place: Path, *files: Path) -> None:
    """Apply mails in a clone of main, with warnings as errors; the result is in FETCH_HEAD."""
    git(where, "worktree", "add", "-q", "--detach", str(place), "main")
    done = subprocess.run(
        ["git", "-C", str(place), "-c", "commit.gpgsign=false", "am", *map(str, files)],
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == b""
    assert b"warning" not in done.stdout.lower()


def identical(where: Path, place: Path) -> None:
    """The commits in *place* are those of the branch: trees, messages, authors, dates."""
    form = "--format=%T%n%an <%ae> %ad%n%B"
    assert git(place, "log", form, "main..HEAD") == git(where, "log", form, f"main..{NAME}")


@pytest.mark.parametrize("patches", [PATCHES, ODD], ids=["plain", "odd"])
@pytest.mark.parametrize("form", ["mbox", "patches"])
def test_git_am_makes_the_branch_again(
    kernel: Path, tmp_path: Path, form: Form, patches: list[Patch]
) -> None:
    applied(kernel, patches)
    out = tmp_path / ("out.mbox" if form == "mbox" else "out")
    written = write_exported(export_branch(ExportRequest(form), kernel, NAME), out)
    am(kernel, tmp_path / "am", *written)
    identical(kernel, tmp_path / "am")


def test_a_plan_needs_no_repository_and_gives_the_same_patches(
    kernel: Path, tmp_path: Path
) -> None:
    plan = applied(kernel, ODD)
    exported = export_plan(ExportRequest("patches"), plan, identity_from=tmp_path)
    am(kernel, tmp_path / "am", *write_exported(exported, tmp_path / "out"))
    assert git(tmp_path / "am", "log", "--format=%T %B", "main..HEAD") == git(
        kernel, "log", "--format=%T %B", f"main..{NAME}"
    )
    from_branch = export_branch(ExportRequest("patches"), kernel, NAME)
    for one, other in zip(exported.files, from_branch.files, strict=True):
        assert one.name == other.name
        assert (
            one.data.split(b"\ndiff --git")[1:]
            == re.sub(rb"\nbase-commit: .*\nchange-id: .*\n", b"", other.data).split(
                b"\ndiff --git"
            )[1:]
        )


def test_the_users_commits_and_amendments_are_exported_too(kernel: Path, tmp_path: Path) -> None:
    applied(kernel)
    git(kernel, "checkout", "-q", NAME)
    git(kernel, "commit", "-q", "--amend", "-m", "mm: sum up\n\nIn my words.")
    commit(kernel, {"kernel/mine.c": b"x\n"}, "kernel: mine, ö")
    git(kernel, "checkout", "-q", "main")
    exported = export_branch(ExportRequest("patches"), kernel, NAME)
    assert b"template 0003-sum-1, amended by hand\n" in exported.files[2].data
    assert b"Rendered by patchkit" not in exported.files[3].data
    am(kernel, tmp_path / "am", *write_exported(exported, tmp_path / "out"))
    identical(kernel, tmp_path / "am")


@pytest.mark.parametrize("patches", [PATCHES, ODD], ids=["plain", "odd"])
def test_quilt_series_applies_without_fuzz(
    kernel: Path, tmp_path: Path, patches: list[Patch]
) -> None:
    plan = applied(kernel, patches)
    out = tmp_path / "patches"
    write_exported(export_plan(ExportRequest("quilt"), plan, identity_from=tmp_path), out)
    place = tmp_path / "tree"
    git(kernel, "worktree", "add", "-q", "--detach", str(place), "main")
    listing = (out / "series").read_text().split("\n")
    assert listing[0].startswith("# ")
    for name in filter(None, listing[1:]):
        done = subprocess.run(
            [shutil.which("patch") or "patch", "-p1", "--fuzz=0", "--batch", "-i", str(out / name)],
            cwd=place, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        assert b"offset" not in done.stdout
    git(place, "add", "--force", "--all")
    assert git(place, "diff", "--cached", "--text", "--stat", NAME) == ""


def test_provenance_is_under_the_dashes_not_in_the_commit(kernel: Path, tmp_path: Path) -> None:
    base = git(kernel, "rev-parse", "main")
    patch = plan_at(kernel, base).patches[0]
    fact = Fact("has_mlock_c", True, "mm/mlock.c", 12, "it is there")
    plan = Plan("t", (type(patch)(
        patch.series, patch.id, patch.subject, patch.message, "apply", (), patch.changes, "",
        "sha256:abc", (fact,),
    ),))  # fmt: skip
    apply(ApplyRequest(kernel, base, plan, NAME))
    for exported in (
        export_branch(ExportRequest("patches"), kernel, NAME),
        export_plan(ExportRequest("patches"), plan),
    ):
        body, below = exported.files[0].data.split(b"\n---\n", 1)
        assert b"Rendered by" not in body
        head = below.split(b"\ndiff --git")[0]
        assert b"from vm-pinned/0001-flag, template sha256:abc\n" in head
        assert b"  has_mlock_c = True  (mm/mlock.c:12)\n" in head
    assert "patchkit" not in git(kernel, "log", "--format=%B", f"main..{NAME}")


def test_cover_letter(kernel: Path, tmp_path: Path) -> None:
    plan = applied(kernel)
    base = git(kernel, "rev-parse", "main")
    cover = Cover("mm: count pinned memory once", "It was counted twice.\n")
    exported = export_branch(ExportRequest("patches", 2, cover), kernel, NAME)
    names = [file.name for file in exported.files]
    assert names == [COVER, "0001-mm-add-the-flag.patch", "0002-mm-count.patch",
                     "0003-mm-sum-up.patch"]  # fmt: skip
    text = exported.files[0].data.decode()
    assert "Subject: [PATCH v2 0/3] mm: count pinned memory once\n" in text
    assert "Ursula Tester (3):\n  mm: add the flag\n" in text
    assert f"base-commit: {base}\n" in text
    assert "1. Rendered by patchkit" in text
    assert "4 files changed" in text
    assert b"Subject: [PATCH v2 3/3] mm: sum up\n" in exported.files[3].data
    assert all(b"base-commit" not in file.data for file in exported.files[1:])
    written = write_exported(export_plan(ExportRequest("mbox", 1, cover), plan), tmp_path / "m")
    assert [path.name for path in written] == ["m.cover", "m"]
    am(kernel, tmp_path / "am", tmp_path / "m")


def test_without_a_cover_letter_the_first_patch_names_the_base(kernel: Path) -> None:
    applied(kernel)
    files = export_branch(ExportRequest("patches"), kernel, NAME).files
    base = f"base-commit: {git(kernel, 'rev-parse', 'main')}\n".encode()
    assert [base in file.data for file in files] == [True, False, False]


def test_numbered_file_names_are_those_of_git(kernel: Path, tmp_path: Path) -> None:
    subjects = ["mm: a/b (c): d...", "x" * 75, "mm: größer", "trailing dots...", "a  b -- c."]
    patches: list[Patch] = [
        (f"000{number}-x", subject + "\n", {f"mm/{number}.c": b"x\n"})
        for number, subject in enumerate(subjects)
    ]
    applied(kernel, patches)
    git(kernel, "format-patch", "-q", "-o", str(tmp_path / "git"), f"main..{NAME}")
    ours = [file.name for file in export_branch(ExportRequest("patches"), kernel, NAME).files]
    assert ours == sorted(path.name for path in (tmp_path / "git").iterdir())


def test_diffstat_is_that_of_git(kernel: Path) -> None:
    applied(kernel)
    git(kernel, "config", "diff.noprefix", "true")
    (kernel / ".gitattributes").write_bytes(b"")
    for revision in (f"{NAME}~2", f"{NAME}~1", NAME):
        data = subprocess.run(
            ["git", "-C", str(kernel), "diff-tree", "-p", "--text", "--src-prefix=a/",
             "--dst-prefix=b/", f"{revision}~1", revision], capture_output=True, check=True,
        ).stdout  # fmt: skip
        expected = git(kernel, "diff-tree", "--stat=72", f"{revision}~1", revision)
        assert diffstat(data).rstrip("\n") == expected


def test_an_author_with_a_difficult_name(kernel: Path, tmp_path: Path) -> None:
    for number, name in enumerate(['O. "Q" Smith, Jr.', "Jörg Müller", "李 明"]):
        git(kernel, "config", "user.name", name)
        applied(kernel)
        exported = export_branch(ExportRequest("mbox"), kernel, NAME)
        am(kernel, tmp_path / f"am{number}", *write_exported(exported, tmp_path / "m"))
        identical(kernel, tmp_path / f"am{number}")
        git(kernel, "update-ref", "-d", f"refs/heads/{NAME}")
        git(kernel, "update-ref", "-d", f"refs/patchkit/{NAME}")


def test_configuration_and_attributes_have_no_say(kernel: Path) -> None:
    applied(kernel)

    def payload(exported: Exported) -> list[bytes]:
        return [file.data for file in exported.files]

    before = payload(export_branch(ExportRequest("patches"), kernel, NAME))
    for name, value in (
        ("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"), ("diff.context", "0"),
        ("diff.suppressBlankEmpty", "true"), ("diff.renames", "copies"), ("color.ui", "always"),
        ("diff.external", "/bin/false"), ("format.signature", "x"), ("format.subjectPrefix", "x"),
        ("diff.algorithm", "patience"), ("diff.interHunkContext", "99"), ("core.abbrev", "4"),
        ("diff.orderFile", str(kernel / "README")), ("diff.relative", "true"),
        ("log.showSignature", "true"), ("i18n.logOutputEncoding", "latin1"),
    ):  # fmt: skip
        git(kernel, "config", name, value)
    assert payload(export_branch(ExportRequest("patches"), kernel, NAME)) == before
    assert b"Binary files" not in b"".join(before)


def test_crlf_files_are_kept_and_named(kernel: Path, tmp_path: Path) -> None:
    applied(kernel, [("0001-x", message("mm: x"), {"mm/dos.c": b"a\r\nb\r\n"})])
    exported = export_branch(ExportRequest("mbox"), kernel, NAME)
    assert exported.notes == ("files with CRLF are touched: git am needs --keep-cr",)
    write_exported(exported, tmp_path / "m")
    git(kernel, "worktree", "add", "-q", "--detach", str(tmp_path / "am"), "main")
    git(tmp_path / "am", "am", "--keep-cr", str(tmp_path / "m"))
    identical(kernel, tmp_path / "am")


def test_an_export_replaces_an_earlier_one_and_nothing_else(kernel: Path, tmp_path: Path) -> None:
    plan = applied(kernel)
    out = tmp_path / "out"
    write_exported(export_plan(ExportRequest("patches", 1, Cover("mm: x", "x")), plan), out)
    (out / "notes.txt").write_text("mine\n")
    fewer = Plan("t", plan.patches[:1])
    write_exported(export_plan(ExportRequest("patches"), fewer), out)
    assert sorted(path.name for path in out.iterdir()) == [
        "0001-mm-add-the-flag.patch", "notes.txt",
    ]  # fmt: skip
    (out / "0009-theirs.patch").write_text("somebody else's\n")
    with pytest.raises(UserError, match=r"0009-theirs\.patch is not patchkit's"):
        write_exported(export_plan(ExportRequest("patches"), plan), out)
    assert not (out / "0002-mm-count.patch").exists()


def test_a_series_file_of_others_is_not_replaced(kernel: Path, tmp_path: Path) -> None:
    plan = applied(kernel)
    out = tmp_path / "debian/patches"
    out.mkdir(parents=True)
    (out / "series").write_text("bugfix/all/theirs.patch\n")
    with pytest.raises(UserError, match="series is not patchkit's"):
        write_exported(export_plan(ExportRequest("quilt"), plan), out)
    assert [path.name for path in out.iterdir()] == ["series"]


def test_nothing_to_export(kernel: Path) -> None:
    with pytest.raises(NothingRanError):
        export_plan(ExportRequest("mbox"), Plan("t", ()))


def test_branches_that_cannot_be_exported(kernel: Path) -> None:
    with pytest.raises(UserError, match="there is no branch"):
        export_branch(ExportRequest("mbox"), kernel, NAME)
    with pytest.raises(UserError, match="its base is not known"):
        export_branch(ExportRequest("mbox"), kernel, "main")
    applied(kernel)
    git(kernel, "checkout", "-q", NAME)
    git(kernel, "branch", "side", "HEAD~1")
    git(kernel, "merge", "-q", "--no-ff", "--no-edit", "-s", "ours", "side", "main", check=False)
    commit(kernel, {"README": b"x\n"}, "X")
    git(kernel, "checkout", "-q", "side")
    commit(kernel, {"kernel/side.c": b"x\n"}, "Side")
    git(kernel, "checkout", "-q", NAME)
    git(kernel, "merge", "-q", "--no-ff", "--no-edit", "side")
    with pytest.raises(UserError, match="is a merge"):
        export_branch(ExportRequest("mbox"), kernel, NAME)


def test_show_is_untouched_by_export(kernel: Path) -> None:
    plan = applied(kernel)
    objects = sorted((kernel / ".git").rglob("*"))
    export_plan(ExportRequest("mbox"), plan, identity_from=kernel)
    export_branch(ExportRequest("mbox"), kernel, NAME)
    assert sorted((kernel / ".git").rglob("*")) == objects
    assert show(kernel, NAME, "mm/mpin.c") == b"/* new */\n"


def test_an_empty_commit_of_the_users_is_exported_and_noted(kernel: Path) -> None:
    applied(kernel)
    git(kernel, "checkout", "-q", NAME)
    git(kernel, "commit", "-q", "--allow-empty", "-m", "A remark")
    commit(kernel, {"kernel/mine.c": b"x\n"}, "Mine")
    exported = export_branch(ExportRequest("patches"), kernel, NAME)
    assert exported.subjects[3:] == ("A remark", "Mine")
    assert b"kernel/mine.c" not in exported.files[3].data
    assert b"kernel/mine.c" in exported.files[4].data
    assert exported.notes == ("'A remark' changes nothing: git am needs --empty=keep",)
