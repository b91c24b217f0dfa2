# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.boot.session and accel: KVM where it works, and only there."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from patchkit.boot import accel
from patchkit.boot.qemu import Guest
from patchkit.boot.session import BootRequest, BootResult, boot
from patchkit.boot.vm import Clocks
from patchkit.build.arch import load_arch
from patchkit.errors import InfrastructureError

X86 = load_arch("x86_64")
CLOCKS = Clocks(first_byte=60, ready=60, silence=60, total=60, nmi=0, grace=0.2)


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /dev/kvm that can be opened, on a machine that could run x86-64 natively."""
    path = tmp_path / "kvm"
    path.touch()
    monkeypatch.setattr(accel, "DEVICE", path)
    monkeypatch.setattr(accel, "PROBE_SECONDS", 60)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    return path


@pytest.fixture
def start(guest: Callable[[str], Guest], tmp_path: Path) -> Callable[..., BootResult]:
    def run(
        what: str, choice: accel.Choice = "auto", first_byte: float = 60,
        said: list[str] | None = None,
    ) -> BootResult:  # fmt: skip
        made = guest(what)
        request = BootRequest(
            X86, made.image, made.initramfs, tmp_path, choice,
            Clocks(first_byte=first_byte, ready=60, silence=60, total=60, nmi=0, grace=0.2),
        )  # fmt: skip
        return boot(
            request, lambda *words: said.append(words[3]) if said is not None else None,
            cache=tmp_path / "cache",
        )  # fmt: skip

    return run


Start = Callable[..., BootResult]


def test_kvm_that_works_is_used_and_remembered(device: Path, start: Start, tmp_path: Path) -> None:
    assert start("good").accelerator == "kvm"
    assert accel.recall(X86, tmp_path / "cache") is True
    again = start("good")
    assert (again.accelerator, "worked before" in again.why) == ("kvm", True)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the probe short, for guests that would use all of its time."""
    monkeypatch.setattr(accel, "PROBE_SECONDS", 0.2)


def test_kvm_under_which_nothing_is_printed_is_left_and_remembered(
    device: Path, start: Start, tmp_path: Path, soon: None
) -> None:
    said: list[str] = []
    first = start("only under tcg", said=said)
    assert (first.accelerator, first.vm.exit_status) == ("tcg", 0)
    assert "under KVM the kernel printed nothing" in first.why
    assert first.probe_seconds >= 0.2
    assert any("TCG" in text and "printed nothing" in text for text in said)
    assert accel.recall(X86, tmp_path / "cache") is False
    # KVM is not even tried now: this guest would run under it too.
    again = start("good")
    assert (again.accelerator, again.probe_seconds) == ("tcg", 0.0)


def test_a_kernel_that_never_prints_is_not_blamed_on_kvm(
    device: Path, start: Start, tmp_path: Path, soon: None
) -> None:
    result = start("never prints", first_byte=0.2)
    assert (result.accelerator, result.vm.end) == ("tcg", "first-byte")
    assert accel.recall(X86, tmp_path / "cache") is None


def test_what_is_known_ends_with_the_machine_s_boot_or_qemu(
    device: Path, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, soon: None
) -> None:
    start("only under tcg")
    monkeypatch.setattr(accel, "BOOT_ID", tmp_path / "another")
    (tmp_path / "another").write_text("1234\n")
    assert accel.recall(X86, tmp_path / "cache") is None
    monkeypatch.undo()
    (tmp_path / "cache" / "kvm.json").write_text(json.dumps({"key": 3}))
    assert accel.recall(X86, tmp_path / "cache") is None


def test_a_qemu_that_dies_before_the_guest_is_ready_is_started_once_more(
    start: Start, tmp_path: Path
) -> None:
    said: list[str] = []
    result = start("dies once", "tcg", said=said)
    assert (result.vm.exit_status, result.vm.returncode) == (0, 0)
    assert "SIGSEGV" in result.qemu_died
    assert "before the guest was ready" in result.qemu_died
    assert any("SIGSEGV" in text for text in said)
    first = tmp_path / "console-died.log"
    assert os.fspath(first) in result.qemu_died
    assert "Linux version" in first.read_text()
    assert "ready" not in start("good", "tcg").qemu_died


def test_a_qemu_that_dies_twice_is_a_result(start: Start, tmp_path: Path) -> None:
    result = start("dies", "tcg")
    assert (result.vm.returncode, result.vm.exit_status) == (-signal.SIGSEGV, None)
    assert "SIGSEGV" in result.qemu_died


@pytest.mark.parametrize("what", ["killed", "dies of its kernel", "exits early"])
def test_a_guest_that_ran_tests_or_complained_is_not_started_again(
    start: Start, tmp_path: Path, what: str
) -> None:
    result = start(what, "tcg")
    assert result.vm.returncode not in (None, 0)
    assert result.qemu_died == ""
    assert not (tmp_path / "console-died.log").exists()


def test_why_kvm_is_not_used(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    decision = accel.decide(X86)
    assert (decision.accelerator, "cannot be opened" in decision.why) == ("tcg", True)
    with pytest.raises(InfrastructureError, match="cannot be opened"):
        accel.decide(X86, "kvm")
    device.unlink()
    assert "there is no" in accel.decide(X86).why
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert "not this machine's" in accel.decide(X86).why


def test_a_choice_is_kept(device: Path, start: Start, tmp_path: Path) -> None:
    assert start("good", "tcg").accelerator == "tcg"
    assert start("only under tcg", "kvm", first_byte=0.2).vm.end == "first-byte"
    assert accel.recall(X86, tmp_path / "cache") is None


def test_a_machine_without_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InfrastructureError, match="qemu-system-x86_64"):
        boot(BootRequest(X86, tmp_path / "k", tmp_path / "i", tmp_path, "tcg", CLOCKS))
