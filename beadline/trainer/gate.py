"""Decides whether a tuned model is used: it must win here and forget nothing elsewhere. Pure.

Knows the numbers of `evaluation.proof`, `evaluation.forgetting` and `trainer.memorisation`; knows
no model, no file and no report. Intervals decide, never the values alone: what could be chance is
no win, and what could be a loss elsewhere is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from beadline.evaluation.proof import SERVED


class Verdict(StrEnum):
    """What became of a tuned model."""

    ACTIVATED = "activated"
    """It wins and does not forget."""
    LEAKS = "leaks secrets"
    NOT_ENOUGH = "not enough evidence"
    """Too few holes, here or elsewhere, to tell."""
    NO_WIN = "no win"
    """Enough holes, and no win to be seen."""
    FORGETS = "forgets"
    """It may have become worse at other code."""


@dataclass(frozen=True)
class Rule:
    """When a tuned model is used."""

    least_holes: int = 200
    """Held-out holes, at least."""
    least_groups: int = 10
    """Files and commits that they are from: holes of one file are one observation in many parts."""
    least_control: int = 200
    """Holes of code that is not the repository's."""
    most_forgetting: float = 0.02
    """By how much the negative log-likelihood per byte of the true middle may rise there: upper
    bound of its 95 % interval, as a share."""


@dataclass(frozen=True)
class Decision:
    """A verdict, with all there is to say for it."""

    verdict: Verdict
    reasons: tuple[str, ...]
    """Sentences; the first one says what decided."""

    @property
    def activates(self) -> bool:
        """Whether the tuned model is used from now on."""
        return self.verdict is Verdict.ACTIVATED

    @property
    def sentence(self) -> str:
        """The verdict and what decided, in one sentence."""
        return f"{self.verdict[0].upper()}{self.verdict[1:]}: {self.reasons[0]}"

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"verdict": str(self.verdict), "reasons": list(self.reasons)}


def decide(
    proof: Mapping[str, Any],
    forgetting: Mapping[str, Any],
    memorised: Mapping[str, Any],
    rule: Rule | None = None,
) -> Decision:
    """The verdict on the summaries of a run. What is served decides: the arm with snippets."""
    rule = rule or Rule()
    served = proof[SERVED]
    gain, ratio = served["exact_match_gain"], forgetting["nll_ratio"]
    few = too_few(served["holes"], served["groups"], forgetting["holes"], rule)
    won = gain["low"] is not None and gain["low"] > 0
    kept = ratio["high"] is not None and ratio["high"] <= 1 + rule.most_forgetting
    if leaks := _leaks(memorised):
        verdict, first = Verdict.LEAKS, leaks
    elif few:
        verdict, first = Verdict.NOT_ENOUGH, few
    elif not won:
        verdict, first = Verdict.NO_WIN, _won(served)
    elif not kept:
        verdict, first = Verdict.FORGETS, _kept(forgetting, rule)
    else:
        verdict, first = Verdict.ACTIVATED, _won(served)
    others = (_won(served), _kept(forgetting, rule))
    return Decision(verdict, tuple(dict.fromkeys((first, *filter(None, others)))))


def too_few(holes: int, groups: int, control: int, rule: Rule | None = None) -> str:
    """What there is too little of for any verdict, in a sentence; empty when nothing is. Known
    before anything is trained: held-out holes, the files and commits that they are from, and
    holes of other code."""
    rule = rule or Rule()
    if holes < rule.least_holes:
        return (
            f"{holes} held-out holes say too little, {rule.least_holes} are needed: the "
            "repository is too small, or has too little history."
        )
    if groups < rule.least_groups:
        return (
            f"the held-out holes are of {groups} files only, {rule.least_groups} are needed: the "
            "repository has too little history."
        )
    if control < rule.least_control:
        return (
            f"{control} holes of installed packages say too little of what was forgotten, "
            f"{rule.least_control} are needed."
        )
    return ""


def _leaks(memorised: Mapping[str, Any]) -> str:
    told = [
        f"{len(places)} secrets {what} ({', '.join(places[:3])}{', ...' if places[3:] else ''})"
        for what, places in (
            ("stand in the training data", memorised["in_data"]),
            ("are written by the tuned model", memorised["completed"]),
        )
        if places
    ]
    return f"{' and '.join(told)}." if told else ""


def _won(served: Mapping[str, Any]) -> str:
    """The win, or what there is of it."""
    gain, ratio = served["exact_match_gain"], served["exact_match_ratio"]
    if gain["value"] is None:
        return ""
    times = ""
    if ratio["value"] is not None:
        times = f", {ratio['value']:.2f} times [{_number(ratio['low'])}-{_number(ratio['high'])}]"
    return (
        f"{served['holes']} held-out holes, exact match "
        f"{100 * served['base']['exact_match']['value']:.1f} % before and "
        f"{100 * served['tuned']['exact_match']['value']:.1f} % after: "
        f"{100 * gain['value']:+.1f} points "
        f"[{100 * gain['low']:+.1f} to {100 * gain['high']:+.1f}]{times}."
    )


def _kept(forgetting: Mapping[str, Any], rule: Rule) -> str:
    """What was forgotten elsewhere."""
    ratio = forgetting["nll_ratio"]
    if ratio["value"] is None or ratio["high"] is None:
        return ""
    return (
        f"On {forgetting['holes']} holes of other code the loss changes by "
        f"{100 * (ratio['value'] - 1):+.1f} % "
        f"[{100 * (ratio['low'] - 1):+.1f} to {100 * (ratio['high'] - 1):+.1f}]; "
        f"at most {100 * rule.most_forgetting:+.1f} % is let through."
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
