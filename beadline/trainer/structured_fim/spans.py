"""Structured middles: one whole node, or a run of siblings. Knows no lines and no cursors.

Every function draws one span by the generator it is given; None where the text has no such place.
"""

from __future__ import annotations

import random

from beadline.context.syntax import SyntaxTree
from beadline.trainer.structured_fim.nodes import Nodes, Span, aligned

_SHORTEST = 20
"""Characters of a random span that a run is aligned to, and its share of the text at most, as in
AST-FIM's public re-implementation."""
_SHARE = 4
_TRIES = 4


def node(nodes: Nodes, rng: random.Random) -> Span | None:
    """One node, drawn by its length (AST-FIM's single-node masking)."""
    if not nodes.single:
        return None
    return rng.choices(nodes.single, cum_weights=nodes.weights)[0]


def run_of_siblings(tree: SyntaxTree, least: int, most: int, rng: random.Random) -> Span | None:
    """The run of siblings that fits a random span best (AST-FIM's aligned-span masking)."""
    size = len(tree.text)
    if size < 2 * _SHORTEST:
        return None
    length = rng.randint(_SHORTEST, max(_SHORTEST, min(most, size // _SHARE)))
    start = rng.randrange(size - length + 1)
    return aligned(tree, start, start + length, least, most)


def part(nodes: Nodes, least: int, most: int, rng: random.Random) -> Span | None:
    """Some of the children of a construct with a body, as aiXcoder-7B's example cuts the condition
    and the colon out of an `if`: in half of the draws what stands between its first word and its
    body, else any run behind the first word."""
    for _ in range(_TRIES if nodes.compounds else 0):
        compound = rng.choice(nodes.compounds)
        spans = compound.children
        if rng.random() < 0.5:
            first, last = 1, compound.body - 1
        else:
            first = rng.randrange(1, len(spans))
            last = rng.randrange(first, len(spans))
        if first > last:
            continue
        start, end = spans[first][0], spans[last][1]
        if least <= end - start <= most:
            return start, end
    return None


def statement(nodes: Nodes, rng: random.Random) -> Span | None:
    """A statement of one line."""
    return rng.choice(nodes.statements) if nodes.statements else None


def block(nodes: Nodes, most: int, rng: random.Random) -> Span | None:
    """All that a body holds."""
    return _rest(nodes, most, rng, whole=True)


def rest_of_block(nodes: Nodes, most: int, rng: random.Random) -> Span | None:
    """From a statement of a body to the body's end: what is above it, a docstring say, is written
    already."""
    return _rest(nodes, most, rng, whole=False)


def arguments(nodes: Nodes, rng: random.Random) -> Span | None:
    """What a call has between its parentheses."""
    return rng.choice(nodes.arguments) if nodes.arguments else None


def _rest(nodes: Nodes, most: int, rng: random.Random, *, whole: bool) -> Span | None:
    for _ in range(_TRIES if nodes.bodies else 0):
        body = rng.choice(nodes.bodies)
        if not whole and len(body) < 2:
            continue
        first = 0 if whole else rng.randrange(1, len(body))
        start, end = body[first][0], body[-1][1]
        if end - start <= most:
            return start, end
    return None
