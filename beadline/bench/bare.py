"""llama.cpp alone: a loop around its decode, for comparison. Knows no requests and no processes."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from beadline.engine.llama.native import Context, Model, load_library
from beadline.engine.llama.sampling import as_indices
from beadline.evaluation.metrics import median

WIDEST = 9
"""Tokens of the widest batch that is measured; no draft makes a wider one."""


class Bare:
    """One context of the model in this process."""

    def __init__(
        self, path: Path, *, context_tokens: int, batch_tokens: int, threads: int, gpu_layers: int,
        extra_buffers: bool,
    ) -> None:  # fmt: skip
        """The parameters are those of the worker that it is compared with; which attention is
        left to llama.cpp. Raises as `Model`."""
        self._model = Model(
            load_library(), path, gpu_layers=gpu_layers, use_extra_bufts=extra_buffers
        )
        self._context = Context(
            self._model,
            context_tokens=context_tokens,
            sequences=1,
            batch_tokens=batch_tokens,
            threads=threads,
            batch_threads=threads,
            flash_attention=True,
        )
        self._prompt: Sequence[int] = ()

    def read(self, prompt: Sequence[int]) -> None:
        """Evaluate a prompt; the other methods go on from it."""
        context = self._context
        context.clear(0)
        for start in range(0, len(prompt), context.batch_tokens):
            context.decode(prompt[start : start + context.batch_tokens], start, 0)
        self._prompt = prompt

    def greedy(self, count: int, barred: Collection[int]) -> list[int]:
        """The most probable tokens behind the prompt, one by one."""
        never, tokens = as_indices(barred), []
        self._back()
        for _ in range(count):
            logits = self._context.logits()
            logits[never] = -np.inf
            tokens.append(int(logits.argmax()))
            self._decode(tokens[-1:], len(tokens) - 1)
        return tokens

    def seconds(self, tokens: Sequence[int]) -> float:
        """To decode the tokens behind the prompt, one by one, whatever they are."""
        self._back()
        began = time.perf_counter()
        for number, token in enumerate(tokens):
            self._decode([token], number)
            self._context.logits()
        return time.perf_counter() - began

    def widths(self, tokens: Sequence[int], rounds: int) -> dict[int, float]:
        """Seconds of one decode of so many tokens behind the prompt; medians of `rounds`."""
        times: dict[int, list[float]] = {width: [] for width in range(1, WIDEST + 1)}
        for _ in range(rounds):
            for width, taken in times.items():
                self._back()
                began = time.perf_counter()
                self._decode(tokens[:width], 0, outputs=width)
                self._context.logits()
                taken.append(time.perf_counter() - began)
        return {width: median(taken) for width, taken in times.items()}

    def close(self) -> None:
        """Free everything."""
        self._context.close()
        self._model.close()

    def _back(self) -> None:
        """Behind the prompt, whose last token is evaluated again for its logits."""
        last = len(self._prompt) - 1
        self._context.remove(0, last)
        self._context.decode(self._prompt[last:], last, 0)

    def _decode(self, tokens: Sequence[int], behind: int, *, outputs: int = 1) -> None:
        self._context.decode(tokens, len(self._prompt) + behind, 0, outputs=outputs)
