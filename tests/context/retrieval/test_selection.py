"""Snippets of hits: whole lines, within the budget, nothing twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.context.retrieval.selection import MOST, PER_FILE, choose, lines_of
from beadline.context.retrieval.store import Held, Hit
from beadline.context.types import Snippet


def lines(name: str, count: int = 6) -> str:
    return "\n".join(f"    {name}_{i} = call_{name}({i})" for i in range(count))


def hit(name: str, path: str = "", score: float = 1.0, following: Held | None = None) -> Hit:
    return Hit(Held(path or f"/w/{name}.py", "python", 0, lines(name)), score, following)


def chosen(*hits: Hit, prompt: str = "", max_chars: int = 2000) -> list[Snippet]:
    return list(choose(hits, prompt, max_chars=max_chars, name=lambda path: path[3:]))


def test_best_first_with_name_score_and_source():
    found = chosen(hit("a", score=3), hit("b", score=2))
    assert [(s.path, s.score, s.source) for s in found] == [
        ("a.py", 3, "bm25"),
        ("b.py", 2, "bm25"),
    ]


def test_what_the_prompt_holds_is_left_out_with_other_indentation_too():
    prompt = "def f():\n" + "\n".join(line.strip() for line in lines("a").split("\n"))
    assert [s.path for s in chosen(hit("a"), hit("b"), prompt=prompt)] == ["b.py"]


def test_a_copy_of_a_snippet_is_left_out():
    assert [s.path for s in chosen(hit("a"), hit("a", path="/w/copy.py"))] == ["a.py"]


def test_most_of_one_file_and_of_all():
    same = [hit(f"n{i}", path="/w/same.py") for i in range(5)]
    same = [Hit(Held(h.chunk.path, "python", 900 * i, h.chunk.text), 1.0, None)
            for i, h in enumerate(same)]  # fmt: skip
    assert len(chosen(*same)) == PER_FILE
    assert len(chosen(*[hit(f"n{i}") for i in range(20)], max_chars=10**6)) == MOST


def test_what_follows_comes_along_where_it_fits_and_only_newlines_are_between():
    text = lines("a")
    behind = Held("/w/a.py", "python", len(text) + 2, lines("behind", 3), joins=True)
    (found,) = chosen(hit("a", following=behind))
    assert found.text == text + "\n\n" + behind.text
    (short,) = chosen(hit("a", following=behind), max_chars=len(text) + 10)
    assert short.text == text
    apart = Held("/w/a.py", "python", len(text) + 40, lines("behind", 3))
    (alone,) = chosen(hit("a", following=apart))
    assert alone.text == text, "a secret stood between them"
    repeated = Held("/w/a.py", "python", len(text) + 1, lines("behind", 3), joins=True)
    (known,) = chosen(hit("a", following=repeated), prompt=lines("behind", 3))
    assert known.text == text


def test_too_little_room_gives_nothing():
    assert not chosen(hit("a"), max_chars=20)


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 12)), max_size=12),
    st.integers(0, 900),
)
def test_never_more_than_the_budget_and_always_whole_lines(
    given_hits: list[tuple[str, int]], budget: int
):
    hits = [
        Hit(Held(f"/w/{i}.py", "python", 0, lines(name, count)), 1.0, None)
        for i, (name, count) in enumerate(given_hits)
    ]
    found = chosen(*hits, max_chars=budget)
    assert sum(len(s.text) for s in found) <= budget
    texts = {h.chunk.path[3:]: h.chunk.text for h in hits}
    for snippet in found:
        assert (
            snippet.text.split("\n")
            == texts[snippet.path].split("\n")[: snippet.text.count("\n") + 1]
        )
    for i, snippet in enumerate(found):
        for other in found[:i]:
            assert not lines_of(snippet.text) <= lines_of(other.text)
