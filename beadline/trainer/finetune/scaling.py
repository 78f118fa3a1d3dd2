"""How much of a tuned adapter is used, so that it forgets little. Knows no rows and no optimiser.

Between the weights before and after tuning lie models that keep most of what was won here and lose
less elsewhere (Wortsman et al. 2021, arXiv 2109.01903; of an adapter: Personal Copilot merges it
with weight 0.8). How far to go is chosen on general code that is neither trained on nor proved on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

SCALES = (1.0, 0.85, 0.7, 0.55, 0.4)
MOST_RISE = 0.005
"""By how much the loss on that code may rise, as a share: a quarter of what the gate lets through,
whose bound is that of an interval."""


def choose(loss: Callable[[float], float]) -> float:
    """The largest of `SCALES` at which the loss on general code is near that of the base, or the
    smallest one. `loss`: by the scale; 0 is the base."""
    most = (1 + MOST_RISE) * loss(0.0)
    return next((scale for scale in SCALES[:-1] if loss(scale) <= most), SCALES[-1])


@contextmanager
def scaled(model: torch.nn.Module, scale: float) -> Iterator[None]:
    """The model with its adapters' changes times `scale`, within."""
    from peft.tuners.lora import LoraLayer

    before = [
        (layer, dict(layer.scaling)) for layer in model.modules() if isinstance(layer, LoraLayer)
    ]
    try:
        for layer, factors in before:
            layer.scaling.update({name: scale * factor for name, factor in factors.items()})
        yield
    finally:
        for layer, factors in before:
            layer.scaling.update(factors)
