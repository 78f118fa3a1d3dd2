"""What counts as shown, accepted, rejected and kept; the clock is moved by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from beadline.context.types import Document
from beadline.lsp.lines import Edit
from beadline.lsp.statistics.recorder import Answered, Labels, Offered, Recorder
from tests.lsp.clock import FakeClock

LABELS = Labels("python", "nano")


class Bench:
    """A recorder, a document that is edited, and what was counted."""

    def __init__(self, text: str = "x = \ny = 2\n", cursor: int = 4) -> None:
        self.clock = FakeClock()
        self.counts: Counter[str] = Counter()
        self.text, self.cursor = text, cursor
        self.numbers = 0
        self.recorder = Recorder(self._count, self.clock.clock())

    def _count(self, labels: Labels, increments: Mapping[str, float]) -> None:
        assert labels == LABELS
        self.counts.update(increments)

    @property
    def document(self) -> Document:
        return Document("key", "a.py", "python", self.text)

    def answer(self, *texts: str, removed: int = 0, current: bool = True) -> int:
        """Items for the cursor; the number of the first."""
        first = self.numbers + 1
        items = []
        for text in texts:
            self.numbers += 1
            items.append(Offered(self.numbers, self.cursor, removed, text, text))
        answer = Answered(self.document, LABELS, "model", 0.1, tuple(items))
        self.recorder.answered(answer, current=current)
        return first

    def edit(self, start: int, removed: int, text: str, *, whole: bool = False) -> None:
        """Change the document; `whole` as clients do that send all of it."""
        self.text = self.text[:start] + text + self.text[start + removed :]
        self.cursor = start + len(text)
        edits = None if whole else (Edit(start, removed, text),)
        self.recorder.edited(self.document, edits)

    def type(self, text: str) -> None:
        for character in text:
            self.edit(self.cursor, 0, character)

    def named(self, *names: str) -> tuple[float, ...]:
        return tuple(self.counts[name] for name in names)


@pytest.fixture
def bench() -> Bench:
    return Bench()


SEEN = ("shown", "shown_characters", "rejected")


@pytest.mark.parametrize(("seconds", "counts"), [(0.74, (0, 0, 0)), (0.75, (1, 2, 1))])
def test_shown_is_what_was_visible_long_enough(
    bench: Bench, seconds: float, counts: tuple[int, ...]
) -> None:
    bench.answer("42")
    bench.clock.advance(seconds)
    bench.type("z")
    assert bench.named(*SEEN) == counts


@pytest.mark.parametrize("end", ["answer", "nothing", "closed", "focus", "close", "elsewhere"])
def test_everything_that_ends_it(bench: Bench, end: str) -> None:
    bench.answer("42")
    bench.clock.advance(1)
    match end:
        case "answer":
            bench.answer("43")
        case "nothing":
            bench.answer()
        case "closed":
            bench.recorder.closed("key")
        case "focus":
            bench.recorder.focused("other")
        case "close":
            bench.recorder.close()
        case "elsewhere":
            bench.edit(0, 0, "z")
    assert bench.named(*SEEN) == (1, 2, 1)


def test_the_same_answer_again_is_the_same_suggestion(bench: Bench) -> None:
    for _ in range(3):
        bench.answer("42")
        bench.clock.advance(0.3)
    bench.recorder.focused("key")
    bench.recorder.close()
    assert bench.named("requests", "answers", *SEEN) == (3, 3, 1, 2, 1)


def test_typing_along_keeps_it_on_the_screen(bench: Bench) -> None:
    bench.answer("compute()")
    bench.clock.advance(0.5)
    bench.type("com")
    bench.answer("pute()")
    bench.clock.advance(0.5)
    bench.type("x")
    assert bench.named(*SEEN) == (1, 9, 1)


ACCEPTED = ("accepted_full", "accepted_full_characters", "shown_characters", "rejected")


@pytest.mark.parametrize("order", ["command first", "edit first", "edit only", "whole text"])
def test_accepted_by_a_key(bench: Bench, order: str) -> None:
    number = bench.answer("compute()")
    if order == "command first":
        bench.recorder.accepted(number)
    bench.edit(4, 0, "compute()", whole=order == "whole text")
    if order in ("edit first", "whole text"):
        bench.recorder.accepted(number)
    bench.answer()
    assert bench.named(*ACCEPTED) == (1, 9, 9, 0)


def test_accepted_after_some_keys(bench: Bench) -> None:
    bench.answer("compute()")
    bench.type("com")
    number = bench.answer("pute()")
    bench.recorder.accepted(number)
    bench.edit(7, 0, "pute()")
    assert bench.named(*ACCEPTED) == (1, 9, 9, 0)


def test_accepted_with_a_bracket_that_it_replaces() -> None:
    bench = Bench("f()", 2)
    bench.answer("x)", removed=1)
    bench.edit(2, 1, "x)")
    assert bench.counts["accepted_typed"] + bench.counts["accepted_full"] == 1


def test_an_insertion_that_the_editor_places_later() -> None:
    """Neovim sends the difference of two texts: `ab|a` + `ac` may come as `aba` + `ca`..."""
    bench = Bench("f(a)", 2)
    bench.answer("a, b, ")
    bench.edit(3, 0, ", b, a")
    assert bench.text == "f(a, b, a)"
    assert bench.counts["accepted_full"] == 1


def test_an_insertion_that_only_looks_like_it() -> None:
    bench = Bench("xyz", 0)
    bench.answer("xq")
    bench.edit(1, 0, "q")
    bench.recorder.close()
    assert bench.counts["accepted_full"] + bench.counts["accepted_typed"] == 0


def test_typed_to_the_end(bench: Bench) -> None:
    bench.answer("42")
    bench.type("42")
    assert bench.named("accepted_typed", "accepted_typed_characters", "shown") == (1, 2, 1)


def test_partial_acceptance_is_cumulative_and_in_units_of_what_was_sent(bench: Bench) -> None:
    number = bench.answer("a😀\nb = 1")
    for length in (1, 3, 4):  # "a", "a😀", "a😀\n"
        bench.recorder.partially_accepted(number, length)
    bench.edit(4, 0, "a😀\n")
    bench.type("z")
    names = ("accepted_partial", "accepted_partial_characters", "shown_characters", "rejected")
    assert bench.named(*names) == (1, 3, 8, 0)


def test_partial_acceptance_to_the_end_is_acceptance(bench: Bench) -> None:
    number = bench.answer("42")
    bench.recorder.partially_accepted(number, 2)
    assert bench.named(*ACCEPTED) == (1, 2, 2, 0)


def test_a_client_that_tells_what_it_shows_is_believed(bench: Bench) -> None:
    first = bench.answer("42")
    bench.recorder.shown(first)
    bench.clock.advance(1)
    bench.answer("43")
    bench.clock.advance(1)
    bench.answer()
    assert bench.named(*SEEN) == (1, 2, 1)


def test_another_item_of_the_answer(bench: Bench) -> None:
    first = bench.answer("42", "4242")
    bench.recorder.shown(first + 1)
    bench.recorder.accepted(first + 1)
    bench.edit(4, 0, "4242")
    assert bench.named(*ACCEPTED) == (1, 4, 4, 0)


def test_an_answer_that_came_too_late_is_not_visible(bench: Bench) -> None:
    bench.answer("42", current=False)
    bench.clock.advance(1)
    bench.recorder.close()
    assert bench.named("answers", "shown") == (1, 0)


def test_unknown_numbers_are_nothing(bench: Bench) -> None:
    bench.recorder.accepted(7)
    bench.recorder.shown(7)
    bench.recorder.partially_accepted(7, 1)
    assert bench.counts == {}


KEPT = ("kept_30s_characters", "looked_30s_characters", "kept_300s_characters")


@pytest.mark.parametrize("command_first", [False, True])
def test_kept(bench: Bench, command_first: bool) -> None:
    number = bench.answer("compute(alpha)")
    if command_first:
        bench.recorder.accepted(number)
    bench.edit(4, 0, "compute(alpha)")
    bench.edit(0, 0, "import os\n")
    bench.clock.advance(30)
    assert bench.named(*KEPT) == (14, 14, 0)
    bench.edit(bench.text.index("alpha"), 5, "b")
    bench.clock.advance(269)
    assert bench.counts["looked_300s_characters"] == 0
    bench.clock.advance(1)
    assert bench.named("looked_300s_characters", "kept_300s_characters") == (14, 9)
    assert bench.clock.waiting() == []


def test_what_closes_before_its_time_is_not_known(bench: Bench) -> None:
    bench.answer("compute(alpha)")
    bench.edit(4, 0, "compute(alpha)")
    bench.recorder.closed("key")
    bench.clock.advance(1000)
    assert bench.named(*KEPT) == (0, 0, 0)


def test_watched_texts_are_limited(bench: Bench) -> None:
    for _ in range(100):
        bench.answer("compute(alpha)")
        bench.edit(bench.cursor, 0, "compute(alpha)")
    assert len(bench.clock.waiting()) == 128
    bench.recorder.close()
    assert bench.clock.waiting() == []
