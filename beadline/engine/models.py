"""Which model files there are and what they say about themselves. Loads no weights."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from beadline.engine.fim import detect
from beadline.engine.fim.detect import Detected
from beadline.engine.fim.families import AUTO, Families, load, user_folder
from beadline.engine.gguf import GgufHeader, read_header
from beadline.engine.verdicts import LayoutVerdicts, Verdict
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
    """Family of its prompts; `left-to-right` when the model has no FIM tokens we know."""
    context: int = 0
    """Tokens the model was trained for."""
    parameters: int = 0
    quantisation: str = ""
    """Type of most weights (`Q8_0`, `Q4_K`, `F16`...)."""
    problem: str = ""
    """Why it cannot be used; empty when it can."""


class HeaderVocabulary:
    """As much of a `Vocabulary` as a header holds: added tokens and metadata, no encoding."""

    def __init__(self, header: GgufHeader, special: Collection[str]) -> None:
        """`special`: texts of the tokens that families of models use in their prompts."""
        self._header = header
        self._special = special

    @cached_property
    def _added(self) -> dict[str, int]:
        tokens = self._header.arrays.get(_TOKENS, [])
        types = self._header.arrays.get(_TYPES, [])
        # llama.cpp makes FIM tokens special by their text, whatever type the file gives them.
        return {
            str(token): number
            for number, token in enumerate(tokens)
            if token in self._special or (number < len(types) and types[number] in _ADDED_TYPES)
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

    def encode(self, text: str, *, opening: bool = False) -> list[int]:
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
    if not model:
        raise ModelError("No model is named.", hint=f"Name a GGUF file, or {BUILTIN_MODEL!r}.")
    named = models_dir() / (model if model.endswith(".gguf") else f"{model}.gguf")
    try:
        path = Path(model).expanduser()
        if path.name == model and not path.exists() and named.is_file():
            return named.absolute()
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


def named(model: str) -> str:
    """The setting `engine.model`, or another one like it, for a process in another directory. What
    cannot be found is left to that process to tell.
    """
    if model in ("", BUILTIN_MODEL):
        return model
    try:
        return str(resolve(model))
    except ModelError:
        return os.path.abspath(os.path.expanduser(model))


def available() -> list[ModelFile]:
    """The built-in model, then the GGUF files of `models_dir` by name; broken ones say why."""
    paths = [BUILTIN_FILE] if BUILTIN_FILE.is_file() else []
    if os.path.isdir(models_dir()):  # unlike Path.is_dir: False where it may not be looked at
        paths += sorted(models_dir().glob("*.gguf"))
    return [listed(path) for path in paths]


def describe(path: Path) -> ModelFile:
    """What the header says. Raises `ModelError` for a missing, damaged or foreign file."""
    return check(path)


def check(path: Path, *, family: str = AUTO, layout: str = AUTO) -> ModelFile:
    """`describe`, and a `ModelError` too when the model cannot be prompted in the family and the
    layout asked for: the gate before native code.
    """
    families = load(user_folder())
    header, vocabulary = _headed(path, families)
    found = detect.detect(
        vocabulary, families, family=family, layout=layout, file_name=path.stem
    )  # fmt: skip
    return _described(header, found)


def inspect(path: Path) -> str:
    """A printable description, with family, layouts and tokens. Raises `ModelError`."""
    header, vocabulary = _headed(path, families := load(user_folder()))
    verdicts = LayoutVerdicts()
    verdict = verdicts.of(path)
    measured = verdict.measured if verdict is not None else None
    found = detect.detect(vocabulary, families, verdict=measured, file_name=path.stem)
    model = _described(header, found)
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
        f"kind          {detect.kind(vocabulary.metadata, path.stem)}",
        *_prompt_lines(found, vocabulary, verdict),
        *([verdicts.problem] if verdicts.problem else []),
    ]
    return "\n".join(lines)


_ORIGINS = {
    "metadata": "named by the file itself",
    "keys": "by the file's FIM keys",
    "tokens": "by its tokens, architecture and name",
    "none": "no fill-in-the-middle tokens found: it continues the text before the cursor only",
}
_BOS = {"always": "always", "never": "never", "model": "as the file says"}


def _prompt_lines(
    found: Detected, vocabulary: HeaderVocabulary, verdict: Verdict | None
) -> list[str]:
    """What `inspect` says about prompts."""
    family = found.family
    lines = [f"family        {family.name} ({_ORIGINS[found.origin]})"]
    if family.origin:
        lines.append(f"              from {family.origin}")
    others = [layout.value for layout in family.layouts if layout is not found.layout]
    origin = "the family's default"
    if verdict is not None and found.layout_from == "verdict":
        origin = f"measured on {verdict.date[:10]}, `beadline bench layout`"
    also = f", also {', '.join(others)}" if others else ""
    lines.append(f"layout        {found.layout.value} ({origin}){also}")
    bos = found.ids.get("BOS", vocabulary.bos)
    asked = " (it asks for one)" if vocabulary.add_bos else " (it asks for none)"
    lines.append(
        f"BOS           {_BOS[family.bos]}{asked if family.bos == 'model' else ''}"
        + (f", token {bos}" if bos is not None else "")
    )
    for name, texts in family.tokens.items():
        token = found.ids.get(name)
        lines.append(f"  {name:<11} {texts[0]}  {'missing' if token is None else token}")
    stops = detect.stop_tokens(family, vocabulary)
    shown = ", ".join(sorted(vocabulary.spell(token).decode("utf-8") for token in stops))
    lines.append(f"stops         {shown or 'none'}")
    if family.text_stops:
        lines.append(f"              and the texts {', '.join(map(repr, family.text_stops))}")
    return lines


def _headed(path: Path, families: Families) -> tuple[GgufHeader, HeaderVocabulary]:
    header = read_header(path, arrays=(_TOKENS, _TYPES))
    if not header.tensors:
        raise ModelError(f"{path.name} holds no weights, only a vocabulary.")
    return header, HeaderVocabulary(header, families.token_texts())


def _described(header: GgufHeader, found: Detected) -> ModelFile:
    architecture = header.text("general.architecture")
    weights: Counter[str] = Counter()
    for tensor in header.tensors:
        weights[tensor.type_name] += tensor.elements
    return ModelFile(
        name=header.text("general.name") or header.path.stem,
        path=header.path,
        size=header.size,
        architecture=architecture,
        family=found.family.name,
        context=header.number(f"{architecture}.context_length"),
        parameters=sum(tensor.elements for tensor in header.tensors),
        quantisation=weights.most_common(1)[0][0],
    )


def listed(path: Path) -> ModelFile:
    """What the header says; why not, where it cannot be read."""
    try:
        return describe(path)
    except ModelError as exc:
        size = path.stat().st_size if path.is_file() else 0
        return ModelFile(path.stem, path, size, problem=exc.message)


def _hint(directory: Path) -> str:
    files = sorted(directory.glob("*.gguf"))
    return f"Did you mean {files[0]}?" if files else ""
