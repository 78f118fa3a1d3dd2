"""Outcomes to rows, and rows to the layout that wins. Pure; knows no engine and no terminal.

Ratios are paired (`evaluation.paired`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from beadline.bench.layout.measure import Arm, Outcome
from beadline.engine.protocol import Layout
from beadline.evaluation import paired
from beadline.evaluation.metrics import Interval, median, share

LEAST_CASES = 500
"""Below so many the intervals are too wide for a layout to be let through: nothing is kept."""
MOST_NLL = 1.01
"""Upper bound that a layout's likelihood per byte must keep, against the plain one's."""
LEAST_MATCH = 0.9
"""Lower bound of its exact match, against the plain one's..."""
TELLING_MATCH = 0.05
"""... where that is at least so high."""


@dataclass(frozen=True)
class Row:
    """The numbers of one layout on some cases."""

    layout: str
    cases: int
    nll_per_byte: float
    """Natural units per byte: the sum over cases over the sum of bytes."""
    nll_ratio: Interval
    """Of that, against the baseline's."""
    nll_ratio_by_case: Interval
    """Of the mean over cases of each case's own likelihood per byte."""
    end_nll: float
    """Mean, of an end behind the true middle."""
    match: Interval
    """Share of answers that are the true middle."""
    match_ratio: Interval
    first_line: Interval
    """Share of answers that complete the cursor's line as the author did."""
    first_line_ratio: Interval
    tokens_per_keystroke: float
    """Mean of evaluated tokens; NaN where nothing was replayed."""
    median_tokens: float
    """Their median: within a word that is healed even the plain layout's prompt does not change."""
    passes: bool
    """Whether it may take the baseline's place."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; None for NaN."""
        values = asdict(self)
        for name, value in values.items():
            if isinstance(getattr(self, name), Interval):
                values[name] = getattr(self, name).as_dict()
            elif isinstance(value, float):
                values[name] = None if math.isnan(value) else round(value, 5)
        return values


def rows(outcomes: Sequence[Outcome], baseline: Layout) -> list[Row]:
    """One row a layout, the baseline first. No rows without outcomes."""
    if not outcomes:
        return []
    names = sorted(outcomes[0].arms, key=lambda name: name != baseline)
    plain = [outcome.arms[baseline] for outcome in outcomes]
    return [
        _row(name, outcomes, [outcome.arms[name] for outcome in outcomes], plain) for name in names
    ]


def healing_rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """One row a layout, healed against unhealed, over the mid-word cases."""
    inside = [outcome for outcome in outcomes if outcome.unhealed]
    if not inside:
        return []
    return [
        _row(name, inside, [o.arms[name] for o in inside], [o.unhealed[name] for o in inside])
        for name in inside[0].unhealed
    ]


def choose(found: Sequence[Row], outcomes: Sequence[Outcome], default: Layout) -> Row:
    """The row of the layout to be used: of those that pass, one that costs fewest tokens a
    keystroke (to whole tokens). Among several the family's default stands unless another one is
    likelier by more than the margin of the rule (the 95 % interval included); else the likeliest.
    The baseline, the first row, stands where none passes.
    """
    passing = [row for row in found[1:] if row.passes]
    if not passing:
        return found[0]
    least = min(_whole(row.tokens_per_keystroke) for row in passing)
    cheapest = [row for row in passing if _whole(row.tokens_per_keystroke) == least]
    best = min(cheapest, key=lambda row: row.nll_per_byte)
    for row in cheapest:
        if row.layout == default:
            nll = [[o.arms[each.layout].nll for o in outcomes] for each in (best, row)]
            return best if paired.ratio(*nll).high < 1 / MOST_NLL else row
    return best


def _row(name: str, outcomes: Sequence[Outcome], arms: list[Arm], plain: list[Arm]) -> Row:
    sizes = [outcome.bytes for outcome in outcomes]
    nll, plain_nll = [arm.nll for arm in arms], [arm.nll for arm in plain]
    by_byte = [value / size for value, size in zip(nll, sizes, strict=True)]
    plain_by_byte = [value / size for value, size in zip(plain_nll, sizes, strict=True)]
    ratio = paired.ratio(nll, plain_nll)
    match, plain_match = [arm.whole for arm in arms], [arm.whole for arm in plain]
    match_ratio = paired.ratio(match, plain_match)
    first, plain_first = [arm.first_line for arm in arms], [arm.first_line for arm in plain]
    ends = [arm.end_nll for arm in arms if arm.end_nll is not None]
    typed = [count for outcome in outcomes for count in outcome.keystrokes.get(name, [])]
    telling = share(plain_match).value >= TELLING_MATCH
    return Row(
        layout=name,
        cases=len(outcomes),
        nll_per_byte=sum(nll) / sum(sizes),
        nll_ratio=ratio,
        nll_ratio_by_case=paired.ratio(by_byte, plain_by_byte),
        end_nll=sum(ends) / len(ends) if ends else math.nan,
        match=share(match),
        match_ratio=match_ratio,
        first_line=share(first),
        first_line_ratio=paired.ratio(first, plain_first),
        tokens_per_keystroke=sum(typed) / len(typed) if typed else math.nan,
        median_tokens=median(typed),
        passes=ratio.high <= MOST_NLL and (not telling or match_ratio.low >= LEAST_MATCH),
    )


def _whole(value: float) -> float:
    return math.inf if math.isnan(value) else round(value)
