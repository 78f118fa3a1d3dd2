"""Holes: P + M + S is the text; structured middles are whole nodes or runs of siblings."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document
from beadline.trainer.corpus import SourceFile
from beadline.trainer.samples import SampleOptions, fim_request, fim_sample, left_to_right
from beadline.trainer.structured_fim import MAX_MIDDLE, HoleSampler, draw_anchor
from beadline.trainer.tokenizer import MIDDLE, PREFIX, TokenizerVocabulary
from tests.examples import examples

STATEMENTS = [
    "import os",
    "x = {'a': [1, 2, 3], 'é': 'ü'}",
    "def f(a, b=2):\n    '''Doc.'''\n    return a + b",
    "class A(B):\n    def m(self):\n        if self.x:\n            return g(1)\n        pass",
    "for i in range(20):\n    if i % 5 == 0:\n        print('你好')",
    "# comment",
    "",
    "with open(p) as f:\n    data = f.read()",
    "return",
    "broken((",
    "assert a == b, 'text'",
]
sources = st.lists(st.sampled_from(STATEMENTS), min_size=3, max_size=14).map("\n".join)


def sampler(text: str):
    tree = SyntaxTrees().parse(Document("k", "a.py", "python", text))
    assert tree is not None
    return tree, HoleSampler(tree)


@given(sources, st.integers(0, 10_000))
@examples(150)
def test_structured_middles_are_whole_nodes_or_runs_of_siblings(text, seed):
    tree, holes = sampler(text)
    rng = random.Random(seed)
    for _ in range(10):
        hole = holes.draw(rng)
        if hole is None:
            continue
        assert 0 <= hole.start <= hole.end <= len(text)
        if hole.kind in ("statement", "block", "aligned"):
            assert hole.end - hole.start <= MAX_MIDDLE
            assert whole_nodes(tree, hole.start, hole.end), (hole, text[hole.start : hole.end])
        if hole.kind == "empty":
            assert hole.start == hole.end
        if hole.kind == "rest_of_line":
            assert "\n" not in text[hole.start : hole.end]


def whole_nodes(tree, start: int, end: int) -> bool:
    a, b = tree.byte_offset(start), tree.byte_offset(end)
    stack = [tree.root]
    while stack:
        node = stack.pop()
        starts = {child.start_byte for child in node.children} | {node.start_byte}
        ends = {child.end_byte for child in node.children} | {node.end_byte}
        if a in starts and b in ends:
            return True
        stack.extend(node.children)
    return False


@given(sources, st.integers(0, 10_000), st.integers(0, 500))
def test_anchor_is_a_line_start_at_most_eight_lines_up(text, seed, cursor):
    cursor = min(cursor, len(text))
    low = text.rfind("\n", 0, cursor // 2) + 1
    anchor = draw_anchor(random.Random(seed), text, cursor, low)
    assert low <= anchor <= cursor
    assert anchor == low or text[anchor - 1] == "\n"
    assert text.count("\n", anchor, cursor) <= 8


def test_samples_are_rendered_as_served_and_end_where_the_middle_does(tokenizer, texts):
    vocabulary = TokenizerVocabulary(tokenizer)
    options = SampleOptions(row_tokens=512)
    text = texts[2]
    file = SourceFile("cpython", "Lib/textwrap.py", text)
    _, holes = sampler(text)
    for seed in range(200):
        rng = random.Random(seed)
        hole = holes.draw(rng)
        if hole is None:
            continue
        request, middle = fim_request(file, hole.start, hole.end, options, rng)
        assert request.prefix + middle + request.suffix in text
        ids = fim_sample(request, middle, vocabulary, options.row_tokens)
        assert len(ids) <= options.row_tokens
        whole = len(vocabulary.encode(middle)) < options.row_tokens // 4
        assert (ids[-1] == vocabulary.end) is whole  # what was cut has not ended
        assert [ids.count(vocabulary.special(t)) for t in (PREFIX, MIDDLE)] == [1, 1]
        assert len(left_to_right(file, vocabulary, options, rng)) <= options.row_tokens


def test_same_seed_same_holes(texts):
    _, holes = sampler(texts[2])
    first, second = ([holes.draw(random.Random(s)) for s in range(50)] for _ in range(2))
    assert first == second
