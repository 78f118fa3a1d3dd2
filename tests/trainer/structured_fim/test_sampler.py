"""Structured middles are whole nodes or runs of siblings; cursors are where users leave them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.errors import InputError
from beadline.trainer.structured_fim.sampler import (
    MOST_MIDDLE,
    RANDOM,
    STRUCTURED,
    STRUCTURED_KINDS,
    Hole,
    Sampler,
    SamplerOptions,
)
from tests.examples import examples
from tests.trainer.structured_fim.texts import is_node_or_run, sources, tree_of

AIXCODER = 'for i in range(20):\n    if i % 5 == 0:\n        print("Hello World")\n'
"""The example of aiXcoder-7B's README."""


def draws(sampler: Sampler, count: int, first: int = 0) -> list[Hole]:
    found = [sampler.draw(random.Random(seed)) for seed in range(first, first + count)]
    return [hole for hole in found if hole is not None]


def only(kind: str, text: str, language: str = "python") -> Sampler:
    return Sampler(tree_of(text, language), SamplerOptions(mix=((kind, 1.0),)))


def middles(kind: str, text: str, count: int = 200) -> set[str]:
    return {text[hole.start : hole.end] for hole in draws(only(kind, text), count)}


@given(source=sources(), seed=st.integers(0, 10**6), kind=st.sampled_from(sorted(STRUCTURED_KINDS)))
@examples(400)
def test_structured_middles_are_whole_nodes_or_runs_of_siblings(source, seed, kind):
    text, language = source
    tree = tree_of(text, language)
    sampler = Sampler(tree, SamplerOptions(mix=((kind, 1.0),)))
    for hole in draws(sampler, 5, seed):
        assert hole.kind == kind
        assert 0 <= hole.start < hole.end <= len(text)
        assert hole.end - hole.start <= MOST_MIDDLE
        assert is_node_or_run(tree, hole.start, hole.end), text[hole.start : hole.end]


@given(source=sources(), seed=st.integers(0, 10**6))
@examples(200)
def test_the_other_kinds_are_where_cursors_are(source, seed):
    text, language = source
    for hole in draws(Sampler(tree_of(text, language)), 12, seed):
        middle = text[hole.start : hole.end]
        assert 0 <= hole.start <= hole.end <= len(text)
        match hole.kind:
            case "rest_of_line":
                assert middle
                assert "\n" not in middle
            case "inside_word":
                before, behind = text[hole.start - 1], text[hole.start]
                assert all(c.isalnum() or c == "_" for c in (before, behind))
            case "before_closer":
                assert text[hole.end] in ")]}\"'`"
                assert "\n" not in middle
            case "lines":
                assert middle.count("\n") <= 8
            case "empty":
                assert not middle
                assert not text[hole.end :].partition("\n")[0].strip()
                assert text[hole.start - 1].strip()


@given(
    source=sources(), seed=st.integers(0, 10**6),
    before=st.lists(st.integers(0, 999), max_size=6),
)  # fmt: skip
@examples(60)
def test_a_hole_does_not_depend_on_what_was_drawn_before(source, seed, before):
    used = Sampler(tree_of(*source))
    for other in before:
        used.draw(random.Random(other))
    fresh = Sampler(tree_of(*source))
    assert used.draw(random.Random(seed)) == fresh.draw(random.Random(seed))


def test_the_readmes_example_is_cut_as_there():
    holes = {(hole.start, hole.end) for hole in draws(only("part", AIXCODER), 100)}
    assert (27, 38) in holes
    assert AIXCODER[27:38] == "i % 5 == 0:"
    assert AIXCODER[38:] == '\n        print("Hello World")\n'


def test_kinds_cut_what_they_are_called():
    text = (
        "def f(a, b=2):\n    '''Doc.'''\n    c = call(a, [b])\n    if c:\n        return c\n\n\n"
        "class A:\n    name = 'value'\n"
    )
    assert "c = call(a, [b])" in middles("statement", text)
    assert "a, [b]" in middles("arguments", text)
    assert "return c" in middles("block", text)
    assert "c = call(a, [b])\n    if c:\n        return c" in middles("rest_of_block", text)
    assert "'''Doc.'''\n    c = call(a, [b])\n    if c:\n        return c" in middles("block", text)
    assert "f(a, b=2):" in middles("part", text)
    assert {"a, [b]", "b", "value", "a, b=2"} <= middles("before_closer", text)


def test_semicolons_belong_to_their_statements():
    text = "class A {\n  int a = 1;\n  void f() {\n    int b = g(2);\n    halt();\n  }\n}\n"
    sampler = only("statement", text, "java")
    found = {text[hole.start : hole.end] for hole in draws(sampler, 200)}
    assert {"int b = g(2);", "halt();"} <= found
    assert not {"int b = g(2)", "halt()"} & found


def test_a_run_is_aligned_to_what_it_stands_for():
    text = "alpha = 1\nbeta = 2\ngamma = 3\ndelta = 4\nepsilon = 5\nzeta = 6\n"
    found = middles("aligned", text, 400)
    assert found
    lines = text.splitlines()
    whole = {"\n".join(lines[i:j]) for i in range(6) for j in range(i + 1, 7)}
    assert found <= whole
    assert any("\n" in middle for middle in found)


def test_nothing_is_cut_in_what_the_parser_could_not_read_or_inside_strings():
    text = "x = 'do not cut in here'\ny = ((1 +\n"
    for kind in ("node", "statement"):
        for middle in middles(kind, text):
            assert middle in {"x = 'do not cut in here'", "'do not cut in here'"}


def test_all_kinds_are_drawn_by_their_shares(texts):
    assert sum(share for _, share in STRUCTURED) == pytest.approx(1)
    found = [hole.kind for hole in draws(Sampler(tree_of(texts[2])), 2000)]
    for kind, share in STRUCTURED:
        assert 0.4 * share < found.count(kind) / len(found) < 2.5 * share, kind


def test_a_text_without_a_grammar_has_cursors_and_no_nodes():
    text = "# Title\n\nSome words here, and (more)\n" * 5
    found = {hole.kind for hole in draws(Sampler(text), 400)}
    assert found == {"rest_of_line", "inside_word", "lines", "random", "empty"}


def test_the_comparison_has_random_cuts_alone(texts):
    sampler = Sampler(tree_of(texts[2]), SamplerOptions(mix=RANDOM, stretch=500))
    holes = draws(sampler, 200)
    assert {hole.kind for hole in holes} == {"two_cuts"}
    assert max(hole.end - hole.start for hole in holes) <= 500


@pytest.mark.parametrize("text", ["", " \n\n", "x"])
def test_a_text_with_nothing_in_it_has_no_structure(text):
    assert {hole.kind for hole in draws(Sampler(tree_of(text)), 50)} <= {
        "rest_of_line", "lines", "random", "empty"
    }  # fmt: skip


def test_unknown_kinds_are_told():
    with pytest.raises(InputError, match="nodes"):
        Sampler("text", SamplerOptions(mix=(("nodes", 1.0),)))
