"""A second model that guesses: right guesses save decodes, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from beadline.engine.llama.decoder import Decoder, Limits
from beadline.engine.llama.draft_model import DraftModel, check_vocabulary, open_context
from beadline.engine.llama.native import Context, Library, Model
from beadline.engine.llama.sampling import Sampler
from beadline.engine.llama.vocabulary import LlamaVocabulary
from beadline.engine.protocol import EngineState, Event, FimRequest, Finished, Piece
from beadline.errors import ModelError
from tests.engine.llama.test_decoder import TEXT, Freely
from tests.engine.llama.test_steps import speculation


@pytest.fixture
def draft(open_context: Callable[..., Context]) -> Context:
    return open_context(sequences=1)


def test_the_same_model_guesses_what_it_writes(
    draft: Context, open_context: Callable[..., Context], vocabulary: LlamaVocabulary
) -> None:
    limits = Limits(12, 10**7, vocabulary.eog, vocabulary.control)

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
    guessing = DraftModel(draft, vocabulary.control | vocabulary.eog, lambda: False)
    drafting = Decoder(open_context(), vocabulary.spell, speculation=speculation(guessing))
    # The second time its own sequence holds what it guessed; the third prompt shares a part.
    for text in (TEXT, TEXT, TEXT[:-20] + "somewhere = ", TEXT + "os.path"):
        expected, _ = run(plain, text)
        got, finished = run(drafting, text)
        assert got == expected
        usage = finished.usage
        assert usage.accepted_tokens == usage.drafted_tokens > 0


def test_a_prompt_that_the_user_left_is_not_read_on(
    draft: Context, vocabulary: LlamaVocabulary
) -> None:
    guessing = DraftModel(draft, (), lambda: True)
    guessing.begin(vocabulary.encode(TEXT))
    assert guessing.propose(4) == []
    assert draft.last_position(0) == -1


def test_what_does_not_fit_its_context_is_not_guessed(
    open_context: Callable[..., Context], vocabulary: LlamaVocabulary
) -> None:
    guessing = DraftModel(open_context(context_tokens=256, sequences=1), (), lambda: False)
    guessing.begin(vocabulary.encode(TEXT * 9))
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


async def test_the_engine_uses_it(engine_factory, model_path: Path) -> None:
    engine = engine_factory(options={"draft_model": str(model_path)})
    info = await engine.start()
    assert info.details["drafts"] == f"from the prompt, then by {model_path.name}"
    await generated(engine)
    assert (await generated(engine)).usage.drafted_tokens > 0


async def test_without_the_file_it_goes_on_and_tells(engine_factory, tmp_path: Path) -> None:
    missing = tmp_path / "missing.gguf"
    engine = engine_factory(options={"draft_model": str(missing)})
    info = await engine.start()
    assert info.details["drafts"] == "from the prompt"
    assert "missing.gguf is not used: There is no model file" in engine.state_message
    assert (await generated(engine)).usage.generated_tokens > 0


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
