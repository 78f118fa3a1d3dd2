"""`beadline doctor` as the user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from beadline.commands import common
from beadline.engine.llama.client import LlamaEngine
from beadline.settings import Options, user_cache_dir
from tests.cli import Run, run
from tests.engine.conftest import WORKERS, worker_command


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BEADLINE_ENGINE__THREADS", "1")


def by_name(result: Run) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in result.json["checks"]}


def test_nothing_is_wrong() -> None:
    result = run("doctor")
    assert result.code == 0, result.out
    assert "FAIL" not in result.out and result.out.endswith("beadline works here.\n")
    for name in ("versions", "model", "memory", "family", "kind", "engine", "golden", "speed"):
        assert f" {name} " in result.out


def test_json() -> None:
    result = run("doctor", "--json")
    assert result.code == 0 and result.json["ok"] is True
    checks = by_name(result)
    assert checks["family"]["values"]["family"] == "beadline"
    assert checks["reuse"]["status"] == "ok"
    assert checks["reuse"]["values"]["reused_tokens"] > 0
    assert checks["speed"]["values"]["prompt_tokens_per_second"] > 0
    assert checks["environment"]["values"].keys() >= {"BEADLINE_ENGINE__THREADS"}
    assert all(check["todo"] for check in result.json["checks"] if check["status"] != "ok")


def test_no_model(tmp_path: Path) -> None:
    result = run("doctor", "--model", tmp_path / "none.gguf")
    assert result.code == 1
    assert "FAIL model" in result.out and "none.gguf" in result.out
    assert "models list" in result.out
    assert "engine" not in by_name(run("doctor", "--model", tmp_path / "none.gguf", "--json"))


def test_settings_that_do_not_fit_and_those_that_cannot_be_read(own_folders: Path) -> None:
    file = own_folders / "config.toml"
    file.write_text("what = 1\n", "utf-8")
    result = run("doctor")
    assert result.code == 0 and "warn settings" in result.out
    file.write_text("what", "utf-8")
    result = run("doctor", "--json")
    assert result.code == 1 and result.json["ok"] is False
    assert result.json["checks"][-1]["name"] == "settings"


def test_a_model_without_holes(other_model: Path) -> None:
    result = run("doctor", "--model", other_model, "--json")
    assert result.code == 0
    assert by_name(result)["family"]["status"] == "warning"


def test_a_model_that_does_not_load(model_path: Path, tmp_path: Path) -> None:
    """A header of absurd numbers passes the reader; what follows is llama.cpp's."""
    data = bytearray(model_path.read_bytes())
    at = data.find(b"llama.embedding_length") + len(b"llama.embedding_length") + 4
    data[at : at + 4] = (0x7FFFFFFF).to_bytes(4, "little")
    absurd = tmp_path / "absurd.gguf"
    absurd.write_bytes(data)
    result = run("doctor", "--model", absurd)
    assert result.code == 1
    assert "FAIL" in result.out


@pytest.fixture
def engine_of(monkeypatch: pytest.MonkeyPatch):
    """Lets the command's engine use one of the misbehaving workers."""

    def use(name: str) -> None:
        def make(options: Options) -> LlamaEngine:
            return LlamaEngine(
                options.engine, prefix_tokens=256, suffix_tokens=64,
                cache_dir=user_cache_dir(), worker_command=worker_command(name),
            )  # fmt: skip

        assert (WORKERS / f"{name}.py").is_file()
        monkeypatch.setattr(common, "make_engine", make)

    return use


def test_the_fallback_of_fast_buffers_is_told(engine_of) -> None:
    engine_of("fault_with_extra_buffers")
    result = run("doctor", "--json")
    assert result.code == 0
    assert by_name(result)["probe"]["status"] == "warning"


@pytest.mark.slow
def test_a_smaller_context_is_told(engine_of, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEADLINE_ENGINE__CONTEXT_TOKENS", "4096")
    engine_of("little_memory")
    place = by_name(run("doctor", "--json"))["place"]
    assert place["status"] == "warning"
    assert "1024 tokens instead of 4096" in place["values"]["fallback"]


def test_too_little_memory_is_told_with_the_numbers(engine_of) -> None:
    engine_of("no_memory")
    result = run("doctor", "--json")
    assert result.code == 1
    checks = by_name(result)
    assert checks["engine"]["status"] == "error" and checks["engine"]["todo"] == "Buy some."
    assert checks["memory"]["values"]["needed_bytes"] > 0
    json.dumps(checks)


def test_the_workspace_may_be_another_folder(tmp_path: Path) -> None:
    there = tmp_path / "there"
    (there / ".vscode").mkdir(parents=True)
    (there / ".vscode" / "settings.json").write_text('{"beadline.engine.model": "x"}', "utf-8")
    arguments = ("doctor", "--model", tmp_path / "none.gguf")
    assert "engine.model is refused" not in run(*arguments).out
    assert "engine.model is refused" in run(*arguments, "--workspace", there).out
