"""Frames on the real engine: what typing costs while snippets, anchor and suffix change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bench import SOON, document
from fake_engine import FakeTimers, until
from test_snippets import FakeRetriever, snippet

from beadline.completion.prefetch import DELAY
from beadline.completion.service import Completer
from beadline.completion.types import CompletionRequest, Trace
from beadline.engine.llama.client import LlamaEngine
from beadline.settings import CompletionOptions, ContextOptions, EngineOptions, Options

pytestmark = pytest.mark.slow

CONTEXT = ContextOptions(prefix_tokens=256, suffix_tokens=96, snippet_tokens=200)
HEAD = "import json\nimport os\n\n\n" + "".join(
    f"def load_{name}(path):\n    with open(path) as file:\n        return json.load(file)\n\n\n"
    for name in ("users", "orders", "prices")
)
TAIL = "".join(f"\n\ndef save_{n}(path):\n    os.remove(path)\n    return {n}\n" for n in range(9))


def of_file(name: str) -> str:
    return f"def {name}(value):\n    if not value:\n        return None\n    return {name}(value)\n"


class Typist:
    """Types into one document; time passes when the test says so."""

    def __init__(self, engine: LlamaEngine, **completion: object) -> None:
        self.retriever = FakeRetriever(snippet("a.py", of_file("first")))
        self.timers = FakeTimers()
        self.traces: list[Trace] = []
        self.completer = Completer(
            engine,
            Options(
                completion=CompletionOptions(debounce_ms=0, least_confidence=0, **completion),  # type: ignore[arg-type]
                context=CONTEXT,
            ),
            retriever=self.retriever,
            clock=self.timers.clock,
            call_later=self.timers.call_later,
        )
        self.completer._write = self.traces.append  # type: ignore[method-assign]
        for part in (self.completer._asker, self.completer._idle._warmer):
            part._write = self.traces.append
        self.text, self.offset = HEAD + TAIL, len(HEAD)

    async def ask(self, key: str = "a.py") -> Trace:
        request = CompletionRequest(document(self.text, key), self.offset)
        return (await asyncio.wait_for(self.completer.complete(request), SOON)).trace

    async def key(self, text: str) -> Trace:
        """One change at the cursor, and the request that follows it."""
        self.text = self.text[: self.offset] + text + self.text[self.offset :]
        self.offset += len(text)
        self.completer.edited(document(self.text), self.offset)
        return await self.ask()

    async def keys(self, text: str) -> list[int]:
        """Evaluated tokens of every keystroke."""
        return [(await self.key(character)).evaluated_tokens for character in text]

    async def rest(self) -> None:
        """Idle time, to its end."""
        self.timers.advance(0.15)
        await asyncio.wait_for(self.completer._idle.drained(), SOON)

    def warmed(self) -> list[int]:
        """Evaluated tokens of the warm-ups so far."""
        return [trace.evaluated_tokens for trace in self.traces if trace.event == "warm"]


@pytest.fixture
async def engine(model_path: Path, tmp_path: Path) -> AsyncIterator[LlamaEngine]:
    made = LlamaEngine(
        EngineOptions(model=str(model_path), threads=1, healing=False),
        prefix_tokens=CONTEXT.prefix_tokens,
        suffix_tokens=CONTEXT.suffix_tokens,
        cache_dir=tmp_path / "cache",
    )
    yield made
    await made.close()


@pytest.fixture
async def typist(engine: LlamaEngine) -> AsyncIterator[Typist]:
    made = Typist(engine, exact_tokens=2)
    await made.completer.ready()
    yield made
    await made.completer.close()


async def test_a_swap_of_snippets_costs_no_keystroke(typist: Typist):
    await typist.ask()
    await typist.keys("x = load_users(path)")
    typist.retriever.found = (snippet("b.py", of_file("second") * 3),)
    evaluated = await typist.keys("\ny = 1")
    assert max(evaluated) <= 4
    assert (await typist.key("0")).snippets[0]["path"] == "a.py"
    await typist.rest()
    assert [n > 100 for n in typist.warmed()] == [True]
    after = await typist.key(" ")
    assert [s["path"] for s in after.snippets][-1] == "b.py"
    assert after.evaluated_tokens <= 2
    assert max(await typist.keys("+ load_orders(y)")) <= 4
    assert len(typist.warmed()) == 1


async def test_a_warm_up_that_is_cut_off_goes_on_where_it_was(typist: Typist):
    await typist.ask()
    await typist.keys("x = 1\ny")
    typist.retriever.found = (snippet("b.py", of_file("second") * 3),)
    await typist.key(" ")
    typist.timers.advance(0.15)
    await until(lambda: typist.completer._idle._warmer.is_busy)
    during = await typist.key("=")
    assert during.older_snippets
    assert during.evaluated_tokens <= 2
    await typist.rest()
    first, second = typist.warmed()
    assert [t.stop_reason for t in typist.traces if t.event == "warm"] == ["cancelled", "warm"]
    assert first + second < 1.3 * typist.traces[-1].prompt_tokens
    assert (await typist.key(" ")).evaluated_tokens <= 2


async def test_an_edit_behind_the_cursor_costs_nothing_and_is_taken_up_in_idle_time(
    typist: Typist,
):
    await typist.ask()
    await typist.keys("x = ")
    place = typist.text.index("return 2")
    typist.text = typist.text[:place] + "return 77" + typist.text[place + 8 :]
    asked = await typist.key("l")
    assert asked.evaluated_tokens <= 2
    await typist.rest()
    (evaluated,) = typist.warmed()
    assert 0 < evaluated <= CONTEXT.suffix_tokens + 16
    assert (await typist.key("o")).evaluated_tokens <= 2


async def test_enter_costs_no_suffix_and_the_anchor_moves_between_keys(typist: Typist):
    await typist.ask()
    evaluated = []
    for number in range(5):
        evaluated += await typist.keys(f"v{number} = os.path.join(path, 'f')\n")
        await typist.rest()
    assert max(evaluated) <= 4
    assert typist.warmed()


async def test_switching_back_to_a_file_costs_nothing(typist: Typist):
    await typist.ask()
    await typist.keys("x = load")
    await typist.ask("b.py")
    assert (await typist.ask()).evaluated_tokens <= 2
    assert (await typist.ask("b.py")).evaluated_tokens <= 2


async def test_what_follows_an_acceptance_is_there(engine: LlamaEngine):
    typist = Typist(engine, max_tokens=24)
    await typist.completer.ready()
    accepted = 0
    for before in ("print(load_users(", "x = [load_users(", "y = {", "z = foo("):
        typist.text, typist.offset = HEAD + TAIL, len(HEAD)
        await typist.key(before)
        request = CompletionRequest(document(typist.text), typist.offset)
        result = await typist.completer.complete(request)
        if not result.items:
            continue
        fetched = len([t for t in typist.traces if t.event == "prefetch"])
        typist.timers.advance(DELAY)
        await typist.completer._prefetch.drained()
        await until(lambda: not typist.completer._asker.is_busy)
        if len([t for t in typist.traces if t.event == "prefetch"]) == fetched:
            continue
        trace = await typist.key(result.items[0].text)
        assert trace.evaluated_tokens == 0
        accepted += 1
    assert accepted, "nothing could be accepted"
    await typist.completer.close()
