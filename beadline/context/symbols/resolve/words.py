"""Words: lists of them, and where a text has one. Knows no language."""

from __future__ import annotations

from collections.abc import Iterator


def words(text: str) -> frozenset[str]:
    """The words of a text between blanks."""
    return frozenset(text.split())


def uses(text: str, name: str, start: int, end: int) -> Iterator[int]:
    """Offsets of a name in [start, end), the last one first: as a word of its own that is no member
    of another (`.name`). Without a pattern, which would have to be compiled for each name."""
    at = text.rfind(name, start, end) if name else -1
    while at >= 0:
        before, behind = text[at - 1 : at], text[at + len(name) : at + len(name) + 1]
        if not (before == "." or _is_part(before) or _is_part(behind)):
            yield at
        at = text.rfind(name, start, at)


def _is_part(character: str) -> bool:
    return character != "" and (character in "_$" or character.isalnum())
