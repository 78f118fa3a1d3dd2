"""Plans, suggestions judged, records kept, and an author at work on a screen of cardboard."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from beadline.bench.commits import Commit, FileChange, Folder
from beadline.bench.edits import KEYS, Event, Kind, apply
from beadline.bench.live import Rhythm, takes, type_all
from beadline.bench.plan import ACCEPT, CLASSES, ENTER, IN_LINE, SUPPORT, plan
from beadline.bench.results import Record, Results, read
from beadline.bench.screen import Ghost, acceptance, judge, typed_on
from beadline.bench.sessions import What, steps
from beadline.errors import InputError

LINE = "    total = compute_the_total(values, limit, reverse=True)\n"
OLD = "def f(values):\n    pass\n" + "# a line\n" * 20 + "def g(values):\n    pass\n"
NEW = OLD.replace("    pass\n", "    pass\n" + LINE * 3)


@pytest.fixture
def commit() -> Commit:
    changes = tuple(FileChange(name, "python", OLD, NEW) for name in ("a.py", "b.py"))
    return Commit("c" * 40, "p" * 40, changes)


def test_steps_write_every_file_and_are_the_same_for_a_seed(commit: Commit) -> None:
    found = list(steps(commit, seed=1, switches=0.5))
    assert found == list(steps(commit, seed=1, switches=0.5))
    texts = {change.path: change.old for change in commit.changes}
    shown = ""
    for step in found:
        if step.what in (What.OPEN, What.SWITCH):
            shown = step.path
        assert step.path == shown
        if step.event is not None:
            texts[step.path] = apply(texts[step.path], step.event)
    assert texts == {"a.py": NEW, "b.py": NEW}
    assert any(step.what is What.SWITCH for step in found)


def test_a_plan_types_the_same_and_measures_keys_that_follow_keys(commit: Commit) -> None:
    (episode,) = plan([commit], per_class=3, seed=1)
    texts = {change.path: change.old for change in commit.changes}
    before = ""
    asked: list[str] = []
    for action in episode.actions:
        if (event := action.step.event) is not None:
            texts[action.step.path] = apply(texts[action.step.path], event)
            if action.ask in (IN_LINE, ENTER, ACCEPT):
                assert before
            if action.ask == ACCEPT:
                assert event.kind is Kind.TYPE and 8 <= len(event.text) <= 24
            elif action.ask in CLASSES:
                assert len(event.text.strip("\n ")) <= 1
            before = action.ask if event.kind in KEYS else ""
        asked += [action.ask] if action.ask else []
    for path, text in texts.items():
        assert NEW.startswith(text[:60]), path
    assert {IN_LINE, ENTER, ACCEPT, SUPPORT} <= set(asked)
    assert all(asked.count(name) <= 3 for name in CLASSES)


@pytest.mark.parametrize(
    ("shown", "rest", "right", "agrees"),
    [
        ("sum(values)", "sum(values)\nreturn", True, True),
        ("sum(values)\nbreak", "sum(values)\nreturn", True, True),
        ("sum(", "sum(values)\nreturn", False, True),
        ("min(values)", "sum(values)\nreturn", False, False),
        ("\n  return a", "\n  return a", True, True),
        ("\n  return", "\n  return a", False, True),
        ("\n", "\n  return a", False, False),
        ("sum(values)", "", False, False),
        ("sum(values)", None, False, False),
    ],
)
def test_what_is_right(shown: str, rest: str | None, right: bool, agrees: bool) -> None:
    text = "x = \nlast\n"
    verdict = judge(Ghost(4, 4, shown), text, 4, rest)
    assert (verdict.right, verdict.agrees) == (right, agrees)


def test_a_suggestion_may_replace_the_whole_line_as_vim_does() -> None:
    text, ghost = "x = )\n", Ghost(0, 5, "x = f(1)")
    verdict = judge(ghost, text, 4, "f(1")
    assert verdict.right and verdict.inserted == "f(1"


def test_typing_along_leaves_the_rest() -> None:
    event = Event(Kind.TYPE, 4, 4, "s", "um", 0)
    assert typed_on(Ghost(4, 4, "sum"), event) == Ghost(5, 5, "um")
    assert typed_on(Ghost(4, 4, "s"), event) is None
    assert typed_on(Ghost(4, 4, "min"), event) is None


def test_an_acceptance_takes_the_whole_or_the_first_line(commit: Commit) -> None:
    found = list(steps(commit, seed=1, switches=0.0))
    at = next(n for n, s in enumerate(found) if s.event is not None and s.event.kind in KEYS)
    text = OLD
    for step in found[: at + 1]:
        text = apply(text, step.event) if step.event is not None else text
    event = found[at].event
    assert event is not None and event.rest is not None
    line = event.rest.partition("\n")[0]
    for shown, wanted in ((f"{line}\n    total", f"{line}\n    total"), (f"{line}\nbad", line)):
        verdict = judge(Ghost(event.cursor, event.cursor, shown), text, event.cursor, event.rest)
        assert verdict.right
        taken = acceptance(verdict, found, at, event.cursor, event.rest)
        assert taken is not None
        edit, last = taken
        assert edit.text == wanted
        after = apply(text, edit)
        for step in found[at + 1 : last + 1]:
            text_then = step.event
            assert text_then is not None
        typed = text
        for step in found[at + 1 : last + 1]:
            assert step.event is not None
            typed = apply(typed, step.event)
        assert typed == after


class Cardboard:
    """Shows the truth, or nothing."""

    def __init__(self, wise: bool) -> None:
        self.changed = asyncio.Event()
        self.texts: dict[str, str] = {}
        self._wise = wise
        self._ghost: Ghost | None = None

    def ghost(self) -> Ghost | None:
        return self._ghost

    def begin(self, commit: Commit) -> None:
        self.texts = {change.path: change.old for change in commit.changes}

    def show(self, path: str, text: str) -> None:
        assert self.texts[path] == text

    def key(self, path: str, text: str, event: Event, after: str, *, accepted: bool) -> None:
        self.move(path, text, event, after)
        if self._wise and event.rest:
            self._ghost = Ghost(event.cursor, event.cursor, event.rest.partition("\n")[0])

    def move(self, path: str, text: str, event: Event, after: str) -> None:
        assert self.texts[path] == text
        self.texts[path] = after
        self._ghost = None

    def save(self, path: str) -> None:
        pass

    def rest(self) -> None:
        self._ghost = None

    async def end(self) -> list[Record]:
        return []


class _Tree(Folder):
    def __init__(self) -> None:
        pass

    def check_out(self, revision: str) -> None:
        pass

    def write(self, path: str, text: str) -> None:
        pass


@pytest.mark.parametrize("wise", [True, False])
async def test_an_author_types_accepts_and_counts(
    wise: bool, commit: Commit, tmp_path: Path
) -> None:
    chosen = takes([commit], keys=400, per_commit=400, seed=1)
    screen, results = Cardboard(wise), Results(tmp_path / "r.jsonl", {"a": 1})
    fast = Rhythm(key=1e-4, pause=1e-4, accepts=0.3)
    await type_all(screen, chosen, _Tree(), results, lambda _: None, seed=1, rhythm=fast)
    assert screen.texts["a.py"].count(LINE) == 6 or len(chosen[0].steps) < 400
    keys = [record for record in results.records if record["kind"] == "key"]
    right = [record["right_ms"] is not None for record in keys]
    assert any(record.get("takes") for record in keys) is wise
    assert any(right) is wise
    assert len({record["id"] for record in keys}) == len(keys)


def test_records_of_half_an_episode_are_measured_again(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "r.jsonl"
    results = Results(file, {"seed": 1})
    results.add("one", [{"n": 1}, {"n": 2}])
    with file.open("a") as stream:
        stream.write('{"n": 3}\n{"n"')
    again = Results(file, {"seed": 1})
    assert again.has("one") and not again.has("two")
    again.add("two", [{"n": 4}])
    assert read(file) == ({"seed": 1}, [{"n": 1}, {"n": 2}, {"n": 4}])
    with pytest.raises(InputError, match="another run"):
        Results(file, {"seed": 2})
    file.write_text("[]\n1\n")
    with pytest.raises(InputError, match="not a file of results"):
        read(file)
