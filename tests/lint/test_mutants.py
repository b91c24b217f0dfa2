# SPDX-License-Identifier: GPL-2.0-only
"""The generator of mutants by itself, and a part of the measure with floors."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from mutants.corpus import SEED, half, mutants_of
from mutants.engine import Session, findings, session_of
from mutants.generate import candidates, choose, mutants
from mutants.model import Mutant, half_of, rank
from mutants.report import compare, summary
from mutants.run import Result, Run, lint_one
from mutants.score import RULES
from mutants.survey import survey
from mutants.view import errors

from patchkit.tree.source import GitTree, OverlayTree
from patchkit.tree.tokens import tokenize

DRIVER = b"""\
#include <linux/mm.h>

struct buffer {
	struct mm_struct *mm;
	unsigned long npages;
};

static void buffer_unaccount(struct buffer *buffer, unsigned long npages)
{
	atomic64_sub(npages, &buffer->mm->pinned_vm);
}

void buffer_release(struct buffer *buffer)
{
	if (buffer->npages)
		buffer_unaccount(buffer, buffer->npages);
	mmdrop(buffer->mm);
	kfree(buffer);
}

int buffer_register(struct buffer *buffer, unsigned long start, unsigned long npages)
{
	unsigned long lock_limit, locked;
	int ret;

	lock_limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	locked = atomic64_add_return(npages, &current->mm->pinned_vm);
	if (locked > lock_limit && !capable(CAP_IPC_LOCK)) {
		ret = -ENOMEM;
		goto give_back;
	}
	ret = pin(start, npages);
	if (ret)
		goto give_back;
	buffer->npages = npages;
	return 0;

give_back:
	atomic64_sub(npages, &current->mm->pinned_vm);
	return ret;
}

int lookalike(struct vma_munmap_struct *vms, struct user_struct *user)
{
	mmap_write_lock(user->mm);
	vms->locked_vm += 1;
	user->mm->locked_vm += vms->nr;
	mmap_write_unlock(user->mm);
	return 0;
}
"""


@pytest.fixture
def small(tmp_path: Path) -> GitTree:
    """Return a tree of one driver."""
    file = tmp_path / "drivers" / "buffer.c"
    file.parent.mkdir()
    file.write_bytes(DRIVER)
    for words in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "t"),
    ):
        subprocess.run(("git", "-C", str(tmp_path), *words), check=True)
    return GitTree(tmp_path)


def everything(tree: GitTree) -> list[Mutant]:
    return [candidate.mutant for candidate in candidates("7.2", survey(tree))]


def test_sites_are_known_by_type_and_through_helpers(small: GitTree) -> None:
    found = survey(small)
    helpers = {name: "".join(sorted(helper.signs)) for name, helper in found.helpers.items()}
    assert helpers == {"buffer_unaccount": "-"}
    effects = {
        place.name: [(effect.kind, effect.form, effect.counter) for effect in place.effects]
        for place in found.places["drivers/buffer.c"]
    }
    assert effects["buffer_release"] == [("uncharge", "helper", "mm.pinned_vm")]
    assert effects["buffer_register"] == [
        ("charge", "return", "mm.pinned_vm"),
        ("uncharge", "atomic", "mm.pinned_vm"),
    ]
    assert effects["lookalike"] == [("charge", "plain", "mm.locked_vm")]


def test_every_mutant_parses_is_another_file_and_comes_again(small: GitTree) -> None:
    found = everything(small)
    assert [m.id for m in found] == [m.id for m in everything(small)]
    assert len({m.id for m in found}) == len(found)
    texts = set()
    for mutant in found:
        text = mutant.apply(DRIVER)
        assert text != DRIVER
        assert errors(text) == 0, mutant.diff(DRIVER)
        texts.add((mutant.operator, text))
    assert len(texts) == len(found)
    defects = {m.operator for m in found if not m.harmless}
    assert defects >= {
        "delete-charge", "delete-uncharge", "duplicate-uncharge", "conditional-uncharge",
        "early-return", "opposite-sign", "return-past", "other-counter", "other-owner",
        "amount-bytes", "amount-32bit", "store-for-add", "not-atomic", "check-usage",
        "check-capability", "check-direction", "check-bytes", "check-twice", "no-lock", "read-lock",
    }  # fmt: skip
    assert defects <= set(RULES)


def test_an_edit_gives_what_a_new_analysis_gives(small: GitTree) -> None:
    session = Session(small)
    for mutant in everything(small)[::3]:
        changes = {mutant.path: mutant.apply(DRIVER)}
        edited = findings(session.analysis.edited(changes))
        assert edited == Session(OverlayTree(small, changes)).base, mutant.diff(DRIVER)


def words_of(data: bytes, drop: str = "") -> list[bytes]:
    kept = [t.text for t in tokenize(data) if t.kind not in ("comment",)]
    return [word for word in kept if word.decode() not in drop.split()]


def test_harmless_edits_keep_the_words_that_they_claim_to_keep(small: GitTree) -> None:
    drops = {
        "comment": "",
        "layout": "",
        "parentheses": "( )",
        "braces": "{ }",
        "do-once": "do { } while ( 0 ) ;",
        "unlikely": "unlikely ( )",
    }
    seen: Counter[str] = Counter()
    for mutant in everything(small):
        if mutant.operator in drops:
            drop = drops[mutant.operator]
            assert words_of(mutant.apply(DRIVER), drop) == words_of(DRIVER, drop)
            seen[mutant.operator] += 1
        elif mutant.operator == "rename-local":
            back = re.sub(rb"\bkept_", b"", mutant.apply(DRIVER))
            assert back == DRIVER
            seen[mutant.operator] += 1
        elif mutant.operator in ("swap-terms", "swap-statements", "mirror-comparison"):
            after = words_of(mutant.apply(DRIVER), "( ) < >")
            assert sorted(after) == sorted(words_of(DRIVER, "( ) < >"))
            seen[mutant.operator] += 1
    assert set(drops) <= set(seen)
    assert {"rename-local", "mirror-comparison"} <= set(seen)


def test_halves_are_by_file_and_choice_is_bounded(small: GitTree) -> None:
    found = list(candidates("7.2", survey(small)))
    chosen = choose(found)
    assert [c.mutant for c in chosen] == [c.mutant for c in choose(reversed(found))]
    assert 0 < len(chosen) < len(found)
    halves = {half_of(f"mm/{name}.c", SEED) for name in "abcdefgh"}
    assert halves == {"open", "sealed"}
    made = mutants("7.2", small)
    assert len(made) == len(chosen)
    assert len(half(made, "open")) + len(half(made, "sealed")) == len(made)
    release = [m for m in made if m.operator == "delete-uncharge"]
    assert {m.reach for m in release if m.function == "buffer_release"} == {"far"}
    assert {m.reach for m in release if m.function == "buffer_register"} == {"near"}
    assert all("buffer_register" in m.partners for m in release if m.function == "buffer_release")


def made(good: bool, identity: str = "delete-charge-1") -> Run:
    one = Result(
        identity, "7.2", "mm/a.c", "f", "delete-charge", False, "near", good, 0.1, ("r f s",)
    )
    return Run("c", "d", SEED, "sealed", 1.0, {"7.2": 1.0}, {"7.2": 3}, (one,))


def test_a_summary_names_no_mutant_and_a_comparison_does() -> None:
    text = summary(made(False))
    assert "delete-charge-1" not in text and "mm/a.c" not in text
    assert "| delete-charge | 1 | 0 | 1 | 0.0 % |" in text
    told = compare(made(False), made(True))
    assert "gained: 1\n  good delete-charge-1" in told and "lost: 0" in told


# On real trees

DEFECT_FLOOR = 85
"""Of the sample's defects, in percent. Raise it with the lint; a fall is a loss."""
HARMLESS_FLOOR = 97


def sample(found: list[Mutant], harmless: bool, size: int) -> list[Mutant]:
    """Return some mutants of the open half, operators in turn."""
    ranked = sorted(found, key=lambda m: rank("floor", m.id))
    turns: dict[str, list[Mutant]] = {}
    for mutant in ranked:
        if mutant.harmless == harmless:
            turns.setdefault(mutant.operator, []).append(mutant)
    rounds = max(map(len, turns.values()))
    in_turn = [queue[i] for i in range(rounds) for queue in turns.values() if i < len(queue)]
    return in_turn[:size]


@pytest.mark.real
@pytest.mark.xdist_group("lint-7.2")
def test_no_ground_is_lost() -> None:
    session = session_of("7.2")
    assert isinstance(session.tree, GitTree)
    found = half(mutants_of("7.2", session.tree), "open")
    for harmless, size, floor in ((False, 80, DEFECT_FLOOR), (True, 40, HARMLESS_FLOOR)):
        results = [lint_one(session, m) for m in sample(found, harmless, size)]
        bad = [one.id for one in results if not one.good]
        assert not [one.failed for one in results if one.failed]
        assert 100 * (len(results) - len(bad)) >= floor * len(results), bad
