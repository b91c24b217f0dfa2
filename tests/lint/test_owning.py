# SPDX-License-Identifier: GPL-2.0-only
"""Drivers that name no counter: what they get has to be handed back, on every way out."""

from __future__ import annotations

import pytest
from one_driver import HEADERS, UMEM, ledger_of

from patchkit.lint import ledger

DRIVER = """
#include "umem.h"
struct driver_mr { struct umem *umem, *next; int key; };

static int driver_write(struct driver_mr *mr)
{
	return hardware_write(mr->umem->pages);
}

struct driver_mr *driver_register(unsigned long start, unsigned long length, void *udata)
{
	struct driver_mr *mr = kzalloc(sizeof(*mr), GFP_KERNEL);
	int err;

	if (!mr)
		return ERR_PTR(-ENOMEM);
	mr->umem = umem_get(start, length);
	if (IS_ERR(mr->umem)) {
		err = PTR_ERR(mr->umem);
		goto free;
	}
	err = driver_write(mr);
	if (err)
		goto release;
	err = hardware_key(mr->key);
	if (err < 0)
		goto release;
	return mr;
release:
	umem_release(mr->umem);
free:
	kfree(mr);
	return ERR_PTR(err);
}

int driver_create(struct driver_mr *queue, unsigned long start, int length, void *udata)
{
	struct umem *umem;
	int err;

	if (udata) {
		umem = umem_get(start, length);
		if (IS_ERR(umem))
			return PTR_ERR(umem);
		queue->umem = umem;
	}
	err = hardware_key(queue->key);
	if (err)
		goto undo;
	err = hardware_start(queue->key);
	if (err)
		goto undo;
	return 0;
undo:
	if (udata)
		umem_release(queue->umem);
	return err;
}

int driver_again(struct driver_mr *mr, unsigned long start, int length)
{
	int err = hardware_check(mr->umem->pages);

	if (err)
		return err;
	umem_release(mr->umem);
	mr->umem = umem_get(start, length);
	if (IS_ERR(mr->umem)) {
		err = PTR_ERR(mr->umem);
		mr->umem = NULL;
		return err;
	}
	err = driver_write(mr);
	if (err) {
		umem_release(mr->umem);
		mr->umem = NULL;
		return err;
	}
	return hardware_key(mr->key);
}

int driver_resize(struct driver_mr *mr, unsigned long start, int length)
{
	struct umem *umem = umem_get(start, length);

	if (IS_ERR(umem))
		return PTR_ERR(umem);
	mr->next = umem;
	return 0;
}

void driver_resized(struct driver_mr *mr)
{
	umem_release(mr->umem);
	mr->umem = mr->next;
	mr->next = NULL;
}

int driver_try(unsigned long start, int length)
{
	struct umem *umem = umem_get(start, length);
	int err;

	if (IS_ERR(umem))
		return PTR_ERR(umem);
	err = hardware_check(umem->pages);
	umem_release(umem);
	return err;
}

void driver_unregister(struct driver_mr *mr)
{
	umem_release(mr->umem);
	kfree(mr);
}
"""


def said(text: str) -> set[tuple[str, str]]:
    """Return rule and function of what is said when the driver has this text."""
    return ledger_of({**HEADERS, "umem.c": UMEM, "driver.c": text}, "umem.c")


def test_a_driver_that_hands_back_is_silent() -> None:
    assert said(DRIVER) == set()


WRONG = {
    "an error path jumps past": (
        "\terr = driver_write(mr);\n\tif (err)\n\t\tgoto release;",
        "\terr = driver_write(mr);\n\tif (err)\n\t\tgoto free;",
        "charge-left-on-error", "driver_register",
    ),
    "the ladder forgets": (
        "release:\n\tumem_release(mr->umem);\n", "release:\n", "charge-left-on-error",
        "driver_register",
    ),
    "one of two ways out returns": (
        "\terr = hardware_start(queue->key);\n\tif (err)\n\t\tgoto undo;",
        "\terr = hardware_start(queue->key);\n\tif (err)\n\t\treturn err;",
        "charge-left-on-error", "driver_create",
    ),
    "a variable is the last to know": (
        "\terr = hardware_check(umem->pages);\n\tumem_release(umem);",
        "\terr = hardware_check(umem->pages);\n\tif (err)\n\t\treturn -EIO;\n\tumem_release(umem);",
        "charge-left-on-error", "driver_try",
    ),
    "another takes its place": (
        "\tumem_release(mr->umem);\n\tmr->umem = umem_get", "\tmr->umem = umem_get",
        "release-without-uncharge", "driver_again",
    ),
    "only who got it gives it back": (
        "void driver_unregister(struct driver_mr *mr)\n{\n\tumem_release(mr->umem);\n",
        "void driver_unregister(struct driver_mr *mr)\n{\n", "release-without-uncharge",
        "driver_unregister",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_driver_that_does_not_is_named(name: str) -> None:
    find, replace, rule, function = WRONG[name]
    assert DRIVER.count(find) == 1
    text = DRIVER.replace(find, replace)
    if name == "only who got it gives it back":  # nobody else may do it either
        text = text.replace("\tumem_release(mr->umem);\n\tmr->umem = mr->next;\n", "")
    assert (rule, function) in said(text)


RIGHT = {
    "a helper releases": DRIVER.replace(
        "release:\n\tumem_release(mr->umem);\n", "release:\n\tdriver_drop(mr);\n"
    ).replace(
        "struct driver_mr *driver_register",
        "static void driver_drop(struct driver_mr *mr)\n{\n\tumem_release(mr->umem);\n}\n\n"
        "struct driver_mr *driver_register",
    ),
    "somebody else keeps it": DRIVER.replace(
        "\terr = hardware_check(umem->pages);\n\tumem_release(umem);",
        "\terr = hardware_take(umem);\n\tif (err)\n\t\treturn -EIO;\n\tumem_release(umem);",
    ),
    "the condition is the other way round": DRIVER.replace(
        "\tif (udata)\n\t\tumem_release(queue->umem);\n\treturn err;",
        "\tif (!udata)\n\t\treturn err;\n\tumem_release(queue->umem);\n\treturn err;",
    ),
    "what it had before stays": DRIVER.replace(
        "\treturn hardware_key(mr->key);\n}\n\nint driver_resize",
        "\terr = hardware_key(mr->key);\n\tif (err)\n\t\treturn err;\n\treturn 0;\n}\n\n"
        "int driver_resize",
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_other_ways_to_hand_back_are_silent(name: str) -> None:
    assert RIGHT[name] != DRIVER
    assert said(RIGHT[name]) == set()


def test_an_edited_helper_is_seen_by_who_calls_it() -> None:
    from one_driver import analysis_of

    text = RIGHT["a helper releases"]
    before = analysis_of({**HEADERS, "umem.c": UMEM, "driver.c": text}, "umem.c")
    assert not ledger.drafts(before)
    empty = text.replace(
        "static void driver_drop(struct driver_mr *mr)\n{\n\tumem_release(mr->umem);\n",
        "static void driver_drop(struct driver_mr *mr)\n{\n\tprint_it(mr->umem);\n",
    )
    after = before.edited({"driver.c": empty.encode()})
    found = {(each.rule, each.function.name) for each in ledger.drafts(after)}
    assert ("charge-left-on-error", "driver_register") in found
