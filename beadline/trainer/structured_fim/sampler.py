"""Draws holes of all kinds from one text, by shares. Renders nothing.

Whatever is drawn, P + M + S is the text. A hole of a structured kind is one whole node or a run of
siblings; the others are cursors within lines, places where nothing is missing, and random spans.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from beadline.context.syntax import SyntaxTree
from beadline.errors import InputError
from beadline.trainer.structured_fim import cursors, spans
from beadline.trainer.structured_fim.cursors import Lines
from beadline.trainer.structured_fim.nodes import Nodes, Span

MOST_MIDDLE = 700
"""Characters; Mellum's cap."""
LEAST_MIDDLE = 5
Mix = tuple[tuple[str, float], ...]
STRUCTURED: Mix = (
    ("node", 0.12),
    ("aligned", 0.07),
    ("part", 0.05),
    ("statement", 0.14),
    ("block", 0.05),
    ("rest_of_block", 0.06),
    ("arguments", 0.11),
    ("rest_of_line", 0.21),
    ("inside_word", 0.05),
    ("before_closer", 0.04),
    ("lines", 0.02),
    ("random", 0.03),
    ("empty", 0.05),
)
"""Shares of the kinds: 60 % structured, the rest where cursors of typing users are. Most are places
where somebody waits for an answer that can be right: the rest of a line, a statement, arguments. A
whole body is seldom completed exactly, and says what the smaller holes in it say."""
RANDOM: Mix = (("two_cuts", 1.0),)
"""What structured FIM is compared with."""
STRUCTURED_KINDS = frozenset(
    {"node", "aligned", "part", "statement", "block", "rest_of_block", "arguments"}
)
"""Kinds whose middle is one whole node or a run of siblings."""
_ATTEMPTS = 8
"""Kinds drawn until one finds a place."""


@dataclass(frozen=True)
class SamplerOptions:
    """What is drawn."""

    mix: Mix = STRUCTURED
    """Kind -> share. A kind that finds no place leaves its share to the others."""
    least: int = LEAST_MIDDLE
    most: int = MOST_MIDDLE
    """Characters of a structured middle."""
    stretch: int = 2400
    """Characters in which `two_cuts` are made: about those of a prompt's window."""


@dataclass(frozen=True)
class Hole:
    """`text[start:end]` is the middle."""

    start: int
    end: int
    kind: str


class Sampler:
    """Draws holes from one text; what it draws depends on the generator it is given alone."""

    def __init__(self, source: SyntaxTree | str, options: SamplerOptions | None = None) -> None:
        """`source`: the text's tree, or the text alone where its language has no grammar. Raises
        `InputError` for a kind that there is not."""
        self._tree = None if isinstance(source, str) else source
        self.text = source if isinstance(source, str) else source.text
        self._options = options = options or SamplerOptions()
        self._lines = Lines(self.text)
        least, most, text = options.least, options.most, self.text
        self._cuts: dict[str, Callable[[random.Random], Span | None]] = {
            "rest_of_line": lambda rng: cursors.rest_of_line(self._lines, rng),
            "inside_word": lambda rng: cursors.inside_word(self._lines, rng),
            "lines": lambda rng: cursors.some_lines(self._lines, most, rng),
            "empty": lambda rng: cursors.nothing(self._nodes, self._lines, rng),
            "random": lambda rng: cursors.random_span(text, most, rng),
            "two_cuts": lambda rng: cursors.two_cuts(text, options.stretch, rng),
        }
        if (tree := self._tree) is not None:
            self._cuts |= {
                "aligned": lambda rng: spans.run_of_siblings(tree, least, most, rng),
                "node": lambda rng: spans.node(self._read, rng),
                "part": lambda rng: spans.part(self._read, least, most, rng),
                "statement": lambda rng: spans.statement(self._read, rng),
                "block": lambda rng: spans.block(self._read, most, rng),
                "rest_of_block": lambda rng: spans.rest_of_block(self._read, most, rng),
                "arguments": lambda rng: spans.arguments(self._read, rng),
                "before_closer": lambda rng: cursors.before_closer(self._read, text, rng),
            }
        names = [kind for kind, _ in options.mix]
        known = {*self._cuts, *STRUCTURED_KINDS, "before_closer"}
        if unknown := sorted(set(names) - known):
            raise InputError(
                f"There are no holes of the kind {', '.join(unknown)}.",
                hint=f"There are {', '.join(sorted(known))}.",
            )
        mix = [(kind, share) for kind, share in options.mix if kind in self._cuts and share > 0]
        self._kinds = [kind for kind, _ in mix]
        self._shares = [share for _, share in mix]

    def draw(self, rng: random.Random) -> Hole | None:
        """One hole; None where no kind finds a place."""
        for _ in range(_ATTEMPTS if self._kinds else 0):
            kind = rng.choices(self._kinds, self._shares)[0]
            if (span := self._cuts[kind](rng)) is not None:
                return Hole(*span, kind)
        return None

    @cached_property
    def _read(self) -> Nodes:
        assert self._tree is not None
        return Nodes.of(self._tree, self._options.least, self._options.most)

    @property
    def _nodes(self) -> Nodes | None:
        return None if self._tree is None else self._read
