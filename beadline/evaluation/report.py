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
from beadline.evaluation.tree_holes import CATEGORIES as TREE_CATEGORIES
from beadline.evaluation.typed_holes import TYPED

ANSWERED = "with an answer"
"""All holes whose truth is not empty."""
_MEASURED = ("total_ms", "context_ms", "evaluated_tokens", "generated_tokens")


def summarise(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Numbers by category, and of all holes with an answer; plain JSON values."""
    names = dict.fromkeys((*CATEGORIES, *TREE_CATEGORIES, TYPED, EMPTY))
    groups = {name: [o for o in outcomes if o.category == name] for name in names}
    groups[ANSWERED] = [o for o in outcomes if o.category != EMPTY]
    return {name: _group(group) for name, group in groups.items() if group}


def by_language(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What must hold in every language, counted; plain JSON values."""
    return {
        language: _language([o for o in outcomes if o.language == language])
        for language in sorted({o.language for o in outcomes})
    }


def _language(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    answered = [o for o in outcomes if o.category != EMPTY]
    empty = [o for o in outcomes if o.category == EMPTY]
    shown = [o for o in outcomes if o.prediction]
    trees = [o.tree for o in shown if o.tree is not None]
    return {
        "holes": len(answered),
        "shown": sum(bool(o.prediction) for o in answered),
        "adds_error": sum(o.adds_error for o in shown),
        "trees": len(trees),
        "tree_adds_error": sum(tree["adds_error"] for tree in trees),
        "tree_clean": sum(tree["clean"] for tree in trees),
        "balanced": sum(tree["balanced"] for tree in trees),
        "windows": len(outcomes),
        "windows_exact": sum(o.window_exact for o in outcomes),
        "empty": len(empty),
        "empty_silent": sum(not o.prediction for o in empty),
        "exact_match": sum(exact_match(o.prediction, o.truth) for o in answered),
        "edit_similarity": mean(
            [edit_similarity(o.prediction, o.truth) for o in answered]
        ).as_dict(),
    }


def print_languages(summary: dict[str, Any], console: Console) -> None:
    """One row a language. `errors`: by the rule of serving, asked again on a fresh tree; `tree
    errors`: more problems in a fresh tree of the whole text than without the suggestion."""
    table = Table(title="by language", title_justify="left", box=None)
    for heading in (
        "language", "holes", "shown", "errors", "tree\nerrors", "clean", "brackets\nbalance",
        "windows\nexact", "empty\nsilent", "exact\nmatch", "edit\nsimilarity",
    ):  # fmt: skip
        side = "left" if heading == "language" else "right"
        table.add_column(heading, justify=side, no_wrap=True)
    for language, row in summary.items():
        shown = row["trees"]
        table.add_row(
            language,
            str(row["holes"]),
            str(row["shown"]),
            str(row["adds_error"]),
            *(f"{row[name]}/{shown}" for name in ("tree_adds_error", "tree_clean", "balanced")),
            f"{row['windows_exact']}/{row['windows']}",
            f"{row['empty_silent']}/{row['empty']}",
            str(row["exact_match"]),
            _percent(row["edit_similarity"]),
        )
    console.print(table)


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
        "python_parses": share(
            [o.python_parses for o in shown if o.python_parses is not None]
        ).as_dict(),
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
        part = (
            f"{_percent(group['shown'])} of {group['holes']} holes with an answer shown, "
            f"{group['adds_error']} adding a syntax error"
        )
        if group["python_judged"]:
            part += (
                f" (Python's own parser: {group['python_broken']} of {group['python_judged']} "
                "that it could judge)"
            )
        parts.append(part)
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
