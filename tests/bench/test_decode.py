"""`beadline bench decode` on a small folder of code and the real engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beadline.bench.bare import WIDEST, Bare
from beadline.engine.models import BUILTIN_FILE
from tests.cli import run

CODE = "\n\n".join(
    f"def total_{n}(values):\n    result = {n}\n    for value in values:\n"
    f"        result = result + value * {n}\n    return result"
    for n in range(12)
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    code = tmp_path / "code"
    code.mkdir()
    (code / "totals.py").write_text(CODE + "\n", encoding="utf-8")
    return code


@pytest.mark.slow
def test_the_report_and_its_numbers(folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = run(
        "bench", "decode", "--repo", folder, "--language", "python", "--threads", 1,
        "--prompts", 1, "--holes", 3, "--tokens", 4, "--cancels", 2, "--json", report,
    )  # fmt: skip
    assert done.code == 0, done.err
    found = json.loads(report.read_text(encoding="utf-8"))
    assert set(found["over_bare"]["4"]) >= {"plain", "drafting", "decode_ms"}
    assert list(found["widths"]) == [str(width) for width in range(1, WIDEST + 1)]
    assert found["widths"]["1"] == 1
    drafts = found["drafts"]
    assert 0 < drafts["holes"] == drafts["same_text"] <= 3
    assert 0 <= drafts["accepted"] <= drafts["drafted"]
    assert found["cancelled"]["decoding"]["cancels"] == 2
    assert set(found["cancelled"]) == {"evaluating", "decoding"}
    assert "tokens/s without drafts" in done.out.replace("\n", " ")


def test_nothing_to_measure_is_told(folder: Path) -> None:
    done = run("bench", "decode", "--repo", folder, "--tokens", 1)
    assert done.code != 0
    assert "nothing to measure" in done.err


def test_the_bare_loop_goes_back_to_the_prompt() -> None:
    bare = Bare(
        BUILTIN_FILE, context_tokens=256, batch_tokens=32, threads=1, gpu_layers=0,
        extra_buffers=True,
    )  # fmt: skip
    bare.read(list(range(300, 350)))
    tokens = bare.greedy(4, ())
    assert bare.seconds(tokens) > 0
    assert bare.greedy(4, ()) == tokens
    assert tokens[0] not in bare.greedy(4, {tokens[0]})
    bare.close()
