"""Raises the names that can follow while a model decodes. Knows bytes of tokens; no file, no model.

Monitor-guided decoding (Agrawal et al., "Monitor-Guided Decoding of Code LMs with Static Analysis
of Repository Context", NeurIPS 2023), softened: what is expected comes with a certainty, and the
mass of everything else is lowered by just that. With a certainty of 1 it is their mask. Between
identifiers, and where nothing is expected, nothing changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from beadline.engine.fim.healing import TokenTable
from beadline.engine.guidance import Names

PRIOR = 0.5
"""Power of the priors beside the model's own probabilities: of the names alone the model's word
counts more than how often they are used."""
MOST_CERTAIN = 0.99
"""Of what is not closed: the model can still say something else."""
_LEFT = 256
"""Bytes before the cursor that are looked at."""
_LONGEST = 128
"""Bytes of an identifier."""
_WORD = bytes(c for c in range(256) if c >= 0x80 or c in b"_$" or chr(c).isalnum())
"""Bytes of identifiers: letters, digits, `_`, `$`, and all of characters beyond ASCII."""
_BLANKS = b" \t\n"
_LEAST = 1e-30
"""Where rounding leaves no mass at all."""


class NameTable:
    """The tokens of a model, as identifiers are made of them. Made once per model."""

    def __init__(self, tokens: TokenTable, size: int) -> None:
        """`size`: how many ids there are, those that are no text included."""
        self._tokens = tokens
        ends = np.ones(size, dtype=bool)
        for first, last in _ranges(lambda byte: byte in _WORD):
            ends[tokens.between(first, last)] = False
        self.ends = np.flatnonzero(ends)
        """Ids behind which an identifier is over: all that do not begin with a byte of one."""
        self._others = _ranges(lambda byte: byte not in _WORD)

    def spelling(self, rest: bytes) -> list[int]:
        """Tokens that spell the first bytes of `rest`, or all of it, and nothing else."""
        found: list[int] = []
        for end in range(1, len(rest) + 1):
            if not self._tokens.begins(rest[:end]):
                break
            found += self._tokens.exactly(rest[:end])
        return found

    def ending(self, rest: bytes) -> list[int]:
        """Tokens that spell `rest` and go on with something that is no part of an identifier."""
        return [
            token
            for first, last in self._others
            for token in self._tokens.between(rest + first, rest + last)
        ]

    def weights(self, names: Sequence[tuple[bytes, float]]) -> tuple[np.ndarray, np.ndarray]:
        """The tokens that go on with one of `names`, what is left of each and its prior, and how
        likely they are by the priors, at most 1. What is left may be nothing."""
        weights: defaultdict[int, float] = defaultdict(float)
        ended = 0.0
        for rest, prior in names:
            if not rest:
                ended += prior
                continue
            for token in (*self.spelling(rest), *self.ending(rest)):
                weights[token] += prior
        tokens = np.fromiter(weights.keys(), dtype=np.int64, count=len(weights))
        values = np.fromiter(weights.values(), dtype=np.float64, count=len(weights))
        if ended:
            # The two are disjoint: a rest begins with a byte of an identifier.
            tokens = np.concatenate([tokens, self.ends])
            values = np.concatenate([values, np.full(len(self.ends), ended)])
        return tokens, values / values.max() if len(values) else values


class Monitor:
    """Implements `engine.guide.Guide` for the names that a request expects."""

    def __init__(
        self,
        expected: Sequence[Names],
        table: NameTable,
        spell: Callable[[int], bytes],
        *,
        left: bytes,
        typed: bytes = b"",
    ) -> None:
        """`left`: the text before the cursor; `typed`: how much of its end is still to be spelled
        (token healing), by the first tokens that are appended.
        """
        self._table = table
        self._spell = spell
        self._here = [_Site(names) for names in expected if not names.after]
        self._behind = [_Site(names) for names in expected if names.after]
        self._joints = frozenset(site.after[-1] for site in self._behind)
        left = left[-_LEFT:]
        self._cursor = len(left)
        self._head = left[: len(left) - len(typed)]
        self._text = bytearray(self._head)
        self._known: dict[tuple[int, bytes, bytes], tuple[np.ndarray, np.ndarray]] = {}

    def begin(self, prompt: Sequence[int]) -> None:
        """A new generation. The prompt's ids say nothing here: its text may end elsewhere."""
        self._text = bytearray(self._head)

    def append(self, tokens: Sequence[int]) -> None:
        """What was decoded since, tokens that spell typed bytes included."""
        for token in tokens:
            self._text += self._spell(token)

    def adjust(self, logits: np.ndarray) -> np.ndarray:
        """The logits with the expected names raised where a name is being written."""
        found = self._find()
        if found is None:
            return logits
        site, lead, written = found
        key = id(site), lead, written
        if key not in self._known:
            tokens, weights = self._table.weights(site.left(lead, written))
            self._known[key] = tokens, np.log(weights) * PRIOR
        tokens, weights = self._known[key]
        return raised(logits, tokens, weights, site.certainty)

    def _find(self) -> tuple[_Site, bytes, bytes] | None:
        """What is expected now, the blank that still comes first, and what is written of the name
        already; None where nothing is expected."""
        text = self._text
        for site in self._here:
            start = self._cursor - len(site.typed)
            if 0 <= start <= len(text) and (found := site.at_cursor(text, start)):
                return site, *found
        tail = text[-_LONGEST:]
        word = len(text) - len(tail) + len(tail.rstrip(_WORD))
        if not word or text[word - 1] not in self._joints:
            return None
        for site in self._behind:
            before = word - len(site.after)
            if before < 0 or not text.startswith(site.after, before):
                continue
            if before and text[before - 1] in _WORD + b".":
                continue  # the end of another name or expression
            return site, b"", bytes(text[word:])
        return None


class _Site:
    """One `Names`, in bytes."""

    def __init__(self, names: Names) -> None:
        self.after = names.after.encode()
        self.typed = names.typed.encode()
        # Behind a text the decoded bytes may be in a string: nothing is certain there.
        closed = names.closed and not names.after
        self.certainty = 1.0 if closed else min(max(names.certainty, 0.0), MOST_CERTAIN)
        self._separator = names.separator.encode()
        self._spaced = names.spaced
        self._names = [(name.encode(), prior) for name, prior in names.names if name]

    def left(self, lead: bytes, written: bytes) -> list[tuple[bytes, float]]:
        """What is left to write of the names that begin with what is written, and their priors."""
        return [
            (path[len(written) :], prior)
            for name, prior in self._names
            if (path := lead + name).startswith(written)
        ]

    def at_cursor(self, text: bytearray, start: int) -> tuple[bytes, bytes] | None:
        """The blank that still comes first, and what is written of a name that begins at `start`,
        or behind a separator that follows names only; None where no name is being written."""
        listed, separator, last = b"", b"", bytes(text[start:])
        if self._separator:
            listed, separator, last = last.rpartition(self._separator)
        if listed.strip(_WORD + _BLANKS + self._separator):
            return None  # `a, b as c, ` is a list of names, `a(b, ` is none
        written = last.lstrip(_BLANKS) if self._spaced else last
        if len(written) > _LONGEST or written.strip(_WORD):
            return None  # the name has ended
        before = b"" if separator else bytes(text[start - 1 : start])
        parted = len(written) < len(last) or before in (b" ", b"\t", b"\n", b"(")
        parted = parted or bool(self.typed and not separator)
        return b" " if self._spaced and not parted and not written else b"", written


def raised(
    logits: np.ndarray, tokens: np.ndarray, weights: np.ndarray, certainty: float
) -> np.ndarray:
    """The logits with the mass of `tokens` raised: of what is not theirs they get the share
    `certainty`, and among them each counts by its weight (a logarithm) as well.

    The sum of exponentials stays what it was. Nothing changes where none of them is possible.
    """
    chosen = logits[tokens].astype(np.float64)
    weighted = chosen + weights
    if not len(tokens) or not np.isfinite(weighted.max()):
        return logits
    total = _log_sum(logits)
    mass = min(1.0, float(np.exp(chosen - total).sum()))
    goal = 1.0 - (1.0 - certainty) * (1.0 - mass)
    if certainty < 1.0:
        adjusted = logits + np.float32(np.log1p(-certainty))
    else:
        adjusted = np.full_like(logits, -np.inf)
    adjusted[tokens] = weighted + (total + np.log(max(goal, _LEAST)) - _log_sum(weighted))
    return adjusted


def _log_sum(values: np.ndarray) -> float:
    highest = float(values.max())
    return highest + float(np.log(np.exp(values - values.max()).sum(dtype=np.float64)))


def _ranges(wanted: Callable[[int], bool]) -> list[tuple[bytes, bytes]]:
    """Ranges [first, last) of the single bytes that are wanted; an empty last one has no end."""
    found: list[tuple[int, int]] = []
    for byte in range(256):
        if wanted(byte):
            if found and found[-1][1] == byte:
                found[-1] = found[-1][0], byte + 1
            else:
                found.append((byte, byte + 1))
    return [(bytes([first]), bytes([last]) if last < 256 else b"") for first, last in found]
