"""The real vocabularies that `tests/vocabularies.py` laid out, opened once each."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from beadline.engine.fim.families import load
from beadline.engine.llama.native import Library, Model, load_library
from beadline.engine.llama.vocabulary import LlamaVocabulary

NAMES = (
    "starcoder2",
    "refact",
    "deepseek-coder",
    "qwen2.5-coder",
    "codellama",
    "aixcoder",
    "codestral",
    "llama-spm",
    "gpt-2",
)


def folder() -> Path:
    """Where they are: `BEADLINE_VOCABULARIES`, or `vocabularies/` in the environment's folder."""
    return Path(os.environ.get("BEADLINE_VOCABULARIES", Path(sys.prefix) / "vocabularies"))


@cache
def real(name: str) -> LlamaVocabulary:
    """A vocabulary through llama.cpp. Fails with what to run where it is missing."""
    path = folder() / f"{name}.gguf"
    assert path.is_file(), (
        f"{path} is missing: run `make test`, or `python tests/vocabularies.py {folder()}`"
    )
    return LlamaVocabulary(Model(_library(), path, vocab_only=True), load(None).token_texts())


@cache
def _library() -> Library:
    return load_library()
