"""How a training tells what it does: on a terminal, or as events for an editor. Knows no phase."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from beadline.trainer.finetune.progress import Pace, Step

_EVERY_S = 0.5
"""Events of progress come at most so often."""


class Screen(Protocol):
    """Who watches a training."""

    def phase(self, name: str, begin: float, end: float) -> None:
        """A part of it begins, which is `begin` to `end` of the whole (0 to 1)."""
        ...

    def tell(self, what: str, done: int, of: int) -> None:
        """How far something within the phase is."""
        ...

    def step(self, step: Step) -> None:
        """A step of the tuning."""
        ...

    def say(self, text: str) -> None:
        """A sentence that stays."""
        ...


class Terminal:
    """Bars on a terminal, sentences in between."""

    def __init__(self, console: Console) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}")
        self._console = console
        self._progress = Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        )
        self._tasks: dict[str, TaskID] = {}
        self._pace = Pace()

    def __enter__(self) -> Terminal:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def phase(self, name: str, begin: float, end: float) -> None:
        """See `Screen`."""
        for task in self._tasks.values():
            self._progress.remove_task(task)
        self._tasks.clear()
        self._console.print(name, style="bold")

    def tell(self, what: str, done: int, of: int) -> None:
        """See `Screen`."""
        self._show(what, done, of, f"{done:,}/{of:,}")

    def step(self, step: Step) -> None:
        """See `Screen`."""
        self._show("tuning", step.step, step.total, self._pace.said(step))

    def say(self, text: str) -> None:
        """See `Screen`."""
        self._console.print(text)

    def _show(self, what: str, done: int, of: int, said: str) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=of, said=said)
        self._progress.update(self._tasks[what], completed=done, total=of, said=said)


class Events:
    """JSON lines, as `lsp.training` reads them."""

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._now = now
        self._begin, self._end = 0.0, 0.0
        self._last: tuple[str, float] | None = None
        self._pace = Pace()

    def phase(self, name: str, begin: float, end: float) -> None:
        """See `Screen`."""
        self._begin, self._end = begin, end
        self._send(name, begin)

    def tell(self, what: str, done: int, of: int) -> None:
        """See `Screen`."""
        self._progress(what, what, done, of)

    def step(self, step: Step) -> None:
        """See `Screen`."""
        self._progress("tuning", self._pace.said(step), step.step, step.total)

    def say(self, text: str) -> None:
        """See `Screen`. It is told again at the end, or stands in the report."""

    def end(self, message: str) -> None:
        """What came of all of it."""
        self._write({"event": "end", "message": message})

    def _progress(self, kind: str, message: str, done: int, of: int) -> None:
        now = self._now()
        if self._last is not None:
            last, when = self._last
            if last == kind and now - when < _EVERY_S and done < of:
                return
        self._last = kind, now
        share = self._begin + (self._end - self._begin) * (min(1.0, done / of) if of else 0.0)
        self._send(message, share)

    def _send(self, message: str, share: float) -> None:
        self._write({"event": "progress", "message": message, "share": round(share, 4)})

    def _write(self, event: dict[str, object]) -> None:
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()
