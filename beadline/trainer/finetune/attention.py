"""Several samples in one sequence that do not see one another. Knows no loss and no optimiser.

Block-diagonal causal attention (Abacus' block mask): samples stand one behind the other in a single
sequence, position ids start anew at each, and attention is computed within each. No mask of all
pairs is made, and nothing between two samples is computed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

NAME = "beadline_varlen"
"""Under which transformers knows our attention."""
TOLERANCE, HALF_TOLERANCE = 1e-3, 2e-2
"""Largest difference of logits, as a share of the largest, that two ways of computing the same
may have: in single precision, and in bfloat16, which has 8 bits."""
_PROBE = (7, 5, 9)
"""Lengths of the samples with which a model is tried."""


def use(model: PreTrainedModel) -> bool:
    """Have `model` compute attention within samples; False, and the model as it was, if it cannot.

    It is tried: a model may pass nothing on to its attention, keep a state that runs through all
    tokens, or need what ours does not compute.
    """
    import torch

    before: Any = model.config._attn_implementation
    tolerance = TOLERANCE if model.dtype is torch.float32 else HALF_TOLERANCE
    expected = _apart(model)
    _register()
    try:
        model.set_attn_implementation(NAME)
        taken = model.config._attn_implementation == NAME
        if taken and _agree(_together(model), expected, tolerance):
            return True
    except (ValueError, NotImplementedError, TypeError, KeyError):
        pass  # what transformers and the models raise for an attention they have no place for
    model.set_attn_implementation(before)
    return False


def _register() -> None:
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend)


def bounds(lengths: list[int], device: Any) -> dict[str, Any]:
    """What a model is given beside its tokens so that samples of these lengths are kept apart: the
    arguments of variable-length attention, by transformers' names."""
    import torch

    ends = torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32)
    ends = ends.to(device)
    longest = max(lengths)
    return {
        "cu_seq_lens_q": ends, "cu_seq_lens_k": ends,
        "max_length_q": longest, "max_length_k": longest,
    }  # fmt: skip


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention function: (batch, heads, tokens, width) in, tokens before heads out.

    With `cu_seq_lens_q` the batch is one sequence of samples; without, each row is one sample.
    """
    import torch

    if kwargs.get("softcap") is not None or kwargs.get("s_aux") is not None:
        raise NotImplementedError("attention with soft caps or sinks")
    ends = kwargs.get("cu_seq_lens_q")
    if ends is None:
        row = _within(query, key, value, dropout, scaling, sliding_window)
        return row.transpose(1, 2).contiguous(), None
    query, key, value = _in_one_type(query, key, value)
    longest = kwargs["max_length_q"]
    kernel = _kernel() if query.is_cuda and query.dtype is not torch.float32 else None
    narrow = sliding_window is not None and longest > sliding_window
    if kernel is not None and not narrow and not dropout:
        key, value = _all_heads(query, key), _all_heads(query, value)
        parts = (part[0].transpose(0, 1).contiguous() for part in (query, key, value))
        out = kernel(*parts, ends, ends, longest, longest, scale=scaling, window_size=(-1, 0))
        return out.unsqueeze(0), None
    cuts = ends.tolist()
    outputs = [
        _within(
            query[:, :, low:high], key[:, :, low:high], value[:, :, low:high],
            dropout, scaling, sliding_window,
        )
        for low, high in pairwise(cuts)
    ]  # fmt: skip
    return torch.cat(outputs, dim=2).transpose(1, 2).contiguous(), None


def _in_one_type(*parts: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """What attention is computed of, in the type that autocast computes in, where it is on.

    Rotary positions leave queries and keys in single precision beside values in half. Autocast
    knows torch's own attention and gives it one type, but not ours, which would never be fast.
    """
    import torch

    device = parts[0].device.type
    if not torch.is_autocast_enabled(device):
        return parts
    kind = torch.get_autocast_dtype(device)
    return tuple(part.to(kind) for part in parts)


def _within(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    dropout: float,
    scaling: float | None,
    window: int | None,
) -> torch.Tensor:
    """Causal attention over all tokens given, a window of the last ones where there is one."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    key, value = _all_heads(query, key), _all_heads(query, value)
    size = query.shape[2]
    mask = None
    if window is not None and size > window:
        at = torch.arange(size, device=query.device)
        distance = at[:, None] - at[None, :]
        mask = (distance >= 0) & (distance < window)
    return scaled_dot_product_attention(
        query, key, value, attn_mask=mask, dropout_p=dropout, scale=scaling, is_causal=mask is None
    )


def _all_heads(query: torch.Tensor, grouped: torch.Tensor) -> torch.Tensor:
    """Keys or values repeated for every query head of their group."""
    times = query.shape[1] // grouped.shape[1]
    return grouped if times == 1 else grouped.repeat_interleave(times, dim=1)


@lru_cache(maxsize=1)
def _kernel() -> Callable[..., Any] | None:
    """torch's variable-length flash attention, where this torch has one that we know to call."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    known = inspect.signature(varlen_attn).parameters
    if "window_size" in known:
        return varlen_attn
    return _older(varlen_attn) if "is_causal" in known else None


def _older(varlen_attn: Callable[..., Any]) -> Callable[..., Any]:
    """An older form of it: causal or not, and no scale of its own."""

    def call(
        query: torch.Tensor, *others: Any, scale: float | None, window_size: tuple[int, int]
    ) -> Any:
        assert window_size == (-1, 0), "windows other than causal attention's"
        usual = query.shape[-1] ** -0.5
        if scale is not None and scale != usual:
            query = query * (scale / usual)
        return varlen_attn(query, *others, is_causal=True)

    return call


def _samples(model: PreTrainedModel) -> list[torch.Tensor]:
    """A few token ids for each sample of the probe."""
    import torch

    generator = torch.Generator().manual_seed(0)
    embeddings: Any = model.get_input_embeddings()
    size = int(embeddings.num_embeddings)
    return [torch.randint(0, size, (1, n), generator=generator) for n in _PROBE]


def _apart(model: PreTrainedModel) -> torch.Tensor:
    """Logits of every sample by itself, one behind the other."""
    import torch

    with torch.no_grad(), _evaluating(model):
        rows = [
            model(input_ids=ids.to(model.device), use_cache=False).logits[0]
            for ids in _samples(model)
        ]
    return torch.cat(rows).float()


def _together(model: PreTrainedModel) -> torch.Tensor:
    """Logits of the samples in one sequence."""
    import torch

    ids = torch.cat(_samples(model), dim=1).to(model.device)
    positions = torch.cat([torch.arange(n) for n in _PROBE])[None].to(model.device)
    with torch.no_grad(), _evaluating(model):
        apart = bounds(list(_PROBE), model.device)
        logits = model(input_ids=ids, position_ids=positions, use_cache=False, **apart).logits
    return logits[0].float()


def _agree(found: torch.Tensor, expected: torch.Tensor, tolerance: float) -> bool:
    if found.shape != expected.shape:
        return False
    return bool((found - expected).abs().max() <= tolerance * expected.abs().max())


@contextmanager
def _evaluating(model: PreTrainedModel) -> Iterator[None]:
    """No dropout within; the mode it had is set again."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
