"""Completes cases with and without the repository's word while decoding. Knows no table.

Arms differ in who is asked besides the model: `model` nobody, `cache` the cache model, `monitor`
the monitor, `both` both; `cache_alone` asks the cache model and not the model, with the back-off
that was fitted to stand alone. Prompts are the same in all of them. Scored is what would be shown
with the rules of silence off.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from beadline.completion.types import CompletionRequest
from beadline.context.types import Document
from beadline.engine.guidance import Guidance
from beadline.engine.protocol import (
    Engine,
    EngineState,
    FimRequest,
    ModelInfo,
    RenderedPrompt,
    Score,
    Stream,
)
from beadline.evaluation import results
from beadline.evaluation.arms import Completes
from beadline.evaluation.cases.format import Case
from beadline.evaluation.metrics import Interval, mean, ratio, share
from beadline.evaluation.retrieval import Replaces
from beadline.evaluation.scores import plain, score
from beadline.settings import Options

MODEL, CACHE, MONITOR, BOTH, ALONE = "model", "cache", "monitor", "both", "cache_alone"
ARMS = (MODEL, CACHE, MONITOR, BOTH, ALONE)
MATCHES = (0, 2, 4, 8, 16)
"""Least mean match, in tokens, of the groups of `by_match`."""
BINS = 10
"""Of the reliability diagram, with equal counts."""
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def options_of(arm: str, options: Options) -> Options:
    """The options of an arm."""
    engine = replace(options.engine, cache_model=arm in (CACHE, BOTH, ALONE))
    completion = replace(options.completion, monitor=arm in (MONITOR, BOTH))
    return replace(options, engine=engine, completion=completion)


class CacheAlone:
    """Implements `Engine`: another one, whose model has no say in what it writes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def state(self) -> EngineState:
        """See `Engine`."""
        return self._engine.state

    @property
    def state_message(self) -> str:
        """See `Engine`."""
        return self._engine.state_message

    @property
    def adapter(self) -> str:
        """See `Engine`."""
        return self._engine.adapter

    def use_adapter(self, path: Path | None, scale: float = 1.0) -> asyncio.Future[None]:
        """See `Engine`."""
        return self._engine.use_adapter(path, scale)

    async def start(self) -> ModelInfo:
        """See `Engine`."""
        return await self._engine.start()

    def generate(self, request: FimRequest) -> Stream:
        """See `Engine`."""
        guidance = request.guidance
        if guidance is not None and guidance.cache is not None:
            alone = Guidance(syntax=guidance.syntax, cache=replace(guidance.cache, alone=True))
            request = replace(request, guidance=alone)
        return self._engine.generate(request)

    async def render(self, request: FimRequest) -> RenderedPrompt:
        """See `Engine`."""
        return await self._engine.render(request)

    async def score(self, request: FimRequest, middle: str) -> Score:
        """See `Engine`."""
        return await self._engine.score(request, middle)

    async def close(self) -> None:
        """See `Engine`."""
        await self._engine.close()


@dataclass(frozen=True)
class Grounded:
    """What one arm wrote for one case."""

    arm: str
    id: str
    prediction: str
    """Empty when there is nothing to show, even with the rules of silence off."""
    silent_reason: str
    confidence: float
    """As estimated for what is shown."""
    cache_weight: float
    """Mean weight of the cache model,"""
    cache_match: float
    """mean length of its matches in tokens,"""
    cache_scope: str
    """the scope they were in most often; empty: none, or there is no cache."""
    snippet_tokens: int
    generated_tokens: int


async def complete(arm: str, completer: Completes, case: Case, folder: Path) -> Grounded:
    """What an arm writes. `folder` holds the repository's files; the case's own is replaced."""
    key = (folder / case.path).as_uri()
    document = Document(key, case.path, case.language, case.text, repo=folder.name)
    completer.opened(document)
    request = CompletionRequest(document, len(case.prefix), silence=False)
    result = await completer.complete(request)
    await completer.settled()
    # One case's answer must not help the next one's.
    completer.closed(document.key)
    trace = result.trace
    return Grounded(
        arm=arm,
        id=case.id,
        prediction=result.items[0].text if result.items else "",
        silent_reason=trace.silent_reason,
        confidence=trace.confidence,
        cache_weight=trace.cache_weight,
        cache_match=trace.cache_match,
        cache_scope=trace.cache_scope,
        snippet_tokens=trace.snippet_tokens,
        generated_tokens=trace.generated_tokens,
    )


async def run(
    arm: str,
    completer: Completes,
    cases: Sequence[Case],
    known: dict[tuple[str, str], Grounded],
    writer: results.Writer,
    folder: Path,
    workspace: Replaces,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Complete all cases of an arm that `known` lacks. `workspace` replaces files, so that nothing
    of a case's middle is known to anybody."""
    for count, case in enumerate(cases, start=1):
        if (arm, case.id) not in known:
            workspace.replace(folder, case.path, case.text)
            try:
                known[arm, case.id] = await complete(arm, completer, case, folder)
            finally:
                workspace.replace(folder, case.path, None)
            writer.append(asdict(known[arm, case.id]))
        progress(count)


def read(path: Path, header: Mapping[str, Any]) -> dict[tuple[str, str], Grounded]:
    """What an interrupted run has. Raises `InputError` for a file of another run."""
    found = [Grounded(**line) for line in results.read(path, header)]
    return {(each.arm, each.id): each for each in found}


@dataclass(frozen=True)
class _Scored:
    """How near one arm came to one case's middle."""

    case: Case
    written: Grounded
    exact: float
    identifier_f1: float
    first_identifier: float | None
    """1: it begins with the identifier that the author has; None where the middle has none."""
    line_right: bool
    """The first line is the author's."""


def summarise(
    arms: Sequence[str], cases: Sequence[Case], known: Mapping[tuple[str, str], Grounded]
) -> dict[str, Any]:
    """All numbers; plain JSON values, null where there is nothing to count."""
    scored = {arm: [_scored(case, known[arm, case.id]) for case in cases] for arm in arms}
    # One arm's word on where the cache knows something, so that groups are of the same cases.
    telling = next((arm for arm in (CACHE, BOTH, ALONE) if arm in arms), MODEL)
    told = {case.id: known.get((telling, case.id)) for case in cases}
    found: dict[str, Any] = {}
    for arm, each in scored.items():
        found[arm] = {
            **_numbers(each),
            "by_category": _grouped(each, lambda one: one.case.category),
            "by_language": _grouped(each, lambda one: one.case.language),
            "by_match": _grouped(each, lambda one: _match(told[one.case.id])),
            "by_scope": _grouped(each, lambda one: _scope(told[one.case.id])),
            "reliability": reliability(each),
            "silent": sum(not one.written.prediction for one in each),
        }
    against = {
        f"{arm}/{other}": _compared(scored[arm], scored[other])
        for arm in arms
        for other in arms
        if arm != other and other in (MODEL, CACHE, ALONE)
    }
    return {"arms": found, "against": against}


def reliability(scored: Sequence[_Scored]) -> list[dict[str, Any]]:
    """Estimated confidence of what is shown, and how often the line was right, in groups of equal
    counts from the least to the most confident."""
    shown = sorted(
        (one for one in scored if one.written.prediction), key=lambda one: one.written.confidence
    )
    found: list[dict[str, Any]] = []
    for number in range(BINS):
        part = shown[len(shown) * number // BINS : len(shown) * (number + 1) // BINS]
        if part:
            estimates = [one.written.confidence for one in part]
            found.append(
                {
                    "estimate": round(sum(estimates) / len(part), 4),
                    "right": share([one.line_right for one in part]).as_dict(),
                }
            )
    return found


def first_identifier(text: str) -> str:
    """The first name or word of a text; empty for none."""
    match = _IDENTIFIER.search(text)
    return match[0] if match is not None else ""


def _scored(case: Case, written: Grounded) -> _Scored:
    prediction = written.prediction
    near = score(prediction, case.middle, category=case.category, language=case.language)
    wanted = first_identifier(case.middle)
    lines = (plain(text.lstrip("\n").partition("\n")[0]) for text in (prediction, case.middle))
    return _Scored(
        case=case,
        written=written,
        exact=float(near.exact),
        identifier_f1=near.identifier_f1,
        first_identifier=float(first_identifier(prediction) == wanted) if wanted else None,
        line_right=bool(prediction) and len(set(lines)) == 1,
    )


def _match(told: Grounded | None) -> str:
    """The group of a mean match length; those without any found are the first."""
    length = told.cache_match if told is not None else 0.0
    return f"{max(each for each in MATCHES if length >= each)}+"


def _scope(told: Grounded | None) -> str:
    return (told.cache_scope if told is not None else "") or "none"


def _grouped(scored: Sequence[_Scored], key: Callable[[_Scored], str]) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[_Scored]] = {}
    for one in scored:
        groups.setdefault(key(one), []).append(one)
    return {name: _numbers(groups[name]) for name in sorted(groups)}


def _numbers(scored: Sequence[_Scored]) -> dict[str, Any]:
    firsts = [bool(one.first_identifier) for one in scored if one.first_identifier is not None]
    return {
        "cases": len(scored),
        "exact_match": share([bool(one.exact) for one in scored]).as_dict(),
        "identifier_f1": mean([one.identifier_f1 for one in scored]).as_dict(),
        "first_identifier": share(firsts).as_dict(),
        "cache_weight": _rounded([one.written.cache_weight for one in scored]),
        "cache_match": _rounded([one.written.cache_match for one in scored]),
    }


def _compared(arm: Sequence[_Scored], other: Sequence[_Scored]) -> dict[str, Any]:
    """An arm against another one, case by case: over all, and by category."""
    pairs = list(zip(arm, other, strict=True))
    categories = sorted({one.case.category for one in arm})
    return {
        "all": _comparison(pairs),
        "by_category": {
            name: _comparison([pair for pair in pairs if pair[0].case.category == name])
            for name in categories
        },
    }


def _comparison(pairs: Sequence[tuple[_Scored, _Scored]]) -> dict[str, Any]:
    exact = [(one.exact, two.exact) for one, two in pairs]
    names = [(one.identifier_f1, two.identifier_f1) for one, two in pairs]
    firsts = [
        (one.first_identifier, two.first_identifier)
        for one, two in pairs
        if one.first_identifier is not None and two.first_identifier is not None
    ]
    return {
        "cases": len(pairs),
        "exact_match_ratio": ratio(exact, _average).as_dict(),
        "exact_match_difference": _difference(exact).as_dict(),
        "first_identifier_ratio": ratio(firsts, _average).as_dict(),
        "identifier_f1_difference": _difference(names).as_dict(),
    }


def _difference(pairs: Sequence[tuple[float, float]]) -> Interval:
    return mean([one - two for one, two in pairs])


def _average(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _rounded(values: Sequence[float]) -> float | None:
    return round(_average(values), 4) if values else None
