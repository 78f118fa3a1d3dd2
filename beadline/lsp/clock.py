"""Time as the server has it: a clock and a timer that tests replace. Knows no purpose of either."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from beadline.completion.generation import CallLater, TimerHandle


def _call_later(seconds: float, callback: Callable[[], None]) -> TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, callback)


@dataclass(frozen=True)
class Clock:
    """The real one by default."""

    seconds: Callable[[], float] = time.monotonic
    """For how long something lasted."""
    wall: Callable[[], datetime.datetime] = field(
        default=lambda: datetime.datetime.now().astimezone()
    )
    """Date and time for people."""
    call_later: CallLater = _call_later
