"""What becomes of a repository's arrays when files change. Knows tokens and paths; no disk.

A change goes into the overlay, which is built anew each time; the file's place in the base is
dead. When too much is either, one base is built of all that counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from beadline.engine.cache_model.array import TokenText
from beadline.engine.cache_model.search import Index
from beadline.engine.cache_model.store import Arrays

SHARE = 0.1
"""Of the base's tokens: as many may be in the overlay, or dead, before all is built anew."""
LEAST = 50_000
"""Tokens below which building anew is not waited with: it takes milliseconds."""


@dataclass(frozen=True)
class Plan:
    """Texts of the arrays that are to be."""

    base: tuple[TokenText, ...] | None
    """None: the base stays."""
    overlay: tuple[TokenText, ...]
    dead: tuple[str, ...]
    """Paths of the base that do not count."""


def plan(arrays: Arrays, put: Mapping[str, TokenText], dropped: Collection[str]) -> Plan:
    """After the texts in `put` came, by their paths, or changed, and `dropped` went."""
    gone = {*put, *dropped}
    overlay = [text for text in texts_of(arrays.overlay) if text.path not in gone]
    overlay += put.values()
    base = arrays.base
    spans = base.spans if base is not None else ()
    superseded = arrays.dead | gone | {text.path for text in overlay}
    dead = {span.path for span in spans if span.path in superseded}
    spent = sum(len(text.tokens) for text in overlay)
    spent += sum(span.end - span.start for span in spans if span.path in dead)
    if base is not None and len(base) > LEAST and spent <= SHARE * len(base):
        return Plan(None, tuple(overlay), tuple(sorted(dead)))
    alive = [text for text in texts_of(base) if text.path not in dead]
    return Plan((*alive, *overlay), (), ())


def texts_of(index: Index | None) -> Iterable[TokenText]:
    """The files of an index."""
    if index is not None:
        for span in index.spans:
            yield TokenText(span.path, span.version, index.tokens(span))
