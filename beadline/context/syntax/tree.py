"""Incrementally kept syntax trees of open documents. Knows grammars; decides nothing.

Languages without a grammar, or whose grammar cannot be loaded, have no tree and are read by lines.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beadline.context import languages
from beadline.context.excerpt import PART_CHARS, WHOLE_CHARS, excerpt
from beadline.context.hole import Hole, look
from beadline.context.languages import Grammar, Language
from beadline.context.lexer import Scanned
from beadline.context.syntax import literals
from beadline.context.syntax.bytes import Encoded, difference, encode
from beadline.context.types import Document

if TYPE_CHECKING:
    import tree_sitter

    from beadline.context.syntax.baseline import BaselineSearch


_NEAR_CHARS = 4000
"""An excerpt also serves places so far from the one it was chosen for."""


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


@dataclass(frozen=True)
class Capture:
    """One match of a language's query; offsets are code points of the document."""

    kind: str
    """What stands behind the prefix in the capture's name: `function` of `@definition.function`."""
    start: int
    end: int
    name: str
    """Text of `@name`; empty where the match has none."""
    body: int
    """Offset where `@body` starts; `end` where the match has none."""


class Parser:
    """The parser of one language; makes trees of texts."""

    def __init__(self, language: Language, grammar: Grammar) -> None:
        import tree_sitter

        self.language = language
        self.query = grammar.query
        self.likely_filling = ""
        """What a hole in the last text was filled with to make its code whole."""
        self._parser = tree_sitter.Parser(grammar.language)

    def parse(self, data: bytes, old: tree_sitter.Tree | None = None) -> tree_sitter.Tree:
        """The tree of `data`; `old` is the edited tree of an earlier version."""
        return self._parser.parse(data) if old is None else self._parser.parse(data, old)


class SyntaxTrees:
    """The last tree of each of the most recently used documents."""

    def __init__(self, limit: int = 16) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, SyntaxTree] = OrderedDict()
        self._parsers: dict[str, Parser | None] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def parse(self, document: Document) -> SyntaxTree | None:
        """The tree of a snapshot; None for a language without a grammar.

        The last tree under `document.key` is edited by the one span in which the texts differ
        and parsed again from there.
        """
        last = self._kept.pop(document.key, None)
        if (parser := self._parser(languages.get(document.language))) is None:
            return None
        if last is None or last.language.id != parser.language.id:
            tree = SyntaxTree(Encoded(document.text), parser)
        else:
            tree = last.replaced(document.text)
        self._kept[document.key] = tree
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        return tree

    def forget(self, key: str) -> None:
        """Drop what is kept of a closed document."""
        self._kept.pop(key, None)

    def _parser(self, language: Language) -> Parser | None:
        if language.id not in self._parsers:
            grammar = languages.grammar(language)
            self._parsers[language.id] = None if grammar is None else Parser(language, grammar)
        return self._parsers[language.id]


class SyntaxTree:
    """A text and its tree. Never changes: an edit makes a new one."""

    def __init__(
        self,
        encoded: Encoded,
        parser: Parser,
        tree: tree_sitter.Tree | None = None,
        before: tuple[Scanned, int] | None = None,
    ) -> None:
        """`tree`: that of the text; None parses when it is asked for. `before`: a scan of an
        earlier text, and how far from their starts the texts are equal."""
        self.text = encoded.text
        self.language = parser.language
        self._encoded = encoded
        self._tree = tree
        self._parser = parser
        self._problems: Problems | None = None
        self._before = before
        self._holes: dict[int, Hole] = {}
        self._excerpts: dict[tuple[int, int], tuple[SyntaxTree, int] | None] = {}
        self._part: _Part | None = None
        """The last excerpt of usual size, of this text or of the one it was edited from."""
        self.baselines: dict[int, BaselineSearch] = {}
        """By offset: what `adds_error` compares suggestions at it with."""

    @property
    def root(self) -> tree_sitter.Node:
        """The root node; its offsets are bytes of UTF-8."""
        if self._tree is None:
            self._tree = self._parser.parse(self._encoded.data)
        return self._tree.root_node

    @property
    def likely_filling(self) -> str:
        """What filled the last hole that was looked at in a text of this language."""
        return self._parser.likely_filling

    @likely_filling.setter
    def likely_filling(self, filling: str) -> None:
        self._parser.likely_filling = filling

    def byte_offset(self, offset: int) -> int:
        """UTF-8 byte offset of a code point offset."""
        return self._encoded.byte_offset(offset)

    def offset(self, byte: int) -> int:
        """Code point offset of a UTF-8 byte offset; inside a character it is before it."""
        return self._encoded.offset(byte)

    def insert(self, start: int, end: int, text: str) -> SyntaxTree:
        """The tree after `text` replaced [start, end) of this one's."""
        return self._edited(
            self.text[:start] + text + self.text[end:],
            self.byte_offset(start),
            self.byte_offset(end),
            encode(text),
            start,
        )

    def replaced(self, text: str) -> SyntaxTree:
        """The tree of a new version of the text, parsed again from the span that differs."""
        if text == self.text:
            return self
        data = encode(text)
        start, old_end, new_end = difference(self._encoded.data, data)
        return self._edited(text, start, old_end, data[start:new_end], self.offset(start))

    def hole_at(self, offset: int) -> Hole:
        """The surroundings of an offset by lines and brackets, read once."""
        hole = self._holes.get(offset)
        if hole is None:
            hole = look(self.text, offset, self.language, self._before)
            self._holes[offset] = hole
            if self._before is None or self._before[1] <= offset:
                self._before = hole.scanned, offset
        return hole

    def around(self, offset: int, chars: int = WHOLE_CHARS) -> tuple[SyntaxTree, int] | None:
        """What has to be looked at for `offset`, and which offset of the text is its offset 0.

        The whole of a text of at most `chars` characters, else some paragraphs around the offset.
        None where one statement, line or string is too long for that.
        """
        if len(self.text) <= chars:
            return self, 0
        chars = min(chars, PART_CHARS)
        usual = chars == PART_CHARS
        if usual and (kept := self._part) is not None and abs(offset - kept.offset) <= _NEAR_CHARS:
            return kept.tree, kept.origin
        if (offset, chars) not in self._excerpts:
            part = excerpt(self.hole_at(offset), chars)
            tree = part and SyntaxTree(Encoded(part.text), self._parser)
            self._excerpts[offset, chars] = tree and part and (tree, part.origin)
            if usual and tree and part:
                self._part = _Part(tree, part.origin, offset, part.start, part.end)
        return self._excerpts[offset, chars]

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

    def in_string(self, offset: int) -> bool:
        """Text typed at an offset becomes part of a string, or of running text beside code.

        Not so between its delimiters' characters, nor in code inside it (`${...}`).
        """
        return self._literal(offset) == "string"

    def in_comment(self, offset: int) -> bool:
        """Text typed at an offset becomes part of a comment."""
        return self._literal(offset) == "comment"

    def captures(self, prefix: str, start: int = 0, end: int | None = None) -> list[Capture]:
        """Matches of the language's query with a capture that starts with `prefix`, by start.

        Those whose nodes overlap [start, end); of a long text, those in the part around `start`.
        """
        import tree_sitter

        if (near := self.around(start)) is None:
            return []
        tree, skipped = near
        end = len(self.text) if end is None else end
        cursor = tree_sitter.QueryCursor(self._parser.query)
        cursor.set_byte_range(
            tree.byte_offset(start - skipped),
            tree.byte_offset(min(max(end, start + 1) - skipped, len(tree.text))),
        )
        found: list[Capture] = []
        for _, nodes in cursor.matches(tree.root):
            for capture, (node, *_) in nodes.items():
                if not capture.startswith(prefix):
                    continue
                first, last = tree.offset(node.start_byte), tree.offset(node.end_byte)
                name, body = nodes.get("name"), nodes.get("body")
                found.append(
                    Capture(
                        kind=capture[len(prefix) :].lstrip("."),
                        start=first + skipped,
                        end=last + skipped,
                        name=_text(name[0]) if name else "",
                        body=(tree.offset(body[0].start_byte) if body else last) + skipped,
                    )
                )
        return sorted(found, key=lambda capture: (capture.start, -capture.end))

    def _literal(self, offset: int) -> str:
        if (near := self.around(offset)) is None:
            return literals.kind_in(self.hole_at(offset))
        tree, skipped = near
        byte = tree.byte_offset(offset - skipped)
        found = literals.kind_at(tree.root, byte, self.language)
        if found is None or (found == "code" and tree.root.has_error):
            # What is not closed is no string to the parser, but it leaves an error where it starts.
            hole = self.hole_at(offset)
            start = hole.scanned.string_start if hole.scanned.string else offset - len(hole.left)
            start = max(0, min(start, offset) - skipped)
            if found is None or tree.broken_between(start, offset - skipped):
                return literals.kind_in(hole)
        return found

    def _edited(self, text: str, start: int, old_end: int, new: bytes, same: int) -> SyntaxTree:
        """`new` in place of the bytes [start, old_end); `same` is `start` in code points."""
        old = self._encoded
        edited = Encoded(text, old.data[:start] + new + old.data[old_end:])
        before = self._before
        if before is not None:
            before = before[0], min(before[1], same)
        if self._tree is None or not self.language.incremental:
            after = SyntaxTree(edited, self._parser, before=before)
            after._part = self._edited_part(after, same, old.offset(old_end))
            return after
        # The edit changes the tree in place, and others may hold this one.
        tree = copy.copy(self._tree)
        new_end = start + len(new)
        tree.edit(
            start, old_end, new_end, old.point(start), old.point(old_end), edited.point(new_end)
        )
        after = SyntaxTree(edited, self._parser, self._parser.parse(edited.data, tree), before)
        after._part = self._edited_part(after, same, old.offset(old_end))
        return after

    def _edited_part(self, after: SyntaxTree, start: int, old_end: int) -> _Part | None:
        """The kept excerpt after [start, old_end) was replaced, where that is inside it."""
        kept = self._part
        if kept is None or not (kept.start <= start <= old_end <= kept.end):
            return None
        grown = len(after.text) - len(self.text)
        new = after.text[start : old_end + grown]
        tree = kept.tree.insert(start - kept.origin, old_end - kept.origin, new)
        offset = kept.offset if kept.offset <= start else max(start, kept.offset + grown)
        return _Part(tree, kept.origin, offset, kept.start, kept.end + grown)


@dataclass(frozen=True)
class _Part:
    """An excerpt of a long text that is parsed on while the text is edited near its middle."""

    tree: SyntaxTree
    origin: int
    offset: int
    """What it was chosen for."""
    start: int
    end: int
    """What of the long text it has as it is."""


def _text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
