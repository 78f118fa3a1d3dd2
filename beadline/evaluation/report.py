"""Turns outcomes into numbers and a table. Knows no engine and no repository."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from beadline.evaluation.baselines import BASELINES
from beadline.evaluation.holes import CATEGORIES, EMPTY
from beadline.evaluation.metrics import (
    Interval,
    edit_similarity,
    exact_match,
    mean,
    median,
    share,
)
from beadline.evaluation.run import Outcome

ANSWERED = "with an answer"
"""All holes whose truth is not empty."""
_MEASURED = ("total_ms", "context_ms", "evaluated_tokens", "generated_tokens")


def summarise(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Numbers by category, and of all holes with an answer; plain JSON values."""
    groups = {name: [o for o in outcomes if o.category == name] for name in (*CATEGORIES, EMPTY)}
    groups[ANSWERED] = [o for o in outcomes if o.category != EMPTY]
    return {name: _group(group) for name, group in groups.items() if group}


def _group(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    shown = [o for o in outcomes if o.prediction]
    judged = [o for o in shown if o.python_broken is not None]
    reasons: dict[str, int] = {}
    for outcome in outcomes:
        if outcome.silent_reason:
            reasons[outcome.silent_reason] = reasons.get(outcome.silent_reason, 0) + 1
    asked = [o for o in outcomes if o.trace.get("answered_from") == "model"]
    return {
        "holes": len(outcomes),
        "shown": share([bool(o.prediction) for o in outcomes]).as_dict(),
        "silent_reasons": dict(sorted(reasons.items(), key=lambda item: -item[1])),
        "adds_error": sum(o.adds_error for o in shown),
        "python_parses": share([o.python_parses for o in shown]).as_dict(),
        "python_broken": sum(bool(o.python_broken) for o in judged),
        "python_judged": len(judged),
        "arms": {
            "model": _scores(outcomes, lambda o: o.prediction),
            "model, where shown": _scores(shown, lambda o: o.prediction),
            **{name: _scores(outcomes, _baseline(name)) for name in BASELINES},
        },
        **{f"median_{name}": _median(asked, name) for name in _MEASURED},
    }


def _median(outcomes: Sequence[Outcome], name: str) -> float | None:
    return median([o.trace[name] for o in outcomes]) if outcomes else None


def _baseline(name: str) -> Callable[[Outcome], str]:
    return lambda outcome: outcome.baselines[name]


def _scores(outcomes: Sequence[Outcome], predict: Callable[[Outcome], str]) -> dict[str, Any]:
    pairs = [(predict(o), o.truth) for o in outcomes]
    return {
        "exact_match": share([exact_match(p, t) for p, t in pairs]).as_dict(),
        "edit_similarity": mean([edit_similarity(p, t) for p, t in pairs]).as_dict(),
    }


def print_table(summary: dict[str, Any], console: Console) -> None:
    """Exact match and edit similarity of every arm, and how often something was shown."""
    table = Table(
        title="exact match [95 % interval] / edit similarity, in %", title_justify="left", box=None
    )
    table.add_column("category", no_wrap=True)
    for name in ("holes", "shown", "errors", "model", *BASELINES):
        table.add_column(name, justify="right", no_wrap=name == "model")
    for category, group in summary.items():
        arms = group["arms"]
        table.add_row(
            category,
            str(group["holes"]),
            _percent(group["shown"]),
            str(group["adds_error"]),
            _arm(arms["model"], interval=True),
            *(_arm(arms[name]) for name in BASELINES),
            style="bold" if category == ANSWERED else "",
        )
    console.print(table)
    for category, group in summary.items():
        reasons = ", ".join(f"{name} {count}" for name, count in group["silent_reasons"].items())
        if reasons:
            console.print(f"silent, {category}: {reasons}", style="dim", highlight=False)


def verdict(summary: dict[str, Any]) -> str:
    """One line: how much is shown where there is an answer, how much is silent where not."""
    parts: list[str] = []
    if ANSWERED in summary:
        group = summary[ANSWERED]
        parts.append(
            f"{_percent(group['shown'])} of {group['holes']} holes with an answer shown, "
            f"{group['adds_error']} adding a syntax error (Python's own parser: "
            f"{group['python_broken']} of {group['python_judged']} that it could judge)"
        )
    if EMPTY in summary:
        group = summary[EMPTY]
        silent = Interval(1 - group["shown"]["value"], 0, 0, group["holes"])
        parts.append(f"{_percent(silent.as_dict())} of {group['holes']} empty holes silent")
    return "; ".join(parts)


def _percent(interval: dict[str, Any]) -> str:
    value = interval["value"]
    return "-" if value is None else f"{100 * value:.1f} %"


def _arm(scores: dict[str, Any], *, interval: bool = False) -> str:
    match, similarity = scores["exact_match"], scores["edit_similarity"]
    if match["value"] is None:
        return "-"
    bounds = f" [{100 * match['low']:.1f}-{100 * match['high']:.1f}]" if interval else ""
    return f"{100 * match['value']:.1f}{bounds} / {100 * similarity['value']:.1f}"
