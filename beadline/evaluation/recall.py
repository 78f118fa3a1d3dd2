"""Turns what retrieval brought into shares and times. Knows no repository and no table.

A *labelled* case is one whose needed definitions are known. Its recall is the share of them that
the snippets hold; of a call, which needs one, 0 or 1. Over all sampled calls, those without a label
count as missed: what cannot be checked is no success.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from beadline.evaluation.cases.format import CROSS_FILE_CALL
from beadline.evaluation.metrics import Interval, mean, quantile, share
from beadline.evaluation.retrieval import BASELINES, COLD, TYPED, Arm, Held, Measured


def summarise(measured: Sequence[Measured]) -> dict[str, Any]:
    """All numbers of a run; plain JSON values, null where there is nothing to count."""
    return {
        **_arm(measured, COLD),
        "typed": {
            **_arm(measured, TYPED),
            "older_snippets": _rounded(share([m.arms[TYPED].older for m in measured]).value),
        },
        "baselines": {name: _arm(measured, name) for name in BASELINES},
    }


def _arm(measured: Sequence[Measured], arm: str) -> dict[str, Any]:
    times = [m.arms[arm].ms for m in measured]
    return {
        **_scores(measured, arm),
        "p50_ms": _rounded(quantile(times, 0.5)),
        "p95_ms": _rounded(quantile(times, 0.95)),
        "by_category": _grouped(measured, arm, lambda m: m.category),
        "by_language": _grouped(measured, arm, lambda m: m.language),
        "by_source": _sources(measured, arm),
    }


def _grouped(
    measured: Sequence[Measured], arm: str, key: Callable[[Measured], str]
) -> dict[str, Any]:
    names = sorted({key(m) for m in measured})
    return {name: _scores([m for m in measured if key(m) == name], arm) for name in names}


def _scores(measured: Sequence[Measured], arm: str) -> dict[str, Any]:
    labelled = [m for m in measured if m.symbols]
    values: dict[str, Any] = {"cases": len(measured), "labelled": len(labelled)}
    for name, of in (("signature", _signatures), ("name", _names)):
        recalls = [_recall(m, m.arms[arm].snippets, of) for m in labelled]
        interval = _interval(recalls)
        values[f"{name}_recall"] = _rounded(interval.value)
        values[f"{name}_recall_interval"] = [_rounded(interval.low), _rounded(interval.high)]
        calls = [m for m in measured if m.category == CROSS_FILE_CALL]
        lower = [_recall(m, m.arms[arm].snippets, of) if m.symbols else 0.0 for m in calls]
        values[f"{name}_recall_all_calls"] = _rounded(_interval(lower).value)
    snippets = [held for m in labelled for held in m.arms[arm].snippets]
    values["precision"] = _rounded(share([bool(held.signatures) for held in snippets]).value)
    characters = sum(held.chars for held in snippets)
    useful = sum(held.chars for held in snippets if held.signatures)
    values["precision_characters"] = _rounded(useful / characters) if characters else None
    values["characters"] = _rounded(mean([_size(m.arms[arm]) for m in measured]).value)
    return values


def _sources(measured: Sequence[Measured], arm: str) -> dict[str, Any]:
    """By what found a snippet: how often its snippets hold what is needed, and how often no other
    snippet does."""
    labelled = [m for m in measured if m.symbols]
    found: dict[str, Any] = {}
    for source in sorted({held.source for m in measured for held in m.arms[arm].snippets}):
        own = {m.id: [h for h in m.arms[arm].snippets if h.source == source] for m in labelled}
        others = {m.id: [h for h in m.arms[arm].snippets if h.source != source] for m in labelled}
        snippets = [held for m in labelled for held in own[m.id]]
        alone = [
            _recall(m, own[m.id], _signatures) > 0 and not _recall(m, others[m.id], _signatures)
            for m in labelled
        ]
        found[source] = {
            "snippets": sum(
                held.source == source for m in measured for held in m.arms[arm].snippets
            ),
            "signature_recall": _rounded(
                _interval([_recall(m, own[m.id], _signatures) for m in labelled]).value
            ),
            "name_recall": _rounded(
                _interval([_recall(m, own[m.id], _names) for m in labelled]).value
            ),
            "only_here": _rounded(share(alone).value),
            "precision": _rounded(share([bool(held.signatures) for held in snippets]).value),
        }
    return found


def _signatures(held: Held) -> Iterable[int]:
    return held.signatures


def _names(held: Held) -> Iterable[int]:
    return held.names


def _recall(
    measured: Measured, snippets: Iterable[Held], of: Callable[[Held], Iterable[int]]
) -> float:
    return len({number for held in snippets for number in of(held)}) / measured.symbols


def _interval(recalls: Sequence[float]) -> Interval:
    """Wilson's where each is 0 or 1, else a bootstrap."""
    if all(recall in (0.0, 1.0) for recall in recalls):
        return share([recall == 1.0 for recall in recalls])
    return mean(recalls)


def _size(arm: Arm) -> int:
    return sum(held.chars for held in arm.snippets)


def _rounded(value: float) -> float | None:
    return round(value, 4) if value == value else None  # NaN: nothing to count
