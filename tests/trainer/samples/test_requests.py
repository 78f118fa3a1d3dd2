"""What is trained on is asked as a server asks it."""

from __future__ import annotations

import random
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from beadline.completion.asking import Question
from beadline.completion.reading import Reader
from beadline.completion.types import CompletionRequest
from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Snippet
from beadline.engine.protocol import FimRequest, Layout
from beadline.settings import CompletionOptions, ContextOptions
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.samples.requests import document_of, of_hole, plain
from beadline.trainer.structured_fim.sampler import Hole, Sampler
from tests.examples import examples
from tests.trainer.samples import kit
from tests.trainer.structured_fim.texts import sources, tree_of


class Scripted(random.Random):
    """Gives the chances it is told."""

    def __init__(self, *chances: float) -> None:
        super().__init__(0)
        self._chances = iter(chances)

    def random(self) -> float:
        return next(self._chances)


def holes(file: CorpusFile, count: int) -> list[Hole]:
    sampler = Sampler(tree_of(file.text))
    found = [sampler.draw(random.Random(seed)) for seed in range(count)]
    return [hole for hole in found if hole is not None]


def asked(request: FimRequest) -> dict[str, object]:
    """What of a request makes its prompt."""
    kept = ("prefix", "suffix", "anchor", "path", "repo", "extra", "layout", "max_tokens")
    return {name: value for name, value in asdict(request).items() if name in kept}


@given(source=sources(), seed=st.integers(0, 10**6), tokens=st.integers(8, 200))
@examples(200)
def test_prefix_middle_and_suffix_are_a_range_of_the_file(source, seed, tokens):
    text, language = source
    file = CorpusFile.of("a/b", language, text, "r")
    rng = random.Random(seed)
    context = ContextOptions(prefix_tokens=tokens, suffix_tokens=tokens // 2)
    options = kit.options(context=context)
    hole = Sampler(tree_of(text, language)).draw(rng)
    if hole is None:
        return
    drawn = of_hole(file, hole, options, rng, SyntaxTrees())
    request = drawn.request
    whole = request.prefix + drawn.middle + request.suffix
    assert text[drawn.start : drawn.end] == whole
    assert drawn.start + len(request.prefix) == hole.start
    assert drawn.middle == text[hole.start : hole.end]
    limits = options.limits
    assert len(request.prefix) <= limits.prefix
    assert len(request.suffix) <= limits.suffix
    assert 0 <= request.anchor <= len(request.prefix)
    assert len(request.prefix) - request.anchor <= limits.anchor


def test_a_request_is_what_a_server_asks_at_a_cold_cursor(texts):
    file = kit.corpus(texts)[2]
    compared = 0
    for hole in holes(file, 25):
        # No window that rests, the anchor in the cursor's line, no snippets.
        drawn = of_hole(file, hole, kit.SMALL, Scripted(0.9, 0.0, 0.9), SyntaxTrees())
        document = document_of(file, file.text[: hole.start] + file.text[hole.end :])
        reading = Reader().read(document, hole.start, kit.SMALL.context)
        question = Question(CompletionRequest(document, hole.start), reading, CompletionOptions())
        assert asked(drawn.request) == asked(question.fim_request())
        compared += 0 < len(drawn.request.suffix) < len(document.text) - hole.start
    assert compared > 10


def test_windows_rest_and_anchors_stand_above_in_a_part_of_the_samples(texts, tokenizer):
    stream = kit.stream(texts[2:], tokenizer, kit.options(left_to_right=0.0))
    drawn = [stream.draw(k) for k in range(300)]
    above = [d.request.prefix.count("\n", d.request.anchor) for d in drawn]
    assert 0.2 < above.count(0) / len(above) < 0.7
    assert max(above) > 4
    full = [len(d.request.prefix) for d in drawn if d.start > 0]
    limit = kit.SMALL.limits.prefix
    assert min(full) < 0.7 * limit
    assert max(full) > 0.9 * limit


def test_half_of_the_samples_have_the_snippets_that_the_search_finds(texts, tokenizer):
    found = [
        Snippet("pkg/b.py", "def b():\n    ...\n", 0, 2.0, "similar"),
        Snippet("pkg/a.py", "def a(): ...", 0, 1.0, "definition", volatile=False),
    ]
    search = kit.Found(*found)
    stream = kit.stream(texts[2:], tokenizer, kit.options(left_to_right=0.0), search=search)
    drawn = [stream.draw(k) for k in range(200)]
    extra = [d for d in drawn if d.request.extra]
    assert 70 < len(extra) < 130
    # Stable ones first, as in serving.
    assert [each.path for each in extra[0].request.extra] == ["pkg/a.py", "pkg/b.py"]
    asked = [(document.text, offset) for document, offset, _ in search.asked]
    for d, (text, offset) in zip(extra, asked, strict=True):
        # The search saw the file without the middle.
        cursor = d.start + len(d.request.prefix)
        assert offset == cursor
        assert text == d.file.text[:cursor] + d.file.text[cursor + len(d.middle) :]


def test_layouts_are_the_models_own_unless_shares_are_given(texts, tokenizer):
    served = kit.stream(texts[2:], tokenizer, kit.options(left_to_right=0.0))
    assert {served.draw(k).request.layout for k in range(30)} == {None}
    shares = ((Layout.PSM, 0.5), (Layout.SPM, 0.5))
    mixed = kit.stream(texts[2:], tokenizer, kit.options(left_to_right=0.0, layouts=shares))
    assert {mixed.draw(k).request.layout for k in range(30)} == {Layout.PSM, Layout.SPM}


@given(text=st.text(st.sampled_from("ab \n"), min_size=1, max_size=400), seed=st.integers(0, 999))
def test_plain_text_begins_at_a_line_and_ends_where_the_file_does(text: str, seed: int):
    options = kit.options(sample_tokens=40)
    drawn = plain(CorpusFile.of("a.py", "python", text), options, random.Random(seed))
    assert drawn.is_plain
    assert drawn.request.prefix == text[drawn.start : drawn.end]
    assert drawn.start == 0 or text[drawn.start - 1] == "\n"
    assert drawn.end - drawn.start <= options.plain_chars
    assert drawn.ends is (drawn.end == len(text))
