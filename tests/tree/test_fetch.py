# SPDX-License-Identifier: GPL-2.0-only
"""Fetching through apt, against a mirror in a directory."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from patchkit.errors import InfrastructureError, UserError
from patchkit.tree import fetch
from patchkit.tree.source import GitTree
from patchkit.tree.store import list_trees, trees_directory

sys.path.insert(0, str(Path(__file__).parent))
from mirror import KERNEL, MTIME, Machine, Mirror

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(shutil.which(name) for name in ("apt-get", "dpkg-deb", "gpg", "xz")),
        reason="needs apt, dpkg, gpg and xz",
    ),
]
NEWER = {**KERNEL, "NEWER": (0o100644, b"yes\n")}


def make_key(home: Path) -> Path:
    home.mkdir(mode=0o700)
    subprocess.run(
        ["gpg", "--homedir", home, "--batch", "-q", "--passphrase", "", "--quick-gen-key",
         "Test Archive <test@example.org>", "rsa2048", "sign", "never"],
        check=True, capture_output=True,
    )  # fmt: skip
    return home


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Mirror:
    root = tmp_path_factory.mktemp("mirror")
    mirror = Mirror(root / "mirror", make_key(root / "key"))
    mirror.add("bookworm", {"6.1": ("6.1.170-3", KERNEL)})
    mirror.add("bookworm-security", {"6.12": ("6.12.117-1~deb12u1", KERNEL)})
    mirror.add("trixie", {"6.12": ("6.12.117-1", NEWER)})
    mirror.add("bullseye-security", {"5.10": ("5.10.262-1", KERNEL)})
    mirror.add("sid", {"7.2": ("7.2.12-1", KERNEL), "7.10": ("7.10.1-1", KERNEL)})
    return mirror


@pytest.fixture
def machine(tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path / "machine", mirror, ["bookworm", "bookworm-security"], monkeypatch)
    machine.update()
    return machine


def git(repository: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", repository, *words], check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def test_a_tree_arrives_whole_as_one_commit(machine: Machine) -> None:
    seen: list[str] = []
    repository = fetch.get("debian:6.12", progress=lambda stage, *_: seen.append(stage))
    assert git(repository, "rev-parse", "--is-bare-repository").strip() == "true"
    assert git(repository, "rev-list", "--all", "--count").strip() == "1"
    assert git(repository, "log", "--format=%at %ct").split() == [str(MTIME), str(MTIME)]
    assert "6.12.117-1~deb12u1" in git(repository, "log", "--format=%s")
    git(repository, "fsck", "--strict")
    with GitTree(repository) as tree:
        assert set(tree.list()) == set(KERNEL)
        for path, (mode, data) in KERNEL.items():
            assert tree.mode(path) == mode
            if mode != 0o120000:
                assert tree.read(path) == data
    link = "scripts/dtc/include-prefixes/arm"
    assert git(repository, "cat-file", "blob", f"HEAD:{link}") == KERNEL[link][1].decode()
    assert {"index", "download", "unpack", "import"} <= set(seen)
    assert not list((trees_directory() / "apt" / "downloads").iterdir())


def test_the_machines_apt_is_left_alone(machine: Machine) -> None:
    before = machine.snapshot()
    fetch.get("debian:5.10")
    assert machine.snapshot() == before, "a file changed, or the machine's hook has run"


def test_what_is_there_is_used_again_without_the_mirror(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fetch.get("debian:6.12")
    monkeypatch.setenv("PATH", str(machine.root))
    assert fetch.get("debian:6.12") == first
    assert fetch.get("debian:6.12@6.12.117-1~deb12u1") == first


def test_the_machines_own_suites_win_over_newer_ones_elsewhere(machine: Machine) -> None:
    fetch.get("debian:6.12")
    fetch.get("debian:6.12@6.12.117-1")
    assert [tree.name for tree in list_trees()] == [
        "debian:6.12@6.12.117-1",
        "debian:6.12@6.12.117-1~deb12u1",
    ]
    pinned, own = list_trees()
    assert (own.suite, own.requests) == ("bookworm-security", ("debian:6.12",))
    assert (pinned.suite, pinned.requests) == ("trixie", ())
    assert pinned.tree != own.tree


@pytest.mark.parametrize(
    ("spec", "version", "suite"),
    [
        ("debian:5.10", "5.10.262-1", "bullseye-security"),
        ("debian:7.2", "7.2.12-1", "sid"),
        ("debian:sid", "7.10.1-1", "sid"),
        ("debian:bookworm", "6.1.170-3", "bookworm"),
    ],
)
def test_suites_that_are_not_configured_are_found(
    machine: Machine, spec: str, version: str, suite: str
) -> None:
    fetch.get(spec)
    (tree,) = list_trees()
    assert (tree.version, tree.suite, tree.requests) == (version, suite, (spec,))


def test_a_fresh_machine_needs_no_apt_get_update(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    Machine(tmp_path / "fresh", mirror, ["bookworm", "bookworm-security"], monkeypatch)
    fetch.get("debian:6.12")
    assert [tree.version for tree in list_trees()] == ["6.12.117-1~deb12u1"]


def test_the_commit_is_reproducible(machine: Machine, tmp_path: Path) -> None:
    ids = {
        git(fetch.get("debian:6.1", cache=tmp_path / name), "rev-parse", "base")
        for name in ("one", "two")
    }
    assert len(ids) == 1


def test_an_unknown_version_is_answered_with_those_that_exist(machine: Machine) -> None:
    with pytest.raises(UserError) as caught:
        fetch.get("debian:6.12@6.12.1-1")
    assert "debian:6.12@6.12.117-1 (trixie)" in caught.value.message
    assert "debian:6.1@" not in caught.value.message
    with pytest.raises(UserError, match="the mirror has no suite potato"):
        fetch.get("debian:potato")
    with pytest.raises(UserError) as caught:
        fetch.get("debian:4.19")
    assert "debian:7.2@7.2.12-1 (sid)" in caught.value.message


@pytest.mark.parametrize(
    "spec",
    ["debian:", "debian:6", "debian:6.12@", "debian:sid@1", "debian:../x", "debian:6.12@a/b"],
)
def test_a_spec_that_makes_no_sense_is_refused(spec: str) -> None:
    with pytest.raises(UserError):
        fetch.get(spec)


def test_a_suite_with_a_wrong_signature_is_not_used(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(mirror.root, copy)
    stranger = Mirror(tmp_path / "stranger", make_key(tmp_path / "strange"))
    stranger.add("bookworm", {"6.1": ("6.1.999-1", NEWER)})
    shutil.rmtree(copy / "debian/dists/bookworm")
    shutil.copytree(stranger.archive("bookworm"), copy / "debian", dirs_exist_ok=True)
    mirror = _moved(mirror, copy)
    Machine(tmp_path / "machine", mirror, ["bookworm", "bookworm-security"], monkeypatch)
    with pytest.raises(InfrastructureError, match="signature is missing or wrong"):
        fetch.get("debian:6.1")
    assert list_trees() == ()


def test_a_package_that_is_not_the_signed_one_is_refused(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(mirror.root, copy)
    (package,) = (copy / "debian-security/pool/bookworm-security").glob("*.deb")
    data = bytearray(package.read_bytes())
    data[-40] ^= 1
    package.write_bytes(data)
    moved = _moved(mirror, copy)
    Machine(tmp_path / "machine", moved, ["bookworm", "bookworm-security"], monkeypatch)
    with pytest.raises(InfrastructureError, match=r"cannot download linux-source-6\.12"):
        fetch.get("debian:6.12")
    assert list_trees() == ()


def _moved(mirror: Mirror, root: Path) -> Mirror:
    moved = object.__new__(Mirror)
    moved.root, moved.keyring = root, mirror.keyring
    return moved


def test_a_mirror_that_does_not_answer_is_the_machines_trouble(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(
        tmp_path / "machine", _moved(mirror, tmp_path / "gone"), ["bookworm"], monkeypatch
    )
    with pytest.raises(InfrastructureError, match="bookworm"):
        fetch.get("debian:6.1")
    (machine.root / "etc/sources.list").write_text("")
    with pytest.raises(InfrastructureError, match="no Debian archive configured"):
        fetch.get("debian:6.1")


def test_room_on_the_disk_is_checked_first(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 0))
    with pytest.raises(InfrastructureError, match="MiB of disk"):
        fetch.get("debian:6.12")
    assert not list((trees_directory() / "apt" / "downloads").iterdir())


@pytest.mark.parametrize("stage", ["index", "download", "unpack", "import"])
def test_an_interruption_at_any_stage_leaves_nothing_half_done(
    machine: Machine, stage: str
) -> None:
    def interrupt(at: str, *_: object) -> None:
        if at == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch.get("debian:6.12", progress=interrupt)
    assert list_trees() == ()
    assert not list(trees_directory().glob(".debian*"))
    assert git(fetch.get("debian:6.12"), "rev-list", "--count", "base").strip() == "1"


def test_what_a_killed_run_left_is_cleaned_away(machine: Machine) -> None:
    directory = trees_directory()
    half = directory / ".debian-5.10-5.10.1-1.git.abcd"
    half.mkdir()
    unfinished = directory / "debian-6.12-6.12.117-1~deb12u1.git"
    unfinished.mkdir()
    (unfinished / "HEAD").write_text("ref: refs/heads/base\n")
    repository = fetch.get("debian:6.12")
    assert not half.exists()
    assert repository == unfinished
    assert git(repository, "rev-list", "--count", "base").strip() == "1"


@pytest.mark.parametrize("keep", [0.5, 1.0])
def test_a_damaged_download_of_an_earlier_run_is_not_used(machine: Machine, keep: float) -> None:
    state = trees_directory() / "apt"
    private, offer = fetch.find_offer(fetch.parse_request("debian:6.12"), state)
    package = private.download(offer)
    whole = package.read_bytes()
    damaged = bytearray(whole[: int(len(whole) * keep)])
    damaged[len(damaged) // 2] ^= 1
    package.write_bytes(damaged)
    for _ in range(2):
        try:
            private.download(offer)
        except InfrastructureError:
            continue
    assert package.read_bytes() == whole


@pytest.mark.real
def test_debians_own_mirror(tmp_path: Path) -> None:
    repository = fetch.get("debian:6.12", cache=tmp_path)
    with GitTree(repository) as tree:
        assert b"SYSCALL_DEFINE1(mlockall" in (tree.read("mm/mlock.c") or b"")
        assert sum(1 for _ in tree.list()) > 80_000
