# SPDX-License-Identifier: GPL-2.0-only
"""The graph while it grows: a current block, edges, and the tidying at the end."""

from __future__ import annotations

from dataclasses import replace

from patchkit.lint import ir


class Graph:
    """Blocks under construction; code goes to the end of the current one.

    After a terminator the current block is one that nothing leads to, until ``start`` says where
    to go on: unreachable code is lowered like any other and dropped by ``finish``.
    """

    def __init__(self) -> None:
        self.blocks: list[ir.Block] = [ir.Block()]
        self.here = 0
        self._temporaries = 0

    def temporary(self) -> ir.Name:
        """Return a new name that no C program can use."""
        self._temporaries += 1
        return ir.Name(f"${self._temporaries}")

    def block(self) -> int:
        """Make a block and return its number; the current one stays."""
        self.blocks.append(ir.Block())
        return len(self.blocks) - 1

    def start(self, number: int) -> None:
        """Go on in another block; the current one leads there unless it has ended."""
        self.jump(number)
        self.here = number

    def emit(self, instruction: ir.Instruction) -> None:
        """Append an instruction to the current block."""
        self.blocks[self.here].instructions.append(instruction)

    def end(self, terminator: ir.Terminator) -> None:
        """End the current block; what follows is not reached."""
        self.blocks[self.here].terminator = terminator
        self.here = self.block()

    def jump(self, to: int) -> None:
        """Let the current block lead to another; the caller goes on in some block."""
        block = self.blocks[self.here]
        if block.terminator is None:
            block.terminator = ir.Jump(to)
        self.here = self.block()

    def finish(self) -> tuple[ir.Block, ...]:
        """Return the blocks, tidy: the reachable ones in reverse post-order, the entry first.

        Behind them stand those that nothing reaches and that hold code, for it was seen too.
        """
        for block in self.blocks:
            if block.terminator is None:
                # Nothing leads here, or the function's end was cut off.
                block.terminator = ir.Return(None, ir.Span(0, 0, 0))
        self._mark_back()
        self._thread(0)
        order = self._order([0])
        reached = set(order)
        home = self._merge(order)
        kept = [number for number in order if home[number] == number]
        dead = [n for n, block in enumerate(self.blocks) if n not in reached and _has_code(block)]
        kept += [number for number in self._order(dead) if number not in reached]
        number = {old: new for new, old in enumerate(kept)}
        number |= {gone: number[into] for gone, into in home.items()}
        return tuple(_renumbered(self.blocks[old], number) for old in kept)

    def _mark_back(self) -> None:
        """Mark the jumps that close a loop: those to a block that is still being explored."""
        state: dict[int, int] = {0: 1}
        stack = [(0, iter(successors(self.blocks[0])))]
        while stack:
            number, following = stack[-1]
            for to in following:
                if state.get(to) == 1:
                    terminator = self.blocks[number].terminator
                    if isinstance(terminator, ir.Jump):
                        self.blocks[number].terminator = replace(terminator, back=True)
                elif to not in state:
                    state[to] = 1
                    stack.append((to, iter(successors(self.blocks[to]))))
                    break
            else:
                state[number] = 2
                stack.pop()

    def _skips(self, number: int) -> int | None:
        """Return where an empty block leads on to, if it does nothing but that."""
        block = self.blocks[number]
        if block.instructions or not isinstance(block.terminator, ir.Jump) or block.terminator.back:
            return None
        return block.terminator.to

    def _thread(self, entry: int) -> None:
        """Let no edge lead to a block that only leads on."""
        final: dict[int, int] = {}
        for number in range(len(self.blocks)):
            chain = []
            here = number
            while here not in final and (to := self._skips(here)) is not None:
                if here in chain:
                    break  # an endless loop that nothing reaches
                chain.append(here)
                here = to
            target = final.get(here, here)
            for passed in chain:
                final[passed] = target
        for block in self.blocks:
            block.terminator = _redirected(block.terminator, final)
        if entry in final:
            # The entry has to stay number 0: take over what it leads to.
            self.blocks[entry].terminator = ir.Jump(final[entry])

    def _order(self, entries: list[int]) -> list[int]:
        """Return what can be reached, in reverse post-order from each entry."""
        seen: set[int] = set()
        found: list[int] = []
        for entry in reversed(entries):
            if entry in seen:
                continue
            seen.add(entry)
            stack = [(entry, iter(successors(self.blocks[entry])))]
            while stack:
                number, following = stack[-1]
                for to in following:
                    if to not in seen:
                        seen.add(to)
                        stack.append((to, iter(successors(self.blocks[to]))))
                        break
                else:
                    found.append(number)
                    stack.pop()
        found.reverse()
        return found

    def _merge(self, order: list[int]) -> dict[int, int]:
        """Join blocks to the only one that leads to them; return which block each is part of."""
        leading: dict[int, int] = {}
        for number in order:
            for to in successors(self.blocks[number]):
                leading[to] = leading.get(to, 0) + 1
        home = {number: number for number in order}
        for number in order:
            if home[number] != number:
                continue
            block = self.blocks[number]
            while isinstance(jump := block.terminator, ir.Jump) and not jump.back:
                if leading[jump.to] != 1 or jump.to in (number, order[0]):
                    break
                following = self.blocks[jump.to]
                block.instructions += following.instructions
                block.terminator = following.terminator
                home[jump.to] = number
        return home


def _has_code(block: ir.Block) -> bool:
    """Tell whether a block is more than an edge or the end of one that was cut off."""
    end = block.terminator
    ends = isinstance(end, ir.Branch) or (isinstance(end, ir.Return) and end.value is not None)
    return ends or any(
        not (isinstance(each, ir.Call) and each.implicit) for each in block.instructions
    )


def successors(block: ir.Block) -> tuple[int, ...]:
    """Return the blocks that one leads to; *other* first, so that *then* comes first in order."""
    match block.terminator:
        case ir.Jump(to=to):
            return (to,)
        case ir.Branch(then=then, other=other):
            return (other, then)
    return ()


def _redirected(terminator: ir.Terminator | None, final: dict[int, int]) -> ir.Terminator | None:
    match terminator:
        case ir.Jump(to=to) if to in final:
            return replace(terminator, to=final[to])
        case ir.Branch(then=then, other=other) if then in final or other in final:
            then, other = final.get(then, then), final.get(other, other)
            return replace(terminator, then=then, other=other)
    return terminator


def _renumbered(block: ir.Block, number: dict[int, int]) -> ir.Block:
    terminator = block.terminator
    match terminator:
        case ir.Jump(to=to):
            terminator = replace(terminator, to=number[to])
        case ir.Branch(then=then, other=other):
            terminator = replace(terminator, then=number[then], other=number[other])
    return ir.Block(block.instructions, terminator)
