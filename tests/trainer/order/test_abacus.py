"""Components, topological order, PageRank: on random graphs, and against their definitions."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.trainer.order.abacus import components, dependencies_first, pagerank
from tests.examples import examples

NODES = [f"{letter}.py" for letter in "abcdefghij"]
graphs = st.dictionaries(
    st.sampled_from(NODES), st.sets(st.sampled_from(NODES), max_size=4), max_size=10
).map(
    lambda drawn: {
        node: dict.fromkeys(sorted(drawn.get(node, set()) - {node}), 1.0) for node in NODES
    }
)


def reached(uses: dict[str, dict[str, float]], start: str) -> set[str]:
    """What is used, directly or not."""
    found: set[str] = set()
    pending = [start]
    while pending:
        for used in uses[pending.pop()]:
            if used not in found:
                found.add(used)
                pending.append(used)
    return found


@given(graphs, st.integers(0, 100))
@examples(200)
def test_components_are_mutually_reachable_and_come_behind_what_they_use(uses, seed):
    found = components(uses, random.Random(seed))
    assert sorted(path for component in found for path in component) == sorted(uses)
    reach = {path: reached(uses, path) for path in uses}
    place = {path: number for number, component in enumerate(found) for path in component}
    for one in uses:
        for two in uses:
            if one != two:
                together = two in reach[one] and one in reach[two]
                assert (place[one] == place[two]) is together
            if two in reach[one]:
                assert place[two] <= place[one]


@given(graphs, st.integers(0, 100))
def test_an_order_of_all_files_that_is_the_same_every_time(uses, seed):
    paths = dependencies_first(uses, random.Random(seed))
    assert sorted(paths) == sorted(uses)
    assert paths == dependencies_first(uses, random.Random(seed))


@given(graphs)
def test_ranks_add_up_and_nobody_has_none(uses):
    ranks = pagerank(uses, list(uses))
    assert sum(ranks.values()) == pytest.approx(1)
    assert min(ranks.values()) >= 0.15 / len(uses) - 1e-9


def test_a_chain_starts_with_what_uses_nothing():
    uses = {"a": {"b": 1.0}, "b": {"c": 1.0}, "c": {}}
    assert dependencies_first(uses, random.Random(3)) == ["c", "b", "a"]


def test_a_cycle_starts_with_what_is_used_most():
    uses = {
        "core": {"x": 1.0},
        "x": {"core": 1.0, "y": 1.0},
        "y": {"core": 1.0, "z": 1.0},
        "z": {"core": 1.0},
        "user": {"core": 1.0, "gone": 1.0},
    }
    paths = dependencies_first(uses, random.Random(0))
    assert paths[0] == "core"
    assert paths[-1] == "user"


def test_chains_longer_than_the_stack():
    uses = {f"{n:06d}": {f"{n + 1:06d}": 1.0} for n in range(20_000)} | {f"{20_000:06d}": {}}
    paths = dependencies_first(uses, random.Random(1))
    assert paths == sorted(uses, reverse=True)
