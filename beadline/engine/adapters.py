"""What an adapter says about itself, and whether a model may be served with it. Loads no weights.

An adapter is a GGUF file of low-rank changes to a model's weights (LoRA, Hu et al. 2021), trained
on one repository. Its manifest names everything that must be as it was in training (DESIGN
section 3): another model, other prompts or another repository make it worthless or worse.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from beadline.engine.fim.render import RENDERER
from beadline.engine.gguf import GgufHeader, read_header
from beadline.engine.protocol import ModelInfo
from beadline.errors import AdapterError, ModelError

FORMAT = 1
"""Of the manifest."""
LORA_A, LORA_B = ".lora_a", ".lora_b"
"""Ends of the tensors' names (llama.cpp, `llama-adapter.cpp`)."""
_SAMPLED = 8 << 10
"""Bytes hashed at each end of every tensor of a model."""
_BLOCK = 1 << 20
_TOKENS = (
    "tokenizer.ggml.tokens",
    "tokenizer.ggml.token_type",
    "tokenizer.ggml.merges",
    "tokenizer.ggml.scores",
)
_TRAIN_AGAIN = "Train again: `beadline train`."


@dataclass(frozen=True)
class Base:
    """What an adapter stands on: a model, and how it is asked."""

    weights: str
    """Hash of architecture, tensors and samples of each tensor's data."""
    tokenizer: str
    """Hash of the vocabulary and of all that decides how text becomes tokens."""
    name: str
    """Of the model, for the user; two models of one name are told apart by their hashes."""
    family: str
    layout: str
    renderer: int = RENDERER


@dataclass(frozen=True)
class Manifest:
    """What an adapter was made of, for whom, and what it is worth."""

    name: str
    """Of the adapter: its folder."""
    base: Base
    repository: str
    """The repository's folder as `repository_key` writes it."""
    commit: str
    """Newest commit that was trained on; empty without git."""
    created: str
    """ISO 8601, UTC."""
    digest: str
    """SHA-256 of the adapter's GGUF file: what was scored is what is served."""
    passed: bool
    """Whether it beat its base on held-out code of the repository, and forgot nothing else."""
    verdict: str = ""
    """One sentence about that."""
    score: Mapping[str, Any] = field(default_factory=dict)
    """The numbers behind it; JSON values."""
    scale: float = 1.0
    """What its changes are multiplied with; it was scored so."""

    def as_json(self) -> str:
        """As `read_manifest` takes it."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True)


def repository_key(folder: Path | str) -> str:
    """The one way to write a repository's folder: links resolved, letter case as the system has
    it."""
    return os.path.normcase(os.path.realpath(folder))


def read_manifest(text: str | bytes) -> Manifest:
    """Raises `AdapterError` for what is no manifest of ours."""
    try:
        values = json.loads(text)
        if values.pop("format") != FORMAT:
            raise AdapterError("It was written by another version of beadline.", hint=_TRAIN_AGAIN)
        base = Base(**values.pop("base"))
        manifest = Manifest(base=base, **values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise AdapterError("Its manifest is damaged.", hint=_TRAIN_AGAIN) from exc
    texts = (
        *(manifest.name, manifest.repository, manifest.commit, manifest.created, manifest.digest),
        *(manifest.verdict, base.weights, base.tokenizer, base.name, base.family, base.layout),
    )
    fits = (
        all(isinstance(each, str) for each in texts)
        and isinstance(manifest.passed, bool)
        and isinstance(manifest.scale, int | float)
        and isinstance(base.renderer, int)
        and isinstance(manifest.score, Mapping)
    )
    if not fits:
        raise AdapterError("Its manifest is damaged.", hint=_TRAIN_AGAIN)
    return manifest


def base_of(path: Path, *, family: str, layout: str) -> Base:
    """What an adapter of the GGUF model at `path` stands on, when it is asked in that family and
    layout. Reads the header and a part of the weights. Raises `ModelError`.
    """
    header = read_header(path, arrays=_TOKENS)
    try:
        weights = _weights(header)
    except OSError as exc:
        raise ModelError(f"{path} cannot be read: {exc.strerror or exc}.") from exc
    name = header.text("general.name") or path.stem
    return Base(weights, _tokenizer(header), name, family, layout)


def base_of_served(info: ModelInfo) -> Base:
    """The same for the model that an engine has loaded. Raises `ModelError`."""
    layout = info.details.get("layouts", "").split(", ")[0]
    return base_of(Path(info.path), family=info.family, layout=layout)


def refusal(manifest: Manifest, base: Base) -> str:
    """Why a model may not be served with an adapter, in a sentence; empty when it may."""
    made = manifest.base
    name = manifest.name
    if (made.weights, made.tokenizer) != (base.weights, base.tokenizer):
        same = " of the same name" if made.name == base.name else ""
        return f"The adapter {name} was made for another model{same} ({made.name}): train again."
    if made.renderer != base.renderer:
        return (
            f"The adapter {name} was made by a version of beadline that asks otherwise: "
            "train again."
        )
    if (made.family, made.layout) != (base.family, base.layout):
        return (
            f"The adapter {name} was trained to be asked as {made.family}/{made.layout}, the model "
            f"is asked as {base.family}/{base.layout}: train again, or set engine.family and "
            "engine.layout as they were."
        )
    if not manifest.passed:
        return f"The adapter {name} did not beat its model. {manifest.verdict}".strip()
    return ""


def check_file(path: Path) -> GgufHeader:
    """The header of an adapter's GGUF file: the gate before native code.

    Raises `AdapterError` when it is no adapter, or not whole.
    """
    try:
        header = read_header(path)
    except ModelError as exc:
        raise AdapterError(f"The adapter cannot be used: {exc.message}", hint=_TRAIN_AGAIN) from exc
    kinds = header.text("general.type"), header.text("adapter.type")
    if kinds != ("adapter", "lora"):
        raise AdapterError(f"{path.name} is no LoRA adapter.", hint=_TRAIN_AGAIN)
    names = {tensor.name for tensor in header.tensors}
    for name in names:
        other = None
        if name.endswith(LORA_A):
            other = name.removesuffix(LORA_A) + LORA_B
        elif name.endswith(LORA_B):
            other = name.removesuffix(LORA_B) + LORA_A
        if other not in names:
            raise AdapterError(
                f"{path.name} is damaged: {name!r} has no counterpart.", hint=_TRAIN_AGAIN
            )
    if not names:
        raise AdapterError(f"{path.name} changes no weights.", hint=_TRAIN_AGAIN)
    return header


def file_digest(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits. Raises `OSError`."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            hashed.update(block)
    return hashed.hexdigest()


def _weights(header: GgufHeader) -> str:
    """Every tensor counts, but not every byte of it: gigabytes would be read at each start.

    Training and quantising change all of a tensor's blocks, its first and last among them.
    """
    hashed = hashlib.sha256(header.text("general.architecture").encode())
    with header.path.open("rb") as file:
        for tensor in header.tensors:
            said = [tensor.name, tensor.shape, tensor.type_name]
            hashed.update(json.dumps(said).encode())
            start = header.data_start + tensor.offset
            file.seek(start)
            hashed.update(file.read(min(_SAMPLED, tensor.size) or _SAMPLED))
            if tensor.size > _SAMPLED:
                file.seek(start + max(_SAMPLED, tensor.size - _SAMPLED))
                hashed.update(file.read(min(_SAMPLED, tensor.size - _SAMPLED)))
    return hashed.hexdigest()


def _tokenizer(header: GgufHeader) -> str:
    """Of all that the file says about tokens, but how a chat is written."""
    said = {
        key: value
        for key, value in header.metadata.items()
        if key.startswith("tokenizer.") and not key.startswith("tokenizer.chat_template")
    }
    arrays = {key: header.arrays[key] for key in _TOKENS if key in header.arrays}
    text = json.dumps([sorted(said.items()), sorted(arrays.items())])
    return hashlib.sha256(text.encode()).hexdigest()
