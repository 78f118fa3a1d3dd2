"""Random models are real models: the engine loads them and decodes text of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.bench.models import TYPES, random_model
from beadline.engine.gguf import read_header
from beadline.engine.llama.client import LlamaEngine
from beadline.engine.protocol import FimRequest, Finished, Piece
from beadline.errors import InputError
from beadline.settings import EngineOptions


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEADLINE_CACHE_DIR", str(tmp_path / "cache"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", TYPES)
async def test_random_models_decode_text(kind: str, tmp_path: Path) -> None:
    path = random_model("tiny", kind)
    assert read_header(path).tensors[0].type_name == TYPES[kind]
    options = EngineOptions(model=str(path), threads=1, context_tokens=256)
    engine = LlamaEngine(options, prefix_tokens=64, suffix_tokens=32, cache_dir=tmp_path)
    try:
        await engine.start()
        request = FimRequest("def add(a, b):\n    ", "\n", max_tokens=16, ignore_stops=True)
        events = [event async for event in engine.generate(request)]
    finally:
        await engine.close()
    text = "".join(event.text for event in events if isinstance(event, Piece))
    assert text.isascii() and text.strip()
    assert isinstance(events[-1], Finished) and events[-1].usage.generated_tokens == 16


@pytest.mark.slow
def test_a_random_model_is_made_once_and_the_seed_decides() -> None:
    path = random_model("tiny", "q8_0")
    made = path.stat().st_mtime_ns
    assert random_model("tiny", "q8_0") == path
    assert path.stat().st_mtime_ns == made
    other = random_model("tiny", "q8_0", seed=2)
    assert other.read_bytes() != path.read_bytes()
    assert [file.suffix for file in path.parent.iterdir()] == [".gguf", ".gguf"]


def test_models_that_there_are_not_are_named() -> None:
    with pytest.raises(InputError, match="tiny"):
        random_model("7b", "q8_0")
