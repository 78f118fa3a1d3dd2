"""UTF-8 bytes and code points of one text, and where two versions differ. Knows no tree."""

from __future__ import annotations

from bisect import bisect_right

from beadline.context.difference import changed_span

_STEP = 4096
"""Code points between two remembered byte offsets."""


def encode(text: str) -> bytes:
    """UTF-8, and what editors send beside it."""
    # Editors can send lone surrogates (JSON allows them); they must not end the request.
    return text.encode("utf-8", "surrogatepass")


class Encoded:
    """A text with its bytes."""

    def __init__(self, text: str, data: bytes | None = None) -> None:
        self.text = text
        self.data = encode(text) if data is None else data
        self._steps: list[int] | None = None

    def byte_offset(self, offset: int) -> int:
        """UTF-8 byte offset of a code point offset."""
        if len(self.data) == len(self.text):
            return offset
        step = min(offset, len(self.text)) // _STEP
        return self._checkpoints()[step] + len(encode(self.text[step * _STEP : offset]))

    def offset(self, byte: int) -> int:
        """Code point offset of a UTF-8 byte offset; inside a character it is before it."""
        if len(self.data) == len(self.text):
            return byte
        # The last checkpoint may be the end of a short last step.
        step = min(bisect_right(self._checkpoints(), byte) - 1, len(self.text) // _STEP)
        part = self.data[self._checkpoints()[step] : byte]
        # A continuation byte is 0b10xxxxxx; a cut last character does not decode and is dropped.
        return step * _STEP + len(part.decode("utf-8", "ignore"))

    def point(self, byte: int) -> tuple[int, int]:
        """Row and column, in bytes, of a byte offset."""
        return self.data.count(b"\n", 0, byte), byte - (self.data.rfind(b"\n", 0, byte) + 1)

    def _checkpoints(self) -> list[int]:
        if self._steps is None:
            steps = [0]
            for at in range(0, len(self.text), _STEP):
                steps.append(steps[-1] + len(encode(self.text[at : at + _STEP])))
            self._steps = steps
        return self._steps


def difference(old: bytes, new: bytes) -> tuple[int, int, int]:
    """Start, end in `old` and end in `new` of the one span in which they differ.

    It is cut between characters, so that it is an edit a parser could have been sent.
    """
    start, old_end, end = changed_span(old, new)
    while start and start < len(new) and _continues(new[start]):
        start -= 1
    while end < len(new) and _continues(new[end]):
        old_end, end = old_end + 1, end + 1
    return start, old_end, end


def _continues(byte: int) -> bool:
    return byte & 0xC0 == 0x80
