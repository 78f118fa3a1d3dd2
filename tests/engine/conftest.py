"""Engines that are closed after the test, and workers that misbehave."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from beadline.engine import models
from beadline.engine.llama.client import LlamaEngine
from beadline.settings import EngineOptions

WORKERS = Path(__file__).parent / "llama" / "workers"
EngineFactory = Callable[..., LlamaEngine]


def worker_command(name: str) -> list[str]:
    """The command of a worker from `tests/engine/llama/workers` that misbehaves on purpose."""
    root = str(Path(models.__file__).resolve().parents[2])
    start = f"import sys, runpy; sys.path.append({root!r}); runpy.run_path(sys.argv[1])"
    return [sys.executable, "-P", "-c", start, str(WORKERS / f"{name}.py")]


@pytest.fixture
def worker_script() -> Callable[[str], list[str]]:
    """`worker_command`."""
    return worker_command


@pytest.fixture
async def engine_factory(model_path: Path, tmp_path: Path) -> AsyncIterator[EngineFactory]:
    """Makes engines on the model under test, one thread, cache in `tmp_path`."""
    made: list[LlamaEngine] = []

    def make(
        *, model: Path | None = None, options: dict[str, Any] | None = None, **arguments: Any
    ) -> LlamaEngine:
        settings = EngineOptions(
            **{"model": str(model or model_path), "threads": 1, **(options or {})}
        )
        defaults = {"prefix_tokens": 256, "suffix_tokens": 64, "cache_dir": tmp_path / "cache"}
        engine = LlamaEngine(settings, **{**defaults, **arguments})
        made.append(engine)
        return engine

    yield make
    for engine in made:
        await engine.close()
