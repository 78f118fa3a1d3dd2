"""Adapters in the real library: they change what is decoded, and only while they are in use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from beadline.engine.llama import lora
from beadline.engine.llama.lora import Adapters
from beadline.engine.llama.native import Context, Model
from beadline.errors import AdapterError
from tests.engine.llama.loras import make

TOKENS = list(range(300, 340))


def logits(context: Context) -> np.ndarray:
    """After the tokens, evaluated anew."""
    context.clear(0)
    for start in range(0, len(TOKENS), context.batch_tokens):
        assert context.decode(TOKENS[start : start + context.batch_tokens], start, 0)
    return context.logits().copy()


@pytest.fixture
def context(open_context: Callable[..., Context]) -> Context:
    return open_context()


@pytest.fixture
def adapters(context: Context) -> Adapters:
    return Adapters(context)


def test_an_adapter_changes_the_model_while_it_is_in_use(
    context: Context, adapters: Adapters, model_path: Path, tmp_path: Path
) -> None:
    before = logits(context)
    first = adapters.use(make(tmp_path / "a.gguf", model_path), 1.0)
    tuned = logits(context)
    assert np.abs(tuned - before).max() > 0.1
    assert adapters.use_none() == ""
    assert np.array_equal(logits(context), before)
    again = adapters.use(tmp_path / "a.gguf", 1.0)
    assert (again, logits(context).tolist()) == (first, tuned.tolist())


def test_the_scale_says_how_much(
    context: Context, adapters: Adapters, model_path: Path, tmp_path: Path
) -> None:
    path = make(tmp_path / "a.gguf", model_path)
    before = logits(context)
    seen = {adapters.use_none()}
    distances = []
    for scale in (0.0, 0.01, 1.0):
        seen.add(adapters.use(path, scale))
        distances.append(np.abs(logits(context) - before).max())
    assert len(seen) == 4
    assert distances[0] == 0 < distances[1] < distances[2]


def test_adapters_take_turns(
    context: Context, adapters: Adapters, model_path: Path, tmp_path: Path
) -> None:
    """More of them than stay loaded, each again after all the others."""
    paths = [
        make(tmp_path / f"{seed}.gguf", model_path, seed=seed)
        for seed in range(lora.MOST_LOADED + 2)
    ]
    identities = [adapters.use(path, 1.0) for path in paths]
    assert len(set(identities)) == len(paths)
    expected = []
    for path in paths:
        adapters.use(path, 1.0)
        expected.append(logits(context))
    for path, identity, values in zip(paths, identities, expected, strict=True):
        assert adapters.use(path, 1.0) == identity
        assert np.array_equal(logits(context), values)


def test_a_file_that_changed_is_another_adapter(
    adapters: Adapters, model_path: Path, tmp_path: Path
) -> None:
    path = make(tmp_path / "a.gguf", model_path)
    before = adapters.use(path, 1.0)
    make(tmp_path / "b.gguf", model_path, seed=1, rank=8).replace(path)
    assert adapters.use(path, 1.0) != before


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ({"architecture": "qwen2"}, "does not fit the model"),
        ({"wider": 32}, "does not fit the model"),
        ({"type": "model"}, "no LoRA adapter"),
        ({"kind": "control"}, "no LoRA adapter"),
        ({"tensors": ()}, "changes no weights"),
    ],
    ids=["architecture", "shape", "model", "kind", "nothing"],
)
def test_what_does_not_fit_is_refused_and_none_is_in_use(
    context: Context, adapters: Adapters, model_path: Path, tmp_path: Path, trouble, message: str
) -> None:
    before = logits(context)
    adapters.use(make(tmp_path / "good.gguf", model_path), 1.0)
    bad = make(tmp_path / "bad.gguf", model_path, **trouble)
    with pytest.raises(AdapterError, match=message):
        adapters.use(bad, 1.0)
    assert np.array_equal(logits(context), before)


def test_a_missing_or_cut_file_is_refused(
    adapters: Adapters, model: Model, model_path: Path, tmp_path: Path
) -> None:
    path = make(tmp_path / "a.gguf", model_path)
    for cut in (0, 3, 100, path.stat().st_size - 1):
        damaged = tmp_path / f"{cut}.gguf"
        damaged.write_bytes(path.read_bytes()[:cut])
        with pytest.raises(AdapterError):
            adapters.use(damaged, 1.0)
    with pytest.raises(AdapterError, match="There is no adapter"):
        adapters.use(tmp_path / "nowhere.gguf", 1.0)
    with pytest.raises(AdapterError, match="no LoRA adapter"):
        adapters.use(model.path, 1.0)
