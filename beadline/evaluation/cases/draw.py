"""The order in which cases are drawn: by a seed, one of each file and round. Knows no labels."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

_File = TypeVar("_File")
_Place = TypeVar("_Place")


def rounds(
    files: Sequence[_File], places: Callable[[_File], Sequence[_Place]], key: str
) -> Iterator[tuple[_File, _Place]]:
    """All places of all files, each once: in every round one of each file, files and places in a
    random order. A large file has no more weight than a small one until the small ones run out.

    The same files, places and `key` always give the same order. `places` is asked of a file when
    it is first its turn.
    """
    # Not the built-in hash(): it differs between processes.
    rng = random.Random(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big"))
    left: dict[int, list[_Place]] = {}
    order = list(range(len(files)))
    while order:
        rng.shuffle(order)
        for number in order:
            if number not in left:
                left[number] = list(places(files[number]))
            if left[number]:
                yield files[number], left[number].pop(rng.randrange(len(left[number])))
        order = sorted(number for number in order if left[number])
