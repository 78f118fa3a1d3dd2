"""Observes what the cache model says of holes' texts, and writes fitted weights. Knows files.

What is computed is in `cache_fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from beadline.completion.types import CompletionRequest
from beadline.context.types import Document
from beadline.engine.cache_model import weights
from beadline.engine.fitted import write
from beadline.engine.models import resolve
from beadline.engine.protocol import FimRequest, Score
from beadline.engine.verdicts import digest
from beadline.evaluation import cache_fit
from beadline.evaluation.cache_fit import Case, Place
from beadline.evaluation.holes import Hole
from beadline.evaluation.run import document_of
from beadline.settings import Options


class Asks(Protocol):
    """What is needed of `completion.service.Completer`."""

    def opened(self, document: Document) -> None: ...

    async def fim_request(self, request: CompletionRequest) -> FimRequest: ...

    def closed(self, key: str) -> None: ...


class Scores(Protocol):
    """What is needed of an engine."""

    async def score(self, request: FimRequest, middle: str) -> Score: ...


@dataclass(frozen=True)
class Observed:
    """What was seen of the texts of holes."""

    cases: list[Case]
    """Their tokens."""
    places: list[Place]
    """Where they may end. The first place of a text is none: no hole that is drawn here is empty,
    which says nothing of those that people ask about."""


async def observe(
    completer: Asks,
    engine: Scores,
    holes: Sequence[Hole],
    folders: Mapping[str, Path],
    progress: Callable[[int], None] = lambda count: None,
) -> Observed:
    """What the cache says of every token of the holes' own texts. `folders` holds the files of the
    repositories, by name."""
    cases: list[Case] = []
    places: list[Place] = []
    for count, hole in enumerate(holes, start=1):
        if not hole.truth:
            continue
        request = CompletionRequest(document_of(hole, folders.get(hole.repo)), hole.start)
        # In its file's place, which has the hole filled.
        completer.opened(request.document)
        asked = await completer.fim_request(request)
        score = await engine.score(asked, hole.truth)
        completer.closed(request.document.key)
        cases += [Case(hole.repo, each) for each in score.observations]
        places += [Place(each.ending, False) for each in score.observations[1:] if each.ending]
        if score.ending:
            places.append(Place(score.ending, True))
        progress(count)
    return Observed(cases, places)


def fit_and_write(
    observed: Observed,
    options: Options,
    vocabulary: int,
    target: Path | None,
    header: Mapping[str, Any],
) -> str:
    """Fit weights to observations and write them; one sentence on what was done.

    `target`: a file, or None for the user's own weights of this model. Raises `InputError` for
    observations that nothing can be fitted to, `FileError` for a file that cannot be written.
    """
    model = resolve(options.engine.model)
    cases, places = observed.cases, observed.places
    fitted = replace(
        cache_fit.fit(cases, vocabulary=vocabulary),
        ending=cache_fit.fit_ending(places),
        ending_alone=cache_fit.fit_ending(places, alone=True),
    )
    evidence = {
        "repositories": header["repositories"],
        "seed": header["seed"],
        "code": header["code"],
        "ends": sum(place.ended for place in places),
        **cache_fit.evidence_of(cases, fitted, vocabulary=vocabulary),
    }
    path = target or weights.FILES.user_file(digest(model))
    write(path, weights.Fitted(fitted, model.name, evidence).as_dict())
    means = evidence["mean_logprob_held_out"] or evidence["mean_logprob"]
    return (
        f"Weights of the cache model, of {len(cases)} tokens, are in {path}. Mean log-probability "
        f"of a token: model {means['model']:.3f}, cache {means['cache']:.3f}, both "
        f"{means['both']:.3f}."
    )
