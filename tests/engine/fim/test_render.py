"""The renderer's invariants, on a byte-level toy vocabulary with real special tokens."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.fim.families import (
    BEADLINE,
    DEEPSEEK,
    FAMILIES,
    FAMILY_KEY,
    QWEN,
    STARCODER,
    Family,
    detect,
    stop_tokens,
)
from beadline.engine.fim.render import render
from beadline.engine.fim.vocabulary import added_text_pattern, encode_user_text
from beadline.engine.protocol import ExtraFile, FimRequest, Layout
from beadline.errors import ModelError


class ByteVocabulary:
    """One token a byte, then the special ones; its raw encoder matches special text greedily."""

    bos: int | None = None
    add_bos = False
    eog: frozenset[int] = frozenset()

    def __init__(self, family: Family, *, bos: bool = False) -> None:
        named = [family.prefix, family.suffix, family.middle, family.repo_token, family.file_token]
        self._special = [piece for piece in dict.fromkeys((*named, *family.stops)) if piece]
        self._pattern = added_text_pattern(self._special)
        self.size = 256 + len(self._special)
        self.metadata: Mapping[str, str] = {FAMILY_KEY: family.name} if family is BEADLINE else {}
        if bos:
            self.bos, self.add_bos = self.size, True
            self._special.append("<BOS>")

    def encode(self, text: str) -> list[int]:
        return encode_user_text(self._raw, self._pattern, text)

    def _raw(self, text: str) -> list[int]:
        """As llama.cpp does with USER_DEFINED tokens: special text becomes a special token."""
        for i, piece in enumerate(self._special):
            if piece in text:
                before, after = text.split(piece, 1)
                return [*self._raw(before), 256 + i, *self._raw(after)]
        return list(text.encode())

    def special(self, piece: str) -> int | None:
        return 256 + self._special.index(piece) if piece in self._special else None

    def spell(self, token: int) -> bytes:
        return bytes([token]) if token < 256 else self._special[token - 256].encode()


families = st.sampled_from(FAMILIES)
pieces = [piece for family in FAMILIES for piece in (family.prefix, family.suffix, family.middle)]
texts = st.lists(
    st.one_of(
        st.sampled_from([*pieces, "\n", "    ", "def f(x):\n", "é", "变量", "🙂", "<|fim_<|fim_"]),
        st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12),
    ),
    max_size=20,
).map("".join)


def rendered(request: FimRequest, family: Family, context: int = 100_000):
    vocabulary = ByteVocabulary(family)
    prompt = render(
        request,
        family,
        vocabulary,
        context_tokens=context,
        prefix_tokens=context,
        suffix_tokens=context // 2,
    )
    return vocabulary, prompt


def between(vocabulary: ByteVocabulary, ids: list[int], family: Family) -> tuple[str, str, str]:
    """Text after PRE, after SUF and after MID."""
    at = [ids.index(vocabulary.special(p)) for p in (family.prefix, family.suffix, family.middle)]
    spans = (ids[at[0] + 1 : at[1]], ids[at[1] + 1 : at[2]], ids[at[2] + 1 :])
    head, suffix, tail = (b"".join(map(vocabulary.spell, span)).decode() for span in spans)
    return head, suffix, tail


@given(families, texts, texts, st.integers(0, 400), st.sampled_from([None, *Layout]))
def test_text_is_there_exactly_and_never_becomes_special(family, prefix, suffix, anchor, layout):
    anchor = min(anchor, len(prefix))
    request = FimRequest(prefix, suffix, anchor=anchor, layout=layout, max_tokens=8)
    vocabulary, prompt = rendered(request, family)
    ids = list(prompt.tokens)
    assert sorted(token for token in ids if token >= 256) == sorted(
        vocabulary.special(piece) for piece in (family.prefix, family.suffix, family.middle)
    )
    head, middle, tail = between(vocabulary, ids, family)
    assert (head + tail, middle) == (prefix, suffix)
    assert Layout(prompt.layout) in family.layouts
    expected = {Layout.PSM: len(prefix), Layout.SPM: 0, Layout.ANCHORED: anchor}
    assert len(head) == expected[Layout(prompt.layout)]


@given(
    families,
    texts,
    texts,
    st.integers(0, 400),
    st.integers(64, 600),
    st.lists(st.tuples(texts, texts), max_size=3),
)
def test_budget_holds_at_every_size(family, prefix, suffix, anchor, context, extra):
    request = FimRequest(
        prefix,
        suffix,
        anchor=min(anchor, len(prefix)),
        path="a/b.py",
        repo="r",
        extra=tuple(ExtraFile(*pair) for pair in extra),
        max_tokens=16,
    )
    vocabulary, prompt = rendered(request, family, context)
    assert len(prompt.tokens) + 16 <= context
    ids = list(prompt.tokens)
    head, middle, tail = between(vocabulary, ids, family)
    assert (prefix).endswith(tail)
    assert suffix.startswith(middle)
    assert len(suffix) - len(middle) == prompt.dropped_suffix
    kept = prefix[prompt.dropped_prefix :]
    assert (head + tail).endswith(kept)


@given(st.integers(0, 300), st.integers(1, 40))
def test_start_of_a_cut_prefix_stays_put_while_typing(typed, more):
    """Between two steps of the cut, one more typed character only appends."""
    text = "".join(f"line_{i} = {i}\n" for i in range(60))
    anchor = len(text)

    def ids(length: int) -> list[int]:
        request = FimRequest(text + "x" * length, "", anchor=anchor, max_tokens=8)
        vocabulary = ByteVocabulary(BEADLINE)
        return list(
            render(
                request,
                BEADLINE,
                vocabulary,
                context_tokens=2000,
                prefix_tokens=400,
                suffix_tokens=50,
            ).tokens
        )

    moved = sum(ids(typed + i + 1)[: len(ids(typed + i))] != ids(typed + i) for i in range(more))
    assert moved <= 1 + more // 50


def test_repository_form_uses_real_names():
    request = FimRequest(
        "x = ",
        "\n",
        path="pkg/a.py",
        repo="project",
        extra=(ExtraFile("pkg/b.py", "y = 1"),),
    )
    for family in (BEADLINE, QWEN):
        _, prompt = rendered(request, family)
        assert prompt.text == (
            "<|repo_name|>project\n<|file_sep|>pkg/b.py\ny = 1\n<|file_sep|>pkg/a.py\n"
            "<|fim_prefix|>x = <|fim_suffix|>\n<|fim_middle|>"
        )
    _, prompt = rendered(request, DEEPSEEK)
    assert prompt.text.startswith(DEEPSEEK.prefix + "#pkg/b.py\ny = 1\n#pkg/a.py\nx = ")


def test_golden_forms_of_the_families():
    request = FimRequest("a\nb = ", "\nc\n", anchor=2, path="f.py", repo="r")
    golden = {
        BEADLINE: "<|repo_name|>r\n<|file_sep|>f.py\n"
        "<|fim_prefix|>a\n<|fim_suffix|>\nc\n<|fim_middle|>b = ",
        QWEN: "<|fim_prefix|>a\nb = <|fim_suffix|>\nc\n<|fim_middle|>",
        STARCODER: "<fim_prefix><fim_suffix>\nc\n<fim_middle>a\nb = ",
        DEEPSEEK: "<｜fim▁begin｜>a\nb = <｜fim▁hole｜>\nc\n<｜fim▁end｜>",
    }
    for family, text in golden.items():
        assert rendered(request, family)[1].text == text


def test_bos_comes_first_where_the_model_file_asks_for_it():
    vocabulary = ByteVocabulary(DEEPSEEK, bos=True)
    prompt = render(
        FimRequest("a", "b"),
        DEEPSEEK,
        vocabulary,
        context_tokens=500,
        prefix_tokens=100,
        suffix_tokens=100,
    )
    assert prompt.tokens[0] == vocabulary.bos


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_family_is_detected_and_stops_at_its_own_tokens(family):
    vocabulary = ByteVocabulary(family)
    assert detect(vocabulary) is family
    stops = stop_tokens(family, vocabulary)
    for piece in (family.prefix, family.suffix, family.middle):
        assert vocabulary.special(piece) in stops


def test_a_model_without_fim_tokens_is_refused_with_advice():
    class Plain(ByteVocabulary):
        def special(self, piece: str) -> int | None:
            return None

    with pytest.raises(ModelError, match="fill-in-the-middle"):
        detect(Plain(QWEN))
