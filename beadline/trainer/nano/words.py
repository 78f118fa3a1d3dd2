"""The tokenizer of the built-in model, and how many tokens each source has. Knows no samples."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from beadline.context.retrieval.query import group_of
from beadline.errors import InputError
from beadline.trainer.corpus.storage import read_corpus
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.nano import corpus
from beadline.trainer.nano.parts import TOKENIZER
from beadline.trainer.nano.recipe import SHARES, VOCABULARY
from beadline.trainer.tokenizer import train_tokenizer

TOKENS = "tokens.json"
_LEARNED_FROM = 100_000_000
"""Characters that the merges are learned from; more changes them little and takes memory."""
_AT_ONCE = 1000

Tell = Callable[[str, int, int], None]


def make(work: Path, tell: Tell, *, size: int = VOCABULARY) -> dict[str, Any]:
    """Learn the tokenizer, unless it is there, and count the tokens of every source.

    Languages have their shares of what it is learned from, as they have of the samples. Raises
    `InputError` where another size was learned before.
    """
    from tokenizers import Tokenizer

    path = work / TOKENIZER
    if not path.exists():
        tell("learning the tokenizer", 0, 1)
        tokenizer = train_tokenizer(_texts(work), size)
        partial = path.with_name(f"{path.name}.part")
        tokenizer.save(str(partial))
        partial.replace(path)
        tell("learning the tokenizer", 1, 1)
    tokenizer = Tokenizer.from_file(str(path))
    if (learned := tokenizer.get_vocab_size(with_added_tokens=True)) != size:
        raise InputError(
            f"{path} has {learned:,} tokens, not {size:,}.", hint="Remove it to learn another."
        )
    return _count(work, tokenizer, tell)


def _texts(work: Path) -> Iterator[str]:
    """Texts of each group of languages up to its share, those drawn by their hash."""
    counted = corpus.read_report(work)["characters"]
    total: Counter[str] = Counter()
    for language, characters in counted.items():
        total[group_of(language)] += characters
    whole = sum(total[group] for group in SHARES)
    most = min(_LEARNED_FROM, whole)
    # A group that has less than its share gives all it has.
    kept = {
        group: min(1.0, most * SHARES[group] / total[group]) for group in SHARES if total[group]
    }
    for _, path in corpus.kept_files(work):
        for file in read_corpus(path):
            if _drawn(file) < kept.get(group_of(file.language), 0.0):
                yield file.text


def _drawn(file: CorpusFile) -> float:
    return int.from_bytes(hashlib.sha256(file.digest.encode()).digest()[:8], "big") / 2**64


def _count(work: Path, tokenizer: Any, tell: Tell) -> dict[str, Any]:
    path, expected = work / TOKENS, sum(corpus.read_report(work)["characters"].values())
    if path.exists():
        found = json.loads(path.read_text("utf-8"))
        if found["characters"] == expected:
            return found
    sources = list(corpus.kept_files(work))
    by_source: Counter[str] = Counter()
    by_language: Counter[str] = Counter()
    characters = 0
    for number, (name, kept) in enumerate(sources):
        tell("counting tokens", number, len(sources))
        files = read_corpus(kept)
        for start in range(0, len(files), _AT_ONCE):
            batch = files[start : start + _AT_ONCE]
            coded = tokenizer.encode_batch_fast(
                [file.text for file in batch], add_special_tokens=False
            )
            for file, each in zip(batch, coded, strict=True):
                by_source[name] += len(each)
                by_language[file.language] += len(each)
                characters += len(file.text)
    tell("counting tokens", len(sources), len(sources))
    total = by_source.total()
    found = {
        "vocabulary": tokenizer.get_vocab_size(with_added_tokens=True),
        "tokens": total,
        "characters": characters,
        "characters_per_token": round(characters / max(1, total), 3),
        "by_source": dict(by_source),
        "by_language": dict(by_language.most_common()),
    }
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(json.dumps(found, indent=1), "utf-8")
    partial.replace(path)
    return found
