"""Decoding on the real model: reuse changes nothing, and every generation ends when it must."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from beadline.engine.llama.decoder import Decoder, Limits
from beadline.engine.llama.native import Context
from beadline.engine.llama.sampling import Sampler
from beadline.engine.llama.vocabulary import LlamaVocabulary
from beadline.engine.protocol import Event, Finished, Piece, Started
from beadline.errors import EngineError

TEXT = '''import os


def size_of(path):
    """Return the size of the file at path in bytes."""
    return os.stat(path).st_size


def names_in(path):
    return sorted(entry.name for entry in os.scandir(path))


def total(path):
    result = 0
    for name in names_in(path):
        result += '''


class Freely:
    """A consumer that takes everything."""

    def __init__(self) -> None:
        self.stopped = False
        self.pending: list[int] = []

    def cancelled(self) -> bool:
        return self.stopped

    def await_credit(self, pending: int, timeout_s: float) -> None:
        self.pending.append(pending)


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A decoder over a context, with the test's shortest way to run it."""

    def __init__(self, context: Context, vocabulary: LlamaVocabulary) -> None:
        self.context = context
        self.vocabulary = vocabulary
        self.clock = Clock()
        self.spell: Callable[[int], bytes] = vocabulary.spell
        self.decoder = Decoder(context, lambda token: self.spell(token), clock=self.clock)

    def events(
        self,
        text: str = TEXT,
        *,
        sequence: str = "",
        max_tokens: int = 12,
        control: Freely | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        stop: frozenset[int] = frozenset(),
        stop_at_newline: bool = False,
    ) -> Iterator[Event]:
        limits = Limits(max_tokens, 5000, stop, stop_at_newline=stop_at_newline)
        return self.decoder.generate(
            self.vocabulary.encode(text),
            sequence=sequence,
            limits=limits,
            sampler=Sampler(temperature, seed),
            control=control or Freely(),
        )

    def text(self, text: str = TEXT, **options) -> tuple[str, Finished]:
        events = list(self.events(text, **options))
        finished = events[-1]
        assert isinstance(finished, Finished)
        return "".join(event.text for event in events if isinstance(event, Piece)), finished


@pytest.fixture
def bench(
    open_context: Callable[..., Context], vocabulary: LlamaVocabulary
) -> Callable[..., Bench]:
    return lambda **options: Bench(open_context(**options), vocabulary)


def test_greedy_is_deterministic_and_counts_are_right(bench: Callable[..., Bench]) -> None:
    first = bench()
    started, *pieces, finished = first.events()
    assert isinstance(started, Started)
    assert isinstance(finished, Finished)
    prompt = len(first.vocabulary.encode(TEXT))
    usage = finished.usage
    assert (usage.prompt_tokens, usage.reused_tokens, usage.evaluated_tokens) == (prompt, 0, prompt)
    assert usage.generated_tokens == 12 == sum(p.tokens for p in pieces if isinstance(p, Piece))
    assert finished.reason == "length"
    assert list(bench().events())[1:] == [*pieces, finished]


@pytest.mark.parametrize("cut", [1, 20, 90, 200])
def test_reuse_gives_what_a_fresh_context_gives(bench: Callable[..., Bench], cut: int) -> None:
    warm = bench()
    warm.text(TEXT[:-cut] + "something else entirely", sequence="a")
    text, finished = warm.text(sequence="a")
    fresh, _ = bench().text(sequence="a")
    assert text == fresh
    usage = finished.usage
    assert usage.prompt_tokens == usage.reused_tokens + usage.evaluated_tokens
    assert usage.reused_tokens > 0


def test_typing_on_evaluates_only_the_new_tokens(bench: Callable[..., Bench]) -> None:
    warm = bench()
    warm.text(max_tokens=3)
    _, finished = warm.text(max_tokens=3)
    assert finished.usage.evaluated_tokens == 1
    _, finished = warm.text(TEXT + "os", max_tokens=3)
    assert finished.usage.evaluated_tokens <= 3


def test_two_sequences_keep_their_own(bench: Callable[..., Bench]) -> None:
    warm = bench()
    one, _ = warm.text(sequence="one")
    two, _ = warm.text("class Point:\n    def ", sequence="two")
    again_one, finished_one = warm.text(sequence="one")
    again_two, finished_two = warm.text("class Point:\n    def ", sequence="two")
    assert (again_one, again_two) == (one, two)
    assert finished_one.usage.evaluated_tokens == finished_two.usage.evaluated_tokens == 1


def test_the_kv_memory_may_be_smaller_than_the_number_of_documents(
    bench: Callable[..., Bench],
) -> None:
    warm = bench(sequences=1)
    texts = {"a": TEXT, "b": f"# b\n{TEXT}"}
    expected = {key: bench().text(text)[0] for key, text in texts.items()}
    for key in ("a", "b", "a"):
        text, finished = warm.text(texts[key], sequence=key)
        assert text == expected[key]
        assert finished.usage.reused_tokens == 0


def test_cancel_between_tokens(bench: Callable[..., Bench]) -> None:
    control = Freely()
    warm = bench()
    seen: list[Event] = []
    for event in warm.events(control=control, max_tokens=50):
        seen.append(event)
        control.stopped = sum(isinstance(event, Piece) for event in seen) == 3
    finished = seen[-1]
    assert isinstance(finished, Finished)
    assert (finished.reason, finished.usage.generated_tokens) == ("cancelled", 3)
    assert warm.text()[0] == bench().text()[0]


@pytest.mark.parametrize("checks", range(1, 60, 7))
def test_cancel_inside_the_prompt(bench: Callable[..., Bench], checks: int) -> None:
    """The brake is pulled at its n-th look, between and inside chunks; the rest stays usable."""

    class Impatient(Freely):
        looks = 0

        def cancelled(self) -> bool:
            self.looks += 1
            return self.looks >= checks

    warm = bench()
    events = list(warm.events(control=Impatient()))
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "cancelled"
    if not isinstance(events[0], Started):
        assert finished.usage.evaluated_tokens < finished.usage.prompt_tokens
    text, after = warm.text()
    assert text == bench().text()[0]
    assert after.usage.reused_tokens <= finished.usage.evaluated_tokens


def test_the_deadline_ends_it(bench: Callable[..., Bench]) -> None:
    warm = bench()
    seen: list[Event] = []
    for event in warm.events(max_tokens=50):
        seen.append(event)
        if len(seen) == 3:
            warm.clock.now = 5.0
    finished = seen[-1]
    assert isinstance(finished, Finished)
    assert (finished.reason, finished.usage.generated_tokens) == ("deadline", 2)
    assert finished.usage.generate_ms == 5000


def test_a_stop_token_is_no_text_and_its_probability_is_told(bench: Callable[..., Bench]) -> None:
    warm = bench()
    events = list(warm.events(stop=frozenset(range(warm.vocabulary.size))))
    started, finished = events
    assert isinstance(started, Started)
    assert started.eog_probability == pytest.approx(1.0, abs=1e-4)
    assert isinstance(finished, Finished)
    assert (finished.reason, finished.usage.generated_tokens) == ("eog", 1)


def test_the_context_limit_ends_it(bench: Callable[..., Bench]) -> None:
    small = bench(context_tokens=256, sequences=1)
    text, finished = small.text(max_tokens=1000)
    prompt = finished.usage.prompt_tokens
    assert finished.reason == "length"
    assert prompt < 256 <= prompt + finished.usage.generated_tokens
    assert text


def test_a_prompt_beyond_the_context_is_an_engine_error(bench: Callable[..., Bench]) -> None:
    with pytest.raises(EngineError, match="does not fit a context of 256"):
        bench(context_tokens=256, sequences=1).text(TEXT * 10)


def test_an_empty_prompt_is_an_engine_error(bench: Callable[..., Bench]) -> None:
    with pytest.raises(EngineError, match="does not fit"):
        bench().text("")


def spell_in_turn(*spellings: bytes) -> Callable[[int], bytes]:
    """Tokens spell these, whatever they are: what is tested is the text, not the model."""
    rest = iter(spellings)
    return lambda token: next(rest)


def test_the_newline_rule_waits_for_something_visible(bench: Callable[..., Bench]) -> None:
    warm = bench()
    warm.spell = spell_in_turn(b"\n", b"    ", b"return", b" x\n", b"never")
    text, finished = warm.text(stop_at_newline=True)
    assert (text, finished.reason) == ("\n    return x", "newline")
    assert finished.usage.generated_tokens == 4


def test_a_newline_inside_one_token(bench: Callable[..., Bench]) -> None:
    warm = bench()
    warm.spell = spell_in_turn(b"  \n  x:\n\n", b"never")
    assert warm.text(stop_at_newline=True)[0] == "  \n  x:"


def test_pieces_are_whole_characters(bench: Callable[..., Bench]) -> None:
    warm = bench()
    control = Freely()
    smile = "🙂".encode()
    parts = [smile[:1], smile[1:2], smile[2:3], smile[3:], b"a", "é".encode()[:1]]
    warm.spell = spell_in_turn(*parts)
    events = list(warm.events(max_tokens=len(parts), control=control))
    pieces = [(event.text, event.tokens) for event in events if isinstance(event, Piece)]
    # The unfinished character at the end is not shown, not even as a replacement.
    assert pieces == [("🙂", 4), ("a", 1)]
    assert control.pending == [0, 1, 2, 3, 0, 0]


def test_a_seed_repeats_and_differs(bench: Callable[..., Bench]) -> None:
    warm = bench()
    one = warm.text(temperature=1.5, seed=1, max_tokens=20)[0]
    assert warm.text(temperature=1.5, seed=1, max_tokens=20)[0] == one
    others = {warm.text(temperature=1.5, seed=seed, max_tokens=20)[0] for seed in range(2, 6)}
    assert others != {one}


def test_logprobs_are_those_of_the_tokens(bench: Callable[..., Bench]) -> None:
    pieces = [event for event in bench().events() if isinstance(event, Piece)]
    assert all(piece.logprob < 0 for piece in pieces)
