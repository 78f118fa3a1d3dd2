"""Holes: deterministic, balanced, contiguous, and of the shape their category says."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from beadline.evaluation.holes import CATEGORIES, EMPTY, Hole, draw
from beadline.evaluation.sources import SourceFile, parses, read_repository


@pytest.fixture
def holes(directory: Path) -> list[Hole]:
    return draw(read_repository(directory), holes=36, empty=9, seed=3)


def of(holes: list[Hole], category: str) -> list[Hole]:
    found = [h for h in holes if h.category == category]
    assert found
    return found


def test_the_same_seed_draws_the_same_holes(directory: Path, holes: list[Hole]):
    files = read_repository(directory)
    assert draw(files[::-1], holes=36, empty=9, seed=3) == holes
    assert draw(files, holes=36, empty=9, seed=4) != holes


def test_more_holes_of_one_kind_do_not_change_the_others(directory: Path, holes: list[Hole]):
    files = read_repository(directory)
    more = draw(files, holes=36, empty=20, seed=3)
    assert [h for h in more if h.category != EMPTY] == [h for h in holes if h.category != EMPTY]


def test_categories_are_balanced_and_no_hole_comes_twice(holes: list[Hole]):
    counts = Counter(h.category for h in holes)
    assert counts == {**dict.fromkeys(CATEGORIES, 6), EMPTY: 9}
    assert len({h.id for h in holes}) == len(holes)


def test_repositories_share_the_holes(directory: Path):
    files = read_repository(directory)
    twin = [SourceFile("other", f.commit, f.path, f.text) for f in files]
    counts = Counter(h.repo for h in draw(files + twin, holes=12, empty=3, seed=1))
    assert counts == {"other": 8, "owner/things": 7} or counts == {"other": 7, "owner/things": 8}


def test_fewer_come_back_when_there_are_not_enough():
    file = SourceFile("r", "c", "a.py", "import os\n")
    found = draw([file], holes=60, empty=10, seed=1)
    assert sorted((h.category, h.truth) for h in found) == [
        (EMPTY, ""),
        ("import_line", "os"),
        ("rest_of_line", "os"),
    ]


def test_prefix_truth_and_suffix_are_the_file(holes: list[Hole]):
    for hole in holes:
        assert hole.prefix + hole.truth + hole.suffix == hole.text
        assert bool(hole.truth) == (hole.category != EMPTY)
        assert parses(hole.text)


def test_rest_of_line(holes: list[Hole]):
    for hole in of(holes, "rest_of_line"):
        assert "\n" not in hole.truth
        assert hole.prefix.rpartition("\n")[2].strip()
        assert not hole.suffix.partition("\n")[0].strip()
        assert "not = code" not in hole.prefix.rpartition("\n")[2], "inside a string"


def test_call_arguments(holes: list[Hole]):
    for hole in of(holes, "call_arguments"):
        assert hole.prefix.endswith("(") and hole.suffix.startswith(")")
        ast.parse(f"f({hole.truth})")


def test_statements_and_bodies_stand_alone_on_their_lines(holes: list[Hole]):
    for category in ("statement", "function_body", "block_body"):
        for hole in of(holes, category):
            assert not hole.prefix.rpartition("\n")[2].strip()
            rest = hole.suffix.partition("\n")[0].strip()
            assert not rest or rest.startswith("#")


def test_a_function_body_follows_its_docstring(directory: Path):
    drawn = draw(read_repository(directory), holes=60, empty=0, seed=1)
    bodies = {h.truth for h in drawn if h.category == "function_body"}
    assert "self.name = name\n        self.size = size" in bodies


def test_import_lines(holes: list[Hole]):
    for hole in of(holes, "import_line"):
        line = hole.prefix.rpartition("\n")[2] + hole.truth
        assert isinstance(ast.parse(line).body[0], ast.Import | ast.ImportFrom)


def test_empty_holes_come_after_complete_statements(holes: list[Hole]):
    for hole in of(holes, EMPTY):
        assert hole.prefix.rpartition("\n")[2].strip()
        assert hole.suffix.startswith("\n")
