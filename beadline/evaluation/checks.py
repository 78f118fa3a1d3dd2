"""What is checked of every answer, on fresh trees of whole texts. Knows no engine and no table.

Serving checks its suggestions too, incrementally and with allowances; what is counted here is
computed apart from that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from beadline.context import languages
from beadline.context.syntax import Problems, SyntaxTree, SyntaxTrees
from beadline.context.types import Document
from beadline.engine.protocol import FimRequest
from beadline.evaluation.holes import Hole
from beadline.evaluation.sources import PYTHON

_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_PAIRS = {"(": "(", ")": "(", "[": "[", "]": "[", "{": "{", "}": "{"}


@dataclass(frozen=True)
class TreeCheck:
    """What a fresh tree of the completed text says; the file itself had no problem."""

    adds_error: bool
    """More ERROR or MISSING nodes than the text without the suggestion has, however a block or
    bracket that is unfinished at the suggestion's own end is finished (DESIGN section 2, step
    7)."""
    clean: bool
    """The completed text has no problem at all. Unfinished blocks and brackets are problems."""
    balanced: bool
    """The completed text opens and closes as many brackets of each kind as the file does."""


def check_tree(hole: Hole, prediction: str) -> TreeCheck | None:
    """The check of a suggestion; None for a language without a grammar."""
    without = _tree(hole, hole.prefix + hole.suffix)
    completed = _tree(hole, hole.prefix + prediction + hole.suffix)
    original = _tree(hole, hole.text)
    if without is None or completed is None or original is None:
        return None
    before, after = without.problems(), completed.problems()
    return TreeCheck(
        adds_error=_worse(after, before)
        and all(
            _worse(tree.problems(), before)
            for ending in _endings(hole, prediction)
            if (tree := _tree(hole, hole.prefix + prediction + ending + hole.suffix))
        ),
        clean=after.count == 0,
        balanced=_brackets(completed) == _brackets(original),
    )


def _worse(after: Problems, before: Problems) -> bool:
    return after.errors > before.errors or after.missing > before.missing


def _endings(hole: Hole, prediction: str) -> Iterator[str]:
    """What an honest suggestion may still lack: the brackets that are open on its lines, and a
    body or the word that ends one."""
    opened: list[str] = []
    for mark in hole.prefix.rpartition("\n")[2] + prediction:
        if mark in "([{":
            opened.append(mark)
        elif mark in ")]}" and opened and _PAIRS[mark] == opened[-1]:
            opened.pop()
    closing = "".join(_CLOSERS[mark] for mark in reversed(opened))
    last = (hole.prefix + prediction).rpartition("\n")[2]
    indent = last[: len(last) - len(last.lstrip())]
    body = f"\n{indent}    pass" if hole.language == PYTHON else ""
    for ending in ("", body, *languages.get(hole.language).repair.endings):
        if closing or ending:
            yield closing + ending.replace("{indent}", indent)


def first_line_right(hole: Hole, prediction: str) -> bool:
    """The first line that `prediction` says something on comes out as the author has it.

    The whole line counts, with what stands before and behind the cursor on it; blanks at its end
    and blank lines before it do not. Nothing is right where nothing was taken out.
    """
    if not prediction.strip() or not hole.truth.strip():
        return False
    skipped, missing = _blank_lines(prediction), _blank_lines(hole.truth)
    if (skipped > 0) != (missing > 0):
        return False
    completed = hole.prefix + prediction + hole.suffix
    return _line(completed, hole.start + skipped) == _line(hole.text, hole.start + missing)


def _blank_lines(text: str) -> int:
    """Length of the lines at the start of `text` that are blank."""
    return text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1


def _line(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)].rstrip()


def window_is_exact(hole: Hole, asked: FimRequest) -> bool:
    """Prefix, truth and suffix are one range of the file, byte for byte."""
    start, end = hole.start - len(asked.prefix), hole.end + len(asked.suffix)
    joined = asked.prefix + hole.truth + asked.suffix
    return start >= 0 and joined.encode() == hole.text[start:end].encode()


def _tree(hole: Hole, text: str) -> SyntaxTree | None:
    return SyntaxTrees().parse(Document("", hole.path, hole.language, text))


def _brackets(tree: SyntaxTree) -> Counter[str]:
    """How many more brackets of a kind are opened than closed, strings and comments left out."""
    counts: Counter[str] = Counter()
    pending = [tree.root]
    while pending:
        node = pending.pop()
        pending.extend(node.children)
        if not node.children and not node.is_named and not node.is_missing:
            for mark in node.type:
                if mark in _PAIRS:
                    counts[_PAIRS[mark]] += 1 if _PAIRS[mark] == mark else -1
    return Counter({mark: count for mark, count in counts.items() if count})
