"""Ranges of whole lines in texts. Knows no files and no snippets."""

from __future__ import annotations

import re
from functools import lru_cache

_TELLS = re.compile(r"[^\W_]")


def whole_lines(text: str, start: int, end: int) -> bool:
    """Whether a range of a text is whole lines without the last one's newline."""
    return (
        0 <= start < end <= len(text)
        and (start == 0 or text[start - 1] == "\n")
        and text[end : end + 1] in ("", "\n")
    )


def line_range(text: str, start: int, end: int) -> tuple[int, int]:
    """The range of the whole lines that a range touches, without the last one's newline."""
    stop = text.find("\n", max(start, end - 1))
    return text.rfind("\n", 0, start) + 1, stop if stop >= 0 else len(text)


def last_position(lines: str, text: str, end: int) -> int:
    """Where `lines` are whole lines of the first `end` characters of a text, the last place of
    them; -1 where they are not."""
    at = text.rfind(lines, 0, end)
    while at >= 0 and not whole_lines(text, at, at + len(lines)):
        at = text.rfind(lines, 0, at + len(lines) - 1)
    return at


def beginning(text: str, limit: int) -> str:
    """The first whole lines of a text that have at most `limit` characters together."""
    if len(text) <= limit:
        return text
    return text[: max(0, text.rfind("\n", 0, limit + 1))].rstrip()


@lru_cache(maxsize=1024)
def telling_lines(text: str) -> frozenset[str]:
    """The lines that tell a text apart: stripped, and not only punctuation."""
    return frozenset(line.strip() for line in text.split("\n") if _TELLS.search(line))
