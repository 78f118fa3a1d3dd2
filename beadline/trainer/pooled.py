"""Compares several adapters with their base over all of their repositories' holes together.

    python -m beadline.trainer.pooled --pair REPO HELD-OUT ADAPTER [--pair ...] --control REPO...

One repository has too few holes for narrow intervals; a claim about the method, and not about one
adapter, pools them. Answers that the trainings have kept beside their held-out holes are taken from
there. Decides nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from beadline import __version__, settings
from beadline.engine.adapter_store import MANIFEST_FILE
from beadline.evaluation import forgetting, heldout, proof
from beadline.evaluation.commands.common import console, progress
from beadline.evaluation.forgetting import Loss
from beadline.evaluation.heldout import Held
from beadline.evaluation.holes import Hole, draw
from beadline.evaluation.machine import processor
from beadline.evaluation.proof import ARMS, BASE, TUNED, Answer, Key, Side, Tell
from beadline.evaluation.sources import read_repositories
from beadline.settings import Options
from beadline.trainer.evidence import answered, lost

CONTROL_HOLES = 3000


@dataclass(frozen=True)
class Pair:
    """One adapter, and what it is proved on."""

    repository: Path
    held_out: Path
    """What `heldout.write` wrote; answers are kept beside it."""
    adapter: Path
    scale: float = 1.0

    @property
    def side(self) -> Side:
        """What answers with it."""
        return Side(TUNED, self.adapter, self.scale)


def scale_of(adapter: Path) -> float:
    """With which scale an adapter of the user's is served; 1 of any other file."""
    try:
        manifest = json.loads((adapter.parent / MANIFEST_FILE).read_text("utf-8"))
        return float(manifest["scale"])
    except (OSError, ValueError, KeyError, TypeError):
        return 1.0


async def compare(
    pairs: Sequence[Pair],
    control: Sequence[Hole],
    options: Options,
    folder: Path,
    tell: Tell,
    *,
    arms: Sequence[str] = ARMS,
) -> dict[str, Any]:
    """All numbers: of all repositories together and of each, and of what each adapter forgets on
    the same holes of other code. Plain JSON values.

    `folder` keeps the losses. Raises as `evidence.gather`.
    """
    held: list[Held] = []
    answers: dict[Key, Answer] = {}
    by_repository: dict[str, Any] = {}
    for pair in pairs:
        plan, own = heldout.read(pair.held_out)
        found = await answered(
            pair.repository, plan, own, (Side(BASE), pair.side), options,
            pair.held_out.parent, tell, arms,
        )  # fmt: skip
        by_repository[plan.repo] = proof.summarise(own, found, arms)
        held += own
        answers |= found
    return {
        "holes": len(held),
        "pooled": proof.summarise(held, answers, arms),
        "by_repository": by_repository,
        "forgetting": await _forgetting(pairs, control, options, folder, tell) if control else {},
    }


async def _forgetting(
    pairs: Sequence[Pair], control: Sequence[Hole], options: Options, folder: Path, tell: Tell
) -> dict[str, Any]:
    """Of each adapter, and of all together: every hole counts once for each."""
    base = await lost(control, (Side(BASE),), options, folder, tell)
    everything: list[Hole] = []
    losses: dict[tuple[str, str], Loss] = {}
    by_repository: dict[str, Any] = {}
    for number, pair in enumerate(pairs):
        plan, _ = heldout.read(pair.held_out)
        tuned = await lost(control, (pair.side,), options, folder, tell)
        by_repository[plan.repo] = forgetting.summarise(control, {**base, **tuned})
        for hole in control:
            # Its file is what it was: the holes of one stay one group, whoever answers.
            own = replace(hole, commit=f"{number}-{hole.commit}")
            everything.append(own)
            losses[BASE, own.id] = base[BASE, hole.id]
            losses[TUNED, own.id] = tuned[TUNED, hole.id]
    return {"pooled": forgetting.summarise(everything, losses), "by_repository": by_repository}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print all numbers as one JSON object; returns the exit code. Raises `BeadlineError`."""
    args = _parser().parse_args(arguments)
    applied = settings.load_with_flags({"engine.model": args.model, "engine.threads": args.threads})
    for problem in applied.problems:
        print(f"beadline: {problem}", file=sys.stderr)
    pairs = [
        Pair(Path(repository), Path(held), Path(adapter), args.scale or scale_of(Path(adapter)))
        for repository, held, adapter in args.pair
    ]
    control: list[Hole] = []
    if args.control:
        files = read_repositories(args.control)
        control = draw(files, holes=args.control_holes, empty=0, seed=args.seed)
    folder = settings.user_cache_dir() / "training" / "pooled"
    with progress(console()) as tell:
        found = asyncio.run(compare(pairs, control, applied.options, folder, tell))
    print(json.dumps({**found, **_about(args, control)}, indent=1))
    return 0


def _about(args: argparse.Namespace, control: Sequence[Hole]) -> Mapping[str, Any]:
    return {
        "command": ["beadline.trainer.pooled", *sys.argv[1:]],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "machine": f"{platform.platform()}, {processor()}",
        "seed": args.seed,
        "control": dict(sorted({hole.repo: hole.commit for hole in control}.items())),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="beadline.trainer.pooled",
        description="Compare adapters with their base over several repositories together.",
    )
    parser.add_argument(
        "--pair", metavar=("REPO", "HELD-OUT", "ADAPTER"), nargs=3, action="append", required=True,
        help="a repository, the held-out holes that its training kept, and its adapter",
    )  # fmt: skip
    parser.add_argument(
        "--control", metavar="REPO", type=Path, nargs="+", default=[],
        help="other repositories, to see what is forgotten",
    )  # fmt: skip
    parser.add_argument(
        "--control-holes", metavar="N", type=int, default=CONTROL_HOLES,
        help=f"holes of those (default: {CONTROL_HOLES})",
    )  # fmt: skip
    parser.add_argument(
        "--scale", type=float, help="of the adapters (default: what their manifests say, else 1)"
    )
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="default: 1")
    parser.add_argument("--model", metavar="PATH", help="GGUF file to use, or `builtin`")
    parser.add_argument("--threads", metavar="N", help="decoding threads (default: your settings)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
