"""Answers held-out holes with a model before and after its tuning, and compares. Knows no verdict.

A *side* is what answers: the base, or the tuned model. An *arm* is what it is asked with: `served`
has the snippets that serving would find at that commit, `alone` has none. Answers are made by the
serving code with the rules of silence off, as in `evaluation.arms`; the loss is that of the true
middle behind the very prompt that was answered (`engine.score`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from beadline import settings
from beadline.completion.service import Completer
from beadline.completion.snippets import Retrieves
from beadline.completion.types import CompletionRequest, CompletionResult
from beadline.context.types import Document
from beadline.engine.llama.client import LlamaEngine
from beadline.engine.protocol import Engine, FimRequest, Score
from beadline.evaluation import paired, results
from beadline.evaluation.arms import DEADLINE_MS, undisturbed
from beadline.evaluation.heldout import HOLE_CATEGORIES, Held
from beadline.evaluation.metrics import Interval, mean, share
from beadline.evaluation.scores import Score as Likeness
from beadline.evaluation.scores import score
from beadline.settings import Options

BASE, TUNED = "base", "tuned"
SIDES = (BASE, TUNED)
SERVED, ALONE = "served", "alone"
ARMS = (SERVED, ALONE)
SCORED_TOKENS = 192
"""Most tokens of a middle whose loss is taken, as in `bench layout`."""

Tell = Callable[[str, int, int], None]
"""What is being done, how much of it is, and of how much."""


@dataclass(frozen=True)
class Side:
    """What answers."""

    name: str
    adapter: Path | None = None
    """GGUF file over the model's weights; None: none."""
    scale: float = 1.0
    model: str = ""
    """GGUF file in the model's place, where all weights were trained; empty: the model."""


@dataclass(frozen=True)
class Answer:
    """What one side answered to one hole in one arm."""

    side: str
    arm: str
    id: str
    prediction: str
    """Empty when there is nothing to show, even with the rules of silence off."""
    silent_reason: str
    nll: float
    """Negative natural log-likelihood of the true middle, its first `SCORED_TOKENS` tokens."""
    end_nll: float | None
    """The same of an end behind it; None where it was cut."""
    bytes: int
    """Of what was scored."""
    prompt_tokens: int
    snippet_tokens: int

    @property
    def key(self) -> Key:
        """What it is the answer to."""
        return self.side, self.arm, self.id


Key = tuple[str, str, str]
"""Side, arm and hole."""


class Completes(Protocol):
    """What is asked: `completion.service.Completer`, or a stand-in."""

    def opened(self, document: Document) -> None: ...

    async def complete(self, request: CompletionRequest) -> CompletionResult: ...

    async def fim_request(self, request: CompletionRequest) -> FimRequest: ...

    async def settled(self) -> None: ...

    def closed(self, key: str) -> None: ...


class Scores(Protocol):
    """What says how likely a middle is: an `Engine`, or a stand-in."""

    async def score(self, request: FimRequest, middle: str) -> Score: ...


class Moves(Protocol):
    """Files of one commit after another: `versions.Versions`, or a stand-in."""

    folder: Path

    def at(self, commit: str) -> None: ...

    def replace(self, folder: Path, path: str, text: str | None) -> None: ...


@asynccontextmanager
async def opened(
    side: Side, options: Options, retriever: Retrieves | None = None
) -> AsyncIterator[tuple[Engine, Completer]]:
    """A side's engine and what asks it; both are closed at the end, `retriever` too.

    Raises `ModelError`, `EngineError`, `AdapterError`.
    """
    if side.model:
        options = replace(options, engine=replace(options.engine, model=side.model))
    engine = LlamaEngine(
        options.engine,
        prefix_tokens=options.context.prefix_tokens,
        suffix_tokens=options.context.suffix_tokens,
        cache_dir=settings.user_cache_dir(),
    )
    completer = Completer(engine, options, retriever=retriever)
    try:
        await completer.ready()
        if side.adapter is not None:
            await engine.use_adapter(side.adapter, side.scale)
        yield engine, completer
    finally:
        await completer.close()


async def prove(
    side: Side,
    held: Sequence[Held],
    versions: Moves,
    retriever: Retrieves,
    options: Options,
    path: Path,
    header: Mapping[str, Any],
    tell: Tell,
    arms: Sequence[str] = ARMS,
) -> dict[Key, Answer]:
    """All answers of a side. What the file at `path` has of them is taken from there; the others
    are appended as they come, so that an interrupted run goes on.

    `versions`, which `retriever` searches, holds the repository's files. Raises `InputError` for a
    file of another run, and what `opened` raises.
    """
    known = {answer.key: answer for answer in read(path, header)}
    options = undisturbed(options)
    with results.Writer(path, header) as writer:
        for arm in arms:
            missing = [each for each in held if (side.name, arm, each.id) not in known]
            if not missing:
                continue
            own, searched = options, retriever if arm == SERVED else None
            if searched is None:
                own = replace(options, context=replace(options.context, snippet_tokens=0))
            async with opened(side, own, searched) as (engine, completer):
                for done, each in enumerate(missing, start=1):
                    answer = await ask(side.name, arm, completer, engine, each, versions)
                    known[answer.key] = answer
                    writer.append(asdict(answer))
                    tell(f"{side.name}, {arm}", done, len(missing))
    return known


async def ask(
    side: str, arm: str, completer: Completes, engine: Scores, held: Held, versions: Moves
) -> Answer:
    """One answer and its loss, among the files of the hole's commit."""
    case, folder = held.case, versions.folder
    document = Document(
        (folder / case.path).as_uri(), case.path, case.language, case.text, repo=folder.name
    )
    request = CompletionRequest(document, len(case.prefix), silence=False)
    if arm == SERVED:
        versions.at(held.tree)
        versions.replace(folder, case.path, case.text)
    try:
        completer.opened(document)
        result = await completer.complete(request)
        await completer.settled()
        asked = await completer.fim_request(request)
        # One hole's answer must not help the next one's.
        completer.closed(document.key)
    finally:
        if arm == SERVED:
            versions.replace(folder, case.path, None)
    loss = await engine.score(
        replace(asked, max_tokens=SCORED_TOKENS, deadline_ms=DEADLINE_MS), case.middle
    )
    return Answer(
        side=side,
        arm=arm,
        id=held.id,
        prediction=result.items[0].text if result.items else "",
        silent_reason=result.trace.silent_reason,
        nll=-loss.logprob,
        end_nll=None if loss.end_logprob is None else -loss.end_logprob,
        bytes=loss.bytes,
        prompt_tokens=result.trace.prompt_tokens,
        snippet_tokens=result.trace.snippet_tokens,
    )


def read(path: Path, header: Mapping[str, Any]) -> list[Answer]:
    """What an interrupted run has. Raises `InputError` for a file of another run."""
    return [Answer(**line) for line in results.read(path, header)]


def summarise(
    held: Sequence[Held], answers: Mapping[Key, Answer], arms: Sequence[str] = ARMS
) -> dict[str, Any]:
    """All numbers of both sides by arm: of all holes, and by category, source and language. Plain
    JSON values, None where there is nothing to count."""
    found: dict[str, Any] = {}
    for arm in arms:
        pairs = [
            _Pair(each, answers[BASE, arm, each.id], answers[TUNED, arm, each.id]) for each in held
        ]
        found[arm] = {
            **_compared(pairs),
            "by_category": _grouped(pairs, lambda pair: pair.held.case.category, HOLE_CATEGORIES),
            "by_source": _grouped(pairs, lambda pair: pair.held.source),
            "by_language": _grouped(pairs, lambda pair: pair.held.case.language),
        }
    return found


@dataclass(frozen=True)
class _Pair:
    """The answers of both sides to one hole."""

    held: Held
    base: Answer
    tuned: Answer

    def likeness(self, answer: Answer) -> Likeness:
        """How near an answer is to what the author wrote."""
        case = self.held.case
        return score(
            answer.prediction, case.middle, category=case.category, language=case.language
        )  # fmt: skip


def _compared(pairs: Sequence[_Pair]) -> dict[str, Any]:
    """Both sides on some holes, and the tuned side against the base with paired intervals."""
    groups = [pair.held.group for pair in pairs]
    likeness = {
        BASE: [pair.likeness(pair.base) for pair in pairs],
        TUNED: [pair.likeness(pair.tuned) for pair in pairs],
    }
    losses = {BASE: [p.base.nll for p in pairs], TUNED: [p.tuned.nll for p in pairs]}
    sizes = [pair.base.bytes for pair in pairs]
    exact = {side: [float(each.exact) for each in likeness[side]] for side in SIDES}
    similar = {side: [each.edit_similarity for each in likeness[side]] for side in SIDES}
    names = {side: [each.identifier_f1 for each in likeness[side]] for side in SIDES}
    return {
        "holes": len(pairs),
        "groups": len(set(groups)),
        **{
            side: {
                "exact_match": share([each.exact for each in likeness[side]]).as_dict(),
                "edit_similarity": mean(similar[side]).as_dict(),
                "identifier_f1": mean(names[side]).as_dict(),
                "nll_per_byte": _quotient(sum(losses[side]), sum(sizes)),
                "silent": sum(
                    not (pair.base if side == BASE else pair.tuned).prediction for pair in pairs
                ),
            }
            for side in SIDES
        },
        "exact_match_ratio": plain(paired.ratio(exact[TUNED], exact[BASE], groups=groups)),
        "exact_match_gain": plain(paired.difference(exact[TUNED], exact[BASE], groups=groups)),
        "edit_similarity_gain": plain(
            paired.difference(similar[TUNED], similar[BASE], groups=groups)
        ),
        "identifier_f1_gain": plain(paired.difference(names[TUNED], names[BASE], groups=groups)),
        "nll_ratio": plain(paired.ratio(losses[TUNED], losses[BASE], groups=groups)),
    }


def plain(interval: Interval) -> dict[str, Any]:
    """An interval as JSON values, fine enough for ratios near 1."""
    numbers = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {
        **{name: None if value != value else round(value, 5) for name, value in numbers.items()},
        "count": interval.count,
    }


def _grouped(
    pairs: Sequence[_Pair], key: Callable[[_Pair], str], order: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    names = {key(pair) for pair in pairs}
    ordered = [*(name for name in order if name in names), *sorted(names - set(order))]
    return {name: _compared([pair for pair in pairs if key(pair) == name]) for name in ordered}


def _quotient(above: float, below: float) -> float | None:
    return round(above / below, 5) if below else None
