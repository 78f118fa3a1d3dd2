"""Arms of grounded decoding: who is asked in each, and what their numbers are."""

from __future__ import annotations

import pytest

from beadline.engine.guidance import Cache, Guidance, Names, Syntax
from beadline.engine.protocol import (
    EngineState,
    FimRequest,
    ModelInfo,
    RenderedPrompt,
    Score,
    Stream,
)
from beadline.evaluation import grounded
from beadline.evaluation.cases.format import Case
from beadline.evaluation.grounded import ALONE, ARMS, BOTH, CACHE, MODEL, MONITOR, Grounded
from beadline.settings import Options


class Recorder:
    """An engine that only remembers what it was asked."""

    state = EngineState.READY
    state_message = ""

    def __init__(self) -> None:
        self.asked: list[FimRequest] = []

    async def start(self) -> ModelInfo:
        raise NotImplementedError

    def generate(self, request: FimRequest) -> Stream:
        self.asked.append(request)
        return NoStream()

    async def render(self, request: FimRequest) -> RenderedPrompt:
        raise NotImplementedError

    async def score(self, request: FimRequest, middle: str) -> Score:
        raise NotImplementedError

    async def close(self) -> None:
        self.asked.clear()


class NoStream:
    """Nothing comes."""

    async def __aiter__(self):
        return
        yield

    def cancel(self) -> None:
        """There is nothing to cancel."""


def case(number: int, middle: str, category: str = "rest_of_line") -> Case:
    return Case(f"{number}.py", "python", category, f"x{number} = ", "\n", middle)


def written(
    arm: str, of: Case, prediction: str, *, confidence: float = 0.5, match: float = 0.0,
    scope: str = "",
) -> Grounded:  # fmt: skip
    return Grounded(arm, of.id, prediction, "", confidence, 0.2, match, scope, 0, 5)


@pytest.mark.parametrize(
    ("arm", "cache", "monitor"),
    [
        (MODEL, False, False), (CACHE, True, False), (MONITOR, False, True), (BOTH, True, True),
        (ALONE, True, False),
    ],
)  # fmt: skip
def test_who_is_asked_besides_the_model(arm: str, cache: bool, monitor: bool) -> None:
    before = Options()
    options = grounded.options_of(arm, before)
    assert (options.engine.cache_model, options.completion.monitor) == (cache, monitor)
    assert options.completion.syntax_guard is before.completion.syntax_guard
    assert options.context == before.context


def test_the_cache_alone_is_asked_without_names() -> None:
    engine = Recorder()
    alone = grounded.CacheAlone(engine)
    names = (Names((("a", 1.0),), 0.9),)
    alone.generate(FimRequest("", "", guidance=Guidance(names, Syntax(), Cache(prefix="a"))))
    alone.generate(FimRequest("", ""))
    first, second = (request.guidance for request in engine.asked)
    assert first == Guidance((), Syntax(), Cache(prefix="a", alone=True))
    assert second is None


def test_exact_matches_and_first_identifiers_are_counted() -> None:
    cases = [case(1, "self.read(a)"), case(2, "open(b)"), case(3, "1 + 2")]
    predictions = {
        MODEL: ["other(a)", "open(c)", "1 + 2"],
        BOTH: ["self.read(a)", "open(b)", "3"],
    }
    known = {
        (arm, of.id): written(arm, of, prediction)
        for arm, texts in predictions.items()
        for of, prediction in zip(cases, texts, strict=True)
    }
    found = grounded.summarise([MODEL, BOTH], cases, known)
    model, both = found["arms"][MODEL], found["arms"][BOTH]
    assert model["exact_match"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    assert both["exact_match"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    # The third middle has no identifier to be right about.
    assert (model["first_identifier"]["value"], model["first_identifier"]["count"]) == (0.5, 2)
    assert both["first_identifier"]["value"] == 1.0
    against = found["against"]["both/model"]["all"]
    assert against["exact_match_ratio"]["value"] == pytest.approx(2.0, abs=1e-3)
    assert against["first_identifier_ratio"]["value"] == pytest.approx(2.0, abs=1e-3)
    assert "model/both" not in found["against"]


def test_cases_are_grouped_by_match_and_scope() -> None:
    cases = [case(1, "a"), case(2, "b"), case(3, "c")]
    known = {
        (CACHE, of.id): written(CACHE, of, of.middle, match=match, scope=scope)
        for of, match, scope in zip(
            cases, (0.0, 3.5, 40.0), ("", "buffer", "repository"), strict=True
        )
    }
    arm = grounded.summarise([CACHE], cases, known)["arms"][CACHE]
    assert {name: each["cases"] for name, each in arm["by_match"].items()} == {
        "0+": 1, "2+": 1, "16+": 1,
    }  # fmt: skip
    assert set(arm["by_scope"]) == {"none", "buffer", "repository"}


def test_the_reliability_diagram_has_what_is_shown_by_confidence() -> None:
    cases = [case(number, "right") for number in range(40)]
    known = {
        (MODEL, of.id): written(
            MODEL, of, "" if number % 4 == 3 else "right" if number >= 20 else "wrong",
            confidence=number / 40,
        )
        for number, of in enumerate(cases)
    }  # fmt: skip
    arm = grounded.summarise([MODEL], cases, known)["arms"][MODEL]
    diagram = arm["reliability"]
    assert arm["silent"] == 10
    assert sum(each["right"]["count"] for each in diagram) == 30
    estimates = [each["estimate"] for each in diagram]
    assert estimates == sorted(estimates)
    assert (diagram[0]["right"]["value"], diagram[-1]["right"]["value"]) == (0.0, 1.0)


def test_every_arm_has_its_options() -> None:
    assert len({repr(grounded.options_of(arm, Options())) for arm in ARMS}) == 4  # alone: as cache
