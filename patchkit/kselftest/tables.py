# SPDX-License-Identifier: GPL-2.0-only
"""Machines as C: the tables that the harness in ``sequences.h`` runs."""

from __future__ import annotations

from collections.abc import Sequence
from errno import EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM

from patchkit.kselftest.machine import Group, Machine
from patchkit.kselftest.ops import UNLIMITED

_LETTERS = {0: "", EPERM: "P", EAGAIN: "A", ENOMEM: "M", EFAULT: "F", EINVAL: "V"}
_HEAD = """\
/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Made by patchkit ({command}) from a model of VmLck and VmPin in Python;
 * sequences.h says how to read it.
 */
#ifndef {guard}
#define {guard}

#include "{harness}"
"""


def render(machines: Sequence[Machine], *, name: str, harness: str, command: str) -> str:
    """Return a C header with all tables, and ``name``, an array of groups.

    *harness* is the path that sequences.h is included by, *command* what has made the text.
    """
    guard = f"SELFTEST_{name.upper()}_H"
    parts = [_HEAD.format(command=command, guard=guard, harness=harness)]
    parts += [_tables(machine) for machine in machines]
    parts.append(f"\nstatic const struct group {name}[] = {{\n")
    parts += [_group(machine.group) for machine in machines]
    parts.append(f"}};\n\n#endif /* {guard} */\n")
    return "".join(parts)


def _tables(machine: Machine) -> str:
    group = machine.group
    lines = [f"\n/* {group.about} */\n", f"static const struct op {group.name}_ops[] = {{\n"]
    for number, op in enumerate(group.ops):
        args = ", ".join(map(str, op.args))
        given = f", {{ {args} }}" if args else ""
        lines.append(f"\t[{number}] = {{ CALL_{op.call.upper()}{given} }},\n")
    lines += ["};\n\n", f"static const struct state {group.name}_states[] = {{\n"]
    for number, state in enumerate(machine.states):
        rest = "true" if state.rest else "false"
        entries = [_entry(entry, number) for entry in state.next]
        lines.append(
            f'\t[{number}] = {{ "{state.name}", {state.locked}, {state.pinned}, {rest},\n'
            f'\t"{" ".join(entries)}" }},\n'
        )
    lines.append("};\n")
    return "".join(lines)


def _entry(entry: tuple[int, int] | None, number: int) -> str:
    if entry is None:
        return "x"
    error, state = entry
    return _LETTERS[error] + ("." if state == number else str(state))


def _group(group: Group) -> str:
    mapped = ", ".join(f"{{ {first}, {last} }}" for first, last in group.mapped)
    kinds = ", ".join(f"KIND_{kind.upper()}" for kind in group.kinds)
    limit = "UNLIMITED" if group.limit in (None, UNLIMITED) else str(group.limit)
    fields = [
        ("name", f'"{group.name}"'),
        ("pages", str(group.pages)),
        *([("mapped", f"{{ {mapped} }}")] if mapped else []),
        ("ops", f"{group.name}_ops"),
        ("nr_ops", f"ARRAY_SIZE({group.name}_ops)"),
        ("states", f"{group.name}_states"),
        ("nr_states", f"ARRAY_SIZE({group.name}_states)"),
        ("kinds", f"{{ {kinds} }}"),
        ("nr_kinds", str(len(group.kinds))),
        ("depth", str(group.depth)),
        ("walks", str(group.walks)),
        ("walk_length", str(group.walk_length)),
        ("limit", limit),
        ("capable", "true" if group.capable else "false"),
    ]
    return "\t{\n" + "".join(f"\t\t.{name} = {value},\n" for name, value in fields) + "\t},\n"
