"""Incrementally kept syntax trees, and whether a suggestion breaks the code. Knows no model.

Only languages with a grammar have trees (Python); everything else is read by lines.
"""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beadline.context import languages, repair
from beadline.context.excerpt import WHOLE_CHARS, excerpt
from beadline.context.hole import Hole, look
from beadline.context.lexer import Scanned
from beadline.context.types import Document

if TYPE_CHECKING:
    import tree_sitter

_STEP = 4096
"""Code points between two remembered byte offsets."""


@dataclass(frozen=True)
class Problems:
    """How many places the parser could not read."""

    errors: int = 0
    """ERROR nodes."""
    missing: int = 0
    """MISSING nodes: tokens the parser put in itself."""
    error_bytes: int = 0
    """Bytes under the outermost ERROR nodes."""

    @property
    def count(self) -> int:
        """ERROR and MISSING nodes together."""
        return self.errors + self.missing


class SyntaxTrees:
    """The last tree of each of the most recently used documents."""

    def __init__(self, limit: int = 16) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, SyntaxTree] = OrderedDict()
        self._parsers: dict[str, tree_sitter.Parser] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def parse(self, document: Document) -> SyntaxTree | None:
        """The tree of a snapshot; None for a language without a grammar.

        The last tree under `document.key` is edited by the one span in which the texts differ
        and parsed again from there.
        """
        language = languages.get(document.language)
        if not language.has_tree:
            self.forget(document.key)
            return None
        parser = self._parsers.get(language.id)
        if parser is None:
            parser = self._parsers[language.id] = _parser()
        last = self._kept.pop(document.key, None)
        tree = (
            SyntaxTree.of(document.text, parser) if last is None else last.replaced(document.text)
        )
        self._kept[document.key] = tree
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        return tree

    def forget(self, key: str) -> None:
        """Drop what is kept of a closed document."""
        self._kept.pop(key, None)


class SyntaxTree:
    """A text and its tree. Never changes: an edit makes a new one."""

    def __init__(
        self,
        text: str,
        data: bytes,
        parser: tree_sitter.Parser,
        tree: tree_sitter.Tree | None = None,
        before: tuple[Scanned, int] | None = None,
    ) -> None:
        """`tree`: that of `text`; None parses when it is asked for. `before`: a scan of an earlier
        text, and how far from their starts the texts are equal."""
        self.text = text
        self._data = data
        self._tree = tree
        self._parser = parser
        self._steps: list[int] | None = None
        self._problems: Problems | None = None
        self._before = before
        self._holes: dict[int, Hole] = {}
        self._excerpts: dict[int, tuple[SyntaxTree, int] | None] = {}
        self.baselines: dict[int, tuple[Problems, bool]] = {}
        """By offset: what `adds_error` compares suggestions at it with."""

    @classmethod
    def of(cls, text: str, parser: tree_sitter.Parser) -> SyntaxTree:
        """The tree of a text; nothing is parsed yet."""
        return cls(text, _encode(text), parser)

    @property
    def root(self) -> tree_sitter.Node:
        """The root node; its offsets are bytes of UTF-8."""
        if self._tree is None:
            self._tree = self._parser.parse(self._data)
        return self._tree.root_node

    def byte_offset(self, offset: int) -> int:
        """UTF-8 byte offset of a code point offset."""
        if len(self._data) == len(self.text):
            return offset
        step = min(offset, len(self.text)) // _STEP
        return self._checkpoints()[step] + len(_encode(self.text[step * _STEP : offset]))

    def offset(self, byte: int) -> int:
        """Code point offset of a UTF-8 byte offset; inside a character it is before it."""
        if len(self._data) == len(self.text):
            return byte
        # The last checkpoint may be the end of a short last step.
        step = min(bisect_right(self._checkpoints(), byte) - 1, len(self.text) // _STEP)
        part = self._data[self._checkpoints()[step] : byte]
        # A continuation byte is 0b10xxxxxx; a cut last character does not decode and is dropped.
        return step * _STEP + len(part.decode("utf-8", "ignore"))

    def insert(self, start: int, end: int, text: str) -> SyntaxTree:
        """The tree after `text` replaced [start, end) of this one's."""
        return self._edited(
            self.text[:start] + text + self.text[end:],
            self.byte_offset(start),
            self.byte_offset(end),
            _encode(text),
            start,
        )

    def replaced(self, text: str) -> SyntaxTree:
        """The tree of a new version of the text, parsed again from the span that differs."""
        if text == self.text:
            return self
        data = _encode(text)
        head = _common(self._data, data)
        tail = _common_end(self._data[head:], data[head:])
        # Cut between characters, so that the edit is one the parser could have been sent.
        while head and head < len(data) and _continues(data[head]):
            head -= 1
        while tail and _continues(data[len(data) - tail]):
            tail -= 1
        return self._edited(
            text, head, len(self._data) - tail, data[head : len(data) - tail], self.offset(head)
        )

    def hole_at(self, offset: int) -> Hole:
        """The surroundings of an offset by lines and brackets, read once."""
        hole = self._holes.get(offset)
        if hole is None:
            hole = look(self.text, offset, languages.get("python"), self._before)
            self._holes[offset] = hole
            if self._before is None or self._before[1] <= offset:
                self._before = hole.scanned, offset
        return hole

    def around(self, offset: int) -> tuple[SyntaxTree, int] | None:
        """What has to be looked at for `offset`, and at which offset of the text it starts.

        The whole of a text of usual size, else some definitions around the offset. None where
        one statement, line or string is too long for that.
        """
        if len(self.text) <= WHOLE_CHARS:
            return self, 0
        if offset not in self._excerpts:
            span = excerpt(self.hole_at(offset))
            self._excerpts[offset] = span and (
                SyntaxTree.of(self.text[slice(*span)], self._parser),
                span[0],
            )
        return self._excerpts[offset]

    def problems(self) -> Problems:
        """ERROR and MISSING nodes of the whole tree."""
        if self._problems is None:
            errors = missing = covered = 0
            end = 0
            for node in self.problem_nodes():
                if node.is_missing:
                    missing += 1
                    continue
                errors += 1
                covered += max(0, node.end_byte - max(end, node.start_byte))
                end = max(end, node.end_byte)
            self._problems = Problems(errors, missing, covered)
        return self._problems

    def problem_nodes(self) -> Iterator[tree_sitter.Node]:
        """ERROR and MISSING nodes in the order of the text, outer before inner."""
        pending = [self.root]
        while pending:
            node = pending.pop()
            if node.is_error or node.is_missing:
                yield node
            if node.has_error:
                pending.extend(reversed(node.children))

    def broken_between(self, start: int, end: int) -> bool:
        """An ERROR or MISSING node touches the text from offset `start` to `end`."""
        if (near := self.around(start)) is None:
            return False
        tree, skipped = near
        first, last = tree.byte_offset(start - skipped), tree.byte_offset(end - skipped)
        return any(n.start_byte <= last and n.end_byte >= first for n in tree.problem_nodes())

    def node_at(self, offset: int) -> str:
        """Kind of the smallest node at an offset; empty when that is not known."""
        if (near := self.around(offset)) is None:
            return ""
        tree, skipped = near
        byte = tree.byte_offset(offset - skipped)
        node = tree.root.descendant_for_byte_range(byte, byte)
        return "" if node is None else node.type

    def _edited(self, text: str, start: int, old_end: int, new: bytes, same: int) -> SyntaxTree:
        """`new` in place of the bytes [start, old_end); `same` is `start` in code points."""
        data = self._data[:start] + new + self._data[old_end:]
        new_end = start + len(new)
        before = self._before
        if before is not None:
            before = before[0], min(before[1], same)
        if self._tree is None:
            return SyntaxTree(text, data, self._parser, before=before)
        # The edit changes the tree in place, and others may hold this one.
        tree = copy.copy(self._tree)
        tree.edit(
            start,
            old_end,
            new_end,
            _point(self._data, start),
            _point(self._data, old_end),
            _point(data, new_end),
        )
        return SyntaxTree(text, data, self._parser, self._parser.parse(data, tree), before)

    def _checkpoints(self) -> list[int]:
        if self._steps is None:
            steps = [0]
            for at in range(0, len(self.text), _STEP):
                steps.append(steps[-1] + len(_encode(self.text[at : at + _STEP])))
            self._steps = steps
        return self._steps


def adds_error(tree: SyntaxTree, start: int, end: int, text: str) -> bool:
    """Whether `text` in place of [start, end) breaks the code (DESIGN section 2, step 7).

    The text without it is broken at the cursor as a rule, so the number of ERROR and MISSING
    nodes is compared with the best that a likely filling of the hole would have; a suggestion
    that is unfinished at its own end (a bracket that was open before it, a header without a body)
    is finished first.
    The grammar takes much that Python does not (odd indentation, `f() = 1`, two statements
    without a separator), so the statements around are also given to Python's compiler, where it
    takes them with a filling.
    """
    if text == tree.text[start:end]:
        return False
    if (near := tree.around(start)) is None:
        return True  # it cannot be checked in the time between two keystrokes
    tree, skipped = near
    start, end = start - skipped, end - skipped
    baseline, takes = _best_without(tree, start)
    after = tree.insert(start, end, text)
    stop = start + len(text)
    if _as_good(after, start, stop, baseline, takes, len(text)):
        return False
    for at, ending in repair.endings(after.hole_at(stop), start):
        finished = after.insert(at, at, ending)
        if _as_good(finished, start, stop + len(ending), baseline, takes, len(text)):
            return False
    return True


_SLACK_BYTES = 200
"""By how much an ERROR that was there before may grow beyond the suggestion's own length."""


def _best_without(tree: SyntaxTree, offset: int) -> tuple[Problems, bool]:
    """The fewest problems with a likely filling at the cursor, and whether Python then takes it."""
    found = tree.baselines.get(offset)
    if found is None:
        found = tree.baselines[offset] = _search_without(tree, offset)
    return found


def _search_without(tree: SyntaxTree, offset: int) -> tuple[Problems, bool]:
    best = tree.problems()
    if best.count == 0 and _python_takes(tree, offset, offset):
        return best, True
    for filling in repair.fillings(tree.hole_at(offset)):
        filled = tree.insert(offset, offset, filling)
        problems = filled.problems()
        if problems.count > best.count:
            continue
        if problems.count < best.count:
            best = problems
        if _python_takes(filled, offset, offset + len(filling)):
            return problems, True
    return best, False


def _as_good(
    after: SyntaxTree, start: int, end: int, baseline: Problems, takes: bool, length: int
) -> bool:
    problems = after.problems()
    if problems.count > baseline.count:
        return False
    if problems.count and problems.error_bytes > baseline.error_bytes + length + _SLACK_BYTES:
        return False
    return not takes or _python_takes(after, start, end)


def _python_takes(tree: SyntaxTree, start: int, end: int) -> bool:
    """Python compiles the top-level statements around [start, end], one more on either side."""
    first, last = tree.byte_offset(start), tree.byte_offset(end)
    children = [c for c in tree.root.children if c.type != "comment"]
    above = [c for c in children if c.end_byte < first]
    below = [c for c in children if c.start_byte > last]
    low = tree.offset(above[-1].start_byte) if above else 0
    high = tree.offset(below[0].end_byte) if below else len(tree.text)
    source = tree.text[tree.text.rfind("\n", 0, low) + 1 : high]
    if tree.text.startswith((" ", "\t")):
        source = "if _:\n" + source  # an excerpt that starts inside a definition
    return repair.python_accepts(source) is not False


def _parser() -> tree_sitter.Parser:
    import tree_sitter
    import tree_sitter_python

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))


def _encode(text: str) -> bytes:
    # Editors can send lone surrogates (JSON allows them); they must not end the request.
    return text.encode("utf-8", "surrogatepass")


def _continues(byte: int) -> bool:
    return byte & 0xC0 == 0x80


def _point(data: bytes, byte: int) -> tuple[int, int]:
    return data.count(b"\n", 0, byte), byte - (data.rfind(b"\n", 0, byte) + 1)


def _common(first: bytes, second: bytes) -> int:
    """Length of the common start, by halving: slices compare at memory speed."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(first: bytes, second: bytes) -> int:
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if (
            first[len(first) - middle : len(first) - low]
            == (second[len(second) - middle : len(second) - low])
        ):
            low = middle
        else:
            high = middle - 1
    return low
