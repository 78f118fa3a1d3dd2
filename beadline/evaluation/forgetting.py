"""What a training cost elsewhere: how likely other people's code is, before and after.

The control set is holes in files of installed packages that no training reads
(`evaluation.installed`), or in any other repository. Scored is the true middle behind the prompt
that serving would send, without snippets; nothing is generated. Knows no verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Any

from beadline.completion.types import CompletionRequest
from beadline.context.types import Document
from beadline.evaluation import paired, results
from beadline.evaluation.arms import DEADLINE_MS, undisturbed
from beadline.evaluation.cases.draw import rounds
from beadline.evaluation.cases.spans import Reader
from beadline.evaluation.heldout import HOLE_CATEGORIES
from beadline.evaluation.holes import Hole
from beadline.evaluation.installed import Package, of_others, packages, read
from beadline.evaluation.proof import (
    BASE,
    SCORED_TOKENS,
    TUNED,
    Completes,
    Scores,
    Side,
    Tell,
    opened,
    plain,
)
from beadline.evaluation.sources import SourceFile
from beadline.settings import Options

HOLES = 500
_TRIED = 4
"""Files looked at for a hole, at most: not every file has one of each category."""


@dataclass(frozen=True)
class Loss:
    """Of one true middle, on one side."""

    side: str
    id: str
    nll: float
    """Negative natural log-likelihood of its first `proof.SCORED_TOKENS` tokens."""
    end_nll: float | None
    """The same of an end behind it; None where it was cut."""
    bytes: int
    """Of what was scored."""

    @property
    def key(self) -> tuple[str, str]:
        """What it is the loss of."""
        return self.side, self.id


def control_holes(
    count: int, seed: int, own: Collection[str], found: Sequence[Package] | None = None
) -> list[Hole]:
    """Holes in installed packages, one of a file, as many of each package and category as can be.

    `own`: paths of the repository that is trained on, which may be installed itself; `found`: all
    packages, where they are known. The same packages and seed always give the same holes; fewer
    where there are no more.
    """
    everything = packages() if found is None else found
    chosen = [each for each in of_others(everything, own) if each.is_control]
    holes: list[Hole] = []
    drawn = rounds(chosen, lambda package: package.files, f"{seed}:control")
    categories = cycle(HOLE_CATEGORIES)
    category = next(categories)
    for tried, (package, (path, place)) in enumerate(drawn):
        if len(holes) == count or tried == _TRIED * count:
            break
        file = read(package, path, place)
        hole = _hole(file, category, seed) if file is not None else None
        if hole is not None:
            holes.append(hole)
            category = next(categories)
    return holes


def _hole(file: SourceFile, category: str, seed: int) -> Hole | None:
    """One hole of a file; None where it has none of the category."""
    reader = Reader(file)
    key = f"{seed}:{file.repo}:{file.path}:{category}"
    for _, (start, end) in rounds([reader], lambda each: each.spans(category), key):
        return Hole(
            file.repo, file.commit, file.path, category, start, end, file.text, file.language
        )
    return None


async def measure(
    side: Side,
    holes: Sequence[Hole],
    options: Options,
    path: Path,
    header: Mapping[str, Any],
    tell: Tell,
) -> dict[tuple[str, str], Loss]:
    """The losses of a side. What the file at `path` has of them is taken from there, the others
    are appended as they come.

    Raises `InputError` for a file of another run, and what `proof.opened` raises.
    """
    known = {loss.key: loss for loss in load(path, header)}
    missing = [hole for hole in holes if (side.name, hole.id) not in known]
    if not missing:
        return known
    options = undisturbed(options)
    options = replace(options, context=replace(options.context, snippet_tokens=0))
    with results.Writer(path, header) as writer:
        async with opened(side, options) as (engine, completer):
            for done, hole in enumerate(missing, start=1):
                loss = await loss_of(side.name, completer, engine, hole)
                known[loss.key] = loss
                writer.append(asdict(loss))
                tell(f"{side.name}, control", done, len(missing))
    return known


async def loss_of(side: str, completer: Completes, engine: Scores, hole: Hole) -> Loss:
    """One loss."""
    text = hole.prefix + hole.suffix
    document = Document(
        hole.id, hole.path, hole.language, text, repo=hole.repo.rpartition("/")[2]
    )  # fmt: skip
    asked = await completer.fim_request(CompletionRequest(document, hole.start))
    completer.closed(document.key)
    loss = await engine.score(
        replace(asked, max_tokens=SCORED_TOKENS, deadline_ms=DEADLINE_MS), hole.truth
    )
    end = None if loss.end_logprob is None else -loss.end_logprob
    return Loss(side, hole.id, -loss.logprob, end, loss.bytes)


def load(path: Path, header: Mapping[str, Any]) -> list[Loss]:
    """What an interrupted run has. Raises `InputError` for a file of another run."""
    return [Loss(**line) for line in results.read(path, header)]


def summarise(holes: Sequence[Hole], losses: Mapping[tuple[str, str], Loss]) -> dict[str, Any]:
    """Likelihood per byte on both sides, and the paired ratio of tuned to base, of all holes and
    by category. Plain JSON values, None where there is nothing to count."""
    return {
        **_compared(holes, losses),
        "by_category": _grouped(holes, losses, lambda hole: hole.category),
        "by_language": _grouped(holes, losses, lambda hole: hole.language),
        "repositories": sorted({hole.repo for hole in holes}),
    }


def _compared(holes: Sequence[Hole], losses: Mapping[tuple[str, str], Loss]) -> dict[str, Any]:
    base = [losses[BASE, hole.id] for hole in holes]
    tuned = [losses[TUNED, hole.id] for hole in holes]
    size = sum(loss.bytes for loss in base)
    groups = [f"{hole.repo}:{hole.path}" for hole in holes]
    return {
        "holes": len(holes),
        "groups": len(set(groups)),
        **{
            side: {"nll_per_byte": round(sum(loss.nll for loss in found) / size, 5)}
            if size
            else {"nll_per_byte": None}
            for side, found in ((BASE, base), (TUNED, tuned))
        },
        "nll_ratio": plain(
            paired.ratio([loss.nll for loss in tuned], [loss.nll for loss in base], groups=groups)
        ),
    }


def _grouped(
    holes: Sequence[Hole],
    losses: Mapping[tuple[str, str], Loss],
    key: Callable[[Hole], str],
) -> dict[str, dict[str, Any]]:
    return {
        name: _compared([hole for hole in holes if key(hole) == name], losses)
        for name in sorted({key(hole) for hole in holes})
    }
