"""The loaded model, in this process: for tests of what the worker is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from beadline.engine.llama.native import Context, Library, Model, load_library
from beadline.engine.llama.vocabulary import LlamaVocabulary


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="session")
def model(library: Library, model_path: Path) -> Iterator[Model]:
    loaded = Model(library, model_path)
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def vocabulary(model: Model) -> LlamaVocabulary:
    return LlamaVocabulary(model)


@pytest.fixture
def open_context(model: Model) -> Iterator[Callable[..., Context]]:
    """Opens contexts of the model; they are closed after the test."""
    with contexts_of(model) as make:
        yield make


@contextmanager
def contexts_of(model: Model) -> Iterator[Callable[..., Context]]:
    """Opens contexts of a model; they are closed at the end."""
    opened: list[Context] = []

    def make(*, context_tokens: int = 256, sequences: int = 2, batch_tokens: int = 32) -> Context:
        context = Context(
            model,
            context_tokens=context_tokens,
            sequences=sequences,
            batch_tokens=batch_tokens,
            threads=1,
            batch_threads=1,
        )
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()
