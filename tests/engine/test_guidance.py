"""Guidance is plain data: what goes to the worker comes out of it the same."""

from __future__ import annotations

import json
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.guidance import Guidance, Names, Syntax, guidance_from

TEXTS = st.text(max_size=6)
NAMES = st.builds(
    Names,
    names=st.lists(st.tuples(TEXTS, st.floats(0.001, 10)), max_size=3).map(tuple),
    certainty=st.floats(0, 1),
    closed=st.booleans(),
    after=TEXTS,
    typed=TEXTS,
    separator=TEXTS,
    spaced=st.booleans(),
    source=TEXTS,
)
COLUMNS = st.lists(st.integers(0, 20), min_size=1, max_size=3).map(tuple)
SYNTAX = st.builds(
    Syntax,
    brackets=st.text("([{", max_size=3),
    line_comments=st.lists(TEXTS, max_size=2).map(tuple),
    block_comment=st.none() | st.tuples(TEXTS, TEXTS),
    quotes=st.lists(TEXTS, max_size=2).map(tuple),
    indents=st.none() | COLUMNS,
    definitions=st.lists(TEXTS, max_size=2).map(tuple),
)


@given(names=st.lists(NAMES, max_size=3).map(tuple), syntax=st.none() | SYNTAX)
def test_it_survives_the_way_to_the_worker(names: tuple[Names, ...], syntax: Syntax | None) -> None:
    guidance = Guidance(names, syntax)
    assert guidance_from(json.loads(json.dumps(asdict(guidance)))) == guidance
