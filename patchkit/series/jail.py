# SPDX-License-Identifier: GPL-2.0-only
"""The child process that renders templates, with nothing to gain by breaking out of Jinja.

Run as a program, with directories for ``sys.path`` as arguments; it needs Jinja and no part of
patchkit. Requests come as lines of JSON on standard input, answers go to standard output. It asks
its parent for facts and for template sources, so that it needs no files: before the first request
it gives up the right to open any, and sockets with them. Processor time, memory and output have
limits. See render.py for the other side.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    sys.path[:0] = sys.argv[1:]

import codecs
import json
import resource
import textwrap  # noqa: F401  what a filter would import when files cannot be opened any more
import traceback
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import jinja2
import jinja2.debug
import jinja2.ext
import jinja2.sandbox
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import LoopContext, Macro
from jinja2.utils import Namespace

CPU_SECONDS = 5
MEMORY_BYTES = 512 << 20
OUTPUT_CHARACTERS = 2 << 20
MARK, MARK_END = "\ue000", "\ue001"
"""Around ``template:line`` at the beginning of what each template line renders to."""

_METHODS: dict[type, tuple[str, ...]] = {
    str: (
        "startswith", "endswith", "upper", "lower", "strip", "lstrip", "rstrip", "replace",
        "split", "rsplit", "splitlines", "join", "removeprefix", "removesuffix", "partition",
        "rpartition", "find", "count", "isdigit", "isupper", "islower", "title", "capitalize",
    ),
    tuple: ("index", "count"),
    list: ("index", "count"),
    MappingProxyType: ("items", "keys", "values", "get"),
    LoopContext: (
        "index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0",
        "previtem", "nextitem", "cycle", "changed",
    ),
}  # fmt: skip
_FILTERS = (
    "abs", "batch", "capitalize", "count", "d", "default", "dictsort", "first", "indent", "int",
    "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr",
    "replace", "reverse", "select", "selectattr", "slice", "sort", "string", "sum", "title", "trim",
    "unique", "upper", "wordwrap",
)  # fmt: skip
_LARGEST = 1 << 64


class Refused(Exception):
    """A template did something that templates may not do."""


class Channel:
    """Lines of JSON to and from the parent."""

    def send(self, **message: object) -> None:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    def receive(self) -> dict[str, Any]:
        line = sys.stdin.readline()
        if not line:
            raise SystemExit(0)
        message: dict[str, Any] = json.loads(line)
        return message

    def ask(self, what: str, name: str) -> Any:
        """Ask the parent for something by name; Refused when it does not give it."""
        self.send(need=what, name=name)
        answer = self.receive()
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["value"]


class Facts:
    """``tree``: its attributes are facts, asked for as they are used."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._known: dict[str, Any] = {}

    def look_up(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = frozen(self._channel.ask("fact", name))
        return self._known[name]


def frozen(value: Any) -> Any:
    """Return plain data that cannot be changed."""
    if isinstance(value, dict):
        return MappingProxyType({key: frozen(item) for key, item in value.items()})
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    return value


class Origins(jinja2.ext.Extension):
    """Marks each line of a template's text with where it comes from.

    Text inside macros, block assignments and filters may be measured or compared before it is
    put out, so it is left alone.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        nested = 0
        block: list[Token] = []
        for token in stream:
            if block or token.type == "block_begin":
                block.append(token)
                if token.type == "block_end":
                    nested += _nesting(block)
                    yield from block
                    block = []
                continue
            if token.type == "data" and not nested:
                yield Token(token.lineno, "data", _marked(token.lineno, token.value, stream))
                continue
            if token.type == "variable_begin" and not nested:
                yield Token(token.lineno, "data", _marked(token.lineno, "", stream))
            yield token
        yield from block


def _nesting(block: list[Token]) -> int:
    word = block[1].value if len(block) > 1 else ""
    if word in ("macro", "call", "filter"):
        return 1
    if word == "set" and not any(token.type == "assign" for token in block):
        return 1
    return -1 if word in ("endmacro", "endcall", "endfilter", "endset") else 0


def _marked(first: int, text: str, stream: TokenStream) -> str:
    lines = text.split("\n")
    return "\n".join(
        f"{MARK}{stream.name or '?'}:{first + number}{MARK_END}{line}"
        for number, line in enumerate(lines)
    )


class Environment(jinja2.sandbox.ImmutableSandboxedEnvironment):
    """Jinja with little in it: plain data, a few methods, no arithmetic that explodes."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def __init__(self, channel: Channel) -> None:
        super().__init__(
            undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
            keep_trailing_newline=True, autoescape=False, extensions=[Origins],
            loader=jinja2.FunctionLoader(lambda name: self._load(channel, name)), cache_size=400,
        )  # fmt: skip
        self.filters = {name: self.filters[name] for name in _FILTERS}
        names = ("range", "namespace", "joiner", "cycler")
        self.globals = {name: self.globals[name] for name in names}

    def _load(self, channel: Channel, name: str) -> tuple[str, str, None]:
        source = str(channel.ask("template", name))
        if MARK in source or MARK_END in source:
            raise Refused(f"{name}: contains U+E000 or U+E001, which patchkit uses itself")
        return source, name, None

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Facts):
            return obj.look_up(attribute)
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Facts):
            return obj.look_up(str(argument))
        if isinstance(argument, str) and not isinstance(obj, (Mapping, str)):
            return self.getattr(obj, argument)
        return super().getitem(obj, argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if attr.startswith("_"):
            return False
        allowed = _METHODS.get(type(obj))
        if allowed is not None:
            return attr in allowed
        return isinstance(obj, (Namespace, jinja2.environment.TemplateModule))

    def is_safe_callable(self, obj: Any) -> bool:
        if isinstance(obj, Macro):
            return True
        owner = getattr(obj, "__self__", None)
        if type(owner) in _METHODS:
            return getattr(obj, "__name__", "") in _METHODS[type(owner)]
        return obj in self.globals.values() or type(obj).__module__ == "jinja2.utils"

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise Refused("** is not for templates")
        numbers = isinstance(left, int) and isinstance(right, int)
        if operator in ("*", "%", "/", "//", "-") and not numbers:
            raise Refused(f"{operator} is for whole numbers only")
        value = super().call_binop(context, operator, left, right)
        if numbers and isinstance(value, int) and abs(value) > _LARGEST:
            raise Refused("a number becomes too large")
        return value


def render(environment: Environment, facts: Facts, data: Any, name: str) -> str:
    """Render a template; Refused when the output becomes too long."""
    parts: list[str] = []
    length = 0
    for part in environment.get_template(name).generate(tree=facts, data=data):
        length += len(part)
        if length > OUTPUT_CHARACTERS:
            raise Refused(f"{name}: more than {OUTPUT_CHARACTERS} characters of output")
        parts.append(part)
    return "".join(parts)


def failure(error: BaseException) -> dict[str, object]:
    """Describe an error: what, in which template, in which line."""
    name, line = "", 0
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.endswith(".j2"):
            name, line = frame.filename, frame.lineno or 0
    if isinstance(error, jinja2.TemplateSyntaxError):
        name, line = error.name or name, error.lineno
    text = getattr(error, "message", None) or str(error)
    if isinstance(error, MemoryError):
        text = f"needs more than {MEMORY_BYTES >> 20} MB of memory"
    elif isinstance(error, RecursionError):
        text = "goes round in circles (or is nested too deeply)"
    elif not isinstance(error, (Refused, jinja2.TemplateError)):
        text = f"{type(error).__name__}: {text}"
    return {"message": str(text)[:2000], "template": name, "line": line}


def limit_processor_time() -> None:
    """Allow CPU_SECONDS from now on; the kernel ends the process after that."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + 1 + CPU_SECONDS, hard))


def enter() -> None:
    """Give up memory beyond the limit, and the right to write files and to open anything."""
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (limit, limit))


def main() -> None:
    """Answer requests until standard input ends."""
    channel = Channel()
    environment = Environment(channel)
    data: Any = frozen({})
    # Whatever Jinja imports late must be there before files cannot be opened any more.
    for codec in ("ascii", "latin-1", "unicode_escape", "utf-8"):
        codecs.lookup(codec)
    for text in ("{% for a in ('\\n', 2) %}{{ loop.index ~ a | upper }}{% endfor %}", "{{ no }}"):
        try:
            environment.from_string(text).render()
        except jinja2.TemplateError as error:
            failure(error)
    enter()
    while True:
        request = channel.receive()
        limit_processor_time()
        facts = Facts(channel)
        try:
            if "series" in request:
                environment = Environment(channel)
                data = frozen(request["data"])
                channel.send(done="")
            elif "expression" in request:
                compiled = environment.compile_expression(
                    request["expression"], undefined_to_none=False
                )
                channel.send(done=bool(compiled(tree=facts, data=data)))
            else:
                channel.send(done=render(environment, facts, data, request["render"]))
        except Exception as error:
            channel.send(error=failure(error))


if __name__ == "__main__":
    main()
