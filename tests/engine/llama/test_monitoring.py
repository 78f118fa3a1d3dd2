"""Monitor and syntax guard on the real model: what is certain is written, drafts change nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from beadline.engine.fim.render import Budget
from beadline.engine.guidance import Guidance, Names, Syntax
from beadline.engine.guide import Guides
from beadline.engine.llama.decoder import Decoder, Limits
from beadline.engine.llama.drafts import PromptLookup
from beadline.engine.llama.messages import PromptOptions
from beadline.engine.llama.monitoring import Monitoring
from beadline.engine.llama.native import Context, Model
from beadline.engine.llama.prompts import Prompts
from beadline.engine.llama.sampling import Sampler
from beadline.engine.llama.speculation import Speculation
from beadline.engine.llama.spelling import Spelling
from beadline.engine.protocol import FimRequest, Piece
from tests.engine.llama.test_decoder import Freely

HEAD = "import os\n\n\ndef size_of(path):\n    return os.path."
ODD = ("zyx_first", "zyx_second", "qqq")
"""Names that no model would write by itself."""
BUDGET = Budget(context=256, prefix=96, suffix=32)


@pytest.fixture(scope="module")
def prompts(model: Model, model_path: Path) -> Prompts:
    return Prompts(model, model_path, PromptOptions())


@pytest.fixture(scope="module")
def monitoring(prompts: Prompts) -> Monitoring:
    return Monitoring(prompts)


class Writer:
    """Writes the middle of a request as the worker does."""

    def __init__(
        self, contexts: Callable[..., Context], prompts: Prompts, monitoring: Monitoring
    ) -> None:
        self._prompts, self._monitoring = prompts, monitoring
        vocabulary = prompts.vocabulary
        lookup = PromptLookup(vocabulary.size, vocabulary.control)
        # Each has the sequences of its own context.
        self._plain = Decoder(contexts(), vocabulary.spell)
        self._drafting = Decoder(contexts(), vocabulary.spell, speculation=Speculation([lookup]))

    def write(
        self,
        prefix: str,
        guidance: Guidance | None,
        *,
        drafts: bool = False,
        healing: bool = True,
    ) -> str:
        request = FimRequest(prefix, "\n", guidance=guidance, healing=healing)
        prompt = self._prompts.render(request, BUDGET)
        healer, spelling = self._prompts.healer, None
        if healer is not None and prompt.typed:
            spelling = Spelling(prompt.typed, healer.table)
        events = (self._drafting if drafts else self._plain).generate(
            prompt.tokens,
            sequence="",
            limits=Limits(12, 60_000, self._prompts.stop, self._prompts.vocabulary.control),
            sampler=Sampler(0, 0),
            control=Freely(),
            spelling=spelling,
            guides=Guides(self._monitoring.guides(request, prompt)),
        )
        return "".join(event.text for event in events if isinstance(event, Piece))


@pytest.fixture
def writer(
    open_context: Callable[..., Context], prompts: Prompts, monitoring: Monitoring
) -> Writer:
    return Writer(open_context, prompts, monitoring)


def closed(*names: str, typed: str = "") -> Guidance:
    return Guidance((Names(tuple((name, 1.0) for name in names), 1.0, closed=True, typed=typed),))


def test_where_nothing_else_is_allowed_one_of_the_names_is_written(writer: Writer) -> None:
    plain = writer.write(HEAD, None)
    assert not plain.startswith(ODD)
    assert writer.write(HEAD, closed(*ODD)).startswith(ODD)


def test_names_that_are_not_certain_change_less(writer: Writer) -> None:
    unlikely = Guidance((Names(tuple((name, 1.0) for name in ODD), 0.01),))
    assert writer.write(HEAD, unlikely) == writer.write(HEAD, None)


def test_drafts_do_not_change_what_is_written(writer: Writer) -> None:
    guidance = closed("exists", "isfile", "join")
    again = "    os.path.exists(path)\n"
    head = HEAD.replace("    return", f"{again}{again}    return")
    written = {writer.write(head, guidance, drafts=drafts) for drafts in (False, True, True)}
    assert len(written) == 1


def test_the_rest_of_a_typed_name_is_one_of_those_expected(writer: Writer) -> None:
    # What is healed is spelled without guides.
    written = writer.write(f"{HEAD}zyx_", closed(*ODD, typed="zyx_"), healing=False)
    assert f"zyx_{written}".startswith(ODD[:2])


def test_no_closer_is_written_that_closes_nothing(writer: Writer) -> None:
    syntax = Syntax(line_comments=("#",), quotes=('"', "'"), indents=(0,))
    written = writer.write("x = max(1, 2)\ny = min(3", Guidance(syntax=syntax))
    # As if nothing was open: the one closer that the model wants most is not to be had.
    assert not written.startswith(")")
