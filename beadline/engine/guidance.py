"""What a request tells the decoder besides its prompt. Plain data; knows no tokens and no files.

It travels with the request to whoever decodes, and guides (`engine.guide`) are made of it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Names:
    """Identifiers one of which is expected, at the cursor or behind a text (`engine.monitor`)."""

    names: tuple[tuple[str, float], ...]
    """Identifiers and how likely each is among them; positive, of any sum."""
    certainty: float
    """Probability that the identifier is one of them, 0 to 1."""
    closed: bool = False
    """The language allows no other: nothing else is sampled."""
    after: str = ""
    """Text that they are expected behind wherever it is written, `self.`; empty: at the cursor."""
    typed: str = ""
    """At the cursor: how much of the identifier stands before it."""
    separator: str = ""
    """At the cursor: what a further one of them is expected behind; empty: there is but one."""
    spaced: bool = False
    """A blank stands in front of the identifier, `import name`."""
    source: str = ""
    """`member`, `self`, `module`, `import`, `enum` or `keyword`."""


@dataclass(frozen=True)
class Syntax:
    """The lexical surroundings of the hole, a cursor in code (`engine.syntax_guard`)."""

    brackets: str = ""
    """Open at the cursor, outermost first: `({[`."""
    line_comments: tuple[str, ...] = ()
    block_comment: tuple[str, str] | None = None
    quotes: tuple[str, ...] = ()
    """Delimiters of strings."""
    multiline_quotes: tuple[str, ...] = ()
    opaque: str = ""
    """Characters behind which the lexical rules here do not tell code from text any more."""
    indents: tuple[int, ...] | None = None
    """Columns that a line of the hole may start at, innermost last; deeper ones follow a `:`. None
    where indentation means nothing."""
    deepens: bool = False
    """The line before the hole ends with the `:` of a block that has no line yet."""
    starts_line: bool = False
    """Nothing but blanks stands before the cursor on its line,"""
    column: int = 0
    """and so many columns of them."""
    breaks: bool = True
    """A line may end before the hole has any text."""
    one_line: bool = False
    """The rest of a line was asked for: one statement, with its block if it opens one."""
    definitions: tuple[str, ...] = ()
    """Words that definitions start with."""


@dataclass(frozen=True)
class CacheText:
    """A text that is no part of the current file."""

    path: str
    """Of its file, as the repository's store names it."""
    parts: tuple[str, ...]
    """Between which something is left out."""


@dataclass(frozen=True)
class Cache:
    """What the cache model of a generation counts (`engine.cache_model`)."""

    store: str = ""
    """Folder of the repository's arrays; empty: there are none."""
    path: str = ""
    """Of the current file in the store: what the store has of it does not count."""
    prefix: str = ""
    """Of the current file, before the cursor; longer than what the prompt holds."""
    suffix: str = ""
    """Behind the cursor."""
    open: tuple[CacheText, ...] = ()
    """Other files that are open: what the store has of them does not count."""
    alone: bool = False
    """The model has no say, except in where its typed bytes are spelled: for evaluations."""


@dataclass(frozen=True)
class Guidance:
    """Everything that guides one generation."""

    names: tuple[Names, ...] = ()
    syntax: Syntax | None = None
    cache: Cache | None = None


def guidance_values(guidance: Guidance) -> dict[str, Any]:
    """JSON values of a guidance. Not by `asdict`, which copies every name and every text: it is on
    the way of every request."""
    syntax, cache = guidance.syntax, guidance.cache
    opened = () if cache is None else cache.open
    return {
        "names": [_fields(each) for each in guidance.names],
        "syntax": None if syntax is None else _fields(syntax),
        "cache": None if cache is None else {**_fields(cache), "open": list(map(_fields, opened))},
    }


def _fields(value: Names | Syntax | Cache | CacheText) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


def names_from(values: Mapping[str, Any]) -> Names:
    """A `Names` of its JSON values."""
    return Names(**{**values, "names": tuple((name, prior) for name, prior in values["names"])})


def syntax_from(values: Mapping[str, Any]) -> Syntax:
    """A `Syntax` of its JSON values."""
    plural = ("line_comments", "quotes", "multiline_quotes", "definitions")
    optional = ("block_comment", "indents")
    tuples: dict[str, Any] = {key: tuple(values[key]) for key in plural}
    tuples |= {key: None if values[key] is None else tuple(values[key]) for key in optional}
    return Syntax(**{**values, **tuples})


def cache_from(values: Mapping[str, Any]) -> Cache:
    """A `Cache` of its JSON values."""
    texts = (CacheText(text["path"], tuple(text["parts"])) for text in values["open"])
    return Cache(**{**values, "open": tuple(texts)})


def guidance_from(values: Mapping[str, Any]) -> Guidance:
    """A `Guidance` of its JSON values."""
    syntax, cache = values["syntax"], values["cache"]
    return Guidance(
        names=tuple(map(names_from, values["names"])),
        syntax=None if syntax is None else syntax_from(syntax),
        cache=None if cache is None else cache_from(cache),
    )
