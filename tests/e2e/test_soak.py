"""A thousand requests of the soak; `make soak` sends ten times as many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.soak import soak

REQUESTS = 1000
SEED = os.environ.get("BEADLINE_SOAK_SEED", "1")


@pytest.mark.slow
async def test_a_days_work(tmp_path: Path, model_path: Path) -> None:
    summary = await soak(tmp_path, requests=REQUESTS, seed=SEED, model=model_path)
    print(summary)
    assert summary.asked >= REQUESTS
    # What was not met was not checked.
    assert summary.kills > 1
    for answered in ("items", "empty", "cancelled"):
        assert summary.answers[answered] > REQUESTS / 50
    for source in ("model", "typed", "exact"):
        assert summary.sources[source]
