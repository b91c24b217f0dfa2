# SPDX-License-Identifier: GPL-2.0-only
"""The kinds of questions that can be asked of a tree, and what each needs.

``file`` is one path or a list of alternatives: the first that has what is asked for wins. An
``entity`` is ``KIND NAME`` as in a semantic diff (``function mlock_fixup``, ``syscall mlock``,
``struct mm_struct``, ``macro VM_LOCKED``; with `` if CONFIG_MMU`` only where that condition holds),
or a list of alternatives. An unnamed enum has the first word inside it as its name. ``tokens`` is
a pattern (``patchkit.tree.pattern``): ``...`` skips, ``$name`` stands for one word.

=====================  ================================  =========================================
kind                   fields (? optional)               value
=====================  ================================  =========================================
file                   file                              bool: one of them is a regular file
path                   file                              str: the first that is one, "" if none
paths                  file? glob? under?                tuple: all that are
entity                 file entity                       bool: one of them is defined there
where                  file entity                       str: the first file that defines it, or ""
which                  file entity                       str: the name of the first entity that one
                                                         of the files defines, or ""
contains               file tokens entity?               bool: tokens occur there in this order
capture                file tokens name entity?          str: what ``$name`` stands for, or ""
params                 file entity                       tuple: names of the parameters
param-types            file entity                       tuple: their types (``struct page **``)
return-type            file entity                       str: type without ``static``, or ""
calls                  file entity function              bool: the body calls function
member                 file entity member                bool: the struct has it
member-type            file entity member                str: its type, or ""
member-type            file entity member is             bool: its type is this
macro-value            file macro                        str: text of ``#define macro``, or ""
line                   file regex                        bool: a line of a text file matches
lines                  file regex                        tuple: first group of each line that does
vm-flag-bit-free       bit file?                         bool: no VM flag has this bit
syscall-numbers-free   numbers                           bool: no system call table has them
all, any               facts                             bool: of other facts
not                    fact                              bool: of another fact
=====================  ================================  =========================================

A probe gives a Finding: the value, the file and line of what was found (line 0: the file as a
whole), and one sentence. What was not found says where it was looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from patchkit.tree import probes_c, probes_tables, probes_text
from patchkit.tree.finding import Finding, Options
from patchkit.tree.reader import Reader

Probe = Callable[[Options, Reader], Finding]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of probe: its function, and its fields with their form.

    Forms: str, strs (one or a list), int, ints; with ``?`` when the field may be missing.
    """

    probe: Probe | None
    fields: Mapping[str, str]


_FILE = {"file": "strs"}
_ENTITY = {"file": "strs", "entity": "strs"}

KINDS: Mapping[str, Kind] = {
    "file": Kind(probes_text.file, _FILE),
    "path": Kind(probes_text.path, _FILE),
    "paths": Kind(probes_text.paths, {"file": "strs?", "glob": "strs?", "under": "str?"}),
    "entity": Kind(probes_c.entity, _ENTITY),
    "where": Kind(probes_c.where, _ENTITY),
    "which": Kind(probes_c.which, _ENTITY),
    "contains": Kind(probes_c.contains, {"file": "strs", "tokens": "str", "entity": "strs?"}),
    "capture": Kind(
        probes_c.capture, {"file": "strs", "tokens": "str", "name": "str", "entity": "strs?"}
    ),
    "params": Kind(probes_c.params, _ENTITY),
    "param-types": Kind(probes_c.param_types, _ENTITY),
    "return-type": Kind(probes_c.return_type, _ENTITY),
    "calls": Kind(probes_c.calls, {**_ENTITY, "function": "str"}),
    "member": Kind(probes_c.member, {**_ENTITY, "member": "str"}),
    "member-type": Kind(probes_c.member_type, {**_ENTITY, "member": "str", "is": "str?"}),
    "macro-value": Kind(probes_c.macro_value, {"file": "strs", "macro": "str"}),
    "line": Kind(probes_text.line, {"file": "strs", "regex": "str"}),
    "lines": Kind(probes_text.lines, {"file": "strs", "regex": "str"}),
    "vm-flag-bit-free": Kind(probes_tables.vm_flag_bit_free, {"bit": "int", "file": "strs?"}),
    "syscall-numbers-free": Kind(probes_tables.syscall_numbers_free, {"numbers": "ints"}),
    # Combinations look at other facts, not at the tree: see facts.FactSet.
    "all": Kind(None, {"facts": "strs"}),
    "any": Kind(None, {"facts": "strs"}),
    "not": Kind(None, {"fact": "str"}),
}
