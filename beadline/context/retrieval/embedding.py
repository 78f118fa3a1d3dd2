"""Turns texts into vectors by a sentence-embedding model in ONNX form. Knows no files of code.

A folder as such models are published: `model.onnx` (or `onnx/model.onnx`) and `tokenizer.json`.
onnxruntime and tokenizers are imported when a model is loaded, and nothing of them before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from beadline.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_TOKENS = 256
"""Of one text; chunks have fewer, and longer ones cost time that grows with the square."""
_BATCH = 8
_HASHED_BYTES = 1 << 20


class Embedder:
    """A loaded model. Not thread-safe."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """Raises `ModelError` when the folder holds no such model or its libraries are missing."""
        try:
            import onnxruntime
            import tokenizers
        except ImportError as exc:
            raise ModelError(
                f"Embeddings need {exc.name}, which is not installed.",
                hint='Install it with `pip install "beadline[onnx]"`, or unset '
                "context.embedding_model.",
            ) from exc
        model, tokenizer = _files(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))
            self._session = onnxruntime.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
        # Both libraries raise bare exceptions of their own native code.
        except Exception as exc:
            raise ModelError(
                f"{folder} cannot be loaded as an embedding model: {exc}",
                hint="Name a folder with an ONNX model and its tokenizer.json.",
            ) from exc
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.enable_padding()
        self._inputs = {each.name for each in self._session.get_inputs()}
        if "input_ids" not in self._inputs:
            raise ModelError(
                f"{folder} is not a sentence-embedding model: it takes no input_ids.",
                hint="Name a folder with an ONNX model and its tokenizer.json.",
            )
        self.identity = _identity(model, tokenizer)
        """Changes when the model does; vectors of different models cannot be compared."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text, of length 1, so that products of rows are cosines."""
        rows = [self._rows(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)]
        return np.concatenate(rows) if rows else np.zeros((0, 0), np.float32)

    def _rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        encoded = self._tokenizer.encode_batch(list(texts))
        ids = np.array([each.ids for each in encoded], np.int64)
        mask = np.array([each.attention_mask for each in encoded], np.int64)
        known: dict[str, Any] = {
            "input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)
        }  # fmt: skip
        given = {name: value for name, value in known.items() if name in self._inputs}
        # The last state comes first, or the pooled sentence where the model gives that.
        try:
            output = np.asarray(self._session.run(None, given)[0], np.float32)
        except Exception as exc:  # of onnxruntime's native code
            raise ModelError(
                f"The embedding model failed: {exc}", hint="Unset context.embedding_model."
            ) from exc
        if output.ndim == 3:
            weights = mask[:, :, None].astype(np.float32)
            output = (output * weights).sum(1) / np.maximum(weights.sum(1), 1)
        lengths = np.linalg.norm(output, axis=1, keepdims=True)
        return output / np.maximum(lengths, 1e-9)


def _files(folder: Path) -> tuple[Path, Path]:
    """Model and tokenizer of a folder. Raises `ModelError`."""
    tokenizer = folder / "tokenizer.json"
    for model in (folder / "model.onnx", folder / "onnx" / "model.onnx"):
        if model.is_file() and tokenizer.is_file():
            return model, tokenizer
    raise ModelError(
        f"{folder} holds no embedding model.",
        hint="Name a folder with model.onnx and tokenizer.json, or unset context.embedding_model.",
    )


def _identity(model: Path, tokenizer: Path) -> str:
    """By the sizes of the files and the model's first and last bytes: hashing all of it would
    read hundreds of megabytes at every start."""
    digest = hashlib.sha256()
    for path in (model, tokenizer):
        size = path.stat().st_size
        digest.update(f"{size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(_HASHED_BYTES))
            file.seek(max(0, size - _HASHED_BYTES))
            digest.update(file.read(_HASHED_BYTES))
    return digest.hexdigest()
