"""Cases are drawn by a seed; a third has its cursor in a word, and anchors are line starts."""

from __future__ import annotations

import pytest

from beadline.bench.layout.cases import MOST_BEHIND, Case, draw_cases
from beadline.evaluation.sources import SourceFile

MODULE = '''import os
from pathlib import Path


def names_in(folder):
    """Sorted names of the entries."""
    found = sorted(entry.name for entry in os.scandir(folder))
    return [name for name in found if not name.startswith(".")]


def total_size(folder, names):
    result = 0
    for name in names:
        path = Path(folder) / name
        if path.is_file():
            result += path.stat().st_size
    return result
'''


@pytest.fixture(scope="module")
def files() -> list[SourceFile]:
    return [
        SourceFile("owner/r", "c", f"m{number}.py", MODULE.replace("names", f"names_{number}"))
        for number in range(6)
    ]


def test_the_same_seed_gives_the_same_cases(files: list[SourceFile]) -> None:
    cases = draw_cases(files, holes=60, seed=3)
    assert cases == draw_cases(files[::-1], holes=60, seed=3)
    assert cases != draw_cases(files, holes=60, seed=4)
    assert len({case.hole.id for case in cases}) == len(cases) == 60
    assert sum(case.mid_word for case in cases) == 20
    # Any first part is a sample: neither kind comes first.
    assert 0 < sum(case.mid_word for case in cases[:20]) < 20


def test_holes_are_the_files_text_and_mid_word_ones_begin_in_a_word(
    files: list[SourceFile],
) -> None:
    for case in draw_cases(files, holes=60, seed=3):
        hole = case.hole
        assert hole.prefix + hole.truth + hole.suffix == hole.text
        assert hole.truth
        inside = hole.text[hole.start - 1], hole.text[hole.start]
        if case.mid_word:
            assert all(each.isalnum() or each == "_" for each in inside)
            assert hole.truth.count("\n") < 3


def test_anchors_are_line_starts_above_the_cursor(files: list[SourceFile]) -> None:
    cases = draw_cases(files, holes=90, seed=5)
    lines = [case.anchor_lines for case in cases]
    assert set(lines) == set(range(9))
    assert 0.25 < lines.count(0) / len(lines) < 0.55
    for case in cases:
        text, cursor = case.hole.text, case.hole.start
        anchor = case.anchor(0)
        assert anchor == 0 or text[anchor - 1] == "\n" or cursor - anchor == MOST_BEHIND
        assert cursor - MOST_BEHIND <= anchor <= cursor
        passed = text.count("\n", anchor, cursor)
        assert passed == case.anchor_lines or anchor in (0, max(0, cursor - MOST_BEHIND))
        assert case.anchor(cursor) == cursor
    far = Case(cases[0].hole, 8)
    assert far.anchor(cases[0].hole.start - 3) >= cases[0].hole.start - 3
