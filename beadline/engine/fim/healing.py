"""Token healing: which tokens of a half-typed word are left out, and how its bytes are spelled.

Knows bytes of tokens; no model, no logits, no prompts. A tokenizer would have joined the typed
start of a word with what follows (`retur` is five tokens where `return` is one), so the model has
rarely seen the tokens of the start alone. They are taken back and decoding may choose freely among
all tokens that spell the typed bytes, or begin with them. Bytes, not characters: a token may hold
a part of a character.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

MOST_TOKENS = 3
"""Tokens taken back at most (DESIGN section 4)."""


class TokenTable:
    """All tokens that are text, sorted by their bytes."""

    def __init__(self, tokens: Iterable[int], spell: Callable[[int], bytes]) -> None:
        """`tokens`: ids that stand for text. Made once per model."""
        entries = sorted((data, token) for token in tokens if (data := spell(token)))
        self._bytes = [data for data, _ in entries]
        self._tokens = [token for _, token in entries]

    def longer(self, start: bytes) -> bool:
        """Whether some token begins with `start` and goes on."""
        at = bisect_left(self._bytes, start + b"\0")
        return at < len(self._bytes) and self._bytes[at].startswith(start)

    def beginning(self, start: bytes) -> list[int]:
        """Tokens that begin with `start`, those that are exactly it included."""
        first = bisect_left(self._bytes, start)
        end = _after(start)
        last = bisect_left(self._bytes, end, first) if end else len(self._bytes)
        return self._tokens[first:last]

    def begins(self, start: bytes) -> bool:
        """Whether some token begins with `start`, or is it."""
        at = bisect_left(self._bytes, start)
        return at < len(self._bytes) and self._bytes[at].startswith(start)

    def between(self, low: bytes, high: bytes) -> list[int]:
        """Tokens from `low` up to `high`, which is not among them; empty: there is no such end."""
        first = bisect_left(self._bytes, low)
        last = bisect_left(self._bytes, high, first) if high else len(self._bytes)
        return self._tokens[first:last]

    def entries(self) -> Iterator[tuple[bytes, int]]:
        """All tokens with their bytes, by these."""
        return zip(self._bytes, self._tokens, strict=True)

    def exactly(self, data: bytes) -> list[int]:
        """Tokens that are exactly `data`."""
        first = bisect_left(self._bytes, data)
        return self._tokens[first : bisect_left(self._bytes, data + b"\0", first)]

    def spelling(self, rest: bytes) -> list[int]:
        """Tokens that may come next where `rest` is still to be spelled: those that begin with
        it, and those that spell a part of it from which the remainder can be spelled too.
        """
        reachable = [False] * len(rest) + [True]
        for start in range(len(rest) - 1, -1, -1):
            reachable[start] = self.begins(rest[start:]) or any(
                reachable[end] and self.exactly(rest[start:end])
                for end in range(start + 1, len(rest))
            )
        allowed = self.beginning(rest)
        for end in range(1, len(rest)):
            if reachable[end]:
                allowed.extend(self.exactly(rest[:end]))
        return allowed


class Healer:
    """Decides what is left out at the end of a prefix."""

    def __init__(self, table: TokenTable, spell: Callable[[int], bytes]) -> None:
        self.table = table
        self._spell = spell

    def heal(self, ids: list[int]) -> bytes:
        """Take the tokens of an unfinished word off the end of `ids`; their bytes.

        Only where the last character can be inside a word, at most `MOST_TOKENS`, and only as far
        back as some longer token begins with all the bytes taken back.
        """
        best, data, found = 0, b"", b""
        for count in range(1, min(MOST_TOKENS, len(ids)) + 1):
            data = self._spell(ids[-count]) + data
            if count == 1 and not _in_word(data[-1]):
                break
            if self.table.longer(data):
                best, found = count, data
            if any(not _in_word(byte) for byte in data):
                break
        if not best or not self.table.spelling(found):
            return b""
        del ids[-best:]
        return found


def _in_word(byte: int) -> bool:
    """Letters, digits, `_`, and every byte of a character beyond ASCII."""
    return byte >= 0x80 or byte == 0x5F or chr(byte).isalnum()


def _after(start: bytes) -> bytes:
    """The smallest byte string above everything that begins with `start`; empty for none."""
    trimmed = start.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1]) if trimmed else b""
