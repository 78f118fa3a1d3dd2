"""Writes what a training came to as Markdown. Knows numbers and words; measures nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from beadline.evaluation.heldout import COMMIT, FILE, Plan
from beadline.evaluation.proof import ALONE, BASE, SERVED, TUNED
from beadline.trainer.evidence import Evidence
from beadline.trainer.gate import Decision, Rule

_ARMS = {
    SERVED: "with snippets, as served",
    ALONE: "without snippets",
}
_SOURCES: Mapping[str, str] = {FILE: "files held out", COMMIT: "later commits"}
_NOTHING = "-"
_HEADINGS = (
    "", "holes", "exact match before", "after", "gain in points", "ratio", "edit similarity",
    "identifier F1", "loss",
)  # fmt: skip


def markdown(
    plan: Plan,
    evidence: Evidence,
    decision: Decision,
    *,
    facts: Mapping[str, str],
    corpus: Mapping[str, Any] | None = None,
    rule: Rule | None = None,
) -> str:
    """The whole report. `facts`: what stands in its first table, by name (model, method, time...);
    `corpus`: `trainer.corpus.types.Report.as_dict`."""
    parts = [
        f"# {plan.repo}: {decision.verdict}",
        " ".join(decision.reasons),
        _table(("", ""), [(name, _cell(value)) for name, value in {**facts, **_of(plan)}.items()]),
        *_proof(evidence.proof),
        *_forgetting(evidence.forgetting),
        *_memorised(evidence.memorised),
        *(_corpus(corpus) if corpus else ()),
        *_rule(rule or Rule()),
    ]
    return "\n\n".join(parts) + "\n"


def _of(plan: Plan) -> dict[str, str]:
    """What was held out."""
    found = {"trained on": plan.cut[:12]}
    if plan.commits:
        found["later commits held out"] = f"{len(plan.commits)}, to {plan.commits[-1][:12]}"
    found["files held out"] = str(len(plan.files))
    found["seed"] = str(plan.seed)
    return found


def _proof(proof: Mapping[str, Any]) -> Iterator[str]:
    yield "## On held-out code"
    yield (
        "Before is the model as it was, after the tuned one. Exact match and similarities in %, "
        "loss in nats per byte of the true middle; intervals of 95 %, paired, over files and "
        "commits."
    )
    for arm, title in _ARMS.items():
        if arm not in proof:
            continue
        yield f"### {title[0].upper()}{title[1:]}"
        yield _table(_HEADINGS, list(_rows(proof[arm])))


def _rows(values: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    yield _row("all", values, interval=True)
    for name, group in values["by_category"].items():
        yield _row(name.replace("_", " "), group)
    for name, group in values["by_source"].items():
        yield _row(_SOURCES.get(name, name), group)
    if len(values["by_language"]) > 1:
        for name, group in values["by_language"].items():
            yield _row(name, group)


def _row(name: str, values: Mapping[str, Any], *, interval: bool = False) -> Sequence[str]:
    before, after = values[BASE], values[TUNED]
    gain, ratio = values["exact_match_gain"], values["exact_match_ratio"]
    return (
        f"**{name}**" if interval else name,
        str(values["holes"]),
        _percent(before["exact_match"]["value"]),
        _percent(after["exact_match"]["value"]),
        _interval(gain, lambda value: f"{100 * value:+.1f}"),
        _interval(ratio, lambda value: f"{value:.2f}"),
        _change(before, after, "edit_similarity"),
        _change(before, after, "identifier_f1"),
        f"{_number(before['nll_per_byte'])} to {_number(after['nll_per_byte'])}",
    )


def _change(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> str:
    return f"{_percent(before[name]['value'])} to {_percent(after[name]['value'])}"


def _forgetting(values: Mapping[str, Any]) -> Iterator[str]:
    yield "## On other code"
    named = ", ".join(values["repositories"])
    of = f" ({named})" if named else ""
    yield (
        f"{values['holes']} holes of code that no training reads{of}: loss in nats per byte of the "
        "true middle, and the ratio of after to before."
    )
    rows = [
        (
            name.replace("_", " "),
            str(group["holes"]),
            _number(group[BASE]["nll_per_byte"]),
            _number(group[TUNED]["nll_per_byte"]),
            _interval(group["nll_ratio"], lambda value: f"{value:.3f}"),
        )
        for name, group in {"**all**": values, **values["by_category"]}.items()
    ]
    yield _table(("", "holes", "before", "after", "ratio"), rows)


def _memorised(values: Mapping[str, Any]) -> Iterator[str]:
    yield "## Secrets"
    yield (
        f"{values['planted']} planted for this training and {values['found']} found in the "
        f"repository: {_places(values['in_data'])} in what was trained on, "
        f"{_places(values['completed'])} written by the tuned model."
    )


def _places(places: Sequence[str]) -> str:
    if not places:
        return "none"
    return f"**{len(places)}** ({', '.join(_code(place) for place in places)})"


def _corpus(values: Mapping[str, Any]) -> Iterator[str]:
    yield "## What it was trained on"
    yield (
        f"{values['files']:,} files with {values['characters']:,} characters of {values['source']}."
    )
    rows = [
        (step["name"], f"{step['files']:,}", f"{step['kept']:,}", _counts(step))
        for step in values["steps"]
    ]
    yield _table(("step", "files", "kept", "what it did"), rows)
    if values["notes"]:
        yield "\n".join(f"- {_cell(note)}" for note in values["notes"])


def _counts(step: Mapping[str, Any]) -> str:
    told = [
        f"{words} {name} {count:,}"
        for key, words in (("dropped", "left out:"), ("changed", "replaced:"), ("noted", "noted:"))
        for name, count in step.get(key, {}).items()
    ]
    return _cell("; ".join(told)) or _NOTHING


def _rule(rule: Rule) -> Iterator[str]:
    yield "## The rule"
    yield (
        "A tuned model is used when the interval of its gain in exact match, as served, lies above "
        "zero, when its loss on other code rises by at most "
        f"{100 * rule.most_forgetting:g} % (upper bound), and when it knows no secret. At least "
        f"{rule.least_holes} held-out holes of {rule.least_groups} files or commits, and "
        f"{rule.least_control} holes of other code, are needed to say so."
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _interval(values: Mapping[str, Any], shown: Callable[[float], str]) -> str:
    if values["value"] is None:
        return _NOTHING
    if values["low"] is None or values["high"] is None:
        return shown(values["value"])
    return f"{shown(values['value'])} [{shown(values['low'])} to {shown(values['high'])}]"


def _percent(value: float | None) -> str:
    return _NOTHING if value is None else f"{100 * value:.1f}"


def _number(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.4f}"


def _cell(text: str) -> str:
    """Text that stays in one cell of a table."""
    return " ".join(text.replace("|", "\\|").split())


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"
