"""Model files as users name and see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.engine import models
from beadline.errors import ModelError


@pytest.fixture
def user_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `models_dir`."""
    folder = tmp_path / "data" / "models"
    folder.mkdir(parents=True)
    monkeypatch.setattr(models, "models_dir", lambda: folder)
    return folder


def test_builtin_is_in_the_package() -> None:
    assert models.resolve("builtin") == models.BUILTIN_FILE
    found = models.check(models.BUILTIN_FILE)
    assert (found.architecture, found.family, found.problem) == ("llama", "beadline", "")
    assert found.size <= 48 << 20


def test_a_missing_builtin_has_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "BUILTIN_FILE", tmp_path / "none.gguf")
    with pytest.raises(ModelError) as caught:
        models.resolve("builtin")
    assert "engine.model" in caught.value.hint


def test_paths_names_directories_and_nothing(user_models: Path, model_path: Path) -> None:
    named = user_models / "mine.gguf"
    named.write_bytes(model_path.read_bytes())
    assert models.resolve(str(named)) == named
    assert models.resolve("mine") == named
    assert models.resolve("mine.gguf") == named
    with pytest.raises(ModelError, match="directory") as caught:
        models.resolve(str(user_models))
    assert str(named) in caught.value.hint
    with pytest.raises(ModelError, match="no model file") as caught:
        models.resolve("yours")
    assert "models list" in caught.value.hint


def test_available_tells_what_is_wrong(
    user_models: Path, model_path: Path, other_model: Path
) -> None:
    data = model_path.read_bytes()
    (user_models / "a-whole.gguf").write_bytes(data)
    (user_models / "b-half.gguf").write_bytes(data[: len(data) // 2])
    (user_models / "c-no-fim.gguf").write_bytes(other_model.read_bytes())
    whole, half, without = models.available()[-3:]
    assert (whole.problem, whole.family) == ("", "beadline")
    assert "truncated" in half.problem
    assert "fill-in-the-middle" in without.problem
    assert without.parameters == whole.parameters > 0


def test_inspect_names_the_fim_tokens(model_path: Path, other_model: Path) -> None:
    shown = models.inspect(model_path)
    for part in ("beadline", "<|fim_prefix|>", "<|fim_middle|>", "llama", "qwen2"):
        assert part in shown
    assert "cannot fill holes" in models.inspect(other_model)


def test_check_refuses_a_model_without_fim_tokens(other_model: Path) -> None:
    with pytest.raises(ModelError, match="fill-in-the-middle"):
        models.check(other_model)
