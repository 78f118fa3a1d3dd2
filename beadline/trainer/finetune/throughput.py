"""How fast the loop is against a bare forward and backward pass over the same tokens.

    python -m beadline.trainer.finetune.throughput [--model FILE|DIR] [--rows DIR] [--steps N]

Both train the same adapters in the same micro-batches. The bare loop is what one writes in ten
lines: rows as a batch, causal attention over whole rows, the loss of transformers, no optimiser.
The two take turns; the ratio is the median of five. Knows no repository.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from beadline.engine import models
from beadline.trainer.finetune import batch, model, resources
from beadline.trainer.finetune.batch import Rows
from beadline.trainer.finetune.loop import rows_per_step, tune
from beadline.trainer.finetune.options import Switch, TuneOptions
from beadline.trainer.finetune.rows import StoredRows
from beadline.trainer.finetune.threads import limit
from beadline.trainer.samples.packing import Row, row_of
from beadline.trainer.samples.tokens import IGNORED, Sample

ROUNDS = 5
_ROW_TOKENS = 2048
_LENGTHS = 120, 700
"""Of made-up samples: prompts of a window of the default size, a few with snippets."""
_LEARNED = 0.15
"""Share of their tokens."""


def made_up(count: int, vocabulary: int, seed: int = 1) -> list[Row]:
    """Rows of random tokens, packed as samples are."""
    rng = random.Random(seed)
    rows: list[Row] = []
    for _ in range(count):
        parts: list[Sample] = []
        room = _ROW_TOKENS
        while room >= _LENGTHS[0]:
            length = min(room, rng.randint(*_LENGTHS))
            ids = np.array([rng.randrange(vocabulary) for _ in range(length)], np.int32)
            labels = ids.copy()
            labels[: max(1, round((1 - _LEARNED) * length))] = IGNORED
            parts.append(Sample(ids, labels, "node"))
            room -= length
        rows.append(row_of(parts, _ROW_TOKENS, pad=0))
    return rows


def bare(base: Path, rows: Rows, options: TuneOptions, steps: int) -> float:
    """Tokens a second of forward and backward passes alone."""
    import torch

    device = _device()
    loaded = model.load(base, options, device, Path(tempfile.gettempdir()))
    torch.nn.Module.to(loaded, device)
    tuned = model.with_adapter(loaded, options)
    tuned.train()
    parts, tokens = _parts(rows, options, model.shape_of(base), steps)
    bf16 = model.wants_bf16(options, device)
    began = time.perf_counter()
    for part in parts:
        ids = torch.from_numpy(np.stack([row.ids for row in part]).astype(np.int64)).to(device)
        labels = torch.from_numpy(np.stack([row.labels for row in part]).astype(np.int64))
        with torch.autocast(device, torch.bfloat16, enabled=bf16):
            loss = tuned(input_ids=ids, labels=labels.to(device), use_cache=False).loss
        loss.backward()
        tuned.zero_grad(set_to_none=True)
    if device == "cuda":
        torch.cuda.synchronize()
    return tokens / (time.perf_counter() - began)


def ours(base: Path, rows: Rows, options: TuneOptions) -> float:
    """Tokens a second of the loop."""
    with tempfile.TemporaryDirectory() as folder:
        done = tune(base, rows, [], Path(folder), options)
    return done.tokens / done.seconds


def compare(base: Path, rows: Rows, options: TuneOptions, steps: int) -> dict[str, Any]:
    """Both, in turn; plain JSON values."""
    bares: list[float] = []
    loops: list[float] = []
    for _ in range(ROUNDS):
        bares.append(bare(base, rows, options, steps))
        loops.append(ours(base, rows, options))
    ratios = [loop / plain for loop, plain in zip(loops, bares, strict=True)]
    return {
        "base": base.name,
        "device": _device(),
        "steps": steps,
        "tokens": batch.tokens([rows[number] for number in range(len(rows))]),
        "bare_tokens_per_second": round(statistics.median(bares), 1),
        "loop_tokens_per_second": round(statistics.median(loops), 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }


def _parts(
    rows: Rows, options: TuneOptions, shape: model.Shape, steps: int
) -> tuple[list[Sequence[Row]], int]:
    """The micro-batches that the loop makes of its steps, and the tokens in them."""
    length = len(rows[0].ids)
    per_step = rows_per_step(options, length, len(rows), 1)
    micro = max(1, resources.micro_tokens(shape, options) // length)
    parts: list[Sequence[Row]] = []
    for first in range(0, steps * per_step, per_step):
        step = [rows[number] for number in range(first, first + per_step)]
        parts += [step[low : low + micro] for low in range(0, per_step, micro)]
    return parts, sum(batch.tokens(part) for part in parts)


def _device() -> str:
    import torch

    accelerator = torch.accelerator.current_accelerator()
    return accelerator.type if accelerator is not None else "cpu"


def main(arguments: list[str] | None = None) -> int:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(prog="beadline.trainer.finetune.throughput")
    parser.add_argument("--model", default="builtin", help="GGUF file, `builtin`, or a folder")
    parser.add_argument("--rows", type=Path, help="of a training (default: made up)")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--bf16", choices=[each.value for each in Switch], default="auto")
    args = parser.parse_args(arguments)
    base = Path(args.model) if Path(args.model).is_dir() else models.resolve(args.model)
    shape = model.shape_of(base)
    options = TuneOptions(
        max_steps=args.steps, patience=0, threads=args.threads, bf16=Switch(args.bf16),
        checkpoint_minutes=1e9, max_hours=0.0,
    ).for_model(shape.parameters)  # fmt: skip
    rows: Rows
    if args.rows is not None:
        rows = StoredRows(args.rows)
    else:
        per_step = max(1, options.batch_tokens // _ROW_TOKENS)
        rows = made_up(args.steps * per_step, shape.vocabulary)
    per_step = rows_per_step(options, len(rows[0].ids), len(rows), 1)
    steps = min(args.steps, len(rows) // per_step)
    limit(args.threads, 1)
    print(json.dumps(compare(base, rows, options, steps)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
