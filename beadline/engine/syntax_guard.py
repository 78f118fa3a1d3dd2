"""Keeps a model from writing what no text behind it could mend. Knows bytes; no grammar, no model.

Cheap tests on the decoded bytes, by the lexical rules that come with the request: a closer that
fits no opener; where indentation means something, a line that no block has the indentation of, or
one below the hole's scope before the hole has any text; a line end where the line asked for has no
text yet; a second definition where one statement was asked for. Where the rules do not tell code
from strings any more, nothing is kept from the model for the rest of the generation.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from beadline.engine.fim.healing import TokenTable
from beadline.engine.guidance import Syntax
from beadline.engine.lexical import CLOSERS, Lexical
from beadline.engine.monitor import NameTable

NEGLIGIBLE = 16.0
"""Tokens whose logits are so far below the highest one change nothing: not worth a copy of all."""
_DEEPEST = 8
"""Innermost open brackets that a token's closers are compared with; no token has more."""
_NOT_CODE = re.compile(rb"[\"'`#/\\]")
"""From here on a token may be in a string or a comment."""
_CLOSER = re.compile(rb"[)\]}]")
_LEAD = re.compile(rb"[ \t\r\n]*")

_NONE = np.zeros(0, dtype=np.int64)
_Bars = list[np.ndarray]


class SyntaxTable:
    """The tokens of a model by what they do to a line and to brackets. Made once per model."""

    def __init__(self, tokens: TokenTable, names: NameTable) -> None:
        self._tokens, self._names = tokens, names
        self._words: dict[bytes, np.ndarray] = {}
        closing: defaultdict[bytes, list[int]] = defaultdict(list)
        starting: defaultdict[bytes, list[int]] = defaultdict(list)
        blank: defaultdict[bytes, list[int]] = defaultdict(list)
        broken: list[int] = []
        for data, token in tokens.entries():
            if _CLOSER.search(data) and (unmatched := _unmatched(data)):
                closing[unmatched].append(token)
            match = _LEAD.match(data)
            lead = match[0] if match is not None else b""
            if b"\n" in lead:
                broken.append(token)
            elif len(lead) == len(data):
                blank[lead].append(token)
            elif data[len(lead)] != ord("#"):
                starting[lead].append(token)
        self.closing = {key: np.array(ids) for key, ids in closing.items()}
        """Tokens by the closers in them that fit no opener before them in the same token."""
        self.starting = {key: np.array(ids) for key, ids in starting.items()}
        """Tokens that may be the first of a line that has something, by the blanks they begin with;
        comments left out."""
        self.blank = {key: np.array(ids) for key, ids in blank.items()}
        """Tokens of nothing but blanks, by them."""
        self.broken = np.array(broken, dtype=np.int64)
        """Tokens that begin with a line end, or with blanks and one."""

    def word(self, blanks: bytes, word: str) -> np.ndarray:
        """Tokens that are these blanks and the word, or go on behind it."""
        data = blanks + word.encode()
        if data not in self._words:
            found = [*self._tokens.exactly(data), *self._names.ending(data)]
            self._words[data] = np.array(found, dtype=np.int64)
        return self._words[data]


class SyntaxGuard:
    """Implements `engine.guide.Guide` for the lexical surroundings of one hole."""

    def __init__(
        self,
        syntax: Syntax,
        table: SyntaxTable,
        spell: Callable[[int], bytes],
        *,
        typed: int = 0,
    ) -> None:
        """`typed`: bytes that are still to be spelled (token healing), by the first tokens that
        are appended; `syntax` is of the text with them."""
        self._syntax = syntax
        self._table = table
        self._spell = spell
        self._typed = self._owed = typed
        self._lexical = Lexical(syntax)
        self._known: dict[tuple[object, ...], np.ndarray] = {}

    def begin(self, prompt: Sequence[int]) -> None:
        """A new generation. The prompt's ids say nothing here."""
        self._lexical = Lexical(self._syntax)
        self._owed = self._typed

    def append(self, tokens: Sequence[int]) -> None:
        """What was decoded since, tokens that spell typed bytes included."""
        for token in tokens:
            data = self._spell(token)
            skipped = min(self._owed, len(data))
            self._owed -= skipped
            self._lexical.feed(data[skipped:])

    def adjust(self, logits: np.ndarray) -> np.ndarray:
        """The logits with what cannot be mended made impossible, unless nothing else is left."""
        lexical = self._lexical
        if not lexical.in_code:
            return logits
        key = lexical.key(_DEEPEST)
        if key not in self._known:
            self._known[key] = np.concatenate([_NONE, *self._barred()])
        barred = self._known[key]
        if not len(barred) or logits[barred].max() <= logits.max() - NEGLIGIBLE:
            return logits
        adjusted = logits.copy()
        adjusted[barred] = -np.inf
        return adjusted if np.isfinite(adjusted.max()) else logits

    def _barred(self) -> _Bars:
        """Ids that may not come next."""
        lexical, syntax, table = self._lexical, self._syntax, self._table
        barred = [
            ids for closers, ids in table.closing.items() if not _closes(lexical.stack, closers)
        ]
        if not (lexical.written or syntax.breaks or lexical.stack):
            barred.append(table.broken)
        if not lexical.fresh:
            return barred
        second = syntax.one_line and lexical.lines > 0
        if syntax.indents is None:
            if second and len(lexical.stack) <= len(syntax.brackets):
                barred += self._definitions(b"") + self._definitions(b" ")
            return barred
        if lexical.stack:
            return barred
        for blanks, ids in table.starting.items():
            column = lexical.column_behind(blanks)
            if not self._fits(column):
                barred.append(ids)
            elif second and column == syntax.indents[0]:
                barred += self._definitions(blanks)
        deepest = lexical.indents[-1]
        if lexical.written and not lexical.deepens:
            barred += [
                ids
                for blanks, ids in table.blank.items()
                if lexical.column_behind(blanks) > deepest
            ]
        return barred

    def _definitions(self, blanks: bytes) -> _Bars:
        return [self._table.word(blanks, word) for word in self._syntax.definitions]

    def _fits(self, column: int) -> bool:
        """Whether a line of the hole may start at a column."""
        lexical, indents = self._lexical, self._lexical.indents
        if lexical.deepens:
            return column > indents[-1]
        scope = indents[0]
        if not lexical.written:
            return column >= scope
        # A line below the scope is how the hole ends.
        return column < scope or column in indents


def _closes(stack: bytes, closers: bytes) -> bool:
    """Whether the closers fit the open brackets, innermost first."""
    if len(closers) > len(stack):
        return False
    return all(CLOSERS[close] == stack[-1 - at] for at, close in enumerate(closers))


def _unmatched(data: bytes) -> bytes:
    """Closers of a token that fit no opener before them in it, as far as it is code for sure. What
    does not fit at all comes out as more than anything closes."""
    match = _NOT_CODE.search(data)
    opened, found = bytearray(), bytearray()
    for byte in data[: match.start()] if match is not None else data:
        if byte in b"([{":
            opened.append(byte)
        elif byte in CLOSERS:
            if not opened:
                found.append(byte)
            elif opened.pop() != CLOSERS[byte]:
                return bytes([byte]) * 1000
    return bytes(found)
