"""Makes the folder of real vocabularies that the tests of prompt forms read. Run by `make test`.

    python tests/vocabularies.py FOLDER

The vocabularies come inside llama-cpp-python's source distribution (llama.cpp's own test files) and
inside mistral-common's wheel; pip fetches both. Where a family's vocabulary is a base vocabulary
with added tokens, those tokens are put at the ids that its documentation gives.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

MISTRAL_COMMON = "1.13.1"
"""Any release with the file would do; a fixed one is fetched once and then from pip's cache."""
MISTRAL_FILE = "mistral_instruct_tokenizer_240323.model.v3"
"""Codestral 22B's SentencePiece model."""
AS_THEY_ARE = {
    "starcoder": "starcoder2",
    "refact": "refact",
    "deepseek-coder": "deepseek-coder",
    "llama-spm": "llama-spm",
    "gpt-2": "gpt-2",
}
"""llama.cpp's name -> ours. Its `starcoder` has StarCoder2's tokens and architecture."""
QWEN = {
    151659: "<|fim_prefix|>",
    151660: "<|fim_middle|>",
    151661: "<|fim_suffix|>",
    151662: "<|fim_pad|>",
    151663: "<|repo_name|>",
    151664: "<|file_sep|>",
}
"""Qwen2.5-Coder's ids; the pieces below them are Qwen2's."""
CODELLAMA = {32007: "▁<PRE>", 32008: "▁<SUF>", 32009: "▁<MID>", 32010: "▁<EOT>"}
"""CodeLlama's ids after Llama's 32,000 pieces, in a vocabulary of 32,016."""
AIXCODER = ("▁<AIX-SPAN-PRE>", "▁<AIX-SPAN-POST>", "▁<AIX-SPAN-MIDDLE>", "▁<AIX-END-TURN>")
"""aiXcoder's tokens, here behind Llama's pieces: its own are in no package."""
CONTROL, USER_DEFINED, UNUSED = 3, 4, 5
"""Values of `tokenizer.ggml.token_type`."""


def main(folder: Path) -> None:
    """Fill `folder`; what is there is written again."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        temporary = Path(scratch)
        found = dict(_from_llama_cpp(temporary))
        for name, ours in AS_THEY_ARE.items():
            (folder / f"{ours}.gguf").write_bytes(found[name].read_bytes())
        _derive(found["qwen2"], folder / "qwen2.5-coder.gguf", "Qwen2.5 Coder", QWEN, CONTROL)
        added = {number: f"[UNUSED{number}]" for number in range(32000, 32016)} | CODELLAMA
        _derive(found["llama-spm"], folder / "codellama.gguf", "CodeLlama 7B", added, CONTROL)
        added = dict(enumerate(AIXCODER, start=32000))
        # Converters write add_bos_token = false for aiXcoder, by a rule meant for another family.
        _derive(found["llama-spm"], folder / "aixcoder.gguf", "aiXcoder", added, USER_DEFINED,
                add_bos=False)  # fmt: skip
        _write_sentencepiece(_mistral(temporary), folder / "codestral.gguf", "Codestral 22B")


def _download(target: Path, *requirement: str) -> Path:
    """The one file that pip fetches."""
    target.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
               "--disable-pip-version-check", "--dest", str(target), *requirement]  # fmt: skip
    subprocess.run(command, check=True)
    (file,) = target.iterdir()
    return file


def _from_llama_cpp(temporary: Path) -> Iterator[tuple[str, Path]]:
    """The vocabularies inside the source distribution of the installed llama-cpp-python."""
    version = metadata.version("llama-cpp-python")
    source = _download(
        temporary / "source", "--no-binary", "llama-cpp-python", f"llama-cpp-python=={version}"
    )
    with tarfile.open(source) as archive:
        for member in archive:
            path = Path(member.name)
            if path.suffix == ".gguf" and path.parts[1:-1] == ("vendor", "llama.cpp", "models"):
                file = archive.extractfile(member)
                assert file is not None
                target = temporary / path.name
                target.write_bytes(file.read())
                yield path.stem.removeprefix("ggml-vocab-"), target


def _mistral(temporary: Path) -> bytes:
    wheel = _download(temporary / "mistral", f"mistral-common=={MISTRAL_COMMON}")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(f"mistral_common/data/{MISTRAL_FILE}")


def _derive(
    source: Path, target: Path, name: str, tokens: Mapping[int, str], token_type: int,
    *, add_bos: bool | None = None,
) -> None:  # fmt: skip
    """Copy a vocabulary with `tokens` (id -> text) put in, or behind its own."""
    import gguf

    reader = gguf.GGUFReader(source)
    values = {
        field.name: field.contents()
        for field in reader.fields.values()
        if not field.name.startswith("GGUF.")
    }
    texts: list[str] = values["tokenizer.ggml.tokens"]
    types: list[int] = values["tokenizer.ggml.token_type"]
    size = max(len(texts), max(tokens) + 1)
    scores: list[float] = values.get("tokenizer.ggml.scores", [])
    for token in range(len(texts), size):
        texts.append(tokens.get(token, f"[PAD{token}]"))
        types.append(UNUSED)
        if scores:
            scores.append(-1000.0)
    for token, text in tokens.items():
        texts[token], types[token] = text, token_type
    writer = gguf.GGUFWriter(target, values["general.architecture"])
    for key, value in values.items():
        if key in ("general.architecture", "general.name"):
            continue
        kinds = reader.fields[key].types
        writer.add_key_value(key, value, kinds[0], kinds[1] if len(kinds) > 1 else None)
    writer.add_name(name)
    if add_bos is not None:
        writer.add_add_bos_token(add_bos)
    _finish(writer)


def _write_sentencepiece(model: bytes, target: Path, name: str) -> None:
    """A SentencePiece model as llama.cpp's converter writes it; the type numbers are the same."""
    import gguf

    pieces = list(_pieces(model))
    writer = gguf.GGUFWriter(target, "llama")
    writer.add_name(name)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _, _ in pieces])
    writer.add_token_scores([score for _, score, _ in pieces])
    writer.add_token_types([kind for _, _, kind in pieces])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    _finish(writer)


def _finish(writer: Any) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def _pieces(model: bytes) -> Iterator[tuple[str, float, int]]:
    """Text, score and type of every piece (sentencepiece_model.proto: ModelProto.pieces)."""
    for number, value in _fields(model):
        if number == 1:
            piece = dict(_fields(value))
            score = struct.unpack("<f", piece.get(2, bytes(4)))[0]
            yield piece[1].decode("utf-8"), score, piece.get(3, 1)


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a protocol-buffer message, in order."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
        else:
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                length, at = _varint(message, at)
            value, at = message[at : at + length], at + length
        yield key >> 3, value


def _varint(message: Sequence[int], at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/vocabularies.py FOLDER")
    main(Path(sys.argv[1]))
