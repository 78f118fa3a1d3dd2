"""Chooses the keystrokes whose cost is measured, by class. Knows texts; knows no server.

Both sides are asked at the same places. A measured keystroke comes right after another one that
was asked for too, as when an author types; what lies between is typed without asking.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from beadline.bench.commits import Commit
from beadline.bench.edits import KEYS, Event, Kind, apply
from beadline.bench.infill import MAX_LINE_SUFFIX
from beadline.bench.sessions import Step, What, steps

IN_LINE, ENTER, JUMP, ACCEPT, SWITCH, FAR = (
    "in a line", "Enter", "cursor jump", "after accept", "file switch", "far switch",
)  # fmt: skip
CLASSES = (IN_LINE, ENTER, JUMP, ACCEPT, SWITCH, FAR)
_QUOTAS = (IN_LINE, ENTER, JUMP, ACCEPT, SWITCH)
"""Far switches count as switches."""
_NEAR = 4
"""Other files asked in since, up to which a file one comes back to is a near one."""
SUPPORT = "support"
"""Asked for what follows, and not measured."""
_ACCEPTED = 24
"""Characters of an acceptance, less at the end of a line."""
_LEAST_ACCEPTED = 8
_PER_HUNK = 3
"""Most keystrokes of a class between two jumps, so that the whole run measures many places."""
_LINES = 0.5
"""Share of the lines in which keystrokes are measured: the others let more code pass by."""


@dataclass(frozen=True)
class Action:
    """A step, and whether a suggestion is asked for behind it."""

    step: Step
    ask: str = ""
    """A class, or `SUPPORT`; empty: no."""
    number: int = 0
    """Of the question in its episode."""


@dataclass(frozen=True)
class Episode:
    """One commit."""

    commit: Commit
    actions: tuple[Action, ...]


def plan(commits: Sequence[Commit], *, per_class: int, seed: int) -> list[Episode]:
    """Episodes until every class has `per_class` keystrokes, or the commits end."""
    asked: Counter[str] = Counter()
    episodes: list[Episode] = []
    for commit in commits:
        if all(asked[name] >= per_class for name in _QUOTAS):
            break
        episode = _Planner(commit, seed, asked, per_class).episode()
        if any(action.ask in CLASSES for action in episode.actions):
            episodes.append(episode)
    return episodes


def counts(episodes: Sequence[Episode]) -> Counter[str]:
    """Questions by class."""
    return Counter(a.ask for episode in episodes for a in episode.actions if a.ask)


class _Planner:
    """Goes through a commit once."""

    def __init__(self, commit: Commit, seed: int, asked: Counter[str], per_class: int) -> None:
        self._commit = commit
        self._steps = list(steps(commit, seed=seed))
        self._rng = random.Random(f"{seed}:{commit.id}:plan")
        self._asked = asked
        self._per_class = per_class
        self._texts = {change.path: change.old for change in commit.changes}
        self._why: dict[str, str] = {}
        """Path -> class of its next keystroke by where the cursor comes from."""
        self._known: list[str] = []
        """Files that were asked in, the last one first."""
        self._before = ""
        """What the keystroke before was asked as."""
        self._line: set[str] = set()
        """Classes that are still to be measured in this line."""
        self._here: Counter[str] = Counter()
        """Measured since the last jump."""

    def episode(self) -> Episode:
        actions: list[Action] = []
        questions = 0
        for action in self._actions():
            if action.ask:
                questions += 1
                if action.ask != SUPPORT:
                    self._asked[SWITCH if action.ask == FAR else action.ask] += 1
            if actions and (joined := _joined(actions[-1], action)) is not None:
                actions.pop()
                action = joined
            actions.append(replace(action, number=questions))
            if action.step.what is What.PAUSE and self._done():
                break
        return Episode(self._commit, tuple(actions))

    def _done(self) -> bool:
        return all(self._asked[name] >= self._per_class for name in _QUOTAS)

    def _wanted(self, name: str) -> bool:
        return self._asked[name] < self._per_class and self._here[name] < _PER_HUNK

    def _actions(self) -> Iterator[Action]:
        at = 0
        while at < len(self._steps):
            step = self._steps[at]
            at += 1
            event = step.event
            if event is None:
                self._shown(step)
                yield Action(step)
                continue
            if self._accepts(event) and (end := self._accepted(at - 1)) > at:
                event = replace(
                    event,
                    text="".join(_event(s).text for s in self._steps[at - 1 : end]),
                    rest=_event(self._steps[end - 1]).rest,
                )
                step, at = replace(step, event=event), end
                self._line.clear()
                ask = ACCEPT
            elif event.kind in KEYS:
                ask = ""
            else:
                self._moved(step.path, event)
                yield Action(step)
                continue
            self._texts[step.path] = apply(self._texts[step.path], event)
            if self._may_ask(step.path, event):
                ask = ask or self._question(step.path, event) or self._support(at)
            else:
                ask = ""
            if ask in CLASSES:
                self._here[SWITCH if ask == FAR else ask] += 1
            self._before = ask
            yield Action(step, ask)

    def _shown(self, step: Step) -> None:
        if step.what is What.SWITCH:
            self._why[step.path] = SWITCH
        elif step.what is What.OPEN:
            self._why[step.path] = SUPPORT
        self._here.clear()
        self._line.clear()
        self._before = ""

    def _moved(self, path: str, event: Event) -> None:
        """A jump, or a deletion after one."""
        if event.kind is Kind.JUMP:
            # A jump in a file that was just shown is neither one class nor the other.
            self._why[path] = JUMP if self._why.get(path, JUMP) == JUMP else SUPPORT
        self._here.clear()
        self._line.clear()
        self._before = ""

    def _question(self, path: str, event: Event) -> str:
        """The class of a keystroke if it is to be measured, `SUPPORT` if it is to be asked for."""
        before = self._before
        if event.kind is Kind.ENTER:
            self._line.clear()
            if self._rng.random() < _LINES:
                self._line.update({name for name in (IN_LINE, ACCEPT) if self._wanted(name)})
        if why := self._why.pop(path, ""):
            since = self._known.index(path) if path in self._known else None
            self._known = [path, *(other for other in self._known if other != path)]
            if since is None or why not in CLASSES or not self._wanted(why):
                return SUPPORT
            return FAR if why == SWITCH and since > _NEAR else why
        if event.kind is Kind.ENTER:
            return ENTER if before and self._wanted(ENTER) else ""
        if event.kind is not Kind.TYPE or not self._line:
            return ""
        if not before:
            return SUPPORT
        if IN_LINE in self._line:
            self._line.discard(IN_LINE)
            return IN_LINE
        self._line.clear()  # the line is too short for an acceptance
        return ""

    def _support(self, at: int) -> str:
        """The last keystroke before a jump, a switch or a measured Enter is asked for as well."""
        following = self._steps[at].event if at < len(self._steps) else None
        if following is None:
            return SUPPORT
        enter = following.kind is Kind.ENTER and self._wanted(ENTER)
        return SUPPORT if enter and self._rng.random() < _LINES else ""

    def _accepts(self, event: Event) -> bool:
        return event.kind is Kind.TYPE and self._before != "" and self._line == {ACCEPT}

    def _may_ask(self, path: str, event: Event) -> bool:
        """Whether the plugin would ask by itself (llama.vim l. 737)."""
        text = self._texts[path]
        end = text.find("\n", event.cursor)
        return (end if end >= 0 else len(text)) - event.cursor <= MAX_LINE_SUFFIX

    def _accepted(self, first: int) -> int:
        """Index behind the steps that one acceptance from `first` on takes; `first` if none."""
        last = first
        while (
            last < len(self._steps)
            and last - first < _ACCEPTED
            and (event := self._steps[last].event) is not None
            and event.kind is Kind.TYPE
        ):
            last += 1
        return last if last - first >= _LEAST_ACCEPTED else first


def _joined(first: Action, second: Action) -> Action | None:
    """Two edits as one where nobody is asked in between: text is put in as if it were pasted."""
    one, other = first.step.event, second.step.event
    if first.ask or one is None or other is None or not {one.kind, other.kind} <= KEYS:
        return None
    if other.start != one.cursor or other.end != other.start or second.ask == ACCEPT:
        return None
    if second.ask in CLASSES:
        return None
    event = replace(other, start=one.start, end=one.end, text=one.text + other.text)
    return replace(second, step=replace(second.step, event=event))


def _event(step: Step) -> Event:
    assert step.event is not None
    return step.event
