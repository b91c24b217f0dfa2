# SPDX-License-Identifier: GPL-2.0-only
"""The shape of a function: order of blocks, loops, and which branch decides over which block."""

from __future__ import annotations

from collections.abc import Sequence

from patchkit.lint import ir


def successors(block: ir.Block) -> tuple[int, ...]:
    """Return the blocks that a block can go on to."""
    match block.terminator:
        case ir.Jump(to):
            return (to,)
        case ir.Branch(_, then, other):
            return (then, other) if then != other else (then,)
        case _:
            return ()


class Graph:
    """A control-flow graph; blocks that cannot be reached are not in it.

    *order* has the reachable blocks in reverse postorder, *rank* their positions in it. *loops*
    maps the head of each loop to the blocks of its body, the head included.
    """

    def __init__(self, blocks: Sequence[ir.Block]) -> None:
        self.after = [successors(block) for block in blocks]
        self.order = _reverse_postorder(self.after)
        self.before: dict[int, list[int]] = {block: [] for block in self.order}
        for block in self.order:
            for following in self.after[block]:
                self.before[following].append(block)
        self.rank = {block: position for position, block in enumerate(self.order)}
        self.loops = self._find_loops()
        if self.loops:  # once more: what comes after a loop has to come after all of its body
            self.order = _reverse_postorder([self._leaving_first(b) for b in range(len(blocks))])
            self.rank = {block: position for position, block in enumerate(self.order)}
            self.loops = self._find_loops()

    def _leaving_first(self, block: int) -> tuple[int, ...]:
        """Return the successors, those first that leave most loops around the block."""
        ways = self.after[block]
        if len(ways) < 2 or block not in self.rank:
            return ways
        around = [body for body in self.loops.values() if block in body]
        return tuple(sorted(ways, key=lambda way: sum(way in body for body in around)))

    def retreats(self, source: int, to: int) -> bool:
        """Tell whether an edge closes a loop."""
        return self.rank[to] <= self.rank[source]

    def _find_loops(self) -> dict[int, frozenset[int]]:
        loops: dict[int, set[int]] = {}
        for block in self.order:
            for head in self.after[block]:
                if self.retreats(block, head):
                    loops.setdefault(head, {head}).update(self._body(head, block))
        return {head: frozenset(body) for head, body in loops.items()}

    def _body(self, head: int, tail: int) -> set[int]:
        """Return the blocks from which *tail* is reached without passing *head*."""
        body, pending = {head}, [tail]
        while pending:
            block = pending.pop()
            if block not in body and self.rank[block] >= self.rank[head]:
                body.add(block)
                pending.extend(self.before[block])
        return body

    def postdominators(self) -> dict[int, int]:
        """Return each block's immediate postdominator; -1 stands for the exit.

        Endless loops count as if they might be left.
        """
        exits = self._exits()
        position = {block: number for number, block in enumerate(self._backward(exits))}
        nearest: dict[int, int] = {-1: -1}
        position[-1] = -1
        changed = True
        while changed:
            changed = False
            for block in sorted((b for b in position if b != -1), key=position.__getitem__):
                ways = [each for each in self.after[block] if each in nearest]
                if block in exits:
                    ways.append(-1)
                if not ways:
                    continue
                meeting = ways[0]
                for way in ways[1:]:
                    meeting = _meet(meeting, way, nearest, position)
                if nearest.get(block) != meeting:
                    nearest[block] = meeting
                    changed = True
        return {block: nearest.get(block, -1) for block in self.order}

    def _exits(self) -> set[int]:
        """Return the blocks that leave the function, and one of each endless loop."""
        exits = {block for block in self.order if not self.after[block]}
        reached: set[int] = set()
        self._spread(exits, reached)
        for block in reversed(self.order):
            if block not in reached:
                exits.add(block)
                self._spread({block}, reached)
        return exits

    def _spread(self, start: set[int], reached: set[int]) -> None:
        pending = list(start)
        while pending:
            block = pending.pop()
            if block not in reached:
                reached.add(block)
                pending.extend(self.before[block])

    def _backward(self, exits: set[int]) -> list[int]:
        """Return the blocks in reverse postorder of the graph turned round."""
        seen: set[int] = set()
        finished: list[int] = []
        for start in sorted(exits, key=self.rank.__getitem__, reverse=True):
            stack = [(start, 0)]
            if start in seen:
                continue
            seen.add(start)
            while stack:
                block, number = stack.pop()
                ways = self.before[block]
                if number < len(ways):
                    stack.append((block, number + 1))
                    if ways[number] not in seen:
                        seen.add(ways[number])
                        stack.append((ways[number], 0))
                else:
                    finished.append(block)
        return finished[::-1]

    def controls(self, nearest: dict[int, int]) -> dict[int, set[int]]:
        """Return for each block the branching blocks that decide whether it is reached."""
        result: dict[int, set[int]] = {block: set() for block in self.order}
        for block in self.order:
            if len(self.after[block]) < 2:
                continue
            for way in self.after[block]:
                runner = way
                while runner not in (nearest[block], -1):
                    if block in result[runner]:
                        break
                    result[runner].add(block)
                    runner = nearest[runner]
        return result


def _meet(left: int, right: int, nearest: dict[int, int], position: dict[int, int]) -> int:
    """Return the nearest common postdominator of two blocks."""
    while left != right:
        while position[left] > position[right]:
            left = nearest[left]
        while position[right] > position[left]:
            right = nearest[right]
    return left


def _reverse_postorder(after: list[tuple[int, ...]]) -> list[int]:
    """Return the blocks that are reached from block 0, each before those it goes on to."""
    if not after:
        return []
    seen = {0}
    finished: list[int] = []
    stack: list[tuple[int, int]] = [(0, 0)]
    while stack:
        block, number = stack.pop()
        if number < len(after[block]):
            stack.append((block, number + 1))
            following = after[block][number]
            if following not in seen:
                seen.add(following)
                stack.append((following, 0))
        else:
            finished.append(block)
    return finished[::-1]
