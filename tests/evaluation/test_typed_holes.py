"""Cursors as typing leaves them, and when the first line of a suggestion is right there."""

from __future__ import annotations

import random

import pytest

from beadline.evaluation.checks import first_line_right
from beadline.evaluation.holes import Hole
from beadline.evaluation.sources import SourceFile
from beadline.evaluation.typed_holes import MOST_LINES, TYPED, draw_typed

TEXT = "def total(values):\n    result = 0\n\n    for value in values:\n        result += value  \n"


def files(count: int = 3) -> list[SourceFile]:
    return [
        SourceFile(f"owner/r{n % 2}", "c", f"{n}.py", TEXT.replace("total", f"total{n}"))
        for n in range(count)
    ]


def test_cursors_stand_behind_keys_of_lines():
    holes = draw_typed(files(), 60, seed=1)
    assert len(holes) == 60
    for hole in holes:
        assert hole.category == TYPED
        assert hole.prefix + hole.truth + hole.suffix == hole.text
        first = hole.truth.partition("\n")[0]
        assert (first.strip() and hole.suffix.startswith("\n")) or not hole.suffix
        assert not first[:1].isspace() or hole.prefix.rpartition("\n")[2].strip()
        assert hole.truth.count("\n") <= MOST_LINES
    assert any("\n" in hole.truth for hole in holes)
    assert any(hole.prefix[-1].isalnum() and hole.truth[0].isalnum() for hole in holes)


def test_the_same_seed_gives_the_same_cursors():
    one, again = (draw_typed(files(), 20, seed=1) for _ in range(2))
    assert one == again
    shuffled = files()
    random.Random(0).shuffle(shuffled)
    assert draw_typed(shuffled, 20, seed=1) == one
    assert draw_typed(files(), 20, seed=2) != one


def test_repositories_have_equal_shares():
    holes = draw_typed(files(9), 21, seed=1)
    assert [sum(h.repo == f"owner/r{n}" for h in holes) for n in (0, 1)] == [11, 10]


def test_fewer_come_back_where_there_are_no_more():
    tiny = [SourceFile("owner/r", "c", "a.py", "ab\n\n")]
    assert 0 < len(draw_typed(tiny, 50, seed=1)) < 50
    assert draw_typed([SourceFile("owner/r", "c", "a.py", " \n\n")], 5, seed=1) == []


def hole(text: str) -> Hole:
    """The truth stands between two `|`."""
    before, truth, after = text.split("|")
    return Hole("r", "c", "a.py", TYPED, len(before), len(before + truth), before + truth + after)


@pytest.mark.parametrize(
    ("text", "prediction", "right"),
    [
        ("x = |foo(bar)|\n", "foo(bar)", True),
        ("x = |foo(bar)|\n", "foo(bar)  ", True),
        ("x = |foo(bar)|\n", "foo(bar)\ny = 2", True),
        ("x = |foo(bar)|\n", "foo(", False),
        ("x = |foo(bar)|\n", "foo(bar) + 1", False),
        ("x = |foo(bar)|\n", "\nfoo(bar)", False),
        ("x = |foo(\n    bar)|\n", "foo(\n    baz)", True),
        ("x = foo(|bar|)\n", "bar", True),
        ("x = foo(|bar|)\n", "bar)", False),
        ("if x:|\n    y()|\n", "\n    y()\n    z()", True),
        ("if x:|\n\n    y()|\n", "\n    y()", True),
        ("if x:|\n    y()|\n", "\n  y()", False),
        ("if x:|\n    y()|\n", " y()", False),
        ("x = 1||\ny = 2\n", "\ny = 2", False),
        ("x = |foo|\n", "", False),
        ("x = |foo|\n", "  \n", False),
    ],
)
def test_a_first_line_is_right_when_the_line_comes_out_right(
    text: str, prediction: str, right: bool
):
    assert first_line_right(hole(text), prediction) is right
