"""What families write around the middle is taken out, wherever the pieces are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.fim.clean import Cleaner
from beadline.engine.fim.families import load
from beadline.engine.fim.family import Family


def family(name: str) -> Family:
    return load(None).table[name]


def cleaned(name: str, text: str, cuts: list[int], line: str = "") -> tuple[str, bool]:
    """The middle, with the output cut at `cuts`, and whether an end text was met."""
    cleaner = Cleaner(family(name), line)
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    middle = "".join(cleaner.feed(text[low:high]) for low, high in itertools.pairwise(places))
    return middle + cleaner.finish(), cleaner.ended


CASES = [
    # family, line before the cursor, output, middle, ended
    ("seed-coder", "", "x + 1\ndef f():", "x + 1", True),
    ("seed-coder", "", "x\n  if y", "x\n  if y", False),
    ("seed-coder", "", "x\ncla", "x\ncla", False),
    ("seed-coder", "", "\ndef", "", True),
    ("codestral", "", "a\n\n+++++ b.py", "a\n", True),
    ("refact", "", "a = 1\n\n\nb", "a = 1", True),
    ("stable-code", "", "a</code>b", "a", True),
    ("starcoder2", "", "first.\n", "first.\n", False),
    ("starcoder2", "", "first\nt.", "first", False),
    ("starcoder2", "", "first\nt", "first", False),
    ("starcoder2", "", "first\ntry:\n    x", "first\ntry:\n    x", False),
    ("starcoder2", "", "request.", "request.", False),
    ("granite-4", "    return ", "    return x", "x", False),
    ("granite-4", "    return ", "    re", "    re", False),
    ("granite-4", "    return ", "x", "x", False),
    ("granite-4", "", "x", "x", False),
    ("qwen3-coder", "", "<think>\nwell\n</think>\n\nx = 1", "x = 1", False),
    ("qwen3-coder", "", "<think>\nwell", "", False),
    ("qwen3-coder", "", "<think", "<think", False),
    ("qwen3-coder", "", "<b>", "<b>", False),
    ("qwen3-coder", "", "\n<think>", "\n<think>", False),
]


@pytest.mark.parametrize(("name", "line", "output", "middle", "ended"), CASES)
def test_each_family(name: str, line: str, output: str, middle: str, ended: bool) -> None:
    for cuts in ([], list(range(len(output)))):
        assert cleaned(name, output, cuts, line) == (middle, ended)


@given(
    st.sampled_from([case[:3] for case in CASES]),
    st.text(alphabet="t.\ndef<>/code+ x", max_size=20),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_cuts_between_pieces_change_nothing(case, more, cuts) -> None:
    name, line, output = case
    assert cleaned(name, output + more, cuts, line) == cleaned(name, output + more, [], line)


def test_nothing_comes_after_the_end() -> None:
    cleaner = Cleaner(family("refact"), "")
    assert cleaner.feed("a\n\nb") == "a"
    assert cleaner.feed("c") + cleaner.finish() == ""


def test_most_families_need_no_cleaning() -> None:
    assert not Cleaner.needed(family("qwen2.5-coder"))
    assert not Cleaner.needed(family("beadline"))
    assert Cleaner.needed(family("granite-4"))
