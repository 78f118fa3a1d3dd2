"""Corpus files -> token rows in shards on disk. Draws and renders; knows no model and no loss.

Rows are packed: samples follow one another, cut to equal length.
Rendering is `engine.fim.render`, the code that serves.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document
from beadline.engine.fim.render import Budget, render
from beadline.engine.protocol import FimRequest, Layout
from beadline.trainer.corpus import SourceFile
from beadline.trainer.structured_fim import Hole, HoleSampler, draw_anchor, random_span
from beadline.trainer.tokenizer import TokenizerVocabulary

LAYOUTS = ((Layout.ANCHORED, 0.65), (Layout.PSM, 0.15), (Layout.SPM, 0.20))
"""Shares of the orders among the FIM samples; anchored is the one served."""
LEFT_TO_RIGHT = 0.25
"""Share of samples that are plain text after the header (SFIM 70-75 %, aiXcoder)."""


@dataclass(frozen=True)
class SampleOptions:
    """Sizes of rows, windows and shards."""

    row_tokens: int = 1024
    """Length of a training row; no sample is longer."""
    prefix_chars: int = 1800
    suffix_chars: int = 600
    shard_rows: int = 512
    pool_samples: int = 20_000
    """Samples that are shuffled together; a small pool leaves neighbours from the same files."""
    chars_per_sample: int = 900
    """One sample is drawn per so many characters of a file."""
    control: bool = False
    """PSM alone and random character spans, as most published models were trained: a control that
    tells what the anchored layout does to a model that never saw it."""

    @property
    def layouts(self) -> Sequence[tuple[Layout, float]]:
        return ((Layout.PSM, 1.0),) if self.control else LAYOUTS


def file_samples(
    file: SourceFile,
    vocabulary: TokenizerVocabulary,
    trees: SyntaxTrees,
    options: SampleOptions,
    rng: random.Random,
) -> Iterator[list[int]]:
    """Token ids of the samples drawn from one file; the end token stands where a text ends."""
    draw: Callable[[random.Random], Hole | None]
    if options.control:
        draw = partial(random_span, file.text, options.prefix_chars + options.suffix_chars)
    else:
        tree = trees.parse(Document(file.path, file.path, "python", file.text, file.repo))
        if tree is None:
            return
        draw = HoleSampler(tree).draw
    for _ in range(1 + len(file.text) // options.chars_per_sample):
        if rng.random() < LEFT_TO_RIGHT:
            yield left_to_right(file, vocabulary, options, rng)
        elif (hole := draw(rng)) is not None:
            request, middle = fim_request(file, hole.start, hole.end, options, rng)
            yield fim_sample(request, middle, vocabulary, options.row_tokens)


def fim_request(
    file: SourceFile, start: int, end: int, options: SampleOptions, rng: random.Random
) -> tuple[FimRequest, str]:
    """The request a server would send with the cursor at `start`, and the true middle."""
    text = file.text
    low = max(0, start - rng.randint(options.prefix_chars // 6, options.prefix_chars))
    low = 0 if low == 0 else min(start, text.find("\n", low) + 1 or start)
    high = min(len(text), end + rng.randint(0, options.suffix_chars))
    high = len(text) if high == len(text) else max(end, text.rfind("\n", end, high) + 1)
    names, shares = zip(*options.layouts, strict=True)
    layout = rng.choices(names, shares)[0]
    request = FimRequest(
        prefix=text[low:start],
        suffix=text[end:high],
        anchor=draw_anchor(rng, text, start, low) - low,
        path=file.path,
        repo=file.repo,
        layout=layout,
        max_tokens=options.row_tokens // 4,
    )
    return request, text[start:end]


def fim_sample(
    request: FimRequest, middle: str, vocabulary: TokenizerVocabulary, row_tokens: int
) -> list[int]:
    """Prompt as served, middle, end token; a middle cut for length has not ended."""
    budget = Budget(context=row_tokens, prefix=row_tokens // 2, suffix=row_tokens // 4)
    prompt = render(request, vocabulary.form, vocabulary, budget)
    ids = [*vocabulary.encode(middle), vocabulary.end]
    return [*prompt.tokens, *ids[: row_tokens // 4]]


def left_to_right(
    file: SourceFile, vocabulary: TokenizerVocabulary, options: SampleOptions, rng: random.Random
) -> list[int]:
    """A stretch of the file after its repository header; the end token only at the file's end."""
    start = 0 if rng.random() < 0.3 else rng.randrange(len(file.text))
    start = file.text.rfind("\n", 0, start) + 1
    end = min(len(file.text), start + options.prefix_chars)
    request = FimRequest(
        prefix=file.text[start:end],
        suffix="",
        path=file.path,
        repo=file.repo,
        layout=Layout.LEFT_TO_RIGHT,
        max_tokens=1,
    )
    budget = Budget(context=options.row_tokens, prefix=options.row_tokens, suffix=0)
    ids = list(render(request, vocabulary.form, vocabulary, budget).tokens)
    if end == len(file.text):
        ids.append(vocabulary.end)
    return ids[: options.row_tokens]


def write_shards(
    files: Sequence[SourceFile],
    vocabulary: TokenizerVocabulary,
    folder: Path,
    options: SampleOptions,
    *,
    seed: int,
    epochs: int,
) -> Iterator[int]:
    """Write `shard-*.npy` (rows x row_tokens, uint16) one by one; yields the rows so far.

    The last shard holds what is left and may be shorter. Existing shards are kept, so an
    interrupted run resumes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    about = {"seed": seed, "epochs": epochs, "control": options.control}
    (folder / "samples.json").write_text(json.dumps(about))
    rows: list[list[int]] = []
    written = shard = 0
    for row in _rows(files, vocabulary, options, seed, epochs):
        rows.append(row)
        if len(rows) == options.shard_rows:
            written += _save(folder / f"shard-{shard:05d}.npy", rows)
            yield written
            rows.clear()
            shard += 1
    if rows:
        yield written + _save(folder / f"shard-{shard:05d}.npy", rows)


def _save(target: Path, rows: list[list[int]]) -> int:
    if not target.exists():
        unfinished = target.with_suffix(".part")
        with unfinished.open("wb") as handle:
            np.save(handle, np.asarray(rows, dtype=np.uint16))
        unfinished.replace(target)
    return len(rows)


def _rows(
    files: Sequence[SourceFile],
    vocabulary: TokenizerVocabulary,
    options: SampleOptions,
    seed: int,
    epochs: int,
) -> Iterator[list[int]]:
    """Packed rows of all epochs; the last incomplete row is dropped."""
    carry: list[int] = []
    trees = SyntaxTrees()
    for epoch in range(epochs):
        rng = random.Random(f"{seed}/{epoch}")
        order = list(files)
        rng.shuffle(order)
        pool: list[np.ndarray] = []
        for file in order:
            samples = file_samples(file, vocabulary, trees, options, rng)
            pool.extend(np.asarray(sample, dtype=np.uint16) for sample in samples)
            if len(pool) < options.pool_samples and file is not order[-1]:
                continue
            rng.shuffle(pool)
            for sample in pool:
                carry += sample.tolist()
                while len(carry) >= options.row_tokens:
                    yield carry[: options.row_tokens]
                    carry = carry[options.row_tokens :]
            pool.clear()
