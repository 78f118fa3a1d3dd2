"""Holes from syntax trees: contiguous, deterministic, of the shape their category says."""

from __future__ import annotations

import pytest

from beadline.evaluation import tree_holes
from beadline.evaluation.holes import EMPTY, Hole, draw
from beadline.evaluation.sources import SourceFile

GO = """package shapes

import "fmt"

// Total adds (all) of them.
func Total(shapes []Shape, unit string) (int, error) {
	sum := 0 // so far
	for _, shape := range shapes {
		sum += shape.Area(unit, "x; y")
	}
	if sum == 0 {
		return 0, fmt.Errorf("no %s in %v", unit, shapes)
	}
	text := `raw
	not := code(here)
	`
	fmt.Println(
		text,
		sum,
	)
	return sum, nil
}
"""
TYPESCRIPT = """import { call } from './call';

export class Thing {
  private names: string[] = [];

  add(name: string, options = { twice: true }) {
    this.names.push(name, `${options.twice}`);
    if (options.twice) {
      call(name);
    }
    return this;
  }
}
"""
RUBY = """# frozen
class Thing
  def add(name, twice: true)
    @names.push(name)
    if twice
      add(name, twice: false)
    end
    self
  end
end
"""
TEXTS = {"go": ("a.go", GO), "typescript": ("a.ts", TYPESCRIPT), "ruby": ("a.rb", RUBY)}


def files(language: str) -> list[SourceFile]:
    path, text = TEXTS[language]
    return [SourceFile("r", "c", path, text, language)]


def all_of(language: str, category: str) -> list[str]:
    """Truths of every hole of a category."""
    text = TEXTS[language][1]
    reader = tree_holes.read(text, language)
    assert reader is not None
    return [text[start:end] for start, end in tree_holes.spans(reader, category)]


def drawn(language: str, seed: int = 1) -> list[Hole]:
    return draw(files(language), holes=20, empty=4, seed=seed)


@pytest.mark.parametrize("language", TEXTS)
def test_the_same_seed_draws_the_same_holes(language: str):
    holes = drawn(language)
    assert drawn(language) == holes != drawn(language, seed=2)
    assert len({hole.id for hole in holes}) == len(holes) > 20
    for hole in holes:
        assert hole.prefix + hole.truth + hole.suffix == TEXTS[language][1]
        assert bool(hole.truth) == (hole.category != EMPTY)
        assert hole.language == language
        if "\n" not in hole.truth and hole.category == "rest_of_line":
            assert hole.suffix.startswith("\n") and hole.prefix.rpartition("\n")[2].strip()


def test_call_arguments():
    assert 'unit, "x; y"' in all_of("go", "call_arguments")
    assert "name, `${options.twice}`" in all_of("typescript", "call_arguments")
    assert "name, twice: false" in all_of("ruby", "call_arguments")
    assert "\n\t\ttext,\n\t\tsum,\n\t" not in all_of("go", "call_arguments"), "too many lines"


def test_statements_stand_alone_on_their_lines():
    assert all_of("go", "statement")[:3] == ["package shapes", 'import "fmt"', "sum := 0"]
    assert "this.names.push(name, `${options.twice}`);" in all_of("typescript", "statement")
    assert not [s for s in all_of("typescript", "statement") if s.startswith("if")]
    assert "@names.push(name)" in all_of("ruby", "statement")


def test_bodies_are_what_is_between_the_brackets():
    assert 'sum += shape.Area(unit, "x; y")' in all_of("go", "block_body")
    assert "call(name);" in all_of("typescript", "block_body")
    assert "add(name, twice: false)" in all_of("ruby", "block_body")


def test_expressions_have_something_before_them():
    found = all_of("go", "expression")
    assert "sum == 0" in found and "shape.Area" in found
    assert all("\n" not in text for text in found)


def test_the_rest_of_a_line_starts_at_a_token_and_never_in_a_string():
    found = all_of("go", "rest_of_line")
    assert "range shapes {" in found and '"x; y")' in found
    assert not [text for text in found if "code(here)" in text]
    assert 'y")' not in found


def test_nothing_is_expected_behind_complete_statements():
    text = TEXTS["go"][1]
    reader = tree_holes.read(text, "go")
    assert reader is not None
    ends = [text[:start].rpartition("\n")[2] for start, _ in tree_holes.spans(reader, EMPTY)]
    assert "\treturn sum, nil" in ends and '\t\tsum += shape.Area(unit, "x; y")' in ends
    assert "\tsum := 0 " not in ends


def test_what_a_category_lacks_the_next_ones_give():
    text = 'a=1\nb="$a"\nif [ "$b" ]; then\n  echo "$a" "$b"\nfi\n' * 4
    file = SourceFile("r", "c", "a.sh", text, "shellscript")
    holes = draw([file], holes=20, empty=2, seed=1)
    assert len(holes) == 22
    assert "call_arguments" not in {hole.category for hole in holes}


@pytest.mark.parametrize(
    ("text", "language"),
    [("func (", "go"), ("a: b\n", "yaml"), ("class {", "typescript")],
)
def test_what_does_not_parse_has_no_holes(text: str, language: str):
    assert tree_holes.read(text, language) is None
    assert draw([SourceFile("r", "c", "a", text, language)], holes=5, empty=5, seed=1) == []


def test_languages_share_the_holes_and_python_s_do_not_change():
    python = SourceFile("r", "c", "a.py", "import os\n\n\ndef f(a):\n    return os.path(a, 1)\n")
    alone = draw([python], holes=6, empty=2, seed=5)
    mixed = draw([python, *files("go")], holes=12, empty=4, seed=5)
    assert [hole for hole in mixed if hole.language == "python"] == alone
    assert len([hole for hole in mixed if hole.language == "go"]) == 8
