"""How good the code at a cursor could be with a likely filling of the hole. Knows no suggestion.

The search takes many parses, so it can be done step by step, before there is anything to compare
with it: while the model works.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beadline.context import repair

if TYPE_CHECKING:
    from beadline.context.syntax.tree import Problems, SyntaxTree

_SEARCH_CHARS = 600_000
"""Of fillings so many are tried that they make this many characters to parse."""


@dataclass(frozen=True)
class Baseline:
    """The best that a likely filling makes of the code at a cursor."""

    problems: Problems
    compiles: bool
    """The language's compiler takes the code around with it."""
    covered: bool
    """An ERROR reaches over the cursor all the same."""


class BaselineSearch:
    """The search at one place of one text. For one thread."""

    def __init__(self, tree: SyntaxTree, offset: int) -> None:
        self._found: Baseline | None = None
        self._steps = self._search(tree, offset)

    def __iter__(self) -> Iterator[None]:
        """Steps that are still to be done; each is a parse or two."""
        # Not `_steps` itself: `yield from` would close it for all when one stops early.
        for _ in self._steps:
            yield

    def result(self) -> Baseline:
        """What it has found, after all steps."""
        for _ in self._steps:
            pass
        assert self._found is not None
        return self._found

    def _search(self, tree: SyntaxTree, offset: int) -> Iterator[None]:
        best, best_tree = tree.problems(), tree
        verdict = compiles(tree, offset, offset)
        if best.count == 0 and verdict is not False:
            self._found = Baseline(best, verdict is True, False)
            return
        most = _SEARCH_CHARS // max(1, len(tree.text))
        fillings = repair.fillings(tree.hole_at(offset))[:most]
        if tree.likely_filling in fillings:  # as at the key before, it will do
            yield
            filled = tree.insert(offset, offset, tree.likely_filling)
            verdict = compiles(filled, offset, offset + len(tree.likely_filling))
            if filled.problems().count == 0 and verdict is not False:
                self._found = Baseline(filled.problems(), verdict is True, False)
                return
        for filling in fillings:
            yield
            filled = tree.insert(offset, offset, filling)
            problems = filled.problems()
            if problems.count > best.count:
                continue
            if problems.count < best.count:
                best, best_tree = problems, filled
            verdict = compiles(filled, offset, offset + len(filling))
            if verdict or (verdict is None and best.count == 0):
                tree.likely_filling = filling
                self._found = Baseline(problems, verdict is True, False)
                return
        byte = tree.byte_offset(offset)
        covered = any(n.start_byte < byte < n.end_byte for n in best_tree.problem_nodes())
        self._found = Baseline(best, False, covered and best.count > 0)


def compiles(tree: SyntaxTree, start: int, end: int) -> bool | None:
    """The language's compiler takes the top-level statements around [start, end], one more on
    either side; None where it cannot be asked."""
    first, last = tree.byte_offset(start), tree.byte_offset(end)
    children = [c for c in tree.root.children if c.type not in tree.language.kinds.comments]
    above = [c for c in children if c.end_byte < first]
    below = [c for c in children if c.start_byte > last]
    low = tree.offset(above[-1].start_byte) if above else 0
    high = tree.offset(below[0].end_byte) if below else len(tree.text)
    source = tree.text[tree.text.rfind("\n", 0, low) + 1 : high]
    return repair.accepts(tree.language.id, source)
