"""Which model files there are and what they say about themselves. Loads no weights."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from beadline.engine.fim.families import FAMILIES, Family, detect
from beadline.engine.gguf import GgufHeader, read_header
from beadline.errors import ModelError
from beadline.settings import BUILTIN_MODEL, user_data_dir

BUILTIN_FILE = Path(__file__).resolve().parent.parent / "models" / "beadline-nano.gguf"
_TOKENS, _TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
_ADDED_TYPES = frozenset({2, 3, 4})
"""UNKNOWN, CONTROL and USER_DEFINED in `tokenizer.ggml.token_type`."""


@dataclass(frozen=True)
class ModelFile:
    """One GGUF file, as its header describes it."""

    name: str
    path: Path
    size: int
    """Bytes of the file."""
    architecture: str = ""
    family: str = ""
    """FIM family; empty when the model has no FIM tokens we know."""
    context: int = 0
    """Tokens the model was trained for."""
    parameters: int = 0
    quantisation: str = ""
    """Type of most weights (`Q8_0`, `Q4_K`, `F16`...)."""
    problem: str = ""
    """Why it cannot be used; empty when it can."""


class HeaderVocabulary:
    """As much of a `Vocabulary` as a header holds: added tokens and metadata, no encoding."""

    def __init__(self, header: GgufHeader) -> None:
        self._header = header

    @cached_property
    def _added(self) -> dict[str, int]:
        tokens = self._header.arrays.get(_TOKENS, [])
        types = self._header.arrays.get(_TYPES, [])
        wanted = {
            piece
            for family in FAMILIES
            for piece in (family.prefix, family.suffix, family.middle, *family.stops)
        }
        # llama.cpp makes FIM tokens special by their text, whatever type the file gives them.
        return {
            str(token): number
            for number, token in enumerate(tokens)
            if token in wanted or (number < len(types) and types[number] in _ADDED_TYPES)
        }

    @property
    def bos(self) -> int | None:
        bos = self._header.number("tokenizer.ggml.bos_token_id", -1)
        return None if bos < 0 else bos

    @property
    def add_bos(self) -> bool:
        return self._header.metadata.get("tokenizer.ggml.add_bos_token") is True

    @property
    def eog(self) -> frozenset[int]:
        keys = ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id")
        return frozenset(self._header.number(key, -1) for key in keys) - {-1}

    @property
    def size(self) -> int:
        return len(self._header.arrays.get(_TOKENS, []))

    @property
    def metadata(self) -> Mapping[str, str]:
        return {key: str(value) for key, value in self._header.metadata.items()}

    def encode(self, text: str) -> list[int]:
        raise ModelError("A header alone cannot tokenise.")

    def special(self, piece: str) -> int | None:
        return self._added.get(piece)

    def spell(self, token: int) -> bytes:
        return str(self._header.arrays[_TOKENS][token]).encode("utf-8")


def models_dir() -> Path:
    """Where the user keeps models: `models/` in the user's data directory."""
    return user_data_dir() / "models"


def resolve(model: str) -> Path:
    """The file that the setting `engine.model` means: `builtin`, a path, or a name in `models_dir`.

    Raises `ModelError` with a hint when there is no such file, or it may not be looked at.
    """
    if model == BUILTIN_MODEL:
        if not BUILTIN_FILE.is_file():
            raise ModelError(
                "This installation of beadline has no built-in model.",
                hint="Set engine.model (or --model) to a GGUF file.",
            )
        return BUILTIN_FILE
    named = models_dir() / (model if model.endswith(".gguf") else f"{model}.gguf")
    try:
        path = Path(model).expanduser()
        if path.name == model and not path.exists() and named.is_file():
            return named
        if path.is_dir():
            raise ModelError(f"{path} is a directory, not a GGUF file.", hint=_hint(path))
        if not path.exists():
            raise ModelError(
                f"There is no model file {path}.",
                hint="`beadline models list` shows what there is.",
            )
        return path.absolute()
    except (OSError, RuntimeError) as exc:
        # RuntimeError: `~name` of an unknown user.
        reason = exc.strerror if isinstance(exc, OSError) else str(exc).rstrip(".")
        raise ModelError(f"The model file {model} cannot be read: {reason}.") from exc


def available() -> list[ModelFile]:
    """The built-in model, then the GGUF files of `models_dir` by name; broken ones say why."""
    paths = [BUILTIN_FILE] if BUILTIN_FILE.is_file() else []
    if os.path.isdir(models_dir()):  # unlike Path.is_dir: False where it may not be looked at
        paths += sorted(models_dir().glob("*.gguf"))
    return [_listed(path) for path in paths]


def describe(path: Path) -> ModelFile:
    """What the header says. Raises `ModelError` for a missing, damaged or foreign file."""
    return _described(*_headed(path))


def check(path: Path) -> ModelFile:
    """`describe`, and a `ModelError` too when the model cannot fill holes: the gate before
    native code.
    """
    header, vocabulary = _headed(path)
    detect(vocabulary)
    return _described(header, vocabulary)


def inspect(path: Path) -> str:
    """A printable description, with the FIM tokens found. Raises `ModelError`."""
    header, vocabulary = _headed(path)
    model = _described(header, vocabulary)
    family = _family(vocabulary)
    lines = [
        f"name          {model.name}",
        f"path          {path}",
        f"size          {model.size / 1e6:.1f} MB, GGUF version {header.version}",
        f"architecture  {model.architecture}",
        f"parameters    {model.parameters / 1e6:.1f} M in {len(header.tensors)} tensors",
        f"quantisation  {model.quantisation or 'unknown'}",
        f"context       {model.context} tokens",
        f"vocabulary    {vocabulary.size} tokens, "
        f"{header.text('tokenizer.ggml.model')}/{header.text('tokenizer.ggml.pre') or '-'}",
        f"FIM family    {model.family or 'none: this model cannot fill holes'}",
    ]
    if family is not None:
        named = {"prefix": family.prefix, "suffix": family.suffix, "middle": family.middle}
        named |= {"repository": family.repo_token, "file": family.file_token}
        for role, piece in named.items():
            if piece:
                token = vocabulary.special(piece)
                lines.append(f"  {role:<11} {piece}  {'missing' if token is None else token}")
    return "\n".join(lines)


def _headed(path: Path) -> tuple[GgufHeader, HeaderVocabulary]:
    header = read_header(path, arrays=(_TOKENS, _TYPES))
    if not header.tensors:
        raise ModelError(f"{path.name} holds no weights, only a vocabulary.")
    return header, HeaderVocabulary(header)


def _described(header: GgufHeader, vocabulary: HeaderVocabulary) -> ModelFile:
    architecture = header.text("general.architecture")
    weights: Counter[str] = Counter()
    for tensor in header.tensors:
        weights[tensor.type_name] += tensor.elements
    family = _family(vocabulary)
    return ModelFile(
        name=header.text("general.name") or header.path.stem,
        path=header.path,
        size=header.size,
        architecture=architecture,
        family=family.name if family else "",
        context=header.number(f"{architecture}.context_length"),
        parameters=sum(tensor.elements for tensor in header.tensors),
        quantisation=weights.most_common(1)[0][0],
    )


def _family(vocabulary: HeaderVocabulary) -> Family | None:
    try:
        return detect(vocabulary)
    except ModelError:
        return None


def _listed(path: Path) -> ModelFile:
    try:
        model = describe(path)
    except ModelError as exc:
        size = path.stat().st_size if path.is_file() else 0
        return ModelFile(path.stem, path, size, problem=exc.message)
    if model.family:
        return model
    return ModelFile(**{**vars(model), "problem": "It has no fill-in-the-middle tokens."})


def _hint(directory: Path) -> str:
    files = sorted(directory.glob("*.gguf"))
    return f"Did you mean {files[0]}?" if files else ""
