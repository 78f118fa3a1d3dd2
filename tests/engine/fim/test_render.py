"""The renderer's invariants, for every family, layout and vocabulary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.fim.families import load
from beadline.engine.fim.healing import Healer, TokenTable
from beadline.engine.fim.render import Budget, render
from beadline.engine.protocol import ExtraFile, FimRequest, Layout
from tests.engine.fim.forms import TOY, Form, forms
from tests.examples import examples

FORMS = tuple(forms())
form_named = st.sampled_from(FORMS)
pieces = sorted({text for family in load(None).table.values() for text in family.token_texts})
texts = st.lists(
    st.one_of(
        st.sampled_from(
            [*pieces, "\n", "    ", "def f(x):\n", "é", "变量", "🙂", "<|fim_<|fim_", "▁", "\x00",
             "return x", "retur", "</s>", "<AIX-SPAN-PRE>", " <PRE> ", "õ", "\t", "\r"]
        ),
        # Beyond it nothing is assigned, and some vocabularies lack the bytes.
        st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0x2FFFF), max_size=12),
    ),
    max_size=20,
).map("".join)  # fmt: skip
HOSTILE = "".join(pieces) + "▁<AIX-SPAN-PRE> <PRE> </s>\n<s>"


def marked(text: str) -> str:
    """SentencePiece cannot tell its mark of a blank from a blank."""
    return text.replace("▁", " ")


def special(form: Form, request: FimRequest) -> list[int]:
    return [token for token in form.render(request).tokens if form.special(token)]


@examples(200)
@given(form_named, texts, texts, st.integers(0, 400))
def test_the_prompt_is_the_template_with_the_texts_in_it(form, prefix, suffix, anchor):
    anchor = min(anchor, len(prefix))
    prompt = form.render(FimRequest(prefix, suffix, anchor=anchor, max_tokens=8))
    data = b"".join(map(form.words.spell, prompt.tokens)).decode()
    unused = len(suffix) if prompt.layout == "left_to_right" else 0
    assert (prompt.dropped_prefix, prompt.dropped_suffix) == (0, unused)
    if not prefix and form.layout is Layout.LEFT_TO_RIGHT and not form.expected_bos():
        assert len(prompt.tokens) == 1  # something to go on from
        return
    assert marked(data) == marked(form.spelled(prefix, suffix, anchor))


@examples(200)
@given(form_named, texts, texts, texts, texts, st.lists(st.tuples(texts, texts), max_size=2))
def test_user_text_never_becomes_special(form, prefix, suffix, path, repo, extra):
    def request(text: str) -> FimRequest:
        """The same request, every text of the user's replaced by an innocent one."""
        clean = (lambda _: text) if text else (lambda value: value)
        return FimRequest(
            "p" + clean(prefix),
            "s" + clean(suffix),
            path="p" + clean(path),
            repo="r" + clean(repo),
            extra=tuple(ExtraFile("e" + clean(a), "t" + clean(b)) for a, b in extra),
            max_tokens=8,
        )

    assert special(form, request("")) == special(form, request("x"))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_every_form_keeps_hostile_text_as_text(form: Form):
    request = FimRequest(HOSTILE, HOSTILE, path=HOSTILE, repo=HOSTILE, max_tokens=8,
                         extra=(ExtraFile(HOSTILE, HOSTILE),))  # fmt: skip
    innocent = FimRequest("x", "y", path="p", repo="r", extra=(ExtraFile("e", "t"),), max_tokens=8)
    assert special(form, request) == special(form, innocent)
    spelled = marked(form.render(FimRequest(HOSTILE, HOSTILE)).text)
    assert spelled == marked(form.spelled(HOSTILE, HOSTILE, len(HOSTILE)))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_bos_is_there_once_where_the_rule_says(form: Form):
    prompt = form.render(FimRequest("x", "y"))
    bos = form.expected_bos()
    assert list(prompt.tokens[: len(bos)]) == bos
    known = form.detected.ids.get("BOS", form.words.bos)
    eos = form.detected.ids.get("EOS")  # Refact begins with eos, which is its bos too
    assert prompt.tokens.count(known) == len(bos) + (known is not None and known == eos)


@examples(250)
@given(
    form_named,
    texts,
    texts,
    st.integers(0, 400),
    st.integers(64, 600),
    st.lists(st.tuples(texts, texts), max_size=3),
    st.sampled_from(["a/b.py", "deep/" * 60 + "b.py", "a.h"]),
    st.sampled_from(["r", "long-name-" * 40, ""]),
)
def test_budget_holds_at_every_size(form, prefix, suffix, anchor, context, extra, path, repo):
    # The texts have to give way, the form's own tokens cannot. These are few, but for the chats
    # around the hole of qwen3-coder and codegeex4: up to 70 in a vocabulary of a byte a token.
    # What a form writes of the path's language comes on top.
    alone = len(form.render(FimRequest("", "", path=path[-8:])).tokens)
    context = max(context, alone + 32) if alone > 32 else context
    request = FimRequest(
        prefix,
        suffix,
        anchor=min(anchor, len(prefix)),
        path=path,
        repo=repo,
        extra=tuple(ExtraFile(*pair) for pair in extra),
        max_tokens=16,
    )
    prompt = form.render(request, context=context)
    assert 0 < len(prompt.tokens) <= context - min(16, context // 4)
    assert form.render(request, context=context) == prompt
    spelled = marked(prompt.text)
    start = request.anchor if prompt.layout == "anchored" else 0
    assert marked(prefix[max(prompt.dropped_prefix, start) :]) in spelled
    assert marked(prefix[prompt.dropped_prefix : start]) in spelled
    if prompt.layout != "left_to_right":
        assert marked(suffix[: len(suffix) - prompt.dropped_suffix]) in spelled


@pytest.mark.parametrize("context", [*range(64, 97), 128, 256])
def test_small_contexts_hold_what_is_next_to_the_cursor(context: int):
    text = "".join(f"value_{i} = compute({i}, other_{i})\n" for i in range(200))
    for form in FORMS:
        if not form.real:
            continue
        prompt = form.render(FimRequest(text + "return ", text, path="a.py"), context=context)
        assert len(prompt.tokens) <= context - context // 4
        assert "return " in prompt.text


@given(st.integers(0, 300), st.integers(1, 40))
def test_start_of_a_cut_prefix_stays_put_while_typing(typed, more):
    """Between two steps of the cut, one more typed character only appends."""
    text = "".join(f"line_{i} = {i}\n" for i in range(60))
    form = Form("beadline", Layout.ANCHORED, TOY)

    def ids(length: int) -> list[int]:
        request = FimRequest(text + "x" * length, "", anchor=len(text), max_tokens=8)
        return list(render(request, form.detected, form.words, Budget(2000, 400, 50)).tokens)

    moved = sum(ids(typed + i + 1)[: len(ids(typed + i))] != ids(typed + i) for i in range(more))
    assert moved <= 1 + more // 50


@examples(150)
@given(form_named, texts, texts, st.sampled_from(["", "retur", "x.na", "变", "é", "nam_1"]))
def test_healing_takes_back_only_the_end_of_the_prefix(form, prefix, suffix, word):
    prefix += word
    words = form.words
    table = _table(form.family, form.vocabulary)
    whole = form.render(FimRequest(prefix, suffix))
    budget = Budget(1 << 20, 1 << 20, 1 << 20)
    healer = Healer(table, words.spell)
    healed = render(FimRequest(prefix, suffix), form.detected, words, budget, healer)
    assert 0 <= len(whole.tokens) - len(healed.tokens) <= 3 or len(healed.tokens) == 1
    assert form.dummy or prefix.encode().endswith(healed.typed) or b"\x20" in healed.typed
    assert (" " + marked(prefix)).encode().endswith(marked_bytes(healed.typed))
    if not healed.typed:
        assert healed.tokens == whole.tokens


def marked_bytes(data: bytes) -> bytes:
    return data.replace("▁".encode(), b" ")


_TABLES: dict[tuple[str, str], TokenTable] = {}


def _table(family: str, vocabulary: str) -> TokenTable:
    """Of a byte a token no word has longer ones; two make `retur` heal."""
    key = (family, vocabulary)
    if key not in _TABLES:
        form = next(f for f in FORMS if (f.family, f.vocabulary) == key)
        text = [token for token in range(form.words.size) if not form.special(token)]
        _TABLES[key] = TokenTable(text, form.words.spell)
    return _TABLES[key]
