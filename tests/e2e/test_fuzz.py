"""The fuzzer of tests/lsp against the real engine: fewer messages, the whole way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lsp.test_fuzz import SEEDS, fuzz

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_random_messages_and_a_real_model(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache_dir: Path
) -> None:
    monkeypatch.setenv("BEADLINE_CACHE_DIR", str(cache_dir))
    monkeypatch.setenv("BEADLINE_ENGINE__THREADS", "1")
    answers = await fuzz(f"real {SEEDS[0]}", encoding, 600, tmp_path, engine="real")
    assert answers["items"] > 0
