# SPDX-License-Identifier: GPL-2.0-only
"""patchkit.boot.qemu: the command, which is pure."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from patchkit.boot.qemu import Guest, command
from patchkit.build.arch import arch_names, load_arch
from patchkit.errors import UserError

CHANNELS = {"results": 11, "status": 12, "control": 13}


def value(argv: list[str], option: str) -> str:
    return argv[argv.index(option) + 1]


@pytest.mark.parametrize("name", arch_names())
@pytest.mark.parametrize("accelerator", ["kvm", "tcg"])
def test_every_architecture_can_be_started(name: str, accelerator: str) -> None:
    arch = load_arch(name)
    guest = Guest(arch, Path("/k"), Path("/i"), accelerator)  # type: ignore[arg-type]
    argv = command(guest, CHANNELS)
    assert argv[0] == arch.qemu.program
    assert value(argv, "-accel").startswith(accelerator)
    assert value(argv, "-cpu") == arch.qemu.cpu[accelerator]
    assert (value(argv, "-kernel"), value(argv, "-initrd")) == ("/k", "/i")
    assert value(argv, "-append").split()[: len(arch.qemu.append)] == list(arch.qemu.append)


def test_a_panic_ends_the_guest_once() -> None:
    argv = command(Guest(load_arch("x86_64"), Path("/k"), Path("/i"), "tcg"), CHANNELS)
    words = value(argv, "-append").split()
    assert {"panic=-1", "oops=panic"} <= set(words)
    assert "-no-reboot" in argv
    assert "-nodefaults" in argv
    assert "-no-user-config" in argv


def test_each_channel_is_its_own() -> None:
    guest = Guest(load_arch("x86_64"), Path("/k"), Path("/i"), "tcg", append=("hugepages=8",))
    text = shlex.join(command(guest, CHANNELS))
    for name, number in CHANNELS.items():
        assert f"socket,id={name},fd={number}" in text
    assert "name=patchkit.results" in text
    assert "name=patchkit.status" in text
    assert text.count("virtserialport") == 2
    assert "hugepages=8" in text


def test_by_hand_the_ports_go_to_files() -> None:
    text = shlex.join(command(Guest(load_arch("x86_64"), Path("/k"), Path("/i"), "tcg")))
    assert "fd=" not in text
    assert "path=results.txt" in text


def test_memory_and_processors_can_be_chosen() -> None:
    argv = command(
        Guest(load_arch("x86_64"), Path("/k"), Path("/i"), "tcg", cpus=4, memory="2G"), CHANNELS
    )
    assert value(argv, "-smp") == "cpus=4,sockets=4,cores=1,threads=1"
    assert value(argv, "-m") == "2G"


def test_a_guest_whose_instructions_are_counted_has_one_thread() -> None:
    arch = load_arch("x86_64")
    argv = command(Guest(arch, Path("/k"), Path("/i"), "tcg", icount=True), CHANNELS)
    assert value(argv, "-accel") == "tcg,thread=single"
    assert value(argv, "-icount").startswith("shift=0")
    assert "-icount" not in command(Guest(arch, Path("/k"), Path("/i"), "tcg"), CHANNELS)


def test_an_unknown_architecture_names_those_there_are() -> None:
    with pytest.raises(UserError, match="x86_64"):
        load_arch("vax")
