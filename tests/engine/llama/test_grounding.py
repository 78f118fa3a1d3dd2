"""The cache through the engine: what requests carry is looked up, mixed in, observed, or left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from beadline.engine.guidance import Cache, CacheText, Guidance
from beadline.engine.llama.client import LlamaEngine
from beadline.engine.protocol import FimRequest, Finished, Piece, Started
from tests.engine.conftest import EngineFactory

PREFIX = "def first(store):\n    store.walrus_penguin()\n\n\ndef second(store):\n    store."
SUFFIX = "\n\n\ndef third(store):\n    pass\n"
PLAIN = FimRequest(PREFIX, SUFFIX, max_tokens=12)
CACHED = replace(PLAIN, guidance=Guidance(cache=Cache(prefix=PREFIX, suffix=SUFFIX)))


def alone(request: FimRequest) -> FimRequest:
    assert request.guidance is not None and request.guidance.cache is not None
    cache = replace(request.guidance.cache, alone=True)
    return replace(request, guidance=replace(request.guidance, cache=cache))


async def answer(engine: LlamaEngine, request: FimRequest) -> tuple[str, Finished, int]:
    """Text, last event, tokens that the cache expected too."""
    text, agreed = "", 0
    async for event in engine.generate(request):
        match event:
            case Started() if request.guidance and request.guidance.cache:
                assert not request.guidance.cache.alone or event.eog_probability == 0
            case Piece():
                text += event.text
                agreed += event.agreed
            case Finished():
                return text, event, agreed
    raise AssertionError("it never finished")


async def test_what_was_written_before_is_known(engine_factory: EngineFactory) -> None:
    engine = engine_factory()
    text, finished, agreed = await answer(engine, alone(CACHED))
    assert text.startswith("walrus_penguin()")
    usage = finished.usage
    assert usage.cache_scope == "buffer" and usage.cache_match >= 1
    assert usage.cache_weight == 1.0 and agreed >= 3
    text, finished, _ = await answer(engine, CACHED)
    assert 0 <= finished.usage.cache_weight < 1


async def test_open_files_are_known_at_once(engine_factory: EngineFactory) -> None:
    engine = engine_factory()
    for name in ("otter_beaver", "lion_tiger"):
        known = f"def other(store):\n    store.{name}()\n"
        cache = Cache(
            prefix="def second(store):\n    store.", suffix="\n",
            open=(CacheText("/w/other.py", (known,)), CacheText("/w/empty.py", ())),
        )  # fmt: skip
        request = FimRequest(cache.prefix, "\n", max_tokens=12, guidance=Guidance(cache=cache))
        for _ in range(2):  # the second time the text is not sent again
            text, finished, _ = await answer(engine, alone(request))
            assert text.startswith(f"{name}()")
            assert finished.usage.cache_scope == "open"


async def test_typed_bytes_are_spelled_first(engine_factory: EngineFactory) -> None:
    engine = engine_factory()
    typed = "wal"
    cache = Cache(prefix=PREFIX + typed, suffix=SUFFIX)
    request = replace(PLAIN, prefix=PREFIX + typed, guidance=Guidance(cache=cache))
    text, finished, _ = await answer(engine, alone(request))
    assert text and finished.usage.generated_tokens > 0


@pytest.mark.parametrize("drafts", [True, False])
async def test_switched_off_it_does_nothing(engine_factory: EngineFactory, drafts: bool) -> None:
    engine = engine_factory(options={"cache_model": False, "drafts": drafts})
    text, finished, agreed = await answer(engine, CACHED)
    assert (text, agreed) == ((await answer(engine, PLAIN))[0], 0)
    assert finished.usage.cache_scope == ""


async def test_drafts_change_nothing(engine_factory: EngineFactory) -> None:
    with_drafts = await answer(engine_factory(), CACHED)
    without = await answer(engine_factory(options={"drafts": False}), CACHED)
    assert with_drafts[0] == without[0]


async def test_a_scored_text_is_observed(engine_factory: EngineFactory) -> None:
    engine = engine_factory()
    middle = "walrus_penguin()\n    return 1"
    plain, cached = await engine.score(PLAIN, middle), await engine.score(CACHED, middle)
    assert plain.observations == ()
    assert cached.logprob == pytest.approx(plain.logprob, abs=1e-3)
    assert len(cached.observations) == cached.tokens
    # Of all tokens that do not end the middle, so a little more than of all.
    total = sum(each.logprob for each in cached.observations)
    assert cached.logprob - 1e-3 <= total < 0
    first = cached.observations[0]
    assert first.terms and first.counts
    assert any(count > 0 for *_, count in first.counts)
