"""Counts become probabilities: of any lattice they add up to one, and the nearest counts most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.cache_model.array import SEPARATOR
from beadline.engine.cache_model.distribution import Backoff, Counts, Scope, mix
from beadline.engine.cache_model.ranges import Ranges
from beadline.engine.cache_model.scopes import Scopes
from beadline.engine.cache_model.sources import IndexSource, TextSource
from tests.engine.cache_model.by_hand import index_of

FOLLOWED = st.dictionaries(st.integers(0, 9), st.integers(1, 50), min_size=1, max_size=5)
COUNTS = st.builds(
    Counts,
    order=st.integers(1, 64),
    scope=st.sampled_from(list(Scope)),
    followed=FOLLOWED,
    scale=st.floats(1, 100),
)
BACKOFFS = st.builds(
    Backoff,
    escapes=st.tuples(*[st.floats(1e-3, 1e3)] * 4),
    growth=st.floats(0, 3),
)


@given(
    lattice=st.lists(COUNTS, max_size=12), backoff=BACKOFFS, enough=st.sampled_from([0.0, 0.01, 1])
)
def test_probabilities_add_up_to_one(
    lattice: list[Counts], backoff: Backoff, enough: float
) -> None:
    mixture = mix(lattice, backoff, enough=enough)
    if mixture is None:
        assert not lattice
        return
    assert all(share > 0 for share in mixture.mass.values())
    assert sum(mixture.mass.values()) + mixture.rest == pytest.approx(1.0)
    assert mixture.nearest is lattice[0]
    assert mixture.mass.keys() == {t for counts in mixture.seen for t in counts.followed}


def test_no_more_is_asked_for_than_is_needed() -> None:
    def lattice():
        yield Counts(8, Scope.BUFFER, {1: 1000})
        raise AssertionError("a shorter context was looked up")

    mixture = mix(lattice(), Backoff())
    assert mixture is not None and mixture.top == 1


def test_witten_and_bell() -> None:
    """Of 4 places with 2 different tokens behind them, 2/3 are believed."""
    mixture = mix([Counts(1, Scope.OPEN, {1: 3, 2: 1})], Backoff(growth=0.0))
    assert mixture is not None
    assert mixture.mass == pytest.approx({1: 0.5, 2: 1 / 6})
    assert mixture.rest == pytest.approx(1 / 3)


def lattice_of(context: list[int], *sources) -> list[Counts]:
    scopes = Scopes(sources)
    scopes.begin(context)
    return list(scopes.lattice())


def test_longer_contexts_and_nearer_scopes_come_first() -> None:
    index = index_of({"src/a.py": [1, 2, 3, 5, 2, 3, 6, 3, 9], "b.py": [1, 2, 3, 7]})
    buffer = TextSource(np.array([4, 2, 3, 8, 3, 4], dtype=np.uint32), Scope.BUFFER)
    found = lattice_of([1, 2, 3], buffer, IndexSource(Ranges(index, (), "src")))
    assert [(counts.order, counts.scope) for counts in found] == [
        (3, Scope.DIRECTORY), (3, Scope.REPOSITORY),
        (2, Scope.BUFFER), (2, Scope.DIRECTORY), (2, Scope.REPOSITORY),
        (1, Scope.BUFFER), (1, Scope.DIRECTORY), (1, Scope.REPOSITORY),
    ]  # fmt: skip
    assert found[0].followed == {5: 1}
    assert found[1].followed == {5: 1, 7: 1}
    assert found[4].followed == {5: 1, 6: 1, 7: 1}


def test_the_same_places_are_told_of_once() -> None:
    """By the longest context that stands there, and by the nearest scope that has them all."""
    index = index_of({"src/a.py": [1, 2, 3, 5], "b.py": [2, 3, 7, 9]})
    buffer = TextSource(np.array([8, 2, 3, 8], dtype=np.uint32), Scope.BUFFER)
    found = lattice_of([1, 2, 3], buffer, IndexSource(Ranges(index, (), "src")))
    assert [(counts.order, counts.scope) for counts in found] == [
        (3, Scope.DIRECTORY), (2, Scope.BUFFER), (2, Scope.DIRECTORY), (2, Scope.REPOSITORY),
    ]  # fmt: skip
    scopes = Scopes([buffer, IndexSource(Ranges(index, (), "src"))])
    scopes.begin([1, 2, 3])
    assert list(scopes.lattice()) == list(scopes.lattice())


def test_dead_files_hide_nothing_that_is_alive() -> None:
    """The current file, on the disk, holds what is asked for: shorter matches are found."""
    index = index_of({"a.py": [1, 2, 3, 4, 5, 9], "b.py": [8, 4, 5, 7]})
    found = lattice_of([1, 2, 3, 4, 5], IndexSource(Ranges(index, {"a.py"})))
    assert {counts.order for counts in found} == {2}
    assert all(counts.followed == {7: 1} for counts in found)


def test_what_is_frequent_is_sampled_in_proportion() -> None:
    tokens = [1, 2] * 3000 + [1, 3] * 1000
    (counts,) = lattice_of([1], IndexSource(Ranges(index_of({"a.py": tokens}))))
    assert counts.total == pytest.approx(4000, rel=0.05)
    assert counts.followed[2] / sum(counts.followed.values()) == pytest.approx(0.75, abs=0.05)
    (counts,) = lattice_of([1], TextSource(np.array(tokens, dtype=np.uint32), Scope.OPEN))
    assert counts.total == pytest.approx(4000)
    assert counts.followed[2] / sum(counts.followed.values()) == pytest.approx(0.75, abs=0.05)


@given(tokens=st.lists(st.integers(0, 2), min_size=1, max_size=40), most=st.integers(1, 6))
def test_what_is_continued_stood_there(tokens: list[int], most: int) -> None:
    scopes = Scopes(
        [
            TextSource(np.array([*tokens, SEPARATOR], dtype=np.uint32), Scope.BUFFER),
            IndexSource(Ranges(index_of({"a.py": tokens}))),
        ]
    )
    scopes.begin(tokens[: len(tokens) // 2])
    found, order = scopes.continuation(most)
    if not found:
        assert order == 0
        return
    context = tokens[: len(tokens) // 2][-order:]
    ends = [at for at in range(order, len(tokens)) if tokens[at - order : at] == context]
    assert any(tokens[at : at + most] == found for at in ends)
