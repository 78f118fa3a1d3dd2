"""The tokenizer and the prompt form of a GGUF as the server has them. Loads no weights, no texts.

llama.cpp itself tokenises: what is trained is, token by token, what is served.
"""

from __future__ import annotations

from pathlib import Path

from beadline.engine import models, verdicts
from beadline.engine.fim import detect, families
from beadline.engine.fim.detect import Detected
from beadline.engine.fim.families import FALLBACK
from beadline.engine.llama.native import Model, load_library
from beadline.engine.llama.vocabulary import LlamaVocabulary
from beadline.engine.llama.worker import CONTEXT_TOKENS
from beadline.errors import ModelError
from beadline.settings import EngineOptions
from beadline.trainer.vocabulary import end_of


class ServedVocabulary(LlamaVocabulary):
    """Implements `vocabulary.TrainingVocabulary` over a GGUF file."""

    def __init__(self, path: Path, options: EngineOptions) -> None:
        """`options`: those that the model is served with. Raises `ModelError` for a file that
        llama.cpp cannot read, and for a model that cannot fill holes; `EngineError` without
        llama.cpp."""
        models.check(path, family=options.family, layout=options.layout)
        table = families.load(families.user_folder())
        super().__init__(Model(load_library(), path, vocab_only=True), table.token_texts())
        self.form: Detected = detect.detect(
            self, table, family=options.family, layout=options.layout,
            verdict=verdicts.measured(path), file_name=path.stem,
        )  # fmt: skip
        if self.form.family.name == FALLBACK:
            raise ModelError(
                f"{path.name} cannot fill holes: it has no fill-in-the-middle tokens that beadline "
                "knows, so it cannot be tuned to.",
                hint="Choose a model that has (`beadline models inspect` says so), with --model.",
            )
        self.end: int = end_of(self.form, self)


def context_of(header_context: int, options: EngineOptions) -> int:
    """Tokens of the context that a server opens, of a model with a context of so many."""
    return min(options.context_tokens or CONTEXT_TOKENS, header_context or CONTEXT_TOKENS)
