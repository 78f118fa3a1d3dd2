"""The store: rank-bm25's own scores, whatever was added, replaced and removed before."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from beadline.context.retrieval import store as store_module
from beadline.context.retrieval.store import Held, Hit, Store, inverse_frequency
from tests.examples import examples

WORDS = [f"w{i}" for i in range(12)]
Chunk = list[str]
FILES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d"]),
        st.lists(st.lists(st.sampled_from(WORDS), max_size=8), max_size=6),
    ),
    max_size=14,
)
QUERY = st.dictionaries(st.sampled_from([*WORDS, "unknown"]), st.floats(0.1, 3), min_size=1)


def held(path: str, at: int, terms: Chunk) -> Held:
    return Held(path, "python", 100 * at, " ".join(terms))


def put(store: Store, path: str, chunks: list[Chunk]) -> None:
    store.replace(path, [(held(path, i, terms), terms) for i, terms in enumerate(chunks)])


def found(store: Store, query: Mapping[str, float], limit: int = 10**6) -> list[Hit]:
    return store.search(query, group="python", limit=limit)


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """No word is too common and no chunk too many, so that all scores can be compared."""
    monkeypatch.setattr(store_module, "COMMON_SHARE", 1.0)


@pytest.mark.usefixtures("everything")
@given(FILES, QUERY)
@examples(200)
def test_scores_are_those_of_rank_bm25_over_what_is_held(
    changes: list[tuple[str, list[Chunk]]], query: dict[str, float]
):
    store, held_now = Store(), {}
    for path, chunks in changes:
        put(store, path, chunks)
        held_now[path] = [terms for terms in chunks if terms]
    corpus = [terms for chunks in held_now.values() for terms in chunks]
    assert len(store) == len(corpus)
    assert store.characters == sum(len(" ".join(terms)) for terms in corpus)
    hits = found(store, query)
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    if not corpus:
        assert not hits
        return
    reference = BM25Okapi(corpus)
    asked = set(query)
    reference.idf = {
        term: query[term] * inverse_frequency(sum(term in terms for terms in corpus), len(corpus))
        for term in asked
    }
    scores = reference.get_scores(sorted(asked))
    expected = sorted(
        (" ".join(c), s) for c, s in zip(corpus, scores, strict=True) if asked & set(c)
    )
    got = sorted((h.chunk.text, h.score) for h in hits)
    assert [text for text, _ in got] == [text for text, _ in expected]
    assert [s for _, s in got] == pytest.approx([s for _, s in expected])


@given(FILES, QUERY)
def test_an_index_kept_up_to_date_is_the_one_built_anew(
    changes: list[tuple[str, list[Chunk]]], query: dict[str, float]
):
    store = Store()
    for path, chunks in changes:
        put(store, path, chunks)
    anew = Store()
    for path, chunks in sorted(dict(changes).items()):
        put(anew, path, chunks)
    assert found(store, query, 10) == found(anew, query, 10)
    assert set(store.files) == set(anew.files)
    for path in list(store.files):
        store.remove(path)
    assert len(store) == store.characters == 0 and not found(store, query)


def test_what_was_replaced_is_not_found_and_leaves_no_frequencies():
    store = Store()
    for i in range(40):
        put(store, f"f{i}", [["common", f"only{i}"]])
    put(store, "f1", [["other"]])
    store.remove("f2")
    store.remove("never there")
    assert not found(store, {"only1": 1}) and not found(store, {"only2": 1})
    assert [h.chunk.path for h in found(store, {"only3": 1})] == ["f3"]
    assert [h.chunk.path for h in found(store, {"other": 1})] == ["f1"]


def test_words_of_most_chunks_are_stop_words():
    store = Store()
    for i in range(200):
        put(store, f"f{i}", [["self", f"only{i}"]])
    assert not found(store, {"self": 5})
    assert [h.chunk.path for h in found(store, {"self": 5, "only7": 1})] == ["f7"]


def test_the_chunk_behind_a_hit_comes_with_it():
    store = Store()
    put(store, "a", [["one"], ["two"], ["three"]])
    put(store, "b", [["four"]])
    (hit,) = found(store, {"two": 1})
    assert hit.following is not None and hit.following.text == "three"
    (last,) = found(store, {"three": 1})
    assert last.following is None


def test_groups_are_apart_and_a_refused_chunk_is_not_found():
    store = Store()
    put(store, "a", [["one"]])
    store.replace("b", [(Held("b", "go", 0, "one"), ["one"])])
    assert [h.chunk.path for h in store.search({"one": 1}, group="go", limit=9)] == ["b"]
    assert not store.search({"one": 1}, group="ruby", limit=9)
    assert not store.search({"one": 1}, group="go", limit=9, accept=lambda held: False)
