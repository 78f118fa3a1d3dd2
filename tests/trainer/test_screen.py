"""How a training tells what it does: events for editors, bars and sentences on a terminal."""

from __future__ import annotations

import io
import json

from rich.console import Console

from beadline.trainer.finetune.progress import Step
from beadline.trainer.screen import Events, Screen, Terminal


def step(number: int) -> Step:
    return Step(number, 10, 1.0, 1e-3, 100 * number, float(number))


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def events(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_events_are_json_lines_whose_share_only_grows() -> None:
    stream, clock = io.StringIO(), Clock()
    screen = Events(stream, clock)
    screen.phase("Reading", 0.0, 0.4)
    for done in range(0, 101, 10):
        clock.time += 1
        screen.tell("files", done, 100)
    screen.phase("Tuning", 0.4, 0.9)
    for number in range(1, 11):
        clock.time += 1
        screen.step(step(number))
    screen.say("a sentence for the terminal")
    screen.end("Activated: it won.")
    told = events(stream)
    shares = [each["share"] for each in told if each["event"] == "progress"]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 0.9
    assert told[-1] == {"event": "end", "message": "Activated: it won."}
    assert any("step 10/10" in each["message"] for each in told)


def test_events_come_no_oftener_than_anybody_can_read() -> None:
    stream, clock = io.StringIO(), Clock()
    screen = Events(stream, clock)
    screen.phase("Reading", 0.0, 1.0)
    for done in range(1, 1001):
        clock.time += 0.01
        screen.tell("files", done, 1000)
    told = events(stream)
    assert len(told) < 30
    assert told[-1]["share"] == 1.0


def test_nothing_of_nothing_is_no_division() -> None:
    stream = io.StringIO()
    screen = Events(stream)
    screen.phase("Reading", 0.2, 0.4)
    screen.tell("files", 0, 0)
    assert events(stream)[-1]["share"] == 0.2


def test_a_terminal_shows_phases_sentences_and_the_pace() -> None:
    shown = io.StringIO()
    plain = Console(file=shown, width=200, force_terminal=True, highlight=False)
    with Terminal(plain) as terminal:
        screen: Screen = terminal
        screen.phase("Reading the code", 0.0, 0.5)
        screen.tell("files", 3, 8)
        screen.phase("Tuning the model", 0.5, 1.0)
        screen.say("10 samples in 3 rows")
        screen.step(step(4))
    said = shown.getvalue()
    for text in ("Reading the code", "Tuning the model", "10 samples in 3 rows", "step 4/10"):
        assert text in said


def test_a_file_gets_the_sentences_alone() -> None:
    shown = io.StringIO()
    with Terminal(Console(file=shown, width=100)) as terminal:
        terminal.phase("Reading the code", 0.0, 1.0)
        terminal.tell("files", 1, 2)
        terminal.say("done")
    assert shown.getvalue().splitlines() == ["Reading the code", "done"]
