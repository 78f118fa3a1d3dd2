"""Token healing on the real model: the typed bytes come first, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.fim.healing import Healer, TokenTable
from beadline.engine.llama.decoder import Decoder, Limits
from beadline.engine.llama.native import Context
from beadline.engine.llama.sampling import Sampler
from beadline.engine.llama.spelling import Spelling
from beadline.engine.llama.vocabulary import LlamaVocabulary
from beadline.engine.protocol import Finished, Piece, Started
from tests.engine.llama.test_decoder import Clock, Freely
from tests.examples import examples

HEAD = "import os\n\n\ndef size_of(path):\n    "
TYPED = [
    "retu", "return os.pa", "for nam", "x = sorted(entr", "raise Val", "é", "变量名", "a1",
    "self.__in", "value", "i", "not_a_word_that_anybody_wrot", "q" * 40,
]  # fmt: skip


class Typist:
    """Decodes after a text, healed or not, and keeps the tokens that were chosen."""

    def __init__(self, context: Context, vocabulary: LlamaVocabulary, table: TokenTable) -> None:
        self.vocabulary = vocabulary
        self.table = table
        self.clock = Clock()
        self.context = context
        self.chosen: list[int] = []
        self.decoder = Decoder(context, self.spell, clock=self.clock)

    def spell(self, token: int) -> bytes:
        self.chosen.append(token)
        return self.vocabulary.spell(token)

    def run(self, text: str, *, heal: bool = True, temperature: float = 0.0, seed: int = 0,
            max_tokens: int = 8, stop: frozenset[int] = frozenset(),
            require_text: bool = False) -> tuple[bytes, str, Started | None, Finished]:  # fmt: skip
        """Typed bytes, the text that came, and the first and last event."""
        ids = self.vocabulary.encode(text)
        typed = Healer(self.table, self.vocabulary.spell).heal(ids) if heal else b""
        self.chosen.clear()
        limits = Limits(max_tokens, 5000, stop, require_text=require_text)
        events = list(
            self.decoder.generate(
                ids, sequence="", limits=limits, sampler=Sampler(temperature, seed),
                control=Freely(), spelling=Spelling(typed, self.table) if typed else None,
            )
        )  # fmt: skip
        written = "".join(event.text for event in events if isinstance(event, Piece))
        started = next((event for event in events if isinstance(event, Started)), None)
        assert isinstance(events[-1], Finished)
        return typed, written, started, events[-1]


@pytest.fixture(scope="session")
def table(vocabulary: LlamaVocabulary) -> TokenTable:
    return TokenTable(vocabulary.text_tokens, vocabulary.spell)


@pytest.fixture
def typist(
    open_context: Callable[..., Context], vocabulary: LlamaVocabulary, table: TokenTable
) -> Typist:
    return Typist(open_context(), vocabulary, table)


@pytest.mark.parametrize("word", TYPED)
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_the_typed_bytes_are_spelled_first_and_not_shown(
    typist: Typist, word: str, temperature: float
) -> None:
    typed, written, started, finished = typist.run(
        HEAD + word, temperature=temperature, seed=7
    )  # fmt: skip
    output = b"".join(map(typist.vocabulary.spell, typist.chosen))
    assert (HEAD + word).encode().endswith(typed)
    assert output.startswith(typed)
    assert output[len(typed) :].decode("utf-8", "ignore").startswith(written)
    assert started is not None
    usage = finished.usage
    assert usage.prompt_tokens == usage.reused_tokens + usage.evaluated_tokens
    assert (usage.generated_tokens, finished.reason) == (8, "length")


@examples(30)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12))
def test_whatever_is_typed(typist_of: Typist, text: str) -> None:
    typed, _, _, _ = typist_of.run("x = " + text, max_tokens=2)
    output = b"".join(map(typist_of.vocabulary.spell, typist_of.chosen))
    assert output.startswith(typed)


@pytest.fixture(scope="module")
def typist_of(model, vocabulary: LlamaVocabulary, table: TokenTable):
    """One for all examples of a property."""
    context = Context(model, context_tokens=256, sequences=1, batch_tokens=32, threads=1,
                      batch_threads=1)  # fmt: skip
    yield Typist(context, vocabulary, table)
    context.close()


def test_a_word_is_finished_as_the_model_spells_it(typist: Typist) -> None:
    typed, written, _, _ = typist.run(HEAD + "retu")
    assert typed.endswith(b"retu")
    assert written.startswith("rn")


def test_without_another_way_to_spell_it_is_the_unhealed_path(
    typist: Typist, vocabulary: LlamaVocabulary
) -> None:
    text = HEAD + "return os."
    ids = vocabulary.encode(text)
    typist.run(text, heal=False)
    plain = list(typist.chosen)
    # A table that knows no other token than those of the text: only their path is left.
    only = TokenTable([ids[-1]], vocabulary.spell)
    spelling = Spelling(vocabulary.spell(ids[-1]), only)
    typist.chosen.clear()
    events = list(
        typist.decoder.generate(
            ids[:-1], sequence="other", limits=Limits(8, 5000, frozenset()),
            sampler=Sampler(0, 0), control=Freely(), spelling=spelling,
        )
    )  # fmt: skip
    assert typist.chosen == [ids[-1], *plain]
    assert events[-1].usage.prompt_tokens == len(ids)
    assert spelling.exact == pytest.approx(1.0)


def test_the_probability_of_nothing_is_of_the_typed_text_and_an_end(
    typist: Typist, vocabulary: LlamaVocabulary
) -> None:
    everything = frozenset(range(vocabulary.size))
    text = HEAD + "return path"
    _, written, started, finished = typist.run(text, stop=everything)
    assert started is not None
    if finished.usage.generated_tokens and not written:
        # Spelled exactly; then every token is an end.
        assert 0 < started.eog_probability <= 1
    _, _, unhealed, _ = typist.run(text, heal=False, stop=everything)
    assert unhealed is not None
    assert unhealed.eog_probability == pytest.approx(1.0, abs=1e-4)
    assert started.eog_probability <= unhealed.eog_probability + 1e-6


def test_stops_limits_and_require_text_go_on_working(
    typist: Typist, vocabulary: LlamaVocabulary
) -> None:
    text = HEAD + "return os.pa"
    _, written, _, _ = typist.run(text, max_tokens=1)
    assert written  # the token that reaches beyond what was typed is the first
    stop = frozenset(range(vocabulary.size)) - set(typist.chosen)
    _, short, _, finished = typist.run(text, stop=stop, max_tokens=8)
    assert (short[: len(written)], finished.reason) == (written, "eog")


def test_the_deadline_and_cancel_end_the_spelling(typist: Typist) -> None:
    typist.clock.now = 0.0
    spell = typist.vocabulary.spell

    class Late(Freely):
        def cancelled(self) -> bool:
            # Asked before the prompt's chunk and then before each token that spells.
            self.stopped = self.stopped or typist.context.last_position(0) >= 0
            return self.stopped

    ids = typist.vocabulary.encode(HEAD + "q" * 40)
    typed = b"".join(map(spell, ids[-3:]))
    events = list(
        typist.decoder.generate(
            ids[:-3], sequence="", limits=Limits(8, 5000, frozenset()), sampler=Sampler(0, 0),
            control=Late(), spelling=Spelling(typed, typist.table),
        )
    )  # fmt: skip
    (finished,) = events
    assert isinstance(finished, Finished)
    assert finished.reason == "cancelled"


def test_a_context_that_is_full_ends_the_spelling(
    open_context: Callable[..., Context], vocabulary: LlamaVocabulary, table: TokenTable
) -> None:
    context = open_context(context_tokens=256, sequences=1)
    typist = Typist(context, vocabulary, table)
    ids = (vocabulary.encode("x = 1\n") * 100)[:254]
    byte = next(t for t in vocabulary.text_tokens if vocabulary.spell(t) == b"\xff")
    spelling = Spelling(b"\xff\xff\xff", TokenTable([byte], vocabulary.spell))
    events = list(
        typist.decoder.generate(
            ids, sequence="", limits=Limits(8, 5000, frozenset()), sampler=Sampler(0, 0),
            control=Freely(), spelling=spelling,
        )
    )  # fmt: skip
    assert [type(event) for event in events] == [Finished]
    assert events[-1].reason == "length"
