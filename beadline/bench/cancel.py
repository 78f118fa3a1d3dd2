"""How soon the engine hears that an answer is not wanted any more. Knows requests, no editor.

Measured is the time from the cancel to the engine's last word about the request, after which it
is free for the next one: half of the cancels come while the prompt is evaluated, half while
tokens are decoded.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, cycle
from typing import Any

from beadline.engine.llama.client import LlamaEngine
from beadline.engine.protocol import FimRequest, Finished, Piece, Started
from beadline.evaluation.metrics import median

_TOKENS = 32
_MOST_TRIES = 4
"""For every cancel that is wanted: some come too late."""


async def cancels(
    engine: LlamaEngine, requests: Sequence[FimRequest], *, each: int, seed: int
) -> dict[str, Any]:
    """Milliseconds until `each` cancels while evaluating and `each` while decoding were heard."""
    rng = random.Random(f"{seed}:cancel")
    fresh = _fresh(requests)
    whole = await _prompt_seconds(engine, next(fresh))
    evaluating: list[float] = []
    decoding: list[float] = []
    for _ in range(_MOST_TRIES * each):
        if len(evaluating) == each:
            break
        request = next(fresh)
        heard, started = await _cancelled(engine, request, wait=whole * rng.uniform(0.1, 0.9))
        if heard is not None and not started:
            evaluating.append(heard)
    for _ in range(_MOST_TRIES * each):
        if len(decoding) == each:
            break
        heard, _ = await _cancelled(engine, next(fresh), pieces=rng.randint(1, _TOKENS // 2))
        if heard is not None:
            decoding.append(heard)
    return {"evaluating": _summary(evaluating), "decoding": _summary(decoding)}


def _fresh(requests: Sequence[FimRequest]) -> Iterator[FimRequest]:
    """The requests again and again, none with a prompt that begins like an earlier one's."""
    for number, request in zip(count(), cycle(requests), strict=False):
        mark = f"{number:x} beadline\n"
        yield replace(
            request,
            prefix=mark + request.prefix,
            suffix=f"\n{mark}" + request.suffix,
            anchor=len(mark) + request.anchor,
            extra=(),
            sequence=f"cancel-{number}",
            max_tokens=_TOKENS,
            ignore_stops=True,
            stop_at_newline=False,
            require_text=False,
        )


async def _prompt_seconds(engine: LlamaEngine, request: FimRequest) -> float:
    async for event in engine.generate(request):
        if isinstance(event, Finished):
            return event.usage.prompt_ms / 1000
    raise AssertionError("a stream ends with Finished")


async def _cancelled(
    engine: LlamaEngine, request: FimRequest, *, wait: float | None = None, pieces: int = 0
) -> tuple[float | None, bool]:
    """Milliseconds until a cancel was heard, after `wait` seconds or so many pieces; None when the
    answer was whole before. And whether the prompt had been evaluated by then."""
    stream = engine.generate(request)
    cancelled: float | None = None
    started = was_started = False

    def cancel() -> None:
        nonlocal cancelled, was_started
        cancelled, was_started = time.perf_counter(), started
        stream.cancel()

    timer = asyncio.get_running_loop().call_later(wait, cancel) if wait is not None else None
    async for event in stream:
        if isinstance(event, Started):
            started = True
        elif isinstance(event, Piece) and pieces:
            pieces -= 1
            if not pieces:
                cancel()
        elif isinstance(event, Finished):
            ended = time.perf_counter()
            if timer is not None:
                timer.cancel()
            if cancelled is None or event.reason != "cancelled":
                return None, was_started
            return 1000 * (ended - cancelled), was_started
    raise AssertionError("a stream ends with Finished")


def _summary(heard: Sequence[float]) -> dict[str, float | int | None]:
    return {
        "cancels": len(heard),
        "p50_ms": round(median(heard), 1) if heard else None,
        "most_ms": round(max(heard), 1) if heard else None,
    }
