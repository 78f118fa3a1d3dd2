"""Holes from text in which `|` is the cursor."""

from __future__ import annotations

from beadline.context import languages
from beadline.context.hole import Hole, look


def hole_at(marked: str, language: str = "python", *, cursor: str = "|") -> Hole:
    """The surroundings of the cursor."""
    before, after = marked.split(cursor)
    return look(before + after, len(before), languages.get(language))
