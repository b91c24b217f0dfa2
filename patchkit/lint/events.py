# SPDX-License-Identifier: GPL-2.0-only
"""What can happen on a path through a function, as the rules see it.

Values in events are canonical (see ``values``): locals are expanded to what they hold at that
moment, in terms of the function's parameters, globals, members as they were at entry, and results
of calls. A rule that compares across functions uses ``Value.typed``, where every root is replaced
by its type. An event that happens in a callee carries the callee's site, and in *via* the calls
that lead there, outermost first; its values are in terms of the function whose path it is on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from patchkit.lint.conditions import Condition
from patchkit.lint.ir import Span
from patchkit.lint.values import Value


@dataclass(frozen=True, slots=True)
class Site:
    """Where something stands in the source: *function* is the one whose text it is in."""

    file: str
    function: str
    span: Span


@dataclass(frozen=True, slots=True)
class Event:
    """The base of all events. *via* holds the sites of the calls that lead to *site*."""

    site: Site
    via: tuple[Site, ...]

    @property
    def here(self) -> Site:
        """The place in the function whose path this is: the outermost call, else the site."""
        return self.via[0] if self.via else self.site


@dataclass(frozen=True, slots=True)
class Charge(Event):
    """*counter* (its id, such as ``mm.pinned_vm``) of *owner* changes by *amount*, below zero for
    what is given back.

    *owner* is the pointer to the struct that holds the counter. *how* tells ``plain`` (=, +=, ++)
    from ``atomic`` and from ``set`` (an atomic written from a value read before). *operator* is
    the compound operator or the function as written. *before* is the counter's value just before.
    *narrow* names what of 32 bits or less the amount went through (a variable with its type, a
    cast), oldest first.
    """

    counter: str
    owner: Value
    amount: Value
    how: Literal["plain", "atomic", "set"]
    operator: str
    before: Value
    narrow: tuple[str, ...] = ()

    @property
    def gives_back(self) -> bool:
        """Whether the amount is seen to be negative (every summand is)."""
        return self.amount.negative


@dataclass(frozen=True, slots=True)
class Init(Event):
    """*counter* of *owner* is overwritten with *value*, whatever it was (0 for a new mm).
    *whole* when the object was copied or cleared as a whole (memset, kzalloc, ``*a = *b``)."""

    counter: str
    owner: Value
    value: Value
    how: Literal["plain", "set"]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Check(Event):
    """A comparison with a value that comes from a limit, as this path decides it.

    *usage* is all that is compared but the limit term, on one side (so ``limit - locked < n`` is
    usage ``locked + n``); *limit* is the term, such as ``PFN_DOWN(rlimit(RLIMIT_MEMLOCK))``.
    *relation* holds between usage and limit on this path; *over* when that is ``>`` or ``>=``.
    *counters* are the counters that usage counts, with their owners; *charged* what of the usage
    this path has charged already (``atomic64_add_return``). *capabilities* are those known to be
    lacking here. *request* is the usage without the counters' values.
    """

    resource: str
    usage: Value
    limit: Value
    relation: Literal[">", ">=", "<", "<="]
    counters: tuple[tuple[str, Value], ...]
    request: Value
    charged: tuple[tuple[str, Value, Value], ...] = ()
    capabilities: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether the path goes on where the limit is exceeded."""
        return self.relation in (">", ">=")


@dataclass(frozen=True, slots=True)
class Capability(Event):
    """The path decides a capability test: *name* is had (*held*) or not."""

    name: str
    held: bool


@dataclass(frozen=True, slots=True)
class Store(Event):
    """``object->member = value`` where the member takes part in accounting somewhere.

    *object* is the pointer, *tag* the struct's tag, *before* what the member held.
    """

    object: Value
    tag: str
    member: str
    value: Value
    before: Value
    narrow: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``tag.member``."""
        return f"{self.tag}.{self.member}"


@dataclass(frozen=True, slots=True)
class Flag(Event):
    """Flags of a VMA change. *flags* are the names, as ``VM_…`` whatever the spelling (masks are
    expanded); *action* is ``set``, ``clear`` or ``assign`` (then *value* is what is assigned).
    *target* is the pointer to the VMA, or to the mm for its default flags."""

    target: Value
    action: Literal["set", "clear", "assign"]
    flags: tuple[str, ...]
    value: Value | None


@dataclass(frozen=True, slots=True)
class Lock(Event):
    """A lock of *object* is taken, released, downgraded to read, or asserted to be held.

    *lock* is its name in counters.toml and effects.toml (``mmap_lock``, ``page_table_lock``)."""

    lock: str
    object: Value
    action: Literal["take", "release", "downgrade", "assert"]
    mode: Literal["write", "read"]


@dataclass(frozen=True, slots=True)
class Put(Event):
    """A reference to *object* is dropped, or (*free*) its memory is given back by *function*."""

    object: Value
    tag: str
    function: str
    free: bool


@dataclass(frozen=True, slots=True)
class Get(Event):
    """A reference to *object* is taken by *function*."""

    object: Value
    tag: str
    function: str


@dataclass(frozen=True, slots=True)
class Report(Event):
    """A counter's value is printed or shown (``SEQ_PUT_DEC``, ``seq_printf``, ``pr_debug``)."""

    counter: str
    owner: Value
    function: str


@dataclass(frozen=True, slots=True)
class Comparison(Event):
    """A comparison of a counter with something that is no limit here (but may be the caller's)."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Pin(Event):
    """Pages are pinned (*function* returns how many), or unpinned."""

    function: str
    pinned: bool
    arguments: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Use(Event):
    """A member of a counter's owner, or of an object that takes part in accounting, is read or
    written through *object* (for uses after a put)."""

    object: Value
    tag: str
    member: str


@dataclass(frozen=True, slots=True)
class Unknown(Event):
    """A call that nothing is known of gets an object that takes part in accounting."""

    function: str
    arguments: tuple[Value, ...]
    result: Value | None


@dataclass(frozen=True, slots=True)
class Assume(Event):
    """The path takes a branch: *condition* holds. Only branches that matter are there. *warned*
    when the kernel then complains that it cannot be (``WARN_ON``)."""

    condition: Condition
    warned: bool = False


class Outcome:
    """How a path ends."""

    SUCCESS = "success"
    FAILURE = "failure"
    VOID = "void"
    UNKNOWN = "unknown"
