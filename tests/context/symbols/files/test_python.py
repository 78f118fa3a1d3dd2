"""What Python files define, import and name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.symbols.types import Definition, Kind, Parameter
from tests.context.symbols.workspaces import symbols

TEXT = '''\
"""Module."""
from __future__ import annotations

import a.b
import os.path as path
from . import near
from ..pkg.mod import Thing as Other, make
from stars import *

if TYPE_CHECKING:
    from types_only import Hint
try:
    fallback = path.join(LIMIT)
except ImportError:
    pass

LIMIT: int = 3
_hidden = None
shared = make(1)

# Above it.
@decorated
class Painter(Base, Generic[T], metaclass=Meta):
    """Paints.

    More.
    """

    size: int = 3
    canvas = Canvas(1)

    def __init__(self, brush: Brush, *colours: str, width=1, **more):
        self.brush = brush
        self.cache: dict[str, Shape] = {}
        self.app = brush.app or App(brush)
        self.brush = other
        local = 1

    @property
    def area(self) -> float:
        return cast(Area, 1.0).size

    async def paint(
        self,
        shape: "Shape",
    ) -> list[Shape]:
        """One line."""
        def inner(): ...

    class Inner:
        x = 1


def top(a, /, b: int = 2, *, c): return a
'''
FILE = symbols(TEXT)
FOUND = {each.qualified: each for each in FILE.definitions}


def test_what_is_defined():
    assert list(FOUND) == [
        "fallback",
        "LIMIT",
        "_hidden",
        "shared",
        "Painter",
        "Painter.size",
        "Painter.canvas",
        "Painter.__init__",
        "Painter.brush",
        "Painter.cache",
        "Painter.app",
        "Painter.area",
        "Painter.paint",
        "Painter.Inner",
        "Painter.Inner.x",
        "top",
    ]
    assert len(FOUND) == len(FILE.definitions), "an attribute is told once"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("LIMIT", Kind.CONSTANT),
        ("shared", Kind.VARIABLE),
        ("Painter", Kind.CLASS),
        ("Painter.size", Kind.FIELD),
        ("Painter.brush", Kind.FIELD),
        ("Painter.__init__", Kind.METHOD),
        ("top", Kind.FUNCTION),
    ],
)
def test_kinds(name: str, kind: Kind):
    assert FOUND[name].kind is kind


def test_types_and_values():
    assert FOUND["LIMIT"].type == FOUND["Painter.size"].type == "int"
    assert FOUND["Painter.area"].type == "float"
    assert FOUND["Painter.paint"].type == "list[Shape]"
    assert FOUND["Painter.cache"].type == "dict[str, Shape]"
    values = {name: FOUND[name].value for name in FOUND if FOUND[name].value}
    assert values == {
        "fallback": "path.join()",
        "shared": "make()",
        "Painter.canvas": "Canvas()",
        "Painter.brush": "brush",
        "Painter.app": "App()",
        "Painter.area": "Area().size",
        "top": "a",
    }


def test_headers():
    painter, paint = FOUND["Painter"], FOUND["Painter.paint"]
    assert painter.signature == "class Painter(Base, Generic[T], metaclass=Meta)"
    assert painter.bases == ("Base", "Generic[T]")
    assert TEXT[painter.start :].startswith("# Above it.\n@decorated\n")
    assert TEXT[painter.header :].startswith("class Painter(")
    assert TEXT[painter.header_end :].startswith('"""Paints.')
    assert TEXT[: painter.end].endswith("x = 1")
    assert paint.signature == 'async def paint( self, shape: "Shape", ) -> list[Shape]'
    assert TEXT.split("\n")[paint.line - 1] == "    async def paint("


def test_documentation():
    assert FOUND["Painter"].doc == "Paints."
    assert FOUND["Painter.paint"].doc == "One line."
    assert FOUND["top"].doc == ""


def test_parameters():
    assert FOUND["Painter.__init__"].parameters == (
        Parameter("brush", "Brush"),
        Parameter("*colours", "str", True),
        Parameter("width", "", True),
        Parameter("**more", "", True),
    )
    assert FOUND["top"].parameters == (
        Parameter("a"),
        Parameter("b", "int", True),
        Parameter("c"),
    )


def test_what_other_files_may_use():
    assert [name for name in FOUND if not FOUND[name].exported] == ["_hidden"]


def test_imports():
    assert [(each.module, each.name, each.alias) for each in FILE.imports] == [
        ("a.b", "", "a.b"),
        ("os.path", "", "path"),
        (".", "near", "near"),
        ("..pkg.mod", "Thing", "Other"),
        ("..pkg.mod", "make", "make"),
        ("stars", "*", "*"),
        ("types_only", "Hint", "Hint"),
    ]
    first = FILE.imports[0]
    assert TEXT[first.start : first.end] == "import a.b"


def test_names_are_counted():
    assert FILE.names["brush"] == 6
    assert FILE.names["Painter"] == 1
    assert "missing" not in FILE.names


def test_offsets_are_code_points():
    text = '"""Läser 😀 filer."""\n\n\ndef läs(väg): ...\n'
    (found,) = symbols(text).definitions
    assert text[found.header : found.end] == "def läs(väg): ..."
    assert found.parameters == (Parameter("väg"),)


def test_attributes_that_methods_set():
    found = symbols(
        '''\
class Shelf:
    """Docs: self.told = 1"""

    def __init__(self):
        self.box = None
        self.size: int
        if self.size == 1:
            self.deep = [self.none for _ in self.x]
        f(self.size, key=self.box)

    def open(self):
        for _ in range(2):
            with a:
                self.box = Box(1)
        self.box = other()

    @property
    def größe(self):
        def inner():
            self.höhe = Price()
'''
    )
    fields = {each.name: each for each in found.definitions if each.kind is Kind.FIELD}
    assert {name: (each.owner, each.type, each.value) for name, each in fields.items()} == {
        "box": ("Shelf", "", "Box()"),
        "size": ("Shelf", "int", ""),
        "deep": ("Shelf", "", ""),
        "höhe": ("Shelf", "", "Price()"),
    }


def test_variables_under_conditions():
    text = "try:\n    import a\n    if a:\n        b = A()\nexcept ImportError:\n    c = 1\n"
    assert [each.name for each in symbols(text).definitions] == ["b"]


def test_generic_classes_keep_their_arguments():
    found = symbols("A = Shelf[Cart, 'B']\nb = shelf[0]\nc = Shelf[0](1)\n").definitions
    assert [each.value for each in found] == ["Shelf[Cart, 'B']", "shelf[]", "Shelf[]()"]


def test_type_aliases():
    (found,) = symbols("type Rows = list[Row]\n").definitions
    assert (found.name, found.kind, found.value) == ("Rows", Kind.TYPE, "list[Row]")


LINES = st.sampled_from(
    ["class A(B):", "    def f(self, a: A = 1) -> B:", "        self.x = y(", "    b: C",
     "    '''Ä.", "@d", "x = A()", "from .a import (b,", "import c", "# é", "", ")", "def"]
)  # fmt: skip


@given(st.lists(LINES, max_size=14).map("\n".join))
def test_any_text_has_symbols(text: str):
    found = symbols(text).definitions
    assert list(found) == sorted(found, key=lambda each: (each.start, -each.end))
    for each in found:
        assert _ordered(each, len(text))
        assert each.name in text[each.header : each.end]


def _ordered(each: Definition, length: int) -> bool:
    return 0 <= each.start <= each.header <= each.header_end <= each.end <= length
