"""Whatever the files and the context: the counts are those of looking at every place."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.cache_model.array import DEPTH, SEPARATOR
from beadline.engine.cache_model.search import Lookup, Matches
from tests.engine.cache_model.by_hand import followed, index_of, longest

TOKENS = st.lists(st.integers(0, 3) | st.just(SEPARATOR), max_size=40)
REPEATED = st.builds(lambda part, times: part * times, TOKENS, st.integers(1, 4))
FILES = st.lists(TOKENS | REPEATED, max_size=5)
CONTEXTS = st.lists(st.integers(0, 4), max_size=12)


@given(files=FILES, context=CONTEXTS)
def test_an_index_counts_as_by_hand(files: list[list[int]], context: list[int]) -> None:
    index = index_of({f"{number}.py": tokens for number, tokens in enumerate(files)})
    lookup = Lookup(index)
    for token in context:
        lookup.append(token)
    assert lookup.longest == longest(files, context, DEPTH)
    for order in range(min(len(context), 10), 0, -1):
        low, high = lookup.range_of(order)
        counted = Counter(index.token(code) for code in index.following[low:high].tolist())
        del counted[SEPARATOR]
        assert counted == followed(files, context[-order:])


@given(files=FILES, context=CONTEXTS, orders=st.lists(st.integers(1, 12), max_size=6))
def test_lengths_may_be_asked_for_in_any_order(
    files: list[list[int]], context: list[int], orders: list[int]
) -> None:
    lookup = Lookup(index_of({f"{number}.py": tokens for number, tokens in enumerate(files)}))
    for token in context:
        lookup.append(token)
    for order in orders:
        low, high = lookup.range_of(order)
        # A text may end behind the context.
        stands = sum(
            tokens[at : at + order] == context[-order:] and SEPARATOR not in context[-order:]
            for tokens in files
            for at in range(len(tokens) - order + 1)
        )
        assert high - low == (stands if order <= len(context) else 0)


@given(files=FILES, context=CONTEXTS, ahead=CONTEXTS)
def test_plain_tokens_count_as_by_hand(
    files: list[list[int]], context: list[int], ahead: list[int]
) -> None:
    joined = [token for tokens in files for token in (*tokens, SEPARATOR)]
    matches = Matches(np.array(joined, dtype=np.uint32))
    matches.begin(context)
    for token in ahead:
        matches.append(token)
    context = [*context, *ahead]
    for order in range(1, min(len(context), 10) + 1):
        counted = Counter(matches.following(order))
        assert counted == followed(files, context[-order:])
        assert matches.count(order) == counted.total()
        behind = (matches.continuation(place, 1)[0] for place in matches.places(order).tolist())
        assert counted == Counter(behind)
    known = [order for order in range(1, len(context) + 1) if followed(files, context[-order:])]
    assert matches.longest == min(DEPTH, max(known, default=0))


@given(tokens=st.lists(st.integers(0, 2), min_size=70, max_size=200), again=st.integers(0, 60))
def test_contexts_are_compared_to_a_depth(tokens: list[int], again: int) -> None:
    """A text that stands twice: what is known of long matches is bounded, and right."""
    text = [*tokens, *tokens[again:]]
    lookup = Lookup(index_of({"a.py": text}))
    matches = Matches(np.array(text, dtype=np.uint32))
    for token in tokens:
        lookup.append(token)
    matches.begin(tokens)
    assert lookup.longest == DEPTH
    expected = followed([text], tokens[-DEPTH:])
    low, high = lookup.range_of(DEPTH)
    following = lookup.index.following[low:high].tolist()
    counted = Counter(lookup.index.token(code) for code in following)
    del counted[SEPARATOR]
    assert counted == expected
    assert Counter(matches.following(DEPTH)) == expected


@given(tokens=st.lists(st.integers(0, 3), min_size=2, max_size=30), most=st.integers(1, 8))
def test_what_follows_a_place_is_read_from_the_file(tokens: list[int], most: int) -> None:
    index = index_of({"a.py": tokens, "b.py": [9, 9]})
    matches = Matches(np.array(tokens, dtype=np.uint32))
    (span,) = (span for span in index.spans if span.path == "a.py")
    for at in range(len(tokens)):
        place = span.end - 1 - at
        assert index.continuation(place, most) == tokens[at + 1 : at + 1 + most]
        assert matches.continuation(at, most) == tokens[at + 1 : at + 1 + most]
