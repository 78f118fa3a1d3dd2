"""User text to token ids, block by block. Knows a tokenizer; no files and no prompts.

What is edited is mostly what it was: blocks are cut where their own text says, so that an edit
changes a few of them, and the ids of the others are remembered. A tokenizer joins nothing across
the end of a line that goes on at the left margin; elsewhere a cut may cost a token that is not what
the tokenizer alone would have made, which costs a match, and nothing else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from beadline.engine.cache_model.array import SEPARATOR

LEAST_BLOCK, MOST_BLOCK = 200, 1000
"""Characters of a block: it ends before the first line at the left margin behind the former, or
with the first line behind the latter."""
_REMEMBERED = 4096


def blocks(text: str) -> Iterator[str]:
    """`text` in whole lines, cut by what they say and not by where they stand in it."""
    start = 0
    while start < len(text):
        end = _end_of(text, start)
        yield text[start:end]
        start = end


def _end_of(text: str, start: int) -> int:
    at = text.find("\n", start + LEAST_BLOCK) + 1
    while 0 < at < len(text):
        if at - start >= MOST_BLOCK or not text[at].isspace():
            return at
        at = text.find("\n", at) + 1
    return len(text)


class Tokens:
    """Ids of texts, those of recent blocks remembered."""

    def __init__(self, encode: Callable[[str], list[int]]) -> None:
        """`encode`: ids of user text, none of them special."""
        self._encode = encode
        self._known: OrderedDict[str, np.ndarray] = OrderedDict()

    def of(self, parts: Iterable[str], *, go_on: Callable[[], bool] = lambda: True) -> np.ndarray:
        """uint32 ids of a text of which something is left out between `parts`; `SEPARATOR` stands
        there. When `go_on` says no, which is asked before what is not known yet, the rest is
        missing.
        """
        found: list[np.ndarray] = []
        for number, part in enumerate(parts):
            if number:
                found.append(np.array([SEPARATOR], dtype=np.uint32))
            for block in blocks(part):
                ids = self._known.pop(block, None)
                if ids is None:
                    if not go_on():
                        return _joined(found)
                    ids = np.array(self._encode(block), dtype=np.uint32)
                self._known[block] = ids
                if len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
                found.append(ids)
        return _joined(found)


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.uint32)
