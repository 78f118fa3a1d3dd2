"""Streams of small corpora for the tests of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from beadline.context.types import Document, Snippet
from beadline.settings import ContextOptions
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.samples.options import SampleOptions
from beadline.trainer.samples.stream import SampleStream
from beadline.trainer.tokenizer import TokenizerVocabulary

SMALL = SampleOptions(
    sample_tokens=512, context=ContextOptions(prefix_tokens=160, suffix_tokens=60)
)
"""Windows that are smaller than the files of the tests."""


def options(**changes: Any) -> SampleOptions:
    return replace(SMALL, **changes)


def corpus(texts: Sequence[str]) -> list[CorpusFile]:
    return [
        CorpusFile.of(f"pkg/m{number}.py", "python", text, "repo")
        for number, text in enumerate(texts)
    ]


def stream(
    texts: Sequence[str], tokenizer: Any, made: SampleOptions = SMALL, *, seed: int = 1,
    search: Any = None,
) -> SampleStream:  # fmt: skip
    return SampleStream(corpus(texts), TokenizerVocabulary(tokenizer), made, seed, search=search)


class Found:
    """A search that always finds the same; remembers what it was asked."""

    def __init__(self, *found: Snippet) -> None:
        self.found = found
        self.asked: list[tuple[Document, int, int]] = []

    def alone(
        self, document: Document, offset: int, *, max_chars: int, tree: object = None
    ) -> tuple[Snippet, ...]:
        self.asked.append((document, offset, max_chars))
        return self.found
