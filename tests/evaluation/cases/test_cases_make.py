"""Making cases: by a seed alone, labelled where it can be, counted where not, resumed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.errors import InputError
from beadline.evaluation.cases.calls import Call
from beadline.evaluation.cases.draw import rounds
from beadline.evaluation.cases.format import CROSS_FILE_CALL, Case
from beadline.evaluation.cases.labels import Label, Labeller, Verdict
from beadline.evaluation.cases.labels_names import Names
from beadline.evaluation.cases.make import Made, Maker, Wanted, Ways, labellers
from beadline.evaluation.cases.spans import CATEGORIES
from beadline.evaluation.scenarios import SCENARIOS
from beadline.evaluation.sources import SourceFile, read_repository

SHAPES = '''\
"""Shapes of things."""


class Square:
    """Four sides."""

    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side * self.side


def make_square(side):
    """A square with sides of one length."""
    if side < 0:
        raise ValueError(side)
    return Square(side)


def twice(values):
    found = []
    for value in values:
        found.append(value + value)
    return found
'''
MAIN = '''\
"""Uses shapes."""

from shapes import Square, make_square, twice


def report(sides, printer):
    squares = [make_square(side) for side in sides]
    total = sum(square.area() for square in squares)
    printer.twice(total)
    for value in twice(sides):
        print(value, Square(value).area())
    return local_name(total)


def local_name(total):
    total = total + 1
    return total
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "shapes"
    root.mkdir()
    (root / "shapes.py").write_text(SHAPES, "utf-8")
    (root / "main.py").write_text(MAIN, "utf-8")
    return root.resolve()


def make(folder: Path, wanted: Wanted, path: Path, labeller: Labeller | None = None) -> Made:
    maker = Maker(
        read_repository(folder), {"": labeller or Names(folder)}, path, lambda what, done, of: None
    )
    try:
        return maker.make(wanted)
    finally:
        maker.close()


def test_the_same_seed_makes_the_same_cases(folder: Path, tmp_path: Path):
    wanted = Wanted(each=2, calls=3, scenarios=1, seed=5)
    first = make(folder, wanted, tmp_path / "a.jsonl")
    assert make(folder, wanted, tmp_path / "b.jsonl").cases == first.cases
    other = make(folder, Wanted(2, 3, 1, seed=6), tmp_path / "a.jsonl")
    assert other.cases != first.cases
    assert len({case.id for case in first.cases}) == len(first.cases)


def test_cases_are_ranges_of_their_files(folder: Path, tmp_path: Path):
    made = make(folder, Wanted(each=5, calls=5, scenarios=5), tmp_path / "v.jsonl")
    found = {case.category for case in made.cases}
    assert found >= set(CATEGORIES)
    assert found - set(CATEGORIES) <= set(SCENARIOS)
    for case in made.cases:
        text = (folder / case.path).read_text("utf-8")
        assert case.prefix + case.middle + case.suffix == text
        assert bool(case.middle) == (case.category != "empty")
        if case.category == "mid_word":
            word = case.prefix[-1] + case.middle[0]
            assert word.isidentifier() and "\n" not in case.middle
        if case.category == "function_body":
            assert case.prefix.rstrip().endswith((":", '"""'))
        for symbol in case.crossfile_symbols:
            lines = (folder / symbol.path).read_text("utf-8").split("\n")
            assert symbol.path != case.path
            assert lines[symbol.line - 1].strip() == symbol.signature
            assert symbol.name in symbol.signature


def calls_of(made: Made) -> dict[str, Case]:
    return {c.middle: c for c in made.cases if c.category == CROSS_FILE_CALL}


def test_all_calls_are_sampled_and_each_has_a_verdict(folder: Path, tmp_path: Path):
    made = make(folder, Wanted(each=0, calls=100), tmp_path / "v.jsonl")
    calls = calls_of(made)
    assert {m: [s.name for s in c.crossfile_symbols] for m, c in calls.items()} == {
        "make_square(side)": ["make_square"],
        "area()": ["area"],
        "twice(total)": ["twice"],
        "twice(sides)": ["twice"],
        "Square(value)": ["Square"],
    }
    counts = made.sampled["python"]
    assert counts[Verdict.LABELLED] == len(made.cases) == 6  # area() is called twice
    assert counts[Verdict.LOCAL] == 2  # local_name, Square in its own file
    assert counts[Verdict.EXTERNAL] >= 3
    assert made.as_dict()["sampled_calls"]["python"]["unlabelled"] == 0


def test_calls_that_may_be_cross_file_are_cases_without_symbols(folder: Path, tmp_path: Path):
    (folder / "more.py").write_text("def twice(n):\n    return n\n" + "# comment\n" * 20, "utf-8")
    made = make(folder, Wanted(each=0, calls=100), tmp_path / "v.jsonl")
    assert calls_of(made)["twice(sides)"].crossfile_symbols == ()
    assert made.sampled["python"][Verdict.UNLABELLED] == 2


def test_what_a_body_needs(folder: Path, tmp_path: Path):
    made = make(folder, Wanted(each=50, calls=0), tmp_path / "v.jsonl")
    (body,) = [
        case for case in made.cases if case.category == "function_body" and "sides" in case.middle
    ]
    assert {s.name for s in body.crossfile_symbols} == {"make_square", "area", "twice", "Square"}


class Asked:
    """Gives one verdict, and counts how often it was asked."""

    name = "unique names"

    def __init__(self, fails_after: int) -> None:
        self.left = fails_after
        self.count = 0

    def label(self, path: str, text: str, language: str, call: Call) -> Label:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        self.count += 1
        return Label(Verdict.UNLABELLED)

    def close(self) -> None:
        pass


def test_an_interrupted_run_goes_on(folder: Path, tmp_path: Path):
    path, wanted = tmp_path / "v.jsonl", Wanted(each=0, calls=5)
    with pytest.raises(KeyboardInterrupt):
        make(folder, wanted, path, Asked(3))
    with path.open("a") as file:
        file.write('{"call": "cut off in wri')
    again = Asked(1000)
    made = make(folder, wanted, path, again)
    assert again.count == made.sampled["python"].total() - 3
    assert make(folder, wanted, path, Asked(0)).cases == made.cases
    with pytest.raises(InputError, match="another run"):
        files = [SourceFile("other", "c", "a.py", MAIN)]
        Maker(files, {"": again}, path, lambda what, done, of: None)


def test_who_labels_what(folder: Path):
    told: list[str] = []
    with labellers(folder, Ways(), lambda what, done, of: told.append(what)) as found:
        assert found["python"].name.startswith("jedi ")
        assert found[""].name == "unique names"
    assert set(told) == {"definitions"}
    with labellers(folder, Ways(names_only=True), lambda what, done, of: None) as found:
        assert list(found) == [""]


@given(sizes=st.lists(st.integers(0, 5), max_size=6), key=st.text(max_size=3))
def test_rounds_give_everything_once_and_take_turns(sizes: list[int], key: str):
    files = list(range(len(sizes)))
    drawn = list(rounds(files, lambda n: list(range(sizes[n])), key))
    assert sorted(drawn) == [(n, place) for n, size in enumerate(sizes) for place in range(size)]
    assert drawn == list(rounds(files, lambda n: list(range(sizes[n])), key))
    first = [n for n, size in enumerate(sizes) if size]
    assert sorted(n for n, _ in drawn[: len(first)]) == first
