# SPDX-License-Identifier: GPL-2.0-only
"""The ledger on one driver in many styles: what balances is silent, what does not has its rule.

Every case is the balanced driver with texts replaced. A style changes how something is written and
nothing else; each defect is tried in each style that does not rewrite the same lines.
"""

from __future__ import annotations

import functools

import pytest
from lint_trees import MemoryTree

from patchkit.lint import ledger
from patchkit.lint.analysis import Analysis
from patchkit.lint.counters import load_counters
from patchkit.lint.ledger_example import BALANCED, changed
from patchkit.lint.program import Program

Edit = tuple[str, str]

SUB = "\tatomic64_sub(nr_pages, &buffer->mm->pinned_vm);\n"
UNCHARGE = "uncharge:\n\tatomic64_sub(nr_pages, &mm->pinned_vm);\n"
RELEASE = "\tunsigned long nr_pages = PFN_UP(buffer->length);\n\n\tunpin"

STYLES: dict[str, tuple[Edit, ...]] = {
    "as it is": (),
    "renamed": (("long pinned;\n\tint ret", "long got;\n\tint ret"),
                ("\tpinned = pin_user", "\tgot = pin_user"),
                ("if (pinned != nr_pages) {\n\t\tif (pinned > 0)\n"
                 "\t\t\tunpin_user_pages(buffer->pages, pinned);",
                 "if (got != nr_pages) {\n\t\tif (got > 0)\n"
                 "\t\t\tunpin_user_pages(buffer->pages, got);")),
    "shift": (("unsigned long nr_pages = PFN_UP(length);",
               "unsigned long nr_pages = (length + PAGE_SIZE - 1) >> PAGE_SHIFT;"),),
    "early return": (("\tret = buffer_charge(mm, nr_pages);\n\tif (ret)\n\t\tgoto free_pages;\n",
                      "\tret = buffer_charge(mm, nr_pages);\n\tif (ret) {\n"
                      "\t\tkvfree(buffer->pages);\n\t\tkfree(buffer);\n"
                      "\t\treturn ERR_PTR(ret);\n\t}\n"),),
    "stored early": (("\tbuffer->pages = kvcalloc(",
                      "\tbuffer->mm = mm;\n\tbuffer->length = length;\n"
                      "\tbuffer->pages = kvcalloc("),
                     ("\tbuffer->length = length;\n\tbuffer->writable", "\tbuffer->writable"),
                     ("\tbuffer->mm = mm;\n\tmmgrab", "\tmmgrab")),
    "inverted": (("\tif (pinned != nr_pages) {", "\tif (!(pinned == nr_pages)) {"),),
}  # fmt: skip

BALANCED_WAYS: dict[str, tuple[Edit, ...]] = {
    "null mm": ((SUB, "\tif (buffer->mm)\n\t" + SUB),),
    "nothing to give back": ((SUB, "\tif (nr_pages)\n\t" + SUB),),
    "null buffer": ((RELEASE, "\tunsigned long nr_pages;\n\n\tif (!buffer)\n\t\treturn;\n"
                              "\tnr_pages = PFN_UP(buffer->length);\n\tunpin"),),
    "last reference": ((RELEASE, "\tunsigned long nr_pages = PFN_UP(buffer->length);\n\n"
                                 "\tif (!refcount_dec_and_test(&buffer->refs))\n"
                                 "\t\treturn;\n\tunpin"),
                       ("\tbool writable;\n};", "\tbool writable;\n\trefcount_t refs;\n};")),
    "local mm": (("\tmmdrop(buffer->mm);", "\tmmdrop(owner);"),
                 (SUB, "\tatomic64_sub(nr_pages, &owner->pinned_vm);\n"),
                 (RELEASE, "\tunsigned long nr_pages = PFN_UP(buffer->length);\n"
                           "\tstruct mm_struct *owner = buffer->mm;\n\n\tunpin")),
    "helper": (("void buffer_release(", "static void buffer_uncharge(struct buffer *b)\n{\n"
                "\tatomic64_sub(PFN_UP(b->length), &b->mm->pinned_vm);\n}\n\nvoid buffer_release("),
               (SUB, "\tbuffer_uncharge(buffer);\n")),
}  # fmt: skip

DEFECTS: dict[str, tuple[str, str, tuple[Edit, ...]]] = {
    "exit past the uncharge": (
        "charge-left-on-error", "buffer_register",
        (("\t\tret = -EFAULT;\n\t\tgoto uncharge;", "\t\tret = -EFAULT;\n\t\tgoto free_pages;"),),
    ),
    "exit by return": (
        "charge-left-on-error", "buffer_register",
        (("\t\tret = -EFAULT;\n\t\tgoto uncharge;", "\t\treturn ERR_PTR(-EFAULT);"),),
    ),
    "no uncharge at the label": (
        "charge-left-on-error", "buffer_register", ((UNCHARGE, "uncharge:\n"),),
    ),
    "error path gives back what was pinned": (
        "uncharge-amount-differs", "buffer_register",
        ((UNCHARGE, "uncharge:\n\tatomic64_sub(pinned, &mm->pinned_vm);\n"),),
    ),
    "error path relieves the parent": (
        "uncharge-mm-differs", "buffer_register",
        ((UNCHARGE, "uncharge:\n\tatomic64_sub(nr_pages, &current->parent->mm->pinned_vm);\n"),),
    ),
    "error path of a failed charge": (
        "double-uncharge", "buffer_register",
        (("\tif (ret)\n\t\tgoto free_pages;", "\tif (ret)\n\t\tgoto uncharge;"),),
    ),
    "release without uncharge": ("release-without-uncharge", "buffer_charge", ((SUB, ""),)),
    "release of another amount": (
        "uncharge-amount-differs", "buffer_release",
        (("PFN_UP(buffer->length)", "PFN_DOWN(buffer->length)"),),
    ),
    "release of the running mm": (
        "uncharge-mm-differs", "buffer_release", ((SUB, SUB.replace("buffer->mm", "current->mm")),),
    ),
    "release twice": ("double-uncharge", "buffer_release", ((SUB, SUB + SUB),)),
    "release of some": (
        "guard-differs", "buffer_release", ((SUB, "\tif (nr_pages > 1)\n\t" + SUB),),
    ),
    "release where writable": (
        "guard-differs", "buffer_release", ((SUB, "\tif (buffer->writable)\n\t" + SUB),),
    ),
    "charge of some": (
        "guard-differs", "buffer_register",
        (("ret = buffer_charge(mm, nr_pages);",
          "ret = nr_pages > 1 ? buffer_charge(mm, nr_pages) : 0;"),),
    ),
    "charge twice": (
        "double-charge", "buffer_register",
        (("\tmmgrab(mm);\n", "\tatomic64_add(nr_pages, &mm->pinned_vm);\n\tmmgrab(mm);\n"),),
    ),
}  # fmt: skip


@functools.cache
def drafts(text: str) -> tuple[tuple[str, str, str], ...]:
    """Lint one file and return rule, function and subject of what the ledger has to say."""
    program = Program(MemoryTree({"buffer.c": text}), load_counters(), ("buffer.c",))
    return tuple(
        (draft.rule, draft.function.name, draft.subject)
        for draft in ledger.drafts(Analysis(program))
    )


@pytest.mark.parametrize("style", STYLES)
def test_the_driver_balances_in_every_style(style: str) -> None:
    assert drafts(changed(*STYLES[style])) == ()


@pytest.mark.parametrize("way", BALANCED_WAYS)
def test_other_ways_to_balance(way: str) -> None:
    assert drafts(changed(*BALANCED_WAYS[way])) == ()


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_has_its_rule_in_its_function(defect: str) -> None:
    rule, function, edits = DEFECTS[defect]
    found = [each[:2] for each in drafts(changed(*edits))]
    assert (rule, function) in found
    assert {each[1] for each in found} == {function}


def _together(defect: str, style: str) -> bool:
    """Tell whether an edit and a style can be had at once: they rewrite other lines, and the label
    that the style is about is still in use."""
    try:
        text = changed(*DEFECTS[defect][2], *STYLES[style])
    except ValueError:
        return False
    return ("goto uncharge" in text or "uncharge:" not in text) and "pinned, &mm" not in text


TOGETHER = [(defect, style) for defect in DEFECTS for style in STYLES if _together(defect, style)]


def test_most_edits_are_seen_in_most_styles() -> None:
    assert len(TOGETHER) > 0.7 * len(DEFECTS) * len(STYLES)


@pytest.mark.parametrize(("defect", "style"), TOGETHER)
def test_the_style_does_not_change_what_is_said(defect: str, style: str) -> None:
    edits = DEFECTS[defect][2]
    assert drafts(changed(*edits, *STYLES[style])) == drafts(changed(*edits))


def test_the_example_is_the_one_that_is_shown() -> None:
    assert "buffer_release" in BALANCED
