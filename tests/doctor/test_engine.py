"""What the answers of a loaded model mean."""

from __future__ import annotations

from dataclasses import replace

import pytest

from beadline.doctor import engine
from beadline.doctor.engine import Answer, Findings
from beadline.doctor.report import Check, Status
from beadline.engine.protocol import ModelInfo, Usage
from beadline.settings import EngineOptions

INFO = ModelInfo(
    path="m.gguf", name="m", family="f", architecture="a", context_tokens=4096, parameters=1,
    vocabulary_size=1, build="build 1", details={"threads": "4", "partial_removal": "yes"},
)  # fmt: skip
COLD = Usage(prompt_tokens=400, evaluated_tokens=400, prompt_ms=200.0)
WARM = Usage(prompt_tokens=400, reused_tokens=399, evaluated_tokens=1)
LONG = Usage(prompt_tokens=20, generated_tokens=41, generate_ms=1000.0)
GOOD = Findings(INFO, Answer("a + b", COLD), Answer("", COLD), Answer("", WARM), Answer("", LONG))


def checked(found: Findings, extra_buffers: str = "auto") -> dict[str, Check]:
    options = EngineOptions(extra_buffers=extra_buffers)
    return {check.name: check for check in engine.checks(found, options)}


def test_all_is_well() -> None:
    checks = checked(GOOD)
    assert {check.status for check in checks.values()} == {Status.OK}
    assert checks["engine"].what == "build 1"
    assert "4 threads" in checks["place"].what and "4096" in checks["place"].what
    assert "a + b" in checks["golden"].what
    assert dict(checks["speed"].values) == {
        "prompt_tokens_per_second": 2000.0, "generated_tokens_per_second": 40.0
    }  # fmt: skip


def test_the_fallback_of_fast_buffers() -> None:
    safe = replace(GOOD, info=replace(INFO, safe_parameters=True))
    found = checked(safe)["probe"]
    assert found.status is Status.WARNING and "AMX" in found.what
    assert "extra_buffers" in found.todo
    assert checked(safe, extra_buffers="off")["probe"].status is Status.OK


def test_what_was_given_up_for_memory() -> None:
    details = {**INFO.details, "fallback": "memory did not suffice: it runs with the CPU"}
    found = checked(replace(GOOD, info=replace(INFO, details=details)))["place"]
    assert found.status is Status.WARNING
    assert "memory did not suffice" in found.what and "engine.gpu_layers" in found.todo


def test_a_draft_model_that_is_not_used_is_told() -> None:
    details = {**INFO.details, "draft_model_missing": "the draft model d.gguf is not used: why"}
    found = checked(replace(GOOD, info=replace(INFO, details=details)))["drafts"]
    assert found.status is Status.WARNING
    assert "d.gguf" in found.what and "engine.draft_model" in found.todo


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("a + b", True),
        (" a+b  # sum", True),
        ("", False),
        ("\n  ", False),
        ("<fim_suffix>", False),
        ("```python", False),
        ("a + b\x00", False),
    ],
)
def test_the_golden_hole(text: str, filled: bool) -> None:
    found = checked(replace(GOOD, golden=Answer(text, COLD)))["golden"]
    assert found.status is (Status.OK if filled else Status.WARNING)
    assert found.values["filled"] is filled and found.values["text"] == text


def test_a_prompt_that_is_not_reused() -> None:
    recurrent = replace(INFO, details={"partial_removal": "no"})
    for found in (replace(GOOD, second=Answer("", COLD)), replace(GOOD, info=recurrent)):
        check = checked(found)["reuse"]
        assert check.status is Status.WARNING and "cannot reuse" in check.what


def test_speed_is_told_where_it_can_be() -> None:
    slow = replace(LONG, generate_ms=10_000.0)
    found = checked(replace(GOOD, written=Answer("", slow)))["speed"]
    assert found.status is Status.WARNING and found.values["generated_tokens_per_second"] == 4.0
    short = replace(LONG, generated_tokens=2)
    found = checked(replace(GOOD, written=Answer("", short)))["speed"]
    assert found.status is Status.OK and "too few" in found.what
