"""Whether suggestions are wanted: off by setting, by command, for a while. Knows no request."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable

from beadline.completion.generation import TimerHandle
from beadline.lsp.clock import Clock
from beadline.lsp.status import StatusBoard
from beadline.settings import CompletionOptions

SNOOZE_MINUTES = 30.0
MOST_MINUTES = 7 * 24 * 60.0
"""Who wants longer silence than a week turns suggestions off."""


class Switch:
    """On, off, or snoozed; tells the status board, and whoever asks before an answer."""

    def __init__(
        self,
        options: CompletionOptions,
        board: StatusBoard,
        clock: Clock,
        turned_off: Callable[[], None],
    ) -> None:
        """`turned_off` is called whenever suggestions stop being wanted."""
        self._options = options
        self._board = board
        self._clock = clock
        self._turned_off = turned_off
        self._enabled = options.enabled
        self._until: datetime.datetime | None = None
        self._timer: TimerHandle | None = None
        self._tell()

    @property
    def is_on(self) -> bool:
        """Whether anything is suggested now."""
        # A machine that slept has a timer that is late.
        if self._until is not None and self._clock.wall() >= self._until:
            self._wake()
        return self._enabled and self._until is None

    def serves(self, language_ids: Iterable[str]) -> bool:
        """Whether anything is suggested in a document of this language.

        `language_ids` are the editor's word and ours: settings may be written in either, also for
        languages that we do not know.
        """
        return self.is_on and not {*self._options.languages_off}.intersection(language_ids)

    def reconfigure(self, options: CompletionOptions) -> None:
        """New settings; `enabled` overrules what was toggled only when it has changed itself."""
        changed = options.enabled != self._options.enabled
        self._options = options
        if changed:
            self._set(options.enabled)

    def toggle(self) -> None:
        """Off if suggestions are shown now, otherwise on; also ends a snooze."""
        on = self.is_on
        self._end_snooze()
        self._set(not on)

    def snooze(self, minutes: float) -> None:
        """Nothing for so many minutes; 0 ends it."""
        self._end_snooze()
        if minutes > 0:
            self._until = self._clock.wall() + datetime.timedelta(minutes=minutes)
            self._timer = self._clock.call_later(minutes * 60, self._wake)
            self._turned_off()
        self._tell()

    def close(self) -> None:
        """The server ends."""
        self._end_snooze()

    def _set(self, enabled: bool) -> None:
        self._enabled = enabled
        if not enabled:
            self._turned_off()
        self._tell()

    def _wake(self) -> None:
        self._end_snooze()
        self._tell()

    def _end_snooze(self) -> None:
        self._until = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        if not self._enabled:
            self._board.switched("off", "Suggestions are off.")
        elif self._until is not None:
            until = self._until.isoformat(timespec="seconds")
            today = self._until.date() == self._clock.wall().date()
            moment = self._until.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")
            self._board.switched("snoozed", f"Suggestions are off until {moment}.", until)
        else:
            self._board.switched("", "")
