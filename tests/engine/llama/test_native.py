"""The checks before the library is trusted, and the wrappers over the real one."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from beadline.engine.llama.layout import check_layout, check_version
from beadline.engine.llama.native import Context, Library, Model
from beadline.errors import EngineError, ModelError


@pytest.mark.parametrize("version", ["0.2.90", "0.3.34", "0.4.0", "1.0"])
def test_other_versions_are_refused(version: str) -> None:
    with pytest.raises(EngineError, match="not supported"):
        check_version(version)


def shifted(names: Any) -> SimpleNamespace:
    """The library with Python structs that have one field too many in front."""

    class Shifted(ctypes.Structure):
        _fields_ = (("extra", ctypes.c_int64), *names.llama_context_params._fields_)

    def defaults() -> Shifted:
        params = Shifted()
        real = names.llama_context_default_params()
        ctypes.memmove(ctypes.byref(params), ctypes.byref(real), ctypes.sizeof(real))
        return params

    others = {name: getattr(names, name) for name in ("llama_model_params", "llama_batch")}
    return SimpleNamespace(
        llama_context_params=Shifted,
        llama_context_default_params=defaults,
        llama_model_default_params=names.llama_model_default_params,
        **others,
    )


def test_a_struct_that_disagrees_with_c_is_noticed(library: Library) -> None:
    check_layout(library.names)
    with pytest.raises(EngineError, match="disagree"):
        check_layout(shifted(library.names))


def test_a_struct_that_lacks_a_field_is_noticed(library: Library) -> None:
    names = shifted(library.names)
    names.llama_batch = SimpleNamespace(_fields_=[("n_tokens", ctypes.c_int32)])
    with pytest.raises(EngineError, match="llama_batch lacks token"):
        check_layout(names)


def test_a_file_that_llama_cannot_load_is_a_model_error(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "empty.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0" + b"\0" * 16)
    with pytest.raises(ModelError, match=r"cannot load empty\.gguf"):
        Model(library, path)


def test_vocabulary_only(library: Library, model_path: Path, model: Model) -> None:
    words = Model(library, model_path, vocab_only=True)
    assert words.vocabulary_size == model.vocabulary_size
    assert words.tokenise(b"def f():") == model.tokenise(b"def f():")
    words.close()


def test_the_model_describes_itself(model: Model) -> None:
    assert model.metadata()["general.architecture"] == "llama"
    assert model.layers > 0 < model.trained_context
    assert model.kv_bytes_per_token % (4 * model.layers) == 0


def test_an_aborted_decode_leaves_the_position_to_be_read(
    open_context: Callable[..., Context],
) -> None:
    context = open_context()
    assert context.decode([1, 2, 3], 0, 0)
    assert not context.decode([4, 5, 6], 3, 0, should_abort=lambda: True)
    assert context.last_position(0) == 2
    assert context.decode([4], 3, 0)
    assert context.last_position(0) == 3
    assert context.remove(0, 2)
    assert context.last_position(0) == 1
    context.clear(0)
    assert context.last_position(0) == -1


def test_a_gap_in_the_positions_is_an_engine_error(open_context: Callable[..., Context]) -> None:
    context = open_context()
    context.decode([1], 0, 0)
    with pytest.raises(EngineError, match="llama_decode"):
        context.decode([2], 7, 0)


def test_a_small_context_takes_small_batches(open_context: Callable[..., Context]) -> None:
    """One token more than llama.cpp's own batch would abort the process."""
    context = open_context(context_tokens=8, sequences=1, batch_tokens=64)
    assert context.batch_tokens <= 64
    assert context.decode([1] * context.batch_tokens, 0, 0)


def test_sequences_do_not_see_each_other(open_context: Callable[..., Context]) -> None:
    context = open_context()
    context.decode([1, 2, 3, 4], 0, 0)
    context.decode([5, 6], 0, 1)
    beside = context.logits().copy()
    alone = open_context()
    alone.decode([5, 6], 0, 0)
    np.testing.assert_allclose(beside, alone.logits(), atol=1e-5)


def test_the_identity_tells_of_the_library_itself(library: Library) -> None:
    file = Path(library.names._lib._name)
    assert f"{file.name}:{file.stat().st_size}:" in library.identity
    assert "ggml" in library.identity
