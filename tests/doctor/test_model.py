"""The model file against the machine, and what is said about its prompts."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.doctor import model
from beadline.doctor.machine import Memory
from beadline.doctor.report import Check, Status
from beadline.engine.gguf import GgufHeader, Scalar, read_header
from beadline.engine.llama.native import Library, load_library
from beadline.engine.protocol import ModelInfo
from beadline.errors import ModelError
from beadline.settings import EngineOptions

GIGABYTE = 1_000_000_000


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


def header(**numbers: int) -> GgufHeader:
    values: dict[str, Scalar] = {"general.architecture": "a"}
    values |= {f"a.{key.replace('__', '.')}": number for key, number in numbers.items()}
    return GgufHeader(Path("m.gguf"), 3, 1000, values, {}, (), 0)


def test_keys_and_values_of_a_token() -> None:
    shape = {"block_count": 28, "embedding_length": 1536, "attention__head_count": 12}
    # Qwen2.5-Coder 1.5B: 28 KiB a token.
    grouped = header(**shape, attention__head_count_kv=2)
    assert model.kv_bytes_per_token(grouped) == 28 * 1024
    assert model.kv_bytes_per_token(header(**shape)) == 6 * 28 * 1024
    wide = header(**shape, attention__head_count_kv=2, attention__key_length=256,
                  attention__value_length=128)  # fmt: skip
    assert model.kv_bytes_per_token(wide) == 2 * 28 * 2 * (256 + 128)
    assert model.kv_bytes_per_token(header(block_count=28)) == 0


def test_what_is_needed(model_path: Path) -> None:
    weights, rest = model.needed_bytes(model_path, EngineOptions())
    assert weights == model_path.stat().st_size
    _, more = model.needed_bytes(model_path, EngineOptions(context_tokens=100_000))
    assert 0 < rest < more


def test_scratch_memory_is_what_llama_cpp_logs_for_the_built_in_model(model_path: Path) -> None:
    # "CPU compute buffer size = 13.00 MiB" with 512 tokens a batch.
    assert model.compute_bytes(read_header(model_path)) == 13 << 20


@pytest.mark.parametrize(
    ("machine", "gpu", "status"),
    [
        (Memory(32 * GIGABYTE, 16 * GIGABYTE), 0, Status.OK),
        (Memory(32 * GIGABYTE, 2 * GIGABYTE), 0, Status.WARNING),
        (Memory(3 * GIGABYTE, 2 * GIGABYTE), 0, Status.ERROR),
        (Memory(3 * GIGABYTE, 2 * GIGABYTE), 29, Status.OK),
        (Memory(32 * GIGABYTE, 0), 0, Status.OK),
        (Memory(0, 0), 0, Status.OK),
    ],
)
def test_a_model_against_memory(machine: Memory, gpu: int, status: Status) -> None:
    check = model.memory(4 * GIGABYTE, GIGABYTE, machine, layers_on_gpu=gpu)
    assert check.status is status
    assert check.values["needed_bytes"] == 5 * GIGABYTE


def info(**details: str) -> ModelInfo:
    return ModelInfo(
        path="m.gguf", name="m", family="qwen", architecture="qwen2", context_tokens=8192,
        parameters=1, vocabulary_size=1, build="b", details=details,
    )  # fmt: skip


def prompts(*, filled: bool = True, **details: str) -> dict[str, Check]:
    return {check.name: check for check in model.prompts(info(**details), filled=filled)}


def test_base_or_instruct() -> None:
    assert prompts(kind="base")["kind"].status is Status.OK
    assert prompts(kind="instruct")["kind"].status is Status.OK
    assert "instruct" in prompts(kind="instruct")["kind"].what
    unfit = prompts(kind="instruct", filled=False)["kind"]
    assert unfit.status is Status.WARNING and "base model" in unfit.todo
    assert "not said" in prompts()["kind"].what


def test_family_and_layout() -> None:
    known = prompts(family_from="tokens", layouts="anchored, psm")["family"]
    assert known.status is Status.OK
    assert "qwen" in known.what and "anchored" in known.what
    measured = prompts(layouts="psm, anchored", layout_from="verdict")["family"]
    assert "as measured by `beadline bench layout`" in measured.what
    assert measured.values["layout_from"] == "verdict"
    blind = prompts(family_from="none", layouts="left_to_right")["family"]
    assert blind.status is Status.WARNING and "engine.family" in blind.todo


def test_no_model_says_which_there_are(model_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        model.file(EngineOptions(model="no-such-model"))
    assert "beadline-nano" in model.advice_for(caught.value)
    found = model.file(EngineOptions(model=str(model_path)))
    assert found.status is Status.OK and found.values["path"] == str(model_path)
