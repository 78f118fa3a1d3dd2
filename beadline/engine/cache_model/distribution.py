"""Counts of several orders and scopes to one distribution. Knows numbers; not where they come from.

Interpolated Witten-Bell over a lattice: a longer context goes before a shorter one, and of the same
length a nearer scope before a wider one, as in the nested caches of Hellendoorn and Devanbu (2017).
What no count claims is left over: the model that the cache is mixed with has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

ENOUGH = 0.03
"""Mass that is not looked for any more: shorter contexts would share it."""


class Scope(IntEnum):
    """Where counts come from, the widest first."""

    REPOSITORY = 0
    DIRECTORY = 1
    OPEN = 2
    BUFFER = 3


@dataclass(frozen=True)
class Counts:
    """What followed one context in one scope."""

    order: int
    """Tokens of the context."""
    scope: Scope
    followed: Mapping[int, int]
    """Tokens and how often they did, in a sample; not empty."""
    scale: float = 1.0
    """What each of the sample stands for."""

    @property
    def total(self) -> float:
        """How often the context occurs with something behind it."""
        return sum(self.followed.values()) * self.scale

    @property
    def top(self) -> int:
        """The token that followed most often."""
        return max(self.followed, key=self.followed.__getitem__)


@dataclass(frozen=True)
class Backoff:
    """How far counts are believed: by a share of 1 / (1 + escape * (T / N) ^ power), where T
    different tokens followed in N places. Witten and Bell (1991) have an escape and a power of 1.
    """

    escapes: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    """By scope, at order 1."""
    growth: float = 1.0
    """Power of the order by which escapes are divided: long contexts are seldom there by chance."""
    power: float = 1.0
    """Of the share of different tokens; below 1, once means more, and often means less."""

    def belief(self, order: int, scope: int, total: float, different: float) -> float:
        """The share, between 0 and 1."""
        escape = self.escapes[scope] / order**self.growth
        return 1.0 / (1.0 + escape * (different / total) ** self.power)


@dataclass(frozen=True)
class Mixture:
    """A distribution over some tokens, and what is left over."""

    mass: dict[int, float]
    """Probabilities by token, all above 0."""
    rest: float
    """1 less their sum."""
    nearest: Counts
    """Of the longest context, in the nearest scope that has it."""
    seen: tuple[Counts, ...]
    """All that was looked at, the nearest first."""

    @property
    def top(self) -> int:
        """The likeliest token."""
        return max(self.mass, key=self.mass.__getitem__)


def mix(lattice: Iterable[Counts], backoff: Backoff, *, enough: float = ENOUGH) -> Mixture | None:
    """The distribution of counts that come from the longest context and nearest scope on.

    They are asked for until less than `enough` is left to share. None where there are none.
    """
    mass: dict[int, float] = {}
    before = mass.get
    rest = 1.0
    seen: list[Counts] = []
    for counts in lattice:
        seen.append(counts)
        followed = counts.followed
        sampled = sum(followed.values())
        belief = backoff.belief(counts.order, counts.scope, sampled * counts.scale, len(followed))
        share = rest * belief / sampled
        for token, count in followed.items():
            mass[token] = before(token, 0.0) + share * count
        rest *= 1.0 - belief
        if rest < enough:
            break
    return Mixture(mass, rest, seen[0], tuple(seen)) if seen else None
