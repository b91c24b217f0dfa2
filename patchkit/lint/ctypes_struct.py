# SPDX-License-Identifier: GPL-2.0-only
"""Find and read the definition of a struct, union or typedef in a file's text."""

from __future__ import annotations

import functools
import re

from patchkit.lint.lower_reading import Reading, named
from patchkit.lint.lower_types import declared, plain, specifier
from patchkit.tree.csource import CSource
from patchkit.tree.tokens import tokenize

_ANNOTATIONS = rb"(?:\s+(?:__\w+|____\w+)(?:\([^()]*\))?)*"
_BRACE = re.compile(
    rb"""/\*.*?(?:\*/|\Z)|//(?:[^\\\n]|\\.)*|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|[{}]""",
    re.DOTALL,
)

Members = dict[str, str]
"""Type by member. Unnamed structs inside a named member have the tag ``outer.member``."""


@functools.lru_cache(maxsize=4096)
def _definition_of(tag: bytes) -> re.Pattern[bytes]:
    return re.compile(
        rb"\b(?:struct|union)" + _ANNOTATIONS + rb"\s+" + re.escape(tag)
        + rb"\b[^;{}()\n]*\s*\{"
    )  # fmt: skip


def find_struct(data: bytes, tag: str) -> tuple[bytes, ...]:
    """Return the text of every definition of a struct or union in a file."""
    word = tag.encode("utf-8", "backslashreplace")
    if word not in data:
        return ()
    found = []
    for match in _definition_of(word).finditer(data):
        end = past_brace(data, match.end() - 1)
        if end > 0:
            found.append(data[match.start() : end])
    return tuple(found)


def past_brace(data: bytes, brace: int) -> int:
    """Return where the group ends that the brace at an offset opens; -1 if nowhere."""
    depth = 0
    for found in _BRACE.finditer(data, brace):
        if found[0] == b"{":
            depth += 1
        elif found[0] == b"}":
            depth -= 1
            if depth == 0:
                return found.end()
    return -1


def find_typedef(data: bytes, name: str) -> tuple[str, bytes] | None:
    """Return what a typedef stands for: (type, "") or (empty, text of the unnamed struct)."""
    word = name.encode("utf-8", "backslashreplace")
    if word not in data or b"typedef" not in data:
        return None
    pattern = (
        rb"^[ \t]*typedef\s+([^;{}()]+?)(\**)[ \t]*\b" + re.escape(word) + rb"\s*(\[\w*\])?\s*;"
    )
    found = re.search(pattern, data, re.MULTILINE)
    if found is not None:
        words = found[1].decode("utf-8", "backslashreplace")
        base = plain(" ".join(word for word in words.split() if not word.startswith("__attr")))
        stars = found[2].decode()
        return (f"{base} {stars}" if stars else base) + (" []" if found[3] else ""), b""
    for match in re.finditer(rb"\btypedef\s+((?:struct|union)\s*(\w*)\s*)\{", data):
        end = past_brace(data, match.end() - 1)
        if end > 0 and re.match(rb"[^;]*?\b" + re.escape(word) + rb"\s*;", data[end : end + 200]):
            if match[2]:
                return match[1].decode().strip(), b""
            body = match[1].strip() + b" " + word + b" " + data[match.end() - 1 : end]
            return "", body
    return None


@functools.lru_cache(maxsize=4096)
def members_of(text: bytes, tag: str) -> tuple[Members, dict[str, Members]]:
    """Return the members of a struct, and those of the unnamed structs inside it by tag."""
    source = CSource(text + b";\n")
    reading = Reading(source)
    inner: dict[str, Members] = {}
    members: Members = {}
    pending = [source.root]
    while pending:
        node = pending.pop()
        if node.type == "field_declaration_list":
            _fields(reading, node, tag, members, inner)
            break
        pending += reversed(node.named_children)
    return members, inner


def _fields(
    reading: Reading, node: object, tag: str, members: Members, inner: dict[str, Members]
) -> None:
    for child in named(node):  # type: ignore[arg-type]
        if child.type == "field_declaration":
            _field(reading, child, tag, members, inner)
        elif child.type.startswith("preproc"):
            _fields(reading, child, tag, members, inner)


def _field(
    reading: Reading, node: object, tag: str, members: Members, inner: dict[str, Members]
) -> None:
    type_node = node.child_by_field_name("type")  # type: ignore[attr-defined]
    declarators = node.children_by_field_name("declarator")  # type: ignore[attr-defined]
    body = type_node.child_by_field_name("body") if type_node is not None else None
    base = specifier(reading, node)  # type: ignore[arg-type]
    if body is not None and body.type == "field_declaration_list":
        name_node = type_node.child_by_field_name("name")
        if not declarators and name_node is None:
            _fields(reading, body, tag, members, inner)  # its members are the outer struct's
            return
        first = declared(reading, "", declarators[0])[0] if declarators else ""
        own = reading.text(name_node) if name_node is not None else f"{tag}.{first}"
        inner[own] = {}
        _fields(reading, body, own, inner[own], inner)
        base = f"{type_node.type.split('_', 1)[0]} {own}"
    for declarator in declarators:
        name, type_, _ = declared(reading, base, declarator)
        if name and name not in members:
            members[name] = type_


_STRUCT_TAG = re.compile(rb"\b(?:struct|union)(?:[ \t]+__\w+)*\s+(\w+)[^;{}()\n]*\s*\{")
_TYPEDEF_NAME = re.compile(
    rb"^[ \t]*typedef\b[^;{()]*?[\s*](\w+)\s*(?:\[\w*\]\s*)?;|\}[^;(){}\n]*?\b(\w+)\s*;",
    re.MULTILINE,
)
_FUNCTION_NAME = re.compile(
    rb"^(?:[A-Za-z_](?:[\w \t*]|\([\d, ]*\)|\(\([^()\n]*\)\))*?[ \t*])?"
    rb"(?!__printf|__attribute)(\w+)[ \t]*\(",
    re.MULTILINE,
)
_VARIABLE = re.compile(
    rb"^([A-Za-z_][\w \t]*?[ \t]\**)[ \t]*\b(\w+)[ \t]*(\[[^\]\n]*\])?[ \t]*(?:__\w+[ \t]*)*[=;,]",
    re.MULTILINE,
)
_EXTERN = re.compile(
    rb"^(extern[ \t][\w \t]*?[ \t]\**)[ \t]*\b(\w+)[ \t]*(\[[^\]\n]*\])?[ \t]*(?:__\w+[ \t]*)*;",
    re.MULTILINE,
)
_NO_VARIABLE = (b"return", b"typedef", b"goto")
_STORAGE = frozenset((b"extern", b"static", b"const", b"volatile", b"register", b"inline"))


class Names:
    """What a file's text seems to define or declare, by one quick look at its lines."""

    def __init__(self, data: bytes, header: bool = False) -> None:
        """*header*: variables are only looked for behind ``extern``, which is quick."""
        self.data = data
        self._variable = _EXTERN if header else _VARIABLE

    @functools.cached_property
    def tags(self) -> frozenset[str]:
        """Tags of structs and unions."""
        return frozenset(found[1].decode() for found in _STRUCT_TAG.finditer(self.data))

    @functools.cached_property
    def typedefs(self) -> frozenset[str]:
        """Names of typedefs, and some that are none."""
        found = _TYPEDEF_NAME.finditer(self.data)
        return frozenset((each[1] or each[2]).decode() for each in found)

    @functools.cached_property
    def functions(self) -> dict[str, tuple[int, ...]]:
        """Where functions are declared or defined: the offsets of their names."""
        found: dict[str, tuple[int, ...]] = {}
        for each in _FUNCTION_NAME.finditer(self.data):
            name = each[1].decode()
            found[name] = (*found.get(name, ()), each.start(1))
        return found

    @functools.cached_property
    def variables(self) -> dict[str, str]:
        """Types of variables at file scope."""
        found: dict[str, str] = {}
        for each in self._variable.finditer(self.data):
            if each[1].startswith(_NO_VARIABLE):
                continue
            words = each[1].replace(b"*", b" * ").split()
            kept = [w for w in words if w not in _STORAGE and not w.startswith(b"__") and w != b"*"]
            stars = words.count(b"*")
            type_ = plain(b" ".join(kept).decode()) + (" " + "*" * stars if stars else "")
            if kept:
                found.setdefault(each[2].decode(), type_ + (" []" if each[3] else ""))
        return found

    def returns(self, name: str) -> str:
        """Return what a function returns; empty if the file does not say."""
        for offset in self.functions.get(name, ()):
            start = self.data.rfind(b"\n", 0, offset) + 1
            type_ = _return_type(self.data[start:offset])
            if not type_ and start > 0:
                # The type stands on the line before.
                line = self.data.rfind(b"\n", 0, start - 1) + 1
                before = self.data[line:offset]
                plain_line = before[:1].isalpha() or before[:1] == b"_"
                type_ = _return_type(before) if plain_line else ""
            if type_:
                return type_
        return ""


_NOT_TYPE = frozenset(
    b"static inline extern __always_inline noinline asmlinkage __init __must_check __exit "
    b"__printf return else case goto __malloc notrace __sched __cold __net_init __meminit "
    b"__maybe_unused __pure __kernel __bpf_kfunc __inline const volatile __user __iomem "
    b"__percpu __rcu __weak noinline_for_stack __attribute_const__ __visible vm_unused".split()
)
_NO_DECLARATION = (b"return", b"else", b"case", b"goto")


def _return_type(before: bytes) -> str:
    """Return the type in the text before a function's name; empty if that is no declaration."""
    tokens = [token for token in tokenize(before) if token.kind not in ("comment", "directive")]
    if any(token.text in _NO_DECLARATION or token.kind == "string" for token in tokens):
        return ""
    words: list[str] = []
    stars = ""
    depth = 0
    for token in tokens:
        depth += (token.text == b"(") - (token.text == b")")
        if depth or token.text == b")":
            continue
        if token.text == b"*":
            stars += "*"
        elif token.kind == "ident" and token.text not in _NOT_TYPE:
            words.append(token.text.decode("utf-8", "backslashreplace"))
        elif token.kind != "ident":
            return ""
    kept = ("__u", "__s", "__be", "__le")
    words = [word for word in words if not word.startswith("__") or word.startswith(kept)]
    if not words:
        return ""
    base = plain(" ".join(words))
    return f"{base} {stars}" if stars else base
