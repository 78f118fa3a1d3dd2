"""Where two versions of a text differ. Knows no lines, no syntax and no edits."""

from __future__ import annotations

from collections.abc import Callable
from typing import AnyStr


def changed_span(old: AnyStr, new: AnyStr) -> tuple[int, int, int]:
    """Start, end in `old` and end in `new` of the one span in which they differ.

    In characters of a `str`, in bytes of `bytes`. The common start is as long as it can be, then
    the common end is; equal texts differ in an empty span at their end.
    """
    limit = min(len(old), len(new))
    start = _longest(limit, lambda a, b: old[a:b] == new[a:b])
    m, n = len(old), len(new)
    tail = _longest(limit - start, lambda a, b: old[m - b : m - a] == new[n - b : n - a])
    return start, m - tail, n - tail


def _longest(limit: int, same: Callable[[int, int], bool]) -> int:
    """The most of `limit` items, counted from one end, that are the same; `same(a, b)` compares.

    By halving, since slices compare at memory speed; all of them first, since a keystroke changes
    nothing behind it.
    """
    low, high, middle = 0, limit, limit
    while low < high:
        if same(low, middle):
            low = middle
        else:
            high = middle - 1
        middle = (low + high + 1) // 2
    return low
