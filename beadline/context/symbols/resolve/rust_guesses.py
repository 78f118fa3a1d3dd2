"""What a Rust receiver may be, and which of its methods can be called. Knows no expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from beadline.context.symbols.graph import Graph
from beadline.context.symbols.resolve.likely import distance
from beadline.context.symbols.types import FileSymbols, Located

_SELF = re.compile(r"\(\s*(?P<by>&\s*(?:'\w+\s+)?(?:mut\s+)?|mut\s+)?self\b(?!\s*:)")
_GIVES_ITSELF = re.compile(r"->\s*(?:&\s*(?:'\w+\s+)?(?:mut\s+)?)?Self\b")
_MUTABLE = re.compile(r"&\s*(?:'\w+\s+)?mut\b")
_CHAINED = 1.0
"""For a method that gives its type back, in a chain of calls."""
_BORROWED = -1.5
"""For a method that a reference cannot be asked for."""
_SHORTEST = 2
"""Characters of an abbreviation."""
_MOST = 2
"""Types that a name is read as."""


def held_self(signature: str) -> str:
    """What `self` is in a method with this header."""
    match = _SELF.search(signature)
    return f"{match['by'] or ''}Self" if match else ""


def fitness(located: Located, receiver: str, held: str) -> float:
    """What the way a receiver is held says for a method: `held` is its type as written. Behind `&`
    nothing can be changed or taken; a chain that begins with a call is one of a builder as a
    rule."""
    signature = located.definition.signature
    match = _SELF.search(signature)
    if match is None:
        return 0.0
    by = match["by"] or ""
    takes = not by.startswith("&")
    changes = "&" in by and "mut" in by
    if held.startswith("&") and (takes or (changes and not _MUTABLE.match(held))):
        return _BORROWED
    if receiver.endswith(")") and _GIVES_ITSELF.search(signature):
        return _CHAINED
    return 0.0


def called_like(name: str, file: FileSymbols, graph: Graph) -> Iterator[str | Located]:
    """What a value called `name` may be: names of types that the file knows, those whose end it is
    (`entry` of a `DirEntry`) or that it shortens (`cmd` of a `Command`), then types of the
    workspace, the nearest first."""
    plain = name.strip("_").rstrip("0123456789")
    words = [word for word in plain.split("_") if word]
    if not words or len(plain) < _SHORTEST:
        return
    tails = ["".join(each[:1].upper() + each[1:] for each in words[i:]) for i in range(len(words))]
    for tail in tails:
        yield tail
    known = [each.name for each in file.definitions if not each.owner]
    known += [each.alias for each in file.imports]
    types = [each for each in dict.fromkeys(known) if each[:1].isupper() and each not in tails]
    yield from [each for each in types if each.endswith(tails[-1])][:_MOST]
    short = words[-1]
    yield from [each for each in types if _shortens(short, each)][:_MOST]
    for tail in tails[:_MOST]:
        found = [
            each for each in graph.named(tail, group="rust", limit=16) if each.path != file.path
        ]
        yield from sorted(found, key=lambda each: distance(file.path, each.path))[:1]


def _shortens(short: str, name: str) -> bool:
    """The letters of `short` stand in a name in that order, from its first one on."""
    letters = iter(name.lower())
    return short[0] == name[0].lower() and all(each in letters for each in short)
