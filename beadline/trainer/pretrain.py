"""Pre-training of a small Llama-architecture model on token shards. Knows no text and no tokenizer.

Schedule: Abacus' WCL (linear warm-up, cosine that does not reach its minimum, linear decay).
Checkpoints are complete (weights, optimiser, step) and every run resumes from the newest.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from beadline.trainer.finetune.schedule import Plan, Schedule

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM


@dataclass(frozen=True)
class ModelShape:
    """A Llama-architecture model; tied embeddings, grouped-query attention."""

    vocabulary: int
    hidden: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    feed_forward: int = 768
    context: int = 1024


@dataclass(frozen=True)
class PretrainOptions:
    """How long and how fast."""

    batch_rows: int = 8
    max_lr: float = 2.5e-3
    min_lr: float = 1e-4
    warmup_steps: int = 100
    total_steps: int = 1500
    decay_share: float = 0.25
    """Share of the steps in the final linear phase."""
    weight_decay: float = 0.05
    clip: float = 1.0
    checkpoint_steps: int = 100
    bf16: bool = False
    """Autocast; about 5x on CPUs with AMX, slower than fp32 on those without bf16 units."""
    compile: bool = True
    threads: int = 0


def plan_of(options: PretrainOptions) -> Plan:
    """Learning rates of a run."""
    return Plan(
        Schedule.WCL,
        options.total_steps,
        options.max_lr,
        options.min_lr,
        options.warmup_steps,
        round(options.total_steps * options.decay_share),
    )


def new_model(shape: ModelShape, seed: int) -> LlamaForCausalLM:
    """A freshly initialised model of this shape."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.hidden,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.kv_heads,
            intermediate_size=shape.feed_forward,
            max_position_embeddings=shape.context,
            tie_word_embeddings=True,
            rms_norm_eps=1e-5,
        )
    )


def pretrain(
    shards: Path,
    output: Path,
    shape: ModelShape,
    options: PretrainOptions,
    *,
    seed: int = 0,
    report: Callable[[int, float, float], None] | None = None,
) -> LlamaForCausalLM:
    """Train (or go on training) on `shards/*.npy`, checkpoints in `output`.

    `report(step, loss, tokens_per_second)` is called after every step. Ctrl-C loses nothing
    but the steps since the last checkpoint.
    """
    import torch

    if options.threads:
        torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = new_model(shape, seed)
    torch.nn.Module.to(model, device)
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in model.parameters() if p.dim() > 1]},
            {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0.0},
        ],
        lr=options.max_lr,
        betas=(0.9, 0.95),
        weight_decay=options.weight_decay,
        fused=True,
    )
    output.mkdir(parents=True, exist_ok=True)
    (output / "run.json").write_text(
        json.dumps({"shape": asdict(shape), "options": asdict(options), "seed": seed}, indent=1)
    )
    step = _resume(output, model, optimiser, device)
    forward = torch.compile(model) if options.compile else model
    batches = _batches(shards, options.batch_rows, step)
    plan = plan_of(options)
    smooth = 0.0
    model.train()
    while step < options.total_steps:
        started = time.perf_counter()
        rows = torch.from_numpy(next(batches).astype(np.int64)).to(device)
        for group in optimiser.param_groups:
            group["lr"] = plan.rate(step)
        with torch.autocast(device, torch.bfloat16, enabled=options.bf16):
            loss = forward(input_ids=rows, labels=rows).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), options.clip)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        step += 1
        value = loss.item()
        smooth = value if not smooth else 0.95 * smooth + 0.05 * value
        if report is not None:
            report(step, smooth, rows.numel() / (time.perf_counter() - started))
        if step % options.checkpoint_steps == 0 or step == options.total_steps:
            save_checkpoint(output, model, optimiser, step)
    return model


def save_checkpoint(
    output: Path, model: LlamaForCausalLM, optimiser: torch.optim.Optimizer, step: int
) -> None:
    """Write weights (safetensors), optimiser and step; the old checkpoint goes last."""
    import torch

    target = output / "checkpoint"
    partial = output / "checkpoint.part"
    model.save_pretrained(partial)
    torch.save({"optimiser": optimiser.state_dict(), "step": step}, partial / "state.pt")
    old = output / "checkpoint.old"
    _remove(old)
    if target.exists():
        target.rename(old)
    partial.rename(target)
    _remove(old)


def load_model(checkpoint: Path) -> LlamaForCausalLM:
    """Weights of a checkpoint folder, on the CPU, float32."""
    from transformers import LlamaForCausalLM

    return LlamaForCausalLM.from_pretrained(checkpoint)


def _resume(
    output: Path, model: LlamaForCausalLM, optimiser: torch.optim.Optimizer, device: str
) -> int:
    import torch
    from safetensors.torch import load_model as load_weights

    folder = output / "checkpoint"
    if not folder.exists():
        folder = output / "checkpoint.old"
    if not folder.exists():
        return 0
    load_weights(model, str(folder / "model.safetensors"), strict=False)
    state = torch.load(folder / "state.pt", map_location=device, weights_only=True)
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])


def _batches(shards: Path, batch_rows: int, skip: int) -> Iterator[np.ndarray]:
    """Batches in shard order, over and over; shards that appear later are picked up."""
    index = 0
    while True:
        paths = sorted(shards.glob("shard-*.npy"))
        if not paths:
            raise FileNotFoundError(f"no shards in {shards}")
        rows = np.load(paths[index % len(paths)], mmap_mode="r")
        for start in range(0, len(rows) - batch_rows + 1, batch_rows):
            if skip:
                skip -= 1
                continue
            yield np.asarray(rows[start : start + batch_rows])
        if all(len(np.load(path, mmap_mode="r")) < batch_rows for path in paths):
            raise ValueError(f"no shard in {shards} holds a batch of {batch_rows} rows")
        index += 1


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
