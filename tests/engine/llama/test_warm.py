"""Prompts evaluated ahead, and documents one goes to and fro between, over real workers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from beadline.engine.gguf import read_header
from beadline.engine.llama import client
from beadline.engine.llama.kv_size import kv_bytes_per_token
from beadline.engine.protocol import FimRequest, Finished, Piece, Usage

TIMEOUT_S = 60
TEXT = Path(client.__file__).read_text("utf-8")


def at(offset: int, *, key: str, warm: bool = False, tokens: int = 6) -> FimRequest:
    """A hole in this engine's own source, at the first start of a line after `offset`."""
    offset = TEXT.index("\n", offset) + 1
    return FimRequest(
        prefix=TEXT[:offset],
        suffix=TEXT[offset:],
        anchor=offset,
        path=f"{key}.py",
        max_tokens=tokens,
        sequence=key,
        warm=warm,
        deadline_ms=60_000,
    )


async def ask(engine, request: FimRequest) -> tuple[str, Finished]:
    text, last = "", None
    async with asyncio.timeout(TIMEOUT_S):
        async for event in engine.generate(request):
            if isinstance(event, Piece):
                text += event.text
            last = event
    assert isinstance(last, Finished)
    return text, last


async def usage_of(engine, request: FimRequest) -> Usage:
    _, finished = await ask(engine, request)
    return finished.usage


async def test_switching_between_documents_evaluates_neither_again(engine_factory) -> None:
    engine = engine_factory()
    places = {"a": 3000, "b": 6000, "c": 9000}
    texts = {key: (await ask(engine, at(offset, key=key)))[0] for key, offset in places.items()}
    for key in "abcacb":
        text, finished = await ask(engine, at(places[key], key=key))
        assert text == texts[key]
        assert finished.usage.evaluated_tokens <= 2


@pytest.mark.slow
async def test_nor_with_prompts_evaluated_ahead_in_between(engine_factory) -> None:
    engine = engine_factory()
    places = {"a": 3000, "b": 6000, "c": 9000}
    for key, offset in places.items():
        await ask(engine, at(offset, key=key))
    for key in "abcacb":
        assert (await usage_of(engine, at(places[key], key=key))).evaluated_tokens <= 2
        _, warmed = await ask(engine, at(places[key] + 500, key=key, warm=True))
        assert warmed.reason == "warm"


async def test_a_warmed_prompt_is_taken_up_and_the_current_one_stays(engine_factory) -> None:
    engine = engine_factory()
    await ask(engine, at(3000, key="a"))
    text, warmed = await ask(engine, at(4000, key="a", warm=True))
    assert (text, warmed.reason) == ("", "warm")
    usage = warmed.usage
    assert usage.prompt_tokens == usage.reused_tokens + usage.evaluated_tokens
    assert usage.generated_tokens == 0 < usage.evaluated_tokens
    assert (await usage_of(engine, at(3000, key="a"))).evaluated_tokens <= 2
    text, finished = await ask(engine, at(4000, key="a"))
    assert finished.usage.evaluated_tokens <= 2
    assert text == (await ask(engine_factory(), at(4000, key="a")))[0]


async def test_warming_what_is_there_costs_nothing(engine_factory) -> None:
    engine = engine_factory()
    await ask(engine, at(3000, key="a"))
    assert (await usage_of(engine, at(3000, key="a", warm=True))).evaluated_tokens == 0


async def test_a_document_with_the_front_of_another_one_takes_it_over(engine_factory) -> None:
    engine = engine_factory()
    first = await usage_of(engine, at(3000, key="a"))
    usage = await usage_of(engine, replace(at(3000, key="a"), sequence="b"))
    assert usage.reused_tokens > first.prompt_tokens // 2


async def test_with_two_sequences_warming_leaves_the_other_document(
    engine_factory, model_path: Path
) -> None:
    # Two sequences fit, three do not.
    held = kv_bytes_per_token(read_header(model_path)) * 2048
    mebibytes = 2 * held // (1 << 20) + 1
    engine = engine_factory(options={"kv_mebibytes": mebibytes, "context_tokens": 2048})
    assert (await engine.start()).details["sequences"] == "2"
    await ask(engine, at(3000, key="a"))
    await ask(engine, at(6000, key="b"))
    assert (await ask(engine, at(6500, key="b", warm=True)))[1].reason == "warm"
    assert (await usage_of(engine, at(3000, key="a"))).evaluated_tokens <= 2
    assert (await usage_of(engine, at(6500, key="b"))).evaluated_tokens <= 2


async def test_with_one_sequence_all_of_this_still_works(engine_factory) -> None:
    engine = engine_factory(options={"kv_mebibytes": 1})
    info = await engine.start()
    assert info.details["sequences"] == "1"
    await ask(engine, at(3000, key="a"))
    assert (await ask(engine, at(3100, key="a", warm=True)))[1].reason == "warm"
    assert (await usage_of(engine, at(3100, key="a"))).evaluated_tokens <= 2


@pytest.mark.slow
async def test_a_cancelled_warming_is_gone_on_with(engine_factory) -> None:
    engine = engine_factory(prefix_tokens=1024)
    request = at(len(TEXT) - 2000, key="a", warm=True)
    done, wait_s = 0, 0.02
    while not done:
        stream = engine.generate(request)
        asyncio.get_running_loop().call_later(wait_s, stream.cancel)
        async with asyncio.timeout(TIMEOUT_S):
            finished = [event async for event in stream][-1]
        assert isinstance(finished, Finished)
        done, wait_s = finished.usage.evaluated_tokens, 2 * wait_s
    usage = await usage_of(engine, replace(request, warm=False))
    assert usage.reused_tokens >= min(done, usage.prompt_tokens - 1)


async def test_a_request_behind_a_cancelled_warming_is_served(engine_factory) -> None:
    engine = engine_factory()
    expected, _ = await ask(engine, at(3000, key="a"))
    warm = engine.generate(at(9000, key="a", warm=True))
    asking = asyncio.create_task(ask(engine, at(3000, key="a")))
    await asyncio.sleep(0)
    warm.cancel()
    text, finished = await asking
    assert text == expected
    assert finished.usage.evaluated_tokens <= 2
    assert [event.reason async for event in warm] == ["cancelled"]
