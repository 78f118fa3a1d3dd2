"""Prompt templates: text with named holes. Knows no families, tokens or requests.

`{UPPER}` names a token of the family, `{lower}` a part of the request; all else is plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_HOLE = re.compile(r"\{([A-Za-z_]+)\}")


@dataclass(frozen=True)
class Token:
    """A special token, by the name the family gives it."""

    name: str


@dataclass(frozen=True)
class Slot:
    """A part of the request."""

    name: str


Part = Token | Slot | str
Template = tuple[Part, ...]


def parse(text: str, slots: Iterable[str]) -> Template:
    """Split a template. Raises ValueError, with the rest of a sentence, for an unknown slot."""
    known = tuple(slots)
    parts: list[Part] = []
    end = 0
    for match in _HOLE.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        name = match[1]
        if name.isupper():
            parts.append(Token(name))
        elif name in known:
            parts.append(Slot(name))
        else:
            raise ValueError(f"has {{{name}}}, which is none of {', '.join(known)}")
        end = match.end()
    if end < len(text):
        parts.append(text[end:])
    return tuple(parts)


def tokens(template: Template) -> frozenset[str]:
    """Names of the tokens in it."""
    return frozenset(part.name for part in template if isinstance(part, Token))


def slots(template: Template) -> frozenset[str]:
    """Names of the parts of the request in it."""
    return frozenset(part.name for part in template if isinstance(part, Slot))


def fill(template: Template, values: dict[str, str]) -> list[Token | str]:
    """The template with its slots filled from `values`; neighbouring texts are joined."""
    filled: list[Token | str] = []
    for part in template:
        piece = values.get(part.name, "") if isinstance(part, Slot) else part
        if isinstance(piece, str) and filled and isinstance(filled[-1], str):
            filled[-1] += piece
        elif piece:
            filled.append(piece)
    return filled
