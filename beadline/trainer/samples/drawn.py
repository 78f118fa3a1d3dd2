"""One sample before it is rendered. Knows no syntax, no search and no tokens.

Nothing is imported that draws: what was drawn on one machine is rendered on another, which needs
neither the grammars nor the index.
"""

from __future__ import annotations

from dataclasses import dataclass

from beadline.engine.protocol import FimRequest
from beadline.trainer.corpus.types import CorpusFile

PLAIN = "left_to_right"
"""Kind of samples without a hole."""


@dataclass(frozen=True)
class Drawn:
    """One sample before it is rendered."""

    file: CorpusFile
    kind: str
    """Kind of the hole, or `PLAIN`."""
    request: FimRequest
    middle: str
    """Empty for plain text, which is the request's prefix."""
    start: int
    end: int
    """`file.text[start:end]` is prefix, middle and suffix."""

    @property
    def is_plain(self) -> bool:
        """It has no hole."""
        return self.kind == PLAIN

    @property
    def ends(self) -> bool:
        """The end token belongs behind it: a middle, or the last text of a file."""
        return not self.is_plain or self.end == len(self.file.text)
