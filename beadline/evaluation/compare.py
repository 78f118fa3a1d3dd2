"""Compares two runs over the same holes, or the arms of one run, with paired 95 % intervals.

    python -m beadline.evaluation.compare runs BEFORE.jsonl AFTER.jsonl [--tokens N]
    python -m beadline.evaluation.compare arms CASES.jsonl RESULTS.jsonl [--category NAME]

Reads the files that `beadline evaluate` (`--results`) and `beadline evaluate completion` wrote.
Completes nothing. Holes of one file are drawn together: they are no independent observations.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from beadline.errors import BeadlineError, InputError
from beadline.evaluation import paired
from beadline.evaluation.arms import ARMS
from beadline.evaluation.cases import format as case_format
from beadline.evaluation.metrics import edit_similarity, exact_match, share
from beadline.evaluation.scores import score

ALL = "all"


def compare_runs(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], *, tokens: int = 0
) -> dict[str, Any]:
    """Exact match and edit similarity of two runs' outcomes by category, on the holes that both
    have and that have an answer; plain JSON values. `tokens`: of the second model's training, for
    its exact match per token.

    Raises `InputError` where they share no hole.
    """
    first = {str(line["id"]): line for line in before}
    pairs = [(first[str(line["id"])], line) for line in after if str(line["id"]) in first]
    pairs = [(one, two) for one, two in pairs if str(two["truth"]).strip()]
    if not pairs:
        raise InputError("The runs share no hole.", hint="Draw them with the same seed and commit.")
    groups: dict[str, list[tuple[Mapping[str, Any], Mapping[str, Any]]]] = {ALL: pairs}
    for one, two in pairs:
        groups.setdefault(str(two["category"]), []).append((one, two))
    found = {name: _pair(each) for name, each in groups.items()}
    values: dict[str, Any] = {"holes": len(pairs), "by_category": found}
    if tokens:
        exact = found[ALL]["exact_match"]["after"]["value"]
        values["exact_match_per_million_tokens"] = exact / (tokens / 1e6)
    return values


def _pair(pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, Any]:
    truths = [str(two["truth"]) for _, two in pairs]
    files = [f"{two.get('repo', '')}/{two.get('path', '')}" for _, two in pairs]
    sides = {
        "before": [str(one["prediction"]) for one, _ in pairs],
        "after": [str(two["prediction"]) for _, two in pairs],
    }
    names = sorted({name for _, two in pairs for name in two.get("baselines", {})})
    for name in names:
        sides[name] = [str(two.get("baselines", {}).get(name, "")) for _, two in pairs]
    exact = {
        side: [exact_match(p, t) for p, t in zip(texts, truths, strict=True)]
        for side, texts in sides.items()
    }
    similar = {
        side: [edit_similarity(p, t) for p, t in zip(texts, truths, strict=True)]
        for side, texts in sides.items()
    }
    return {
        "holes": len(pairs),
        "exact_match": {
            **{side: share(hits).as_dict() for side, hits in exact.items()},
            "difference": paired.difference(
                exact["after"], exact["before"], groups=files
            ).as_dict(),
            "ratio": paired.ratio(exact["after"], exact["before"], groups=files).as_dict(),
        },
        "edit_similarity": {
            **{side: round(sum(values) / len(values), 4) for side, values in similar.items()},
            "difference": paired.difference(
                similar["after"], similar["before"], groups=files
            ).as_dict(),
        },
    }


def compare_arms(
    cases: Sequence[case_format.Case], completed: Sequence[Mapping[str, Any]], *, category: str = ""
) -> dict[str, Any]:
    """Exact match of the arms of a run, and the difference of the last to each other one; plain
    JSON values. `category`: of the cases that count; empty: all.

    Raises `InputError` where no case was completed in every arm that there is.
    """
    predictions = {(str(e["arm"]), str(e["id"])): str(e["prediction"]) for e in completed}
    arms = [arm for arm in ARMS if any(own == arm for own, _ in predictions)]
    chosen = [
        case
        for case in cases
        if category in ("", case.category) and all((arm, case.id) in predictions for arm in arms)
    ]
    if not chosen or not arms:
        raise InputError("There is no case that every arm has.", hint="Name the cases of that run.")
    exact = {
        arm: [
            score(
                predictions[arm, case.id], case.middle, category=case.category,
                language=case.language,
            ).exact
            for case in chosen
        ]
        for arm in arms
    }  # fmt: skip
    files = [case.path for case in chosen]
    last = arms[-1]
    return {
        "cases": len(chosen),
        "category": category or ALL,
        "exact_match": {arm: share(hits).as_dict() for arm, hits in exact.items()},
        "differences": {
            f"{last} - {arm}": paired.difference(exact[last], exact[arm], groups=files).as_dict()
            for arm in arms[:-1]
        },
    }


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a results file behind its header. Raises `InputError`."""
    try:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as exc:
        raise InputError(f"{path} is no results file: {exc}.") from exc
    if not lines or "header" not in lines[0]:
        raise InputError(f"{path} is no results file.", hint="`--results` of evaluate writes one.")
    return lines[1:]


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison as one JSON object; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="beadline.evaluation.compare", description="Compare runs of evaluate, or arms of one."
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    runs = kinds.add_parser("runs", help="two models over the same holes")
    runs.add_argument("before", type=Path)
    runs.add_argument("after", type=Path)
    runs.add_argument("--tokens", type=int, default=0, help="training tokens of the second model")
    arms = kinds.add_parser("arms", help="the arms of one run of `evaluate completion`")
    arms.add_argument("cases", type=Path)
    arms.add_argument("results", type=Path)
    arms.add_argument("--category", default="", help="cases that count (default: all)")
    args = parser.parse_args(arguments)
    try:
        if args.kind == "runs":
            before, after = read_lines(args.before), read_lines(args.after)
            found = compare_runs(before, after, tokens=args.tokens)
        else:
            cases, completed = case_format.read(args.cases), read_lines(args.results)
            found = compare_arms(cases, completed, category=args.category)
    except BeadlineError as error:
        print(f"beadline: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
