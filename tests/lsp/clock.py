"""A clock that stands still until the test moves it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from beadline.lsp.clock import Clock

START = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


@dataclass(eq=False)
class Timer:
    """Goes off when its time has come, unless it was cancelled."""

    due: float
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeClock:
    """Time and timers of a test."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def clock(self) -> Clock:
        """What the server is given."""
        return Clock(lambda: self.now, self._wall, self._call_later)

    def _wall(self) -> datetime.datetime:
        return START + datetime.timedelta(seconds=self.now)

    def _call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        timer = Timer(self.now + seconds, callback)
        self.timers.append(timer)
        return timer

    def waiting(self) -> list[Timer]:
        """Timers that have neither gone off nor been cancelled, the next first."""
        self.timers = [timer for timer in self.timers if not timer.cancelled]
        return sorted(self.timers, key=lambda timer: timer.due)

    def advance(self, seconds: float) -> None:
        """Let time pass; timers go off in their order."""
        end = self.now + seconds
        while (waiting := self.waiting()) and waiting[0].due <= end:
            self.timers.remove(waiting[0])
            self.now = waiting[0].due
            waiting[0].callback()
        self.now = end

    def sleep(self, seconds: float) -> None:
        """The machine sleeps: time passes, timers do not."""
        self.now += seconds
        for timer in self.timers:
            timer.due += seconds
