"""Snippets of candidates: whole lines, within the budget, nothing twice, signatures first."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from beadline.context.retrieval.fusion import MOST_CHUNKS, PER_FILE, Prompt, fuse
from beadline.context.retrieval.sources import Candidate
from beadline.context.retrieval.weights import packaged
from beadline.context.types import Snippet


def lines(name: str, count: int = 6) -> str:
    return "\n".join(f"    {name}_{i} = call_{name}({i})" for i in range(count))


def chunk(
    name: str, path: str = "", start: int = 0, text: str = "", following: str = ""
) -> Candidate:
    return Candidate.of_chunk(
        path or f"{name}.py", start, text or lines(name), 1.0, "similar", following
    )


def signature(
    name: str, path: str = "lib.py", *, at: int = 0, stable: bool = False, reason: str = "name"
) -> Candidate:
    text = f"def {name}(self, value):"
    snippet = Snippet(path, text, at, 1.0, "definition", volatile=not stable)
    return Candidate(snippet, (path, at, at + 40), stable, reason)


def chosen(
    *, window: str = "", start: int = 0, max_chars: int = 2000, **lists: list[Candidate]
) -> list[Snippet]:
    prompt = Prompt("main.py", window, start, max_chars)
    return list(fuse(lists, prompt, packaged()))


def test_best_first_and_what_two_sources_found_comes_before_what_one_did():
    found = chosen(
        similar=[chunk("a"), chunk("b"), chunk("c")],
        pair=[replace(chunk("c"), snippet=replace(chunk("c").snippet, source="pair"))],
    )
    assert [s.path for s in found] == ["c.py", "a.py", "b.py"]
    assert found[0].score > found[1].score > found[2].score > 0


def test_what_the_prompt_holds_is_left_out_with_other_indentation_too():
    window = "def f():\n" + "\n".join(line.strip() for line in lines("a").split("\n"))
    found = chosen(similar=[chunk("a"), chunk("b")], window=window)
    assert [s.path for s in found] == ["b.py"]


def test_copies_and_overlaps_are_left_out():
    twice = chunk("a", path="copy.py")
    longer = chunk("x", path="a.py", start=4, text=lines("other"))
    assert [s.path for s in chosen(similar=[chunk("a"), twice, longer])] == ["a.py"]


def test_of_the_own_file_only_what_stands_above_the_window():
    above = chunk("above", path="main.py", start=0)
    inside = chunk("inside", path="main.py", start=1000)
    behind = chunk("behind", path="main.py", start=9000)
    found = chosen(similar=[inside, behind, above], start=1000)
    assert [s.text for s in found] == [above.snippet.text]


def test_most_of_one_file_and_of_all():
    same = [chunk(f"n{i}", path="same.py", start=900 * i) for i in range(5)]
    assert len(chosen(similar=same)) == PER_FILE
    many = [chunk(f"n{i}") for i in range(20)]
    assert len(chosen(similar=many, max_chars=10**6)) == MOST_CHUNKS


def test_what_follows_comes_along_where_it_fits_and_is_new():
    behind = "\n\n" + lines("behind", 3)
    one = chunk("a", following=behind)
    assert [s.text for s in chosen(similar=[one])] == [lines("a") + behind]
    assert [s.text for s in chosen(similar=[one], max_chars=len(lines("a")) + 10)] == [lines("a")]
    assert [s.text for s in chosen(similar=[one], window=lines("behind", 3))] == [lines("a")]


def test_a_chunk_that_does_not_fit_is_cut_to_whole_lines_or_left_out():
    (cut,) = chosen(similar=[chunk("a")], max_chars=100)
    assert lines("a").startswith(cut.text + "\n") and len(cut.text) <= 100
    assert chosen(similar=[chunk("a")], max_chars=60) == []
    assert chosen(similar=[chunk("a")], max_chars=0) == []


def test_signatures_have_room_of_their_own_and_similar_code_fills_what_is_left():
    names = [signature(f"name_{i}", at=100 * i) for i in range(100)]
    found = chosen(definition=names, similar=[chunk(f"c{i}") for i in range(20)], max_chars=3000)
    of = {s.source: sum(len(t.text) for t in found if t.source == s.source) for s in found}
    assert of["definition"] > 0.65 * 3000
    assert of["similar"] > 200
    long = [chunk(f"c{i}", text=lines(f"c{i}", 12)) for i in range(20)]
    alone = chosen(definition=names[:2], similar=long)
    assert sum(len(s.text) for s in alone) > 0.8 * 2000


def test_signatures_of_a_file_are_one_snippet_in_its_order():
    found = chosen(
        definition=[
            signature("third", at=300, reason="callee"), signature("first", at=100),
            signature("kept", at=50, stable=True), signature("elsewhere", "other.py"),
        ]
    )  # fmt: skip
    texts = {(s.path, s.volatile): (s.text, s.start) for s in found}
    assert texts == {
        ("lib.py", True): ("def first(self, value):\ndef third(self, value):", 100),
        ("lib.py", False): ("def kept(self, value):", 50),
        ("other.py", True): ("def elsewhere(self, value):", 0),
    }
    assert found[0].path == "lib.py" and found[0].volatile, "the callee's"


def test_a_class_is_named_once_above_its_methods():
    def method(name: str, at: int) -> Candidate:
        one = signature(name, at=at)
        text = f"class Shape:\n    def {name}(self):"
        return replace(one, snippet=replace(one.snippet, text=text))

    (found,) = chosen(definition=[method("draw", 50), method("area", 20), method("move", 90)])
    assert found.text == (
        "class Shape:\n    def area(self):\n    def draw(self):\n    def move(self):"
    )


def test_a_signature_is_given_once_though_two_reasons_ask_for_it():
    once = signature("f", stable=True)
    found = chosen(definition=[signature("f", at=900), once])
    assert len(found) == 1


def test_what_may_not_be_shown_is_not():
    prompt = Prompt("main.py", "", 0, 2000)
    found = fuse(
        {"similar": [chunk("a"), chunk("b")], "definition": [signature("f", "a.py")]},
        prompt, packaged(), allowed=lambda snippet: snippet.path != "a.py",
    )  # fmt: skip
    assert [s.path for s in found] == ["b.py"]


NAMES = st.sampled_from("abcdefgh")


@given(
    st.lists(st.tuples(NAMES, st.integers(1, 12), st.integers(0, 3)), max_size=12),
    st.lists(st.tuples(NAMES, st.integers(0, 5000), st.booleans()), max_size=12),
    st.integers(0, 900),
)
def test_never_more_than_the_budget_and_always_whole_lines(
    chunks: list[tuple[str, int, int]], definitions: list[tuple[str, int, bool]], budget: int
):
    found = chosen(
        similar=[
            chunk(name, path=f"{i}.py", text=lines(name, count), following="\n" + lines("z", more))
            if more
            else chunk(name, path=f"{i}.py", text=lines(name, count))
            for i, (name, count, more) in enumerate(chunks)
        ],
        definition=[signature(name, at=at, stable=stable) for name, at, stable in definitions],
        max_chars=budget,
    )
    assert sum(len(s.text) for s in found) <= budget
    for snippet in found:
        if snippet.source == "definition":
            assert all(line.startswith("def ") for line in snippet.text.split("\n"))
        else:
            name, count, more = chunks[int(snippet.path[:-3])]
            whole = lines(name, count) + ("\n" + lines("z", more) if more else "")
            assert (whole + "\n").startswith(snippet.text + "\n")


def test_why_definitions_are_needed_is_told_with_the_snippet():
    (found,) = chosen(
        definition=[
            signature("f", at=0, reason="callee"),
            signature("g", at=100, reason="type"),
            signature("h", at=200, reason="type"),
        ]
    )
    assert (found.path, found.reason) == ("lib.py", "callee, type")
    assert [each.reason for each in chosen(similar=[chunk("a")])] == [""]
