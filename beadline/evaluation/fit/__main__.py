"""`python -m beadline.evaluation.fit REPO...`: arguments and the file of weights. Fits nothing.

For those who work on beadline: the packaged `context/retrieval/weights.json` was made with it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from beadline.completion.frames import CHARS_PER_TOKEN
from beadline.context.retrieval.weights import Weights, packaged
from beadline.errors import BeadlineError, InputError
from beadline.evaluation.cases.format import Case
from beadline.evaluation.commands import common
from beadline.evaluation.fit.search import Fitted, Values, fit
from beadline.evaluation.fit.worth import Worth
from beadline.evaluation.indexed import indexed
from beadline.evaluation.sources import repository_name
from beadline.settings import ContextOptions

_ROOMS = (ContextOptions().snippet_tokens * CHARS_PER_TOKEN, 6000)
"""What is served by default, and what recall is reported at."""


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(
        prog="python -m beadline.evaluation.fit", description="Fit the weights of fusion."
    )
    made.add_argument("repositories", metavar="REPO", type=Path, nargs="+")
    made.add_argument("--output", metavar="FILE", type=Path, required=True)
    made.add_argument("--rounds", metavar="N", type=int, default=6)
    made.add_argument("--trials", metavar="N", type=int, default=12, help="sets in a round")
    made.add_argument("--commit", default="HEAD")
    common.add_drawing(made, scenarios=0)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return the exit code."""
    args = parser().parse_args(arguments)
    if min(args.rounds, args.trials) < 1:
        raise InputError("There has to be a round, and a trial in it.")
    console = common.console()
    with ExitStack() as stack:
        drawn: list[tuple[Path, list[Case]]] = []
        for path in args.repositories:
            one = argparse.Namespace(**{**vars(args), "repository": path})
            copy = stack.enter_context(common.copied(one))
            drawn.append((copy.folder, common.cases_of(one, copy, console)[0]))
        tell = stack.enter_context(common.progress(console))
        groups: list[Worth] = []
        for folder, cases in drawn:
            workspace = stack.enter_context(indexed(folder, ContextOptions(), tell))
            groups.append(Worth(folder, workspace, cases, _ROOMS))

        def evaluate(sets: Sequence[Weights]) -> list[Values]:
            by_group: list[list[dict[str, float]]] = []
            for number, group in enumerate(groups, start=1):
                by_group.append(group.of(sets))
                tell(f"{len(sets)} sets", number, len(groups))
            return [[values[number] for values in by_group] for number in range(len(sets))]

        def keep(found: Fitted) -> None:
            write(args.output, found, evidence(args, found, [group.count for group in groups]))

        fitted = fit(
            packaged(), evaluate, rounds=args.rounds, trials=args.trials, seed=args.seed,
            tell=console.print, keep=keep,
        )  # fmt: skip
    console.print(f"{fitted.before:.4f} -> {fitted.value:.4f}: {args.output}")
    return 0


def evidence(args: argparse.Namespace, fitted: Fitted, counts: Sequence[int]) -> dict[str, Any]:
    """What stands beside the weights about how they came to be."""
    names = [repository_name(path) for path in args.repositories]
    return {
        "method": "beadline.evaluation.fit: (1 + lambda) evolution strategy from the last weights",
        "objective": "mean by repository of: share of needed signatures and share of the middle's "
        "unseen identifiers in the snippets",
        "cases": dict(zip(names, counts, strict=True)),
        "rooms": list(_ROOMS),
        "seed": args.seed,
        "drawn": {"calls": args.calls, "per_category": args.per_category},
        "sets_tried": fitted.tried,
        "before": round(fitted.before, 4),
        "after": round(fitted.value, 4),
        "date": datetime.now(UTC).date().isoformat(),
    }


def write(path: Path, fitted: Fitted, about: dict[str, Any]) -> None:
    """Write a file of weights. Raises `InputError`."""
    try:
        path.write_text(
            json.dumps({**asdict(fitted.weights), "evidence": about}, indent=1) + "\n", "utf-8"
        )
    except OSError as exc:
        raise InputError(f"{path} cannot be written: {exc}.", hint="Choose another file.") from exc


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BeadlineError as exc:
        sys.exit(f"beadline: {exc}")
