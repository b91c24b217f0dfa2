# SPDX-License-Identifier: GPL-2.0-only
"""Accounts that are a part of a bigger object, whose end is theirs."""

from __future__ import annotations

from one_driver import HEADERS, ledger_of

MAPS = """
#include "umem.h"
struct account { struct user_struct *user; unsigned long pages; };
struct map { int kind; struct account account; };
struct hash_map { struct map map; void *buckets; };

static int account_charge(struct account *account, unsigned long pages)
{
	struct user_struct *user = current_user();

	if (capable(CAP_IPC_LOCK))
		return 0;
	if (atomic_long_add_return(pages, &user->locked_vm) > PFN_DOWN(rlimit(RLIMIT_MEMLOCK))) {
		atomic_long_sub(pages, &user->locked_vm);
		return -ENOBUFS;
	}
	account->user = user;
	account->pages = pages;
	return 0;
}

static void account_finish(struct account *account)
{
	if (account->user)
		atomic_long_sub(account->pages, &account->user->locked_vm);
}

struct map *map_alloc(unsigned long pages)
{
	struct hash_map *hash = kzalloc(sizeof(*hash), GFP_KERNEL);
	int err;

	if (!hash)
		return ERR_PTR(-ENOMEM);
	err = account_charge(&hash->map.account, pages);
	if (err)
		goto free;
	hash->buckets = buckets_alloc(pages);
	if (IS_ERR(hash->buckets)) {
		err = PTR_ERR(hash->buckets);
		goto finish;
	}
	return &hash->map;
finish:
	account_finish(&hash->map.account);
free:
	kfree(hash);
	return ERR_PTR(err);
}

void map_free(struct hash_map *hash)
{
	account_finish(&hash->map.account);
	kfree(hash);
}
"""


def said(text: str) -> set[tuple[str, str]]:
    return ledger_of({**HEADERS, "maps.c": text}, "maps.c")


def test_what_is_finished_is_silent() -> None:
    assert said(MAPS) == set()


def test_the_object_goes_and_its_account_stays_charged() -> None:
    forgets = MAPS.replace("finish:\n\taccount_finish(&hash->map.account);\n", "finish:\n")
    assert said(forgets) == {("charge-left-on-error", "map_alloc")}
    passes = MAPS.replace("\t\tgoto finish;", "\t\tgoto free;")
    passes = passes.replace(
        "\treturn &hash->map;\n",
        "\terr = buckets_fill(hash->buckets);\n\tif (err)\n\t\tgoto finish;\n"
        "\treturn &hash->map;\n",
    )
    assert said(passes) == {("charge-left-on-error", "map_alloc")}


def test_a_loop_that_may_give_back_shows_nothing() -> None:
    loops = MAPS.replace(
        "finish:\n\taccount_finish(&hash->map.account);\n",
        "finish:\n\twhile (hash->buckets) {\n\t\taccount_finish(&hash->map.account);\n"
        "\t\thash->buckets = buckets_next(hash->buckets);\n\t}\n",
    )
    assert said(loops) == set()
