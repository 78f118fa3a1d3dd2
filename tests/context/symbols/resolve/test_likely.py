"""Which names a cursor likely needs."""

from __future__ import annotations

from beadline.context.symbols.resolve.likely import Likely, beside, distance
from beadline.context.symbols.resolve.scene import Cursor
from beadline.context.symbols.types import FileSymbols, Reason
from tests.context.symbols.workspaces import scene, symbols

NAMES = ["zeta", "flush_all", "read_line", "other"]


def likely(marked: str, **others: str) -> Likely:
    at, graph = scene({"a.py": marked, **{f"{name}.py": text for name, text in others.items()}})
    return Likely(at, Cursor.at(at, words=frozenset({"def", "pass"})), graph)


def test_names_near_come_first_and_equals_keep_their_order():
    assert likely("other.x\n¦").order(NAMES) == ("other", "zeta", "flush_all", "read_line")


def test_each_name_comes_once():
    assert likely("¦").order(["a", "b", "a"]) == ("a", "b")


def test_names_that_share_words_with_what_is_near_come_first():
    assert likely("def test_flush():\n    ¦").order(NAMES)[0] == "flush_all"


def test_underscores_around_a_name_say_nothing():
    order = likely("def flush():\n    ¦").order(["flush_line", "_flush", "other"])
    assert order == ("_flush", "flush_line", "other")


def test_names_that_the_file_or_its_neighbours_use_come_first():
    far = "read_line()\n" + "pass\n" * 60
    assert likely(f"{far}¦").order(NAMES)[0] == "read_line"
    assert likely("¦", b="zeta()\nread_line()\nread_line()\n").order(NAMES)[:2] == (
        "read_line",
        "zeta",
    )


def test_typed_letters_decide():
    assert likely("other.x\nflush_all\nre¦").order(NAMES)[0] == "read_line"
    assert likely("other.x\nRE¦").order(NAMES)[0] == "read_line"


def test_definitions_are_ranked_and_weighed():
    at, graph = scene({"a.py": "beta\n¦", "b.py": "def alpha(): pass\ndef beta(): pass\n"})
    ranks = Likely(at, Cursor.at(at, words=frozenset()), graph)
    found = [*graph.named("alpha", group="python"), *graph.named("beta", group="python")]
    needed = list(ranks.needed([*found, *found], Reason.NAME, 0.5))
    assert [each.located.definition.name for each in needed] == ["beta", "alpha"]
    assert needed[0].weight == 0.5 > needed[1].weight > 0
    assert len(list(ranks.needed(found, Reason.NAME, 0.5, limit=1))) == 1


def test_files_beside_are_those_with_names_near():
    at, graph = scene(
        {f"a/{name}": "¦" if name == "c.py" else "" for name in ("a.py", "b.py", "c.py", "d.py")}
        | {"a/c.txt": "", "b/c.py": ""}
    )
    assert set(beside(at.symbols, graph, limit=2)) == {"a/b.py", "a/d.py"}
    assert beside(FileSymbols("x/y.py", "python"), graph) == []
    assert beside(symbols("", "a/b.py"), graph, limit=9) == ["a/a.py", "a/c.py", "a/d.py"]


def test_distance_counts_folders():
    assert distance("a/b/c.py", "a/b/d.py") == 0
    assert distance("a/b/c.py", "a/d.py") == 1
    assert distance("a/b.py", "c/d/e.py") == 3
    assert distance("a.py", "b.py") == 0
