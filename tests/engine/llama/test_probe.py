"""What counts as a fault, and what a verdict is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.engine.llama.probe import (
    KEPT,
    Verdicts,
    died_of_fault,
    met_unknown_instruction,
    verdict_key,
)


@pytest.mark.parametrize(
    ("returncode", "fault"),
    [
        (-11, True),
        (-4, True),
        (-6, True),
        (0xC0000005, True),
        (0xC000001D, True),
        (-9, False),
        (-15, False),
        (0, False),
        (1, False),
        (None, False),
    ],
)
def test_being_killed_is_no_fault(returncode: int | None, fault: bool) -> None:
    assert died_of_fault(returncode) is fault


def test_a_verdict_is_about_library_and_model(tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"one")
    key = verdict_key("library 1", model, 0)
    assert key == verdict_key("library 1", model, 0)
    assert key != verdict_key("library 2", model, 0)
    assert key != verdict_key("library 1", model, -1)
    model.write_bytes(b"another")
    assert key != verdict_key("library 1", model, 0)


def test_verdicts_survive_the_process_and_stay_few(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "probe.json"
    verdicts = Verdicts(file)
    for number in range(KEPT + 20):
        verdicts.put(str(number), number % 2 == 0)
    fresh = Verdicts(file)
    assert fresh.get("0") is None
    assert fresh.get(str(KEPT + 18)) is True
    assert fresh.get(str(KEPT + 19)) is False
    assert [path.name for path in file.parent.iterdir()] == ["probe.json"]


def test_a_file_of_brackets_is_a_damaged_one(tmp_path: Path) -> None:
    file = tmp_path / "probe.json"
    file.write_bytes(b"[" * 100_000)
    verdicts = Verdicts(file)
    assert verdicts.get("key") is None
    verdicts.put("key", True)
    assert Verdicts(file).get("key") is True


@pytest.mark.parametrize(
    ("returncode", "unknown"),
    [(-4, True), (0xC000001D, True), (-11, False), (0xC0000005, False), (0, False), (None, False)],
)
def test_an_instruction_that_this_processor_lacks(returncode: int | None, unknown: bool) -> None:
    assert met_unknown_instruction(returncode) is unknown
