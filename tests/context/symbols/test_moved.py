"""Symbols of a text that is being typed in: what they are anew, without reading all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.languages import language_of
from beadline.context.symbols.extract import Extractor
from beadline.context.symbols.moved import Kept, displaced
from beadline.context.symbols.types import Definition, FileSymbols
from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document

PYTHON = '''"""What é is."""

import os
from pkg import One


class Shape(One):
    sides = 4

    def __init__(self, name):
        print(name)
        self.name = name

    def area(self, width):
        total = width * self.sides
        print(total)

        return total


def last(value):
    if value:
        print(value)
    return value
'''
TYPESCRIPT = """import { One } from "./one";

export class Shape extends One {
  sides = 4;

  area(width: number): number {
    const total = width * this.sides;
    console.log(total);
    return total;
  }
}

export const last = (value: string) => {
  console.log(value);
};
"""
EXTRACTOR = Extractor()


def both(path: str, old: str, new: str) -> tuple[FileSymbols | None, FileSymbols, bool]:
    """Moved, extracted anew, and whether both texts are free of errors."""
    documents = [Document(path, path, language_of(path), text) for text in (old, new)]
    trees = SyntaxTrees()
    first, second = (trees.parse(each) for each in documents)
    assert first is not None and second is not None
    before = EXTRACTOR.symbols(documents[0], first)
    sound = not (first.root.has_error or second.root.has_error)
    found = EXTRACTOR.moved(before, old, documents[1], second)
    return found, EXTRACTOR.symbols(documents[1], second), sound


def edited(path: str, old: str, new: str) -> FileSymbols | None:
    return both(path, old, new)[0]


@pytest.mark.parametrize(
    ("path", "old", "at", "typed"),
    [
        ("a.py", PYTHON, "        print(total)\n", "        other(total, width)\n"),
        ("a.py", PYTHON, "print(total)", "é = "),
        ("a.py", PYTHON, "\n    def area", "        print(self)\n"),
        ("a.ts", TYPESCRIPT, "    console.log(total)", "    call(this.sides);\n"),
        ("a.ts", TYPESCRIPT, "console.log(value)", "value;"),
    ],
)
def test_what_is_typed_in_a_body_moves_what_is_below(path: str, old: str, at: str, typed: str):
    found, anew, sound = both(path, old, old.replace(at, typed + at, 1))
    assert sound and found == anew


@pytest.mark.parametrize(
    ("at", "typed"),
    [
        ("    def area", "    color = 1\n"),
        ("        print(total)", "        self.total = total\n"),
        ("import os\n", "import sys\n"),
        ("print(total)", "import sys\n        "),
        ("(self, width", "(self, height, width"),
        ("    sides = 4", "    corners = 4\n"),
        ("def last", "def first():\n    pass\n\n\n"),
        ("    def area", "    # Says how much.\n"),
        ("return total", "return other\n        "),
    ],
)
def test_what_defines_or_imports_is_extracted(at: str, typed: str):
    for old, new in [(PYTHON, PYTHON.replace(at, typed + at, 1))]:
        assert edited("a.py", old, new) is None
        assert edited("a.py", new, old) is None


def test_what_is_below_stays_known_while_the_text_is_broken():
    broken = PYTHON.replace("print(total)", "print(total, [", 1)
    found = edited("a.py", PYTHON, broken)
    assert found is not None
    assert [each.name for each in found.definitions][-1] == "last"
    last = found.definitions[-1]
    assert broken[last.start : last.end] == PYTHON[PYTHON.index("def last") :].rstrip()


def test_much_at_once_and_another_file_are_extracted():
    assert edited("a.py", PYTHON, PYTHON.replace("print(total)", "call(1)\n" * 400, 1)) is None
    tree = SyntaxTrees().parse(Document("b.py", "b.py", "python", PYTHON))
    assert tree is not None
    before = EXTRACTOR.symbols(Document("a.py", "a.py", "python", PYTHON))
    document = Document("b.py", "b.py", "python", PYTHON)
    assert EXTRACTOR.moved(before, PYTHON, document, tree) is None


# What leaves a body by its indentation cuts it in two: the end that was known is the better one.
lines = st.sampled_from(["call(é)", "self.z = 1", "", "# c", "import q"]).map("        {}".format)


@given(row=st.integers(0, PYTHON.count("\n")), line=lines, taken=st.integers(0, 2))
def test_moved_is_what_is_extracted(row: int, line: str, taken: int):
    rows = list(map(str, PYTHON.split("\n")))
    rows[row : row + taken] = [line]
    found, anew, sound = both("a.py", PYTHON, "\n".join(rows))
    if found is None:
        return
    assert found.names == anew.names and found.package == anew.package
    if sound:
        assert found.imports == anew.imports
        # What a function returns and how it is documented may be told as it was.
        told = [replace(each, value="", doc="") for each in found.definitions]
        assert told == [replace(each, value="", doc="") for each in anew.definitions]


@given(
    at=st.integers(0, len(PYTHON)), typed=st.sampled_from(["x", "\n", "# é\n\n", "y = 1\n" * 400])
)
def test_what_is_displaced_stands_where_it_did(at: int, typed: str):
    """What the change does not touch is found at its new place."""
    before = EXTRACTOR.symbols(Document("a.py", "a.py", "python", PYTHON))
    new = PYTHON[:at] + typed + PYTHON[at:]
    for old, each in zip(
        before.definitions, displaced(before, PYTHON, new).definitions, strict=True
    ):
        if not old.start < at <= old.header_end:
            assert PYTHON[old.header : old.header_end] == new[each.header : each.header_end]
    assert displaced(before, PYTHON, PYTHON) is before


RUST = """use crate::one::One;

/// What it is.
pub struct Shape {
    pub name: String,
}

impl Shape {
    // its size
    pub fn area(&self, width: u32) -> u32 {
        let total = width * 2;
        total
    }
}

pub fn last(value: One) -> Option<One> {
    Some(value)
}
"""
edits = st.sampled_from(
    ["def new(self, é):", "class New(One):", "    z = 1", "fn new() -> u8 { 1 }", "}", "import q",
     "  sides = 5;", "interface New { a: string }", "(", '"""', "", "# c", "// c"]
)  # fmt: skip


@given(
    source=st.sampled_from([("a.py", PYTHON), ("a.ts", TYPESCRIPT), ("a.rs", RUST)]),
    at=st.floats(0, 1, exclude_max=True),
    line=edits,
    taken=st.integers(0, 2),
)
def test_what_is_kept_is_what_is_extracted(
    source: tuple[str, str], at: float, line: str, taken: int
):
    path, old = source
    rows = old.split("\n")
    row = int(at * len(rows))
    rows[row : row + taken] = [line]
    new = "\n".join(rows)
    documents = [Document(path, path, language_of(path), text) for text in (old, new)]
    trees = SyntaxTrees()
    first, second = (trees.parse(each) for each in documents)
    assert first is not None and second is not None
    before = EXTRACTOR.symbols(documents[0], first)
    found = EXTRACTOR.symbols(documents[1], second, kept=Kept(before, old, new))
    anew = EXTRACTOR.symbols(documents[1], second)
    assert found.names == anew.names and found.imports == anew.imports
    # In broken text less may be read of a definition than was known of it.
    assert [places(each) for each in found.definitions] == [
        places(each) for each in anew.definitions
    ]
    if not (first.root.has_error or second.root.has_error):
        assert found == anew


def places(each: Definition) -> tuple[object, ...]:
    return each.name, each.owner, each.kind, each.header, each.end, each.line


def test_what_the_change_does_not_touch_is_not_read_again():
    new = PYTHON.replace("def area", "def size")
    documents = [Document("a.py", "a.py", "python", text) for text in (PYTHON, new)]
    before = EXTRACTOR.symbols(documents[0])
    found = EXTRACTOR.symbols(documents[1], kept=Kept(before, PYTHON, new))
    again = {id(each) for each in before.definitions}
    assert [each.name for each in found.definitions if id(each) in again] == [
        "sides", "__init__", "name"
    ]  # fmt: skip
