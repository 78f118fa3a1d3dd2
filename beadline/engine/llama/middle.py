"""Bytes of tokens to the text of a middle, piece by piece. Knows no model and no limits but a line.

What is not certain yet is held back: an unfinished character, and what the family's rules may
still take out (`fim.clean`).
"""

from __future__ import annotations

import codecs

from beadline.engine.fim.clean import Cleaner
from beadline.engine.protocol import Piece


class MiddleText:
    """The text of one generation. An unfinished character is never shown."""

    def __init__(self, cleaner: Cleaner | None) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._cleaner = cleaner
        self.tokens = 0
        """Run since the last piece."""
        self.logprob = 0.0
        self.agreed = 0
        """Of those tokens, how many the cache model expected."""

    @property
    def ended(self) -> bool:
        """The middle has ended by one of the family's texts."""
        return self._cleaner is not None and self._cleaner.ended

    def feed(self, data: bytes, logprob: float, *, agreed: bool = False) -> str:
        self.tokens += 1
        self.logprob += logprob
        self.agreed += agreed
        text = self._decoder.decode(data)
        return self._cleaner.feed(text) if self._cleaner is not None else text

    def rest(self) -> str:
        """What the family's rules held back, at the end."""
        return self._cleaner.finish() if self._cleaner is not None else ""

    def take(self, text: str, elapsed_ms: float) -> Piece:
        """A piece of all tokens since the last one."""
        piece = Piece(text, self.tokens, self.logprob, elapsed_ms, self.agreed)
        self.tokens, self.logprob, self.agreed = 0, 0.0, 0
        return piece


def before_newline(piece: str, visible: bool) -> tuple[str, bool, bool]:
    """What of `piece` stands before the first newline after a non-blank character.

    `visible`: whether a non-blank character came before. Returns the kept part, the new
    `visible`, and whether the newline was met.
    """
    for index, character in enumerate(piece):
        if character == "\n" and visible:
            return piece[:index], True, True
        visible = visible or not character.isspace()
    return piece, visible, False
