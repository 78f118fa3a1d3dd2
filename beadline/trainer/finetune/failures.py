"""What goes wrong while a model is tuned, in words. Knows no loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from beadline.errors import BeadlineError

_SIGNS = ("allocate memory", "not enough memory")
"""Words of torch's CPU allocator, which raises no error of its own kind."""


@contextmanager
def memory_told() -> Iterator[None]:
    """What torch says when memory does not suffice, as a `BeadlineError`."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as exc:
        raise _too_large() from exc
    except RuntimeError as exc:
        if not any(sign in str(exc) for sign in _SIGNS):
            raise
        raise _too_large() from exc


def diverged(step: int) -> BeadlineError:
    """The loss of the step with this number (from 0) is infinite, or no number."""
    return BeadlineError(
        f"Training failed: the loss of step {step + 1} is no number.",
        hint="Start again with a smaller --learning-rate.",
    )


def _too_large() -> BeadlineError:
    return BeadlineError(
        "Memory did not suffice for training; what was done is kept.",
        hint="Go on with --gradient-checkpointing, --micro-tokens 1024 or a smaller model.",
    )
