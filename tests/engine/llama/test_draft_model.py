"""A second model that guesses: right guesses save decodes, and nothing else changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from beadline.engine.llama import draft_model
from beadline.engine.llama.decoder import Decoder, Limits
from beadline.engine.llama.draft_model import DraftModel, check_vocabulary, open_context
from beadline.engine.llama.native import Context, Library, Model
from beadline.engine.llama.sampling import Sampler
from beadline.engine.llama.speculation import WIDEST
from beadline.engine.llama.vocabulary import LlamaVocabulary
from beadline.engine.models import named
from beadline.engine.protocol import EngineState, Event, FimRequest, Finished, Piece, Started
from beadline.errors import ModelError
from tests.engine.llama.test_decoder import TEXT, Freely
from tests.engine.llama.test_steps import speculation


@pytest.fixture
def draft(open_context: Callable[..., Context]) -> Context:
    return open_context(sequences=1)


def test_the_same_model_guesses_what_it_writes(
    draft: Context, open_context: Callable[..., Context], vocabulary: LlamaVocabulary
) -> None:
    limits = Limits(20, 10**7, vocabulary.eog, vocabulary.control)

    def run(decoder: Decoder, text: str) -> tuple[str, Finished]:
        events: list[Event] = list(
            decoder.generate(
                vocabulary.encode(text),
                sequence="",
                limits=limits,
                sampler=Sampler(0.0, 0),
                control=Freely(),
            )
        )
        finished = events[-1]
        assert isinstance(finished, Finished)
        return "".join(event.text for event in events if isinstance(event, Piece)), finished

    plain = Decoder(open_context(), vocabulary.spell)
    guessing = DraftModel(draft, vocabulary.control | vocabulary.eog)
    drafting = Decoder(open_context(), vocabulary.spell, speculation=speculation(guessing))
    # The second time its own sequence holds what it guessed; the third prompt shares a part.
    for text in (TEXT, TEXT, TEXT[:-20] + "somewhere = ", TEXT + "os.path"):
        expected, _ = run(plain, text)
        got, finished = run(drafting, text)
        assert got == expected
        usage = finished.usage
        assert usage.accepted_tokens == usage.drafted_tokens > 0


def never() -> bool:
    return False


def guesses(guessing: DraftModel, tokens: list[int], most: int = 4) -> list[int]:
    """What it proposes behind `tokens` once it has read them."""
    guessing.begin(tokens, never)
    while (draft := guessing.propose(most)) is None:
        pass
    return draft


def test_a_prompt_is_read_a_batch_at_a_time(draft: Context, vocabulary: LlamaVocabulary) -> None:
    tokens = vocabulary.encode(TEXT)
    assert len(tokens) > 2 * draft.batch_tokens
    guessing = DraftModel(draft, ())
    guessing.begin(tokens, never)
    read = []
    while guessing.propose(4) is None:
        read.append(draft.last_position(0) + 1)
    assert read == list(range(draft.batch_tokens, len(tokens), draft.batch_tokens))


def test_what_was_read_meanwhile_counts_for_what_is_written_meanwhile(
    draft: Context,
    open_context: Callable[..., Context],
    vocabulary: LlamaVocabulary,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(draft_model, "LEAST_LOGPROB", -math.inf)
    tokens = vocabulary.encode(TEXT)
    guessing = DraftModel(draft, ())
    guessing.begin(tokens[:-9], never)
    for token in tokens[-9:]:
        guessing.propose(4)
        guessing.append([token])
    expected = guesses(DraftModel(open_context(sequences=1), ()), tokens)
    while (found := guessing.propose(4)) is None:
        pass
    assert found[:1] == expected[:1] != []


def test_a_prompt_that_the_user_left_is_not_read_on(
    draft: Context, vocabulary: LlamaVocabulary
) -> None:
    guessing = DraftModel(draft, ())
    guessing.begin(vocabulary.encode(TEXT), lambda: True)
    assert not guessing.propose(4)
    assert draft.last_position(0) == -1


def test_the_deadline_is_heard_in_the_middle_of_a_batch(
    draft: Context, open_context: Callable[..., Context], vocabulary: LlamaVocabulary
) -> None:
    tokens = vocabulary.encode(TEXT)
    guessing, looks = DraftModel(draft, ()), count()
    guessing.begin(tokens, lambda: next(looks) >= 3)
    assert not guessing.propose(4)
    assert next(looks) >= 4
    assert draft.last_position(0) == -1
    assert guesses(guessing, tokens) == guesses(DraftModel(open_context(sequences=1), ()), tokens)


def test_the_deadline_is_heard_between_the_tokens_of_a_draft(
    draft: Context, vocabulary: LlamaVocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_model, "LEAST_LOGPROB", -math.inf)
    tokens = vocabulary.encode(TEXT)
    guessing, looks = DraftModel(draft, ()), count()
    assert len(guesses(guessing, tokens, 8)) == 8
    # It is asked before the last token of the prompt is evaluated anew, then before every choice.
    guessing.begin(tokens, lambda: next(looks) >= 3)
    assert guessing.propose(8) == []
    assert draft.last_position(0) == len(tokens) + 1


def test_going_to_another_document_does_not_wait_until_its_prompt_is_read(
    draft: Context, open_context: Callable[..., Context], vocabulary: LlamaVocabulary
) -> None:
    texts = {"a": TEXT, "b": f"# b\n{TEXT}"}
    guessing = DraftModel(draft, vocabulary.control | vocabulary.eog)
    plain = Decoder(open_context(), vocabulary.spell)
    drafting = Decoder(open_context(), vocabulary.spell, speculation=speculation(guessing))
    limits = Limits(20, 10**7, vocabulary.eog, vocabulary.control)
    read: list[int] = []
    decode = draft.decode

    def watched(tokens: list[int], *where: int, **options) -> bool:
        read.append(len(tokens))
        return decode(tokens, *where, **options)

    draft.decode = watched  # type: ignore[method-assign]

    def events(decoder: Decoder, key: str) -> Iterator[Event]:
        return decoder.generate(
            vocabulary.encode(texts[key]),
            sequence=key,
            limits=limits,
            sampler=Sampler(0.0, 0),
            control=Freely(),
        )

    for key in ("a", "b", "a", "b"):
        read.clear()
        stream = events(drafting, key)
        assert isinstance(next(stream), Started)
        # A batch, and the tokens of a draft where that was enough.
        assert sum(read) <= draft.batch_tokens + WIDEST
        *pieces, finished = stream
        assert isinstance(finished, Finished)
        expected = [event.text for event in events(plain, key) if isinstance(event, Piece)]
        assert "".join(p.text for p in pieces if isinstance(p, Piece)) == "".join(expected)
        assert finished.usage.accepted_tokens == finished.usage.drafted_tokens > 0


def test_what_does_not_fit_its_context_is_not_guessed(
    open_context: Callable[..., Context], vocabulary: LlamaVocabulary
) -> None:
    guessing = DraftModel(open_context(context_tokens=256, sequences=1), ())
    guessing.begin(vocabulary.encode(TEXT * 9), never)
    assert guessing.propose(4) == []


def test_the_vocabularies_must_be_the_same(
    library: Library, model: Model, other_model: Path
) -> None:
    other = Model(library, other_model)
    check_vocabulary(model, model)
    with pytest.raises(ModelError, match="vocabulary differs"):
        check_vocabulary(model, other)
    other.close()


def test_a_context_of_its_own(model: Model) -> None:
    context = open_context(model, context_tokens=256, batch_tokens=32, threads=1)
    assert (context.sequences, context.batch_tokens) == (1, 32)
    context.close()


async def generated(engine) -> Finished:
    async for event in engine.generate(
        FimRequest("import os\n\n\ndef f():\n    ", "", deadline_ms=10**6)
    ):
        if isinstance(event, Finished):
            return event
    raise AssertionError


@pytest.mark.slow
async def test_the_engine_uses_it(engine_factory, model_path: Path) -> None:
    engine = engine_factory(options={"draft_model": str(model_path)})
    info = await engine.start()
    assert info.details["drafts"] == f"from the prompt, then by {model_path.name}"
    await generated(engine)
    assert (await generated(engine)).usage.drafted_tokens > 0


@pytest.mark.slow
async def test_without_the_file_it_goes_on_and_tells(engine_factory, tmp_path: Path) -> None:
    missing = tmp_path / "missing.gguf"
    engine = engine_factory(options={"draft_model": str(missing)})
    info = await engine.start()
    assert info.details["drafts"] == "from the prompt"
    assert "missing.gguf is not used: There is no model file" in engine.state_message
    assert (await generated(engine)).usage.generated_tokens > 0


async def test_its_path_is_seen_from_the_servers_directory(
    engine_factory, model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "draft.gguf").write_bytes(model_path.read_bytes())
    monkeypatch.chdir(tmp_path)
    engine = engine_factory(options={"draft_model": "draft.gguf"})
    info = await engine.start()
    assert info.details["drafts"] == "from the prompt, then by draft.gguf"


def test_a_path_for_a_worker_in_another_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.gguf").write_bytes(b"GGUF")
    for name in ("there.gguf", "missing.gguf", "missing/too.gguf"):
        assert named(name) == str(tmp_path / name)
    assert (named(""), named("builtin")) == ("", "builtin")


async def test_another_vocabulary_is_refused(engine_factory, other_model: Path) -> None:
    engine = engine_factory(options={"draft_model": str(other_model)})
    with pytest.raises(ModelError, match="vocabulary differs"):
        await engine.start()
    assert engine.state is EngineState.FAILED


async def test_drafts_can_be_turned_off(engine_factory) -> None:
    engine = engine_factory(options={"drafts": False})
    assert (await engine.start()).details["drafts"] == "off"
    usage = (await generated(engine)).usage
    assert usage.drafted_tokens == usage.accepted_tokens == 0
