"""The embedding model: a real ONNX model of one table, written by hand."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from beadline.context.retrieval.embedding import Embedder
from beadline.errors import ModelError

WORDS = {"[PAD]": 0, "[UNK]": 1, "queue": 2, "push": 3, "colour": 4}
TABLE = np.eye(len(WORDS), dtype=np.float32)
"""A vector a word; padding has one of its own, which must not count."""
INT64, FLOAT = 7, 1
"""ONNX's TensorProto.DataType."""


def _field(number: int, value: bytes | int) -> bytes:
    """One field of a protocol buffer; numbers below 128."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    size, head = len(value), b""
    while size > 127:
        head += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + head + bytes([size]) + value


def _value(name: str, kind: int, rank: int) -> bytes:
    """ValueInfoProto of a tensor with free dimensions."""
    shape = b"".join(_field(1, _field(2, f"{name}{at}".encode())) for at in range(rank))
    tensor = _field(1, kind) + _field(2, shape)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def onnx_model() -> bytes:
    """ModelProto: `last_hidden_state` = rows of the table at `input_ids`."""
    node = b"".join(
        [
            _field(1, b"table"),
            _field(1, b"input_ids"),
            _field(2, b"last_hidden_state"),
            _field(4, b"Gather"),
        ]
    )
    data = struct.pack(f"<{TABLE.size}f", *TABLE.ravel())
    table = b"".join(
        [
            *(_field(1, size) for size in TABLE.shape),
            _field(2, FLOAT),
            _field(8, b"table"),
            _field(9, data),
        ]
    )
    graph = b"".join(
        [
            _field(1, node),
            _field(2, b"words"),
            _field(5, table),
            _field(11, _value("input_ids", INT64, 2)),
            _field(12, _value("last_hidden_state", FLOAT, 3)),
        ]
    )
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _field(2, 13))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "model.onnx").write_bytes(onnx_model())
    return tmp_path


def test_texts_of_the_same_words_are_near_whatever_their_length(folder: Path):
    rows = Embedder(folder).embed(["queue push", "queue push queue push queue push", "colour"])
    assert rows.shape == (3, 5)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert rows[0] @ rows[1] == pytest.approx(1.0)
    assert rows[0] @ rows[2] < 0.1


def test_nothing_to_embed(folder: Path):
    assert len(Embedder(folder).embed([])) == 0


def test_other_words_are_another_model(folder: Path):
    first = Embedder(folder).identity
    assert Embedder(folder).identity == first
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(json.dumps(json.loads(tokenizer.read_text())))
    assert Embedder(folder).identity != first


@pytest.mark.parametrize("damage", ["model.onnx", "tokenizer.json"])
def test_a_damaged_model_is_told(folder: Path, damage: str):
    (folder / damage).write_bytes(b"not that")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Embedder(folder)


def test_a_folder_without_a_model_is_told(tmp_path: Path):
    with pytest.raises(ModelError):
        Embedder(tmp_path)
