"""Shards for pre-training from scratch: samples in one stream of tokens, cut to equal rows.

No mask keeps samples apart there, and the loss is on every token, as in the pre-training of most
published models. Knows no model.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import numpy as np

from beadline.engine.protocol import Layout
from beadline.trainer.samples.options import ALL, SampleOptions
from beadline.trainer.samples.stream import SampleStream
from beadline.trainer.structured_fim.sampler import RANDOM, Mix

LAYOUTS = ((Layout.ANCHORED, 0.65), (Layout.PSM, 0.15), (Layout.SPM, 0.20))
"""Shares of the orders among the samples with a hole; anchored is the one served."""
LEFT_TO_RIGHT = 0.25
_AT_ONCE = 8192
"""Samples that are drawn together, since a file that is parsed serves all of them."""
MIX: Mix = (
    ("rest_of_line", 0.34),
    ("node", 0.22),
    ("aligned", 0.10),
    ("statement", 0.10),
    ("block", 0.06),
    ("rest_of_block", 0.06),
    ("random", 0.05),
    ("empty", 0.07),
)
"""Kinds of holes the built-in model was made with."""


def pretraining_options(*, row_tokens: int = 1024, control: bool = False) -> SampleOptions:
    """Samples of the built-in model. `control`: PSM alone and random character spans, as most
    published models were trained: a control that tells what the anchored layout does to a model
    that never saw it."""
    return SampleOptions(
        sample_tokens=row_tokens,
        row_tokens=row_tokens,
        left_to_right=LEFT_TO_RIGHT,
        mix=RANDOM if control else MIX,
        layouts=((Layout.PSM, 1.0),) if control else LAYOUTS,
        snippet_share=0.0,
        healing=False,
        loss=ALL,
    )


def write_shards(
    stream: SampleStream,
    folder: Path,
    *,
    row_tokens: int,
    epochs: int,
    about: dict[str, object],
    shard_rows: int = 512,
) -> Generator[int, None, None]:
    """Write `shard-*.npy` (rows x row_tokens, uint16) one by one; yields the rows so far.

    The last shard holds what is left and may be shorter; of the tokens those are dropped that fill
    no row. Existing shards are kept, so an interrupted run resumes. `about` is noted beside them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "samples.json").write_text(json.dumps({**about, "epochs": epochs}), "utf-8")
    rows: list[list[int]] = []
    written = shard = 0
    for row in _rows(stream, row_tokens, epochs * stream.samples_per_epoch):
        rows.append(row)
        if len(rows) == shard_rows:
            written += _save(folder / f"shard-{shard:05d}.npy", rows)
            yield written
            rows.clear()
            shard += 1
    if rows:
        yield written + _save(folder / f"shard-{shard:05d}.npy", rows)


def _rows(stream: SampleStream, row_tokens: int, samples: int) -> Iterator[list[int]]:
    carry: list[int] = []
    for start in range(0, samples, _AT_ONCE):
        for sample in stream.batch(range(start, min(samples, start + _AT_ONCE))):
            carry += sample.ids.tolist()
            while len(carry) >= row_tokens:
                yield carry[:row_tokens]
                carry = carry[row_tokens:]


def _save(target: Path, rows: Sequence[Sequence[int]]) -> int:
    if not target.exists():
        unfinished = target.with_suffix(".part")
        with unfinished.open("wb") as handle:
            np.save(handle, np.asarray(rows, dtype=np.uint16))
        unfinished.replace(target)
    return len(rows)
