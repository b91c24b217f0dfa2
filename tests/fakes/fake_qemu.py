# SPDX-License-Identifier: GPL-2.0-only
"""Stands in for QEMU: does on its channels what $FAKE_GUEST says. Run by tests, never imported."""

import os
import re
import signal
import sys
import time

arguments = " ".join(sys.argv)


def channel(name):
    found = re.search(rf"socket,id={name},fd=(\d+)", arguments)
    return int(found[1]) if found else 1


def console(text):
    os.write(1, text.encode())


def status(text):
    os.write(channel("status"), text.encode())


def results(text):
    os.write(channel("results"), text.encode())


def floods(megabytes):
    console("[    0.000000] Linux version 6.12.0 (fake)\n")
    status("ready 1\n")
    results("TAP version 13\n1..1\n# selftests: a: b\n")
    line = b"\x1b[2Jok 1 selftests: a: b\n[    1.000000] x" + b"y" * 8000 + b"\n"
    block = line * 128
    for _ in range(megabytes):
        os.write(1, block)
    results("ok 1 selftests: a: b\n")
    status("exit 0\n")
    sys.exit(0)


def for_ever():
    while True:
        time.sleep(3600)


def good(crash="", code=0):
    console("[    0.000000] Linux version 6.12.0 (fake)\n")
    status("ready 1\n")
    results("TAP version 13\n1..1\n# selftests: a: b\nok 1 selftests: a: b\n")
    if crash:
        console(f"[    1.000000] {crash}\n")
    status("exit 0\n")
    sys.exit(code)


def prints_for_ever():
    while True:
        console("[    0.000000] " + "x" * 4000 + "\n")


def run_the_plan(last):
    """Report what the initramfs has in its plan."""
    # Not pathlib: this program is started often, and that import takes as long as Python itself.
    with open(sys.argv[sys.argv.index("-initrd") + 1], "rb") as archive:  # noqa: PTH123
        plan = re.findall(rb"(?:^|\0)\d+ ([^\s\0]+) ([^\s\0]+)$", archive.read(), re.MULTILINE)
    console("[    0.000000] Linux version 6.12.0 (fake)\n")
    status("ready 1\n")
    results(f"TAP version 13\n1..{len(plan)}\n")
    for number, (target, test) in enumerate(plan, 1):
        name = f"selftests: {target.decode()}: {test.decode()}"
        word = last if number == len(plan) else "ok"
        results(f"# {name}\n# # patchkit: seconds=0.5\n{word} {number} {name}\n")
    status("exit 0\n" if last == "ok" else "exit 1\n")
    sys.exit(0)


def guest(what):
    if "--version" in sys.argv:
        print("QEMU emulator version 0.0 (fake)")
    elif what == "good":
        good()
    elif what == "counts":
        os.write(channel("coverage"), b"/a.gcda 3\nabc")
        good()
    elif what == "warns":
        good("WARNING: CPU: 0 PID: 1 at mm/x.c:1 foo+0x1/0x2")
    elif what == "never prints":
        for_ever()
    elif what == "only under tcg":
        for_ever() if "-accel kvm" in arguments else good()
    elif what == "prints for ever":
        prints_for_ever()
    elif what == "ready, then prints for ever":
        status("ready 1\n")
        prints_for_ever()
    elif what == "never ready":
        console("[    0.000000] Linux version 6.12.0 (fake)\n")
        for_ever()
    elif what == "ready, then silence":
        console("[    0.000000] Linux version 6.12.0 (fake)\n")
        # Results first: the clock of silence starts with "ready".
        results("TAP version 13\n1..2\nok 1 selftests: a: b\n# selftests: a: c\n")
        status("ready 1\nalive\n")
        for_ever()
    elif what == "ignores TERM":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0:
            # What it started ignores it too, and holds the console.
            for_ever()
        console("x\n")
        for_ever()
    elif what == "exits early":
        console("[    0.000000] Linux version 6.12.0 (fake)\n")
        sys.stderr.write("qemu: could not load kernel\n")
        sys.exit(1)
    elif what == "exits at once":
        sys.exit(0)
    elif what == "killed":
        console("x\n")
        status("ready 1\n")
        os.kill(os.getpid(), signal.SIGSEGV)
    elif what in ("dies once", "dies", "dies of its kernel"):
        # What another guest of the same test left.
        mark = os.path.dirname(sys.argv[sys.argv.index("-initrd") + 1]) + "/died"  # noqa: PTH120
        if what == "dies once" and os.path.exists(mark):  # noqa: PTH110
            good()
        os.close(os.open(mark, os.O_CREAT | os.O_WRONLY))
        console("[    0.000000] Linux version 6.12.0 (fake)\n")
        if what == "dies of its kernel":
            console(
                "[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
            )
        os.kill(os.getpid(), signal.SIGSEGV)
    elif what == "closes its console":
        console("x\n")
        os.close(1)
        for_ever()
    elif what == "closes everything":
        console("x\n")
        os.closerange(0, 64)
        for_ever()
    elif what == "panics and stays":
        console("[    0.000000] Linux version 6.12.0 (fake)\n")
        console("[    1.000000] Kernel panic - not syncing: Attempted to kill init!\n")
        for_ever()
    elif what == "done and stays":
        status("ready 1\nexit 0\n")
        results("1..1\nok 1 selftests: a: b\n")
        for_ever()
    elif what == "no ports":
        console("x\n")
        status("failed port patchkit.results: No such file or directory\n")
        sys.exit(0)
    elif what == "answers an NMI":
        console("[    0.000000] Linux version 6.12.0 (fake)\n")
        status("ready 1\n")
        control = channel("control")
        said = b""
        while b"inject-nmi" not in said:
            said += os.read(control, 4096)
        console("[    9.000000] Kernel panic - not syncing: NMI: Not continuing\n")
        console("[    9.000001] RIP: 0010:stuck_here+0x1/0x2\n")
        sys.exit(0)
    elif what == "runs the plan":
        run_the_plan(last="ok")
    elif what == "fails the last test":
        run_the_plan(last="not ok")
    elif what == "floods":
        floods(int(os.environ["FAKE_MEGABYTES"]))
    elif what == "obeys its kernel":
        with open(sys.argv[sys.argv.index("-kernel") + 1]) as kernel:  # noqa: PTH123
            text = kernel.read()
        if "silent" in text:
            for_ever()
        run_the_plan(last="not ok" if "bad" in text else "ok")
    elif what == "forges":
        console("TAP version 13\n1..1\nok 1 selftests: a: b\nexit 0\n")
        sys.exit(0)
    else:
        sys.exit(f"no such guest: {what}")


guest(os.environ.get("FAKE_GUEST", "good"))
