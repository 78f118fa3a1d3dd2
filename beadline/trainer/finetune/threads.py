"""How many threads and processes a training uses. Knows the machine, no model.

One number caps everything: what draws samples, tunes and proves takes turns, and each uses that
many cores at most, on all processes together.
"""

from __future__ import annotations

import os

from beadline.engine.llama.threads import decoding_threads

_LIBRARIES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""What libraries read when they are loaded."""


def cores(wanted: int) -> int:
    """`wanted` threads; 0: the physical cores that this process may use. Two threads of one core
    share its floating-point units."""
    return wanted or decoding_threads()


def limit(wanted: int, processes: int) -> None:
    """Have torch compute on so many threads in this process, one of `processes` on this machine
    that share the cores. Nothing draws samples meanwhile: the cores are torch's alone."""
    import torch

    torch.set_num_threads(max(1, cores(wanted) // processes))


def environment(count: int) -> dict[str, str]:
    """The environment of a child whose libraries use `count` threads."""
    return {**os.environ, **dict.fromkeys(_LIBRARIES, str(count))}
