# SPDX-License-Identifier: GPL-2.0-only
"""Render templates in a child process with limits (jail.py), and answer what it asks for."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from patchkit import process
from patchkit.errors import InfrastructureError, TemplateError
from patchkit.series.manifest import Series, find_template
from patchkit.series.semantic import Origin

REPLY_SECONDS = 60.0
"""Wall-clock time for one answer: far more than the processor time, for loaded machines."""
_MOST_BYTES = 32 << 20
"""Bytes in one answer; 2 Mi characters with marks and escapes fit."""

_JAIL = Path(__file__).with_name("jail.py")
_MARK = re.compile("\ue000([^\ue001]*):(\\d+)\ue001")
"""What jail.py puts before what a template line renders to."""

FactValues = Callable[[str], Any]
"""Gives the value of a fact; raises TemplateError when there is no such fact."""


class Renderer:
    """One child that renders the templates of one series after another.

    Use it as a context manager. *fresh* starts a new child for every request, so that nothing is
    carried from one template of others to the next.
    """

    def __init__(self, *, fresh: bool = False) -> None:
        self._fresh = fresh
        self._process: subprocess.Popen[bytes] | None = None
        self._series: Series | None = None
        self._entered: Series | None = None
        self._buffer = b""
        if not fresh:
            self._start()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def enter(self, series: Series) -> None:
        """Say which series the next requests are about."""
        self._series = series

    def render(self, name: str, facts: FactValues) -> tuple[str, list[Origin]]:
        """Render a template; return the text and, for each of its lines, where it comes from."""
        return unmark(str(self._request({"render": name}, name, facts)), name)

    def holds(self, expression: str, where: str, facts: FactValues) -> bool:
        """Evaluate an expression of a manifest; *where* names it in errors."""
        return bool(self._request({"expression": expression}, where, facts))

    def close(self) -> None:
        """End the child; may be called again."""
        child = self._process
        self._process = self._entered = None
        self._buffer = b""
        if child is None:
            return
        process.end_group(child, 0.0)
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = process.spawn(
            [sys.executable, "-I", _JAIL, *_packages()],
            env={"PYTHONIOENCODING": "utf-8:surrogatepass"},
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return self._process

    def _request(self, request: dict[str, object], where: str, facts: FactValues) -> Any:
        assert self._series is not None
        if self._fresh:
            self.close()
        if self._process is None:
            self._start()
        if self._entered is not self._series:
            self._entered = self._series
            self._send({"series": self._series.name, "data": self._series.data})
            self._answer(where, facts)
        self._send(request)
        return self._answer(where, facts)

    def _send(self, message: dict[str, object]) -> None:
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return  # reading will say why

    def _answer(self, where: str, facts: FactValues) -> Any:
        """Serve the child until it is done."""
        assert self._series is not None
        while True:
            message = self._receive(where)
            if "done" in message:
                return message["done"]
            if "error" in message:
                self._fail(message["error"], where)
            name = str(message.get("name"))
            if message.get("need") == "fact":
                try:
                    self._send({"value": facts(name)})
                except TemplateError as error:
                    self._send({"error": error.message})
            else:
                path = find_template(name, self._series.directory)
                if path is None:
                    error_text = f"no template {name!r} beside {self._series.manifest} or above"
                    self._send({"error": error_text})
                else:
                    self._send({"value": path.read_text(encoding="utf-8")})

    def _fail(self, error: dict[str, Any], where: str) -> None:
        assert self._series is not None
        name, line = str(error.get("template", "")), int(error.get("line", 0))
        place = f"{self._series.name}/{name or where}" + (f":{line}" if line else "")
        raise TemplateError(f"{place}: {error.get('message')}")

    def _receive(self, where: str) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        assert self._series is not None
        deadline = time.monotonic() + REPLY_SECONDS
        descriptor = self._process.stdout.fileno()
        parts = [self._buffer]
        size = len(self._buffer)
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in parts[-1]:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    self._die(f"{where}: not rendered after {REPLY_SECONDS:.0f} s")
                chunk = os.read(descriptor, 1 << 16)
                if not chunk:
                    self._gone(where)
                size += len(chunk)
                if size > _MOST_BYTES:
                    self._die(f"{where}: more than {_MOST_BYTES >> 20} MB of output")
                parts.append(chunk)
        line, _, self._buffer = b"".join(parts).partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def _gone(self, where: str) -> None:
        assert self._process is not None
        status = self._process.wait(process.GRACE_SECONDS)
        if status == -signal.SIGXCPU:
            self._die(f"{where}: takes more processor time to render than templates are given")
        self._die(
            f"{where}: the process that renders templates ended with status {status}, perhaps "
            "for lack of the memory that it is given"
        )

    def _die(self, message: str) -> None:
        assert self._series is not None
        self.close()
        raise TemplateError(f"{self._series.name}/{message}")


def _packages() -> list[str]:
    """Return the directories that hold Jinja, without importing it here: that takes a while."""
    found: set[str] = set()
    for name in ("jinja2", "markupsafe"):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise InfrastructureError(f"{name}: not installed", hint="pip install jinja2")
        found.add(str(Path(spec.origin).parents[1]))
    return sorted(found)


def unmark(text: str, template: str) -> tuple[str, list[Origin]]:
    """Take the marks of origin out of rendered text; return the text and each line's origin."""
    origins: list[Origin] = []
    lines: list[str] = []
    last = Origin(template, 1)
    for line in text.split("\n"):
        at = 0
        while (found := _MARK.match(line, at)) is not None:
            last = Origin(found[1], int(found[2]))
            at = found.end()
        lines.append(_MARK.sub("", line) if "\ue000" in line else line)
        origins.append(last)
        for later in _MARK.finditer(line, at):
            last = Origin(later[1], int(later[2]))
    return "\n".join(lines), origins
