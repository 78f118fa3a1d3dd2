"""Types in real time and watches what is on the screen. Knows screens, no server and no table."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from beadline.bench.commits import Commit, Folder
from beadline.bench.edits import KEYS, Event, apply
from beadline.bench.results import Record, Results
from beadline.bench.screen import Ghost, acceptance, judge
from beadline.bench.sessions import Step, What, steps

LIMIT_S = 2.0
"""Time that a keystroke without a right suggestion counts as."""
_ACCEPTED = 4
"""Fewer characters are typed faster than accepted."""


@dataclass(frozen=True)
class Rhythm:
    """How an author types. Medians in seconds, of log-normal intervals."""

    key: float = 0.18
    key_spread: float = 0.5
    """Standard deviation of the logarithm."""
    pause: float = 2.5
    pause_spread: float = 0.4
    accepts: float = 0.5
    """Share of the right suggestions that are accepted."""


class Screen(Protocol):
    """An editor with its assistant."""

    changed: asyncio.Event
    """Set when the suggestion may be another one."""

    def ghost(self) -> Ghost | None:
        """What is on the screen now."""
        ...

    def begin(self, commit: Commit) -> None:
        """A new commit; nothing is open."""
        ...

    def show(self, path: str, text: str) -> None:
        """A file is opened or shown again."""
        ...

    def key(self, path: str, text: str, event: Event, after: str, *, accepted: bool) -> None:
        """A key was pressed in insert mode, or the suggestion accepted."""
        ...

    def move(self, path: str, text: str, event: Event, after: str) -> None:
        """A jump, or a deletion in normal mode."""
        ...

    def save(self, path: str) -> None:
        """The file was written to the disk."""
        ...

    def rest(self) -> None:
        """The hunk is done; nobody types."""
        ...

    async def end(self) -> list[Record]:
        """Close everything; what the servers said about their work."""
        ...


@dataclass(frozen=True)
class Take:
    """What is typed of one commit."""

    commit: Commit
    steps: tuple[Step, ...]


def takes(commits: Sequence[Commit], *, keys: int, per_commit: int, seed: int) -> list[Take]:
    """Steps of about `keys` keystrokes, at most `per_commit` of each commit."""
    found: list[Take] = []
    left = keys
    for commit in commits:
        if left <= 0:
            break
        cut = tuple(_cut(steps(commit, seed=seed), min(left, per_commit)))
        typed = sum(_is_key(step) for step in cut)
        if typed:
            left -= typed
            found.append(Take(commit, cut))
    return found


def _cut(all_steps: Iterator[Step], most: int) -> Iterator[Step]:
    for step in all_steps:
        yield step
        most -= _is_key(step)
        if most <= 0:
            yield Step(What.PAUSE, step.path)
            return


def _is_key(step: Step) -> bool:
    return step.event is not None and step.event.kind in KEYS


async def type_all(
    screen: Screen,
    chosen: Sequence[Take],
    folder: Folder,
    results: Results,
    progress: Callable[[int], None],
    *,
    seed: int,
    rhythm: Rhythm,
) -> None:
    """Type all takes that `results` has not; `progress` is given the keystrokes of each."""
    for take in chosen:
        commit = take.commit
        if results.has(commit.id):
            continue
        folder.check_out(commit.parent)
        screen.begin(commit)
        author = _Author(screen, take, folder, seed, rhythm)
        records = await author.type()
        records += await screen.end()
        results.add(commit.id, records)
        progress(sum(_is_key(step) for step in take.steps))


class _Author:
    """Types one commit."""

    def __init__(
        self, screen: Screen, take: Take, folder: Folder, seed: int, rhythm: Rhythm
    ) -> None:
        self._screen = screen
        self._take = take
        self._folder = folder
        self._seed = seed
        self._rhythm = rhythm
        self._texts = {change.path: change.old for change in take.commit.changes}

    async def type(self) -> list[Record]:
        """All steps; one record a keystroke."""
        records: list[Record] = []
        at = 0
        while at < len(self._take.steps):
            step = self._take.steps[at]
            if step.event is not None and _is_key(step):
                at = await self._press(at, step.event, records)
            else:
                await self._do(step)
            at += 1
        return records

    async def _do(self, step: Step) -> None:
        text = self._texts[step.path]
        if step.event is not None:
            self._texts[step.path] = apply(text, step.event)
            self._screen.move(step.path, text, step.event, self._texts[step.path])
        elif step.what is What.SAVE:
            self._folder.write(step.path, text)
            self._screen.save(step.path)
        elif step.what is What.PAUSE:
            self._screen.rest()
            await asyncio.sleep(self._interval(step, self._rhythm.pause, self._rhythm.pause_spread))
        else:
            self._screen.show(step.path, text)

    async def _press(self, at: int, event: Event, records: list[Record]) -> int:
        """One key, and what is accepted behind it; the last step that this was."""
        accepted = False
        while True:
            step = self._take.steps[at]
            path, before = step.path, self._texts[step.path]
            after = self._texts[path] = apply(before, event)
            started = time.perf_counter()
            self._screen.changed.clear()
            self._screen.key(path, before, event, after, accepted=accepted)
            rhythm = self._rhythm
            end = started + self._interval(step, rhythm.key, rhythm.key_spread)
            record = await self._watch(after, event, started, end)
            record |= {"kind": "key", "episode": self._take.commit.id}
            record |= {"id": f"{path}:{step.number}", "accepted": accepted}
            records.append(record)
            taken = self._accepts(at, after, event)
            if taken is None:
                return at
            record["takes"] = len(taken[0].text)
            event, at = taken
            accepted = True

    async def _watch(self, text: str, event: Event, started: float, end: float) -> Record:
        """What is on the screen until `end`."""
        right_ms: float | None = None
        shown = agrees = False
        while True:
            now = time.perf_counter()
            ghost = self._screen.ghost()
            if ghost is not None:
                verdict = judge(ghost, text, event.cursor, event.rest)
                shown, agrees = True, agrees or verdict.agrees
                if verdict.right and right_ms is None:
                    right_ms = 1000 * (now - started)
            if now >= end:
                break
            try:
                await asyncio.wait_for(self._screen.changed.wait(), end - now)
            except TimeoutError:
                continue
            self._screen.changed.clear()
        return {
            "eligible": bool(event.rest and event.rest.strip()),
            "shown": shown,
            "agrees": agrees,
            "right_ms": right_ms,
        }

    def _accepts(self, at: int, text: str, event: Event) -> tuple[Event, int] | None:
        """The acceptance of what is on the screen, if the author accepts it."""
        ghost = self._screen.ghost()
        if ghost is None or event.rest is None:
            return None
        verdict = judge(ghost, text, event.cursor, event.rest)
        step = self._take.steps[at]
        if not verdict.right or self._random(step, "accept").random() >= self._rhythm.accepts:
            return None
        taken = acceptance(verdict, self._take.steps, at, event.cursor, event.rest)
        return taken if taken is not None and len(taken[0].text) >= _ACCEPTED else None

    def _interval(self, step: Step, median: float, spread: float) -> float:
        drawn = self._random(step, "interval").lognormvariate(math.log(median), spread)
        return min(drawn, 4 * median, max(LIMIT_S, median))

    def _random(self, step: Step, what: str) -> random.Random:
        """The same for a keystroke on both sides, whatever was accepted before it."""
        where = f"{self._take.commit.id}:{step.path}:{step.what}:{step.number}"
        return random.Random(f"{self._seed}:{where}:{what}")
