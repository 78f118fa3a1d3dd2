"""What stands at a cursor, in whole and in broken text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.symbols.resolve.scene import (
    Bound,
    Cursor,
    Namespace,
    enclosing,
    headers,
    local_text,
)
from tests.context.symbols.workspaces import scene

WORDS = frozenset({"if", "return", "for", "in", "def", "class", "import", "from", "not"})
BROKEN = """\
import os


class Painter(Base):
    def paint(self, shapes):
        for shape in shapes:
            self.canvas.draw(shape, os.path.join(¦

    def other(self):
        pass
"""


def cursor(marked: str, path: str = "a.py") -> Cursor:
    return Cursor.at(scene({path: marked})[0], words=WORDS)


@pytest.mark.parametrize(
    ("marked", "path", "word", "receiver", "callees"),
    [
        ("x = a.b(c).me¦", "a.py", "me", "a.b(c)", ()),
        ("x = ¦", "a.py", "", "", ()),
        ("f(a, g(b), c.d¦)", "a.py", "d", "c", ("f",)),
        ("if (a.¦", "a.py", "", "a", ()),
        ("def f(a, b=¦", "a.py", "", "", ()),
        ("class A(B, ¦", "a.py", "", "", ()),
        ("f({'a': ¦", "a.py", "", "", ("f",)),
        ("x = a[f(b)].¦", "a.py", "", "a[f(b)]", ()),
        ("# It ends.\n¦", "a.py", "", "", ()),
        ("f(*args, ...¦", "a.py", "", "", ("f",)),
        ("it('x', () => {\n  item.¦\n});", "a.ts", "", "item", ()),
        ("f({ a: 1, b: ¦ });", "a.ts", "", "", ("f",)),
        ("const a = b?.c!.d¦", "a.ts", "d", "b?.c", ()),
        ("fn f() { let a = Vec::<u8>::n¦", "a.rs", "n", "Vec::<u8>", ()),
        ("fn f() -> Re¦", "a.rs", "Re", "", ()),
    ],
)
def test_cursor(marked: str, path: str, word: str, receiver: str, callees: tuple[str, ...]):
    found = cursor(marked, path)
    assert (found.word, found.receiver, found.callees) == (word, receiver, callees)
    assert found.callee == (callees[0] if callees else "")


def test_calls_around_each_other_innermost_first():
    assert cursor(BROKEN).callees == ("os.path.join", "self.canvas.draw")


def test_names_nearest_first_and_no_keywords():
    near = cursor(BROKEN).near
    assert near[:3] == ("join", "path", "os")
    assert near.index("shape") < near.index("shapes") < near.index("Painter")
    assert "for" not in near and "def" not in near
    assert "other" in near, "below the cursor"
    assert len(set(near)) == len(near)


def test_the_rest_of_the_word_is_no_name():
    assert "ther" not in cursor("a = o¦ther").near
    assert "after" in cursor("a = o¦ther + after").near


@pytest.mark.parametrize(
    ("marked", "path", "expected"),
    [
        ("from a import b, ¦", "a.py", True),
        ("from a import (\n    b,\n    ¦", "a.py", True),
        ("import ¦", "a.py", True),
        ("import { a, ¦ } from './b';", "a.ts", True),
        ("use crate::{a, b::¦};", "a.rs", True),
        ("x = include(¦", "a.py", False),
        ("include(¦", "a.py", False),
        ("important(¦", "a.py", False),
        ("from_ = ¦", "a.py", False),
    ],
)
def test_import_statements(marked: str, path: str, expected: bool):
    assert cursor(marked, path).in_import is expected


def test_headers_of_broken_code():
    assert headers(scene({"a.py": BROKEN})[0]) == (
        "class Painter(Base):",
        "def paint(self, shapes):",
        "for shape in shapes:",
    )


def test_headers_over_several_lines():
    at, _ = scene({"a.py": "class A:\n    def f(\n        self,\n    ) -> B:\n        x.¦"})
    assert headers(at) == ("class A:", "def f(\n        self,\n    ) -> B:")


def test_the_function_around_the_cursor():
    at, _ = scene({"a.py": BROKEN})
    assert local_text(at).startswith("def paint(self, shapes):")
    assert local_text(at).endswith("os.path.join(")
    at, _ = scene({"a.py": "x = 1\ny = ¦"})
    assert local_text(at) == "x = 1\ny = "


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("a.py", "class A:\n    def f(self):\n        x = ¦\n\nclass B:\n    pass\n"),
        ("a.ts", "class A {\n  f() {\n    const x = ¦;\n  }\n}\nclass B {}\n"),
    ],
)
def test_definitions_around_the_cursor(path: str, marked: str):
    assert [each.name for each in enclosing(scene({path: marked})[0])] == ["A", "f"]


def test_a_cursor_behind_a_class_is_not_in_it():
    at, _ = scene({"a.py": "class A:\n    def f(self):\n        pass\n\n¦"})
    assert enclosing(at) == ()


def test_bindings():
    assigned = re.compile(r"^(?P<name>\w+(?:, \w+)*)(?:: (?P<type>\w+))? = (?P<value>\w)", re.M)
    loop = re.compile(r"for (?P<name>\w+) in (?P<items>\w)")
    text = "a: A = b\na = make(\n    1\n).c\nx, y = pair()\nfor z in rows[0]:"
    names = Namespace(text, (assigned, loop))
    assert names.of("a") == [Bound(value="make(\n    1\n).c"), Bound("A", "b")]
    assert names.of("y") == [Bound(value="pair()", position=1)]
    assert names.of("z") == [Bound(value="rows[0]", how="items")]
    assert names.of("other") == []


PIECES = ["def f(a):", "    x.y(", "class A(B):", "  '", '"""', "a.b().", "{", "}", ")", "# c", ""]


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.integers(0, 200))
def test_any_text_has_a_cursor(lines: list[str], at: int):
    text = "\n".join(lines)
    at = min(at, len(text))
    found, _ = scene({"a.py": f"{text[:at]}¦{text[at:]}"})
    read = Cursor.at(found, words=WORDS)
    assert text[:at].endswith(read.word)
    assert read.receiver in text[:at]
    assert all(callee in text[:at] for callee in read.callees)
    assert text[:at].endswith(local_text(found))
