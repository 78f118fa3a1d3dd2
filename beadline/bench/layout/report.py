"""Rows of layouts as tables for a terminal. Knows no engine and no files."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from beadline.bench.layout import verdict
from beadline.bench.layout.measure import Outcome
from beadline.bench.layout.verdict import LEAST_MATCH, MOST_NLL, TELLING_MATCH, Row
from beadline.engine.protocol import Layout
from beadline.evaluation.metrics import Interval

WIDTH = 124
"""Columns that the tables need."""
RULE = (
    f"a layout may take PSM's place if its negative log-likelihood per byte is at most {MOST_NLL} "
    f"times PSM's (upper bound of the 95 % interval) and its exact match at least {LEAST_MATCH} of "
    f"PSM's (lower bound; from {TELLING_MATCH} of PSM's own on)"
)


def groups(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Mid-word cases and the others."""
    found = {
        "cursor in a word": [o for o in outcomes if o.mid_word],
        "cursor elsewhere": [o for o in outcomes if not o.mid_word],
    }
    return {name: group for name, group in found.items() if group}


def print_rows(found: Sequence[Row], outcomes: Sequence[Outcome], out: Console) -> None:
    """All cases, the two kinds of cursors, and token healing."""
    _table("all holes, against PSM", found, out)
    for name, group in groups(outcomes).items():
        _table(f"{name}, against PSM", verdict.rows(group, Layout.PSM), out)
    healed = verdict.healing_rows(outcomes)
    if healed:
        _table("cursor in a word, with token healing against without", healed, out)


def sentence(chosen: Row, found: Sequence[Row]) -> str:
    """The verdict in words."""
    passing = [row.layout for row in found[1:] if row.passes]
    told = ", ".join(passing) if passing else "none"
    return f"Layout: {chosen.layout}. Let through: {told}; {RULE}."


def _table(title: str, found: Sequence[Row], out: Console) -> None:
    table = Table(title=title, title_justify="left", box=None)
    for heading in (
        "layout", "holes", "nats/byte", "ratio [95 %]", "by hole [95 %]", "exact %",
        "ratio [95 %]", "line %", "tokens/key",
    ):  # fmt: skip
        side = "left" if heading == "layout" else "right"
        table.add_column(heading, justify=side, no_wrap=True)
    for row in found:
        table.add_row(
            row.layout,
            str(row.cases),
            f"{row.nll_per_byte:.4f}",
            _ratio(row.nll_ratio),
            _ratio(row.nll_ratio_by_case),
            f"{100 * row.match.value:.1f}",
            _ratio(row.match_ratio),
            f"{100 * row.first_line.value:.1f}",
            _number(row.tokens_per_keystroke),
        )
    out.print(table)
    out.print()


def _ratio(interval: Interval) -> str:
    if math.isnan(interval.value):
        return "-"
    return f"{interval.value:.3f} [{interval.low:.3f}-{interval.high:.3f}]"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1f}"
