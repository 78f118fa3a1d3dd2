"""Tells how well confidence is calibrated, and writes fitted weights. Knows files and tables.

What is computed is in `calibration`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from beadline.completion import weights
from beadline.engine.fitted import write
from beadline.engine.models import resolve
from beadline.engine.verdicts import digest
from beadline.evaluation import calibration
from beadline.evaluation.calibration import Case
from beadline.evaluation.run import Outcome
from beadline.settings import Options


def report(outcomes: Sequence[Outcome], options: Options, console: Console) -> dict[str, Any]:
    """Print how the weights in use fit a run's outcomes; the same as plain JSON values, empty
    where nothing right, or nothing wrong, was shown."""
    found = calibration.cases(outcomes)
    estimator = weights.estimator_of(resolve(options.engine.model))
    if not 0 < sum(case.right for case in found) < len(found) or not estimator.weights:
        return {}
    numbers = calibration.summary(found, [estimator.estimate(case.features) for case in found])
    print_summary(numbers, console, "confidence, by the weights in use")
    return numbers


def fit_and_write(
    outcomes: Sequence[Outcome], options: Options, target: Path | None, header: dict[str, Any]
) -> str:
    """Fit weights to outcomes and write them; one sentence on what was done.

    `target`: a file, or None for the user's own weights of this model. Raises `InputError` for
    outcomes that nothing can be fitted to, `FileError` for a file that cannot be written.
    """
    found = calibration.cases(outcomes)
    estimates = calibration.held_out(found)
    least = calibration.least_confidence(found, estimates)
    evidence = evidence_of(found, estimates, header)
    model = resolve(options.engine.model)
    path = target or weights.FILES.user_file(digest(model))
    fitted = weights.Fitted(calibration.fit(found), model.name, evidence)
    write(path, fitted.as_dict())
    return (
        f"Weights of {len(found)} suggestions, {evidence['right']} of them right, are in {path}. "
        f"completion.least_confidence = {least} keeps {calibration.KEPT:.0%} of the right ones."
    )


def evidence_of(
    found: Sequence[Case], estimates: Sequence[float], header: dict[str, Any]
) -> dict[str, Any]:
    """What a set of weights rests on; `estimates` are those on repositories left out."""
    numbers = calibration.summary(found, estimates)
    return {
        "repositories": header["repositories"],
        "seed": header["seed"],
        "code": header["code"],
        "shown": numbers["shown"],
        "right": numbers["right"],
        "auc": numbers["auc"],
        "calibration_error": numbers["calibration_error"],
        "least_confidence": calibration.least_confidence(found, estimates),
    }


def print_summary(numbers: dict[str, Any], console: Console, title: str) -> None:
    """The area under the curve, the bins, and what every threshold costs and brings."""
    console.print(
        f"{title}: {numbers['right']} of {numbers['shown']} first lines right; area under the "
        f"curve {_interval(numbers['auc'])}, calibration error "
        f"{_interval(numbers['calibration_error'])}",
        highlight=False,
    )
    table = Table(title="estimated / right, by tenths", title_justify="left", box=None)
    for heading in ("from", "to", "estimate", "right [95 %]"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in numbers["bins"]:
        table.add_row(
            f"{row['from']:.3f}", f"{row['to']:.3f}", f"{row['estimate']:.3f}",
            _interval(row["right"]),
        )  # fmt: skip
    console.print(table)
    table = Table(title="what a threshold leaves", title_justify="left", box=None)
    for heading in ("least", "right of shown", "of right ones", "of all"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in numbers["thresholds"]:
        values = (_interval(row[name]) for name in ("precision", "kept_right", "shown"))
        table.add_row(f"{row['least']:.2f}", *values)
    console.print(table)


def _interval(value: dict[str, Any]) -> str:
    if value["value"] is None:
        return "-"
    return f"{value['value']:.3f} [{value['low'] or 0:.3f}-{value['high'] or 0:.3f}]"
