"""The one thread of a completer: what somebody waits for goes between the steps of the rest."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator

import pytest

from beadline.completion.clock import Clock, ContextThread
from beadline.completion.types import Trace


def thread() -> ContextThread:
    return ContextThread(Clock(lambda: 0.0, None))


async def test_others_get_their_turn_between_steps() -> None:
    context, done = thread(), []
    begun, go_on = threading.Event(), threading.Event()

    def steps() -> Generator[None, None, str]:
        begun.set()
        go_on.wait(10)
        for number in range(3):
            done.append(number)
            yield
        return "all"

    slow = asyncio.create_task(context.run_steps(Trace(), steps()))
    await asyncio.to_thread(begun.wait, 10)
    quick = asyncio.create_task(context.run(Trace(), lambda: done.append("asked")))
    await asyncio.sleep(0)
    go_on.set()
    await quick
    assert await slow == "all"
    assert done == [0, "asked", 1, 2]
    context.close()


async def test_steps_end_where_nobody_waits_any_more() -> None:
    context, done = thread(), []
    begun, go_on = threading.Event(), threading.Event()

    def steps() -> Generator[None, None, None]:
        begun.set()
        go_on.wait(10)
        for number in range(3):
            done.append(number)
            yield

    task = asyncio.create_task(context.run_steps(Trace(), steps()))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await context.run(Trace(), lambda: None)
    await context.run(Trace(), lambda: None)
    assert done == [0]
    context.close()


async def test_a_failing_step_fails_who_waits() -> None:
    def steps() -> Generator[None, None, None]:
        yield
        raise UnicodeEncodeError("utf-8", "x", 0, 1, "why")

    context = thread()
    with pytest.raises(UnicodeEncodeError):
        await context.run_steps(Trace(), steps())
    context.close()
