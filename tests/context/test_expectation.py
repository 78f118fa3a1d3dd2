"""What is expected at and behind a cursor, over small workspaces in memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.expectation import Expectation, Expectations, expected
from beadline.context.languages import language_of
from beadline.context.symbols.extract import Extractor
from beadline.context.symbols.graph import Known, MemoryGraph
from beadline.context.symbols.types import Scene
from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document
from tests.examples import examples

STORE = '''"""Keeps things."""
from enum import Enum


class Color(Enum):
    RED = 1
    GREEN = 2


class Base:
    def close(self) -> None:
        """End it."""


class Store(Base):
    def __init__(self, path: str, *, limit: int = 3) -> None:
        self.path = path
        self._lock = None

    def open(self) -> "Store":
        return self

    def read(self, name: str) -> bytes:
        return b""


def make_store(path: str) -> Store:
    return Store(path)
'''
PYTHON = {"shop/__init__.py": "", "shop/store.py": STORE, "shop/other.py": "def helper(): ...\n"}
GO = {
    "go.mod": "module example.com/shop\n",
    "store/store.go": (
        "package store\n\ntype Store struct {\n\tPath string\n}\n\n"
        "func New(path string) *Store { return nil }\n\nfunc (s *Store) Read() {}\n\n"
        "func hidden() {}\n"
    ),
}
JAVA = {
    "src/shop/Store.java": (
        "package shop;\n\npublic class Store {\n    private int count;\n"
        "    public Store open() { return this; }\n    public void close() {}\n"
        "    public static Store of(String path) { return null; }\n}\n"
    ),
    "src/shop/Color.java": "package shop;\n\npublic enum Color { RED, GREEN }\n",
}
TYPESCRIPT = {
    "src/store.ts": (
        "export class Store {\n  path = '';\n  open(): Store { return this; }\n  close() {}\n}\n"
        "export enum Color { Red, Green }\n"
    )
}


def document_of(path: str, text: str) -> Document:
    return Document(path, path, language_of(path, text), text)


def at(files: dict[str, str], path: str, hole: str) -> tuple[Expectation, ...]:
    """What is expected at the `|` of a file beside others."""
    before, after = hole.split("|")
    document = document_of(path, before + after)
    extractor = Extractor()
    others = [extractor.symbols(document_of(name, text)) for name, text in files.items()]
    own = extractor.symbols(document)
    scene = Scene(document, len(before), own, SyntaxTrees().parse(document))
    return expected(scene, MemoryGraph([*others, own], files))


def here(found: tuple[Expectation, ...]) -> Expectation | None:
    """The one at the cursor."""
    cursors = [each for each in found if not each.after]
    assert len(cursors) <= 1
    return cursors[0] if cursors else None


def names(found: Expectation | None) -> set[str]:
    return {name for name, _ in found.names} if found is not None else set()


def python(hole: str) -> tuple[Expectation, ...]:
    return at(PYTHON, "shop/use.py", hole)


TAKES = "from shop.store import Store, Color, make_store\n\n\ndef f(store: Store, thing):\n    "


@pytest.mark.parametrize("receiver", ["store", "make_store('a')", "Store('a').open()"])
def test_behind_a_receiver_of_a_known_type_stand_its_members(receiver: str) -> None:
    found = here(python(f"{TAKES}x = {receiver}.|\n"))
    assert {"open", "read", "path", "close"} <= names(found)
    assert "helper" not in names(found)
    assert found is not None and found.source == "member"
    assert not found.closed


@pytest.mark.parametrize("receiver", ["thing", "unheard", "thing.store", "f(store)"])
def test_a_receiver_that_cannot_be_resolved_says_nothing(receiver: str) -> None:
    assert here(python(f"{TAKES}x = {receiver}.|\n")) is None


def test_a_base_that_is_not_known_makes_it_less_certain() -> None:
    known = here(python(f"{TAKES}store.|\n"))
    files = {**PYTHON, "shop/store.py": STORE.replace("(Base)", "(Base, Foreign)")}
    unknown = here(at(files, "shop/use.py", f"{TAKES}store.|\n"))
    assert known is not None and unknown is not None
    assert 0 < unknown.certainty < known.certainty < 1


def test_only_what_goes_on_from_the_typed_letters() -> None:
    found = here(python(f"{TAKES}store.re|\n"))
    assert names(found) == {"read"}
    assert found is not None and found.typed == "re"


def test_members_of_an_enum() -> None:
    found = here(python(f"{TAKES}x = Color.|\n"))
    assert {"RED", "GREEN"} <= names(found)
    assert found is not None and found.source == "enum"


def test_names_of_a_module() -> None:
    found = here(python("import shop.store as s\n\nx = s.|\n"))
    assert {"Store", "Color", "make_store"} <= names(found)
    assert found is not None and found.source == "module"


def test_what_an_import_can_name() -> None:
    found = here(python("from shop.store import |\n"))
    assert {"Store", "Color", "Base", "make_store"} <= names(found)
    assert found is not None and (found.separator, found.spaced) == (",", True)
    assert "Store" not in names(here(python("from shop.store import Store, |\n")))
    assert {"store", "other"} <= names(here(python("from shop import |\n")))


def test_parameters_that_the_call_does_not_name_yet() -> None:
    found = here(python(f"{TAKES}Store(|)\n"))
    assert names(found) == {"path", "limit"}
    assert found is not None and found.source == "keyword"
    assert found.certainty < 0.5  # any expression may stand there
    assert names(here(python(f"{TAKES}Store(path=1, |)\n"))) == {"limit"}


def test_attributes_of_self_and_of_what_it_derives_from() -> None:
    text = STORE.replace('return b""', "return self.|")
    found = here(at(PYTHON, "shop/store.py", text))
    assert {"path", "_lock", "open", "close"} <= names(found)
    assert found is not None and found.source == "self"


def test_where_attributes_are_made_they_are_less_certain() -> None:
    made = here(at(PYTHON, "shop/store.py", STORE.replace("self._lock = None", "self.|")))
    used = here(at(PYTHON, "shop/store.py", STORE.replace("= path\n", "= self.|\n")))
    assert made is not None and used is not None
    assert made.certainty < used.certainty


def test_names_in_play_are_resolved_wherever_they_are_written_next() -> None:
    found = {each.after: each for each in python(f"{TAKES}x = |\n")}
    assert {"open", "read"} <= names(found.get("store."))
    assert {"RED", "GREEN"} <= names(found.get("Color."))
    assert "thing." not in found
    assert not any(each.closed for each in found.values())


def test_what_stands_behind_the_same_receiver_elsewhere_is_likelier() -> None:
    unused = here(python(f"{TAKES}store.|\n"))
    used = here(python(f"{TAKES}store.read(1)\n    store.read(2)\n    store.|\n"))
    assert unused is not None and used is not None
    priors, before = dict(used.names), dict(unused.names)
    assert priors["read"] / priors["open"] > before["read"] / before["open"]
    assert used.names[0][0] == "read"


def test_the_keys_of_a_statement_go_by_what_its_first_one_looked_up() -> None:
    extract = Extractor().symbols
    graph = MemoryGraph([extract(document_of(path, text)) for path, text in PYTHON.items()])
    kept, trees = Expectations(), SyntaxTrees()
    before = f"{TAKES}x = "
    start = len(before) - len("x = ")
    known = Known(graph, extract(document_of("shop/use.py", before)), before)
    for typed in ("", "s", "store", "store.", "store.r", "store.re", "store.read(Color.", "thing."):
        text = before + typed + "\n"
        document = document_of("shop/use.py", text)
        offset, tree = len(before + typed), trees.parse(document)
        found = kept.at(document, offset, tree, start, known)
        anew = expected(Scene(document, offset, extract(document), tree), graph)
        assert names(here(found)) == names(here(anew)), typed
    # Of another text before the statement nothing is taken over.
    other = before.replace("store: Store", "store: thing")
    document = document_of("shop/use.py", f"{other}store.\n")
    known = Known(graph, extract(document), document.text)
    assert here(kept.at(document, len(other) + 6, trees.parse(document), start, known)) is None


def test_special_names_are_possible_and_unlikely() -> None:
    found = here(python(f"{TAKES}store.|\n"))
    assert found is not None
    priors = dict(found.names)
    assert 0 < priors["__init__"] < min(priors["open"], priors["read"])
    assert 0 < priors["_lock"] < max(priors.values())


def test_a_package_of_go_has_its_exported_names() -> None:
    use = 'package main\n\nimport "example.com/shop/store"\n\nfunc main() {\n\ts := store.|\n}\n'
    found = here(at(GO, "main.go", use))
    assert names(found) == {"Store", "New"}
    assert found is not None and not found.closed  # generated files are not in the graph


def test_members_in_java_are_of_values_or_of_the_class() -> None:
    use = "package shop;\n\nclass Use {\n    void f(Store store) {\n        %s.|\n    }\n}\n"
    found = here(at(JAVA, "src/shop/Use.java", use % "store"))
    assert {"open", "close", "toString"} <= names(found)
    assert not {"of", "count"} & names(found)
    assert "of" in names(here(at(JAVA, "src/shop/Use.java", use % "Store")))
    enum = here(at(JAVA, "src/shop/Use.java", use % "Color"))
    assert {"RED", "GREEN", "values"} <= names(enum)
    assert enum is not None and enum.source == "enum"


def test_members_in_typescript() -> None:
    use = "import { Store } from './store';\n\nfunction f(store: Store) {\n  store.|\n}\n"
    found = here(at(TYPESCRIPT, "src/use.ts", use))
    assert {"path", "open", "close"} <= names(found)


@examples(30)
@given(start=st.integers(0, len(STORE)), end=st.integers(0, len(STORE)))
def test_whatever_the_cursor_stands_in_is_read(start: int, end: int) -> None:
    start, end = sorted((start, end))
    for each in at(PYTHON, "shop/store.py", f"{STORE[:start]}|{STORE[end:]}"):
        assert each.names
        assert 0 < each.certainty < 1
        assert all(prior > 0 for _, prior in each.names)
        assert all(name.startswith(each.typed) for name, _ in each.names)
