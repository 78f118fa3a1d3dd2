"""The same as the cache model's arrays say, counted place by place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from beadline.engine.cache_model.array import SEPARATOR, TokenText, build
from beadline.engine.cache_model.search import Index

Files = Mapping[str, Sequence[int]]


def text(path: str, tokens: Sequence[int], version: str = "1") -> TokenText:
    return TokenText(path, version, np.array(tokens, dtype=np.uint32))


def index_of(files: Files) -> Index:
    return Index.of(build([text(path, tokens) for path, tokens in files.items()]))


def followed(files: Iterable[Sequence[int]], context: Sequence[int]) -> Counter[int]:
    """What follows `context` in the files, and how often."""
    found: Counter[int] = Counter()
    length = len(context)
    for tokens in files:
        for end in range(length, len(tokens)):
            here = list(tokens[end - length : end])
            if here == list(context) and tokens[end] != SEPARATOR:
                found[tokens[end]] += 1
    return found


def longest(files: Iterable[Sequence[int]], context: Sequence[int], most: int) -> int:
    """Tokens of the longest end of `context` that stands in one of the files."""
    files = list(files)
    best = 0
    for length in range(1, min(len(context), most) + 1):
        end = list(context[-length:])
        if SEPARATOR in end or not any(
            list(tokens[at : at + length]) == end
            for tokens in files
            for at in range(len(tokens) - length + 1)
        ):
            break
        best = length
    return best
