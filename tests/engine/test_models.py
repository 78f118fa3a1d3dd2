"""Model files as users name and see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.engine import models
from beadline.engine.verdicts import LayoutVerdicts, Verdict
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


def test_a_name_in_a_relative_folder_is_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What loads the model may run in another directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "models_dir", lambda: Path("models"))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.gguf").write_bytes(b"GGUF")
    assert models.resolve("mine") == tmp_path / "models" / "mine.gguf"


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
    assert (without.problem, without.family) == ("", "left-to-right")
    assert without.parameters == whole.parameters > 0


def test_inspect_tells_family_layouts_bos_and_stops(model_path: Path, other_model: Path) -> None:
    shown = models.inspect(model_path)
    for part in (
        "family        beadline (named by the file itself)",
        "layout        anchored (the family's default), also psm, spm, left_to_right",
        "BOS           as the file says (it asks for none)",
        "<|fim_prefix|>", "<|fim_middle|>", "stops", "<|endoftext|>", "llama", "qwen2", "base",
    ):  # fmt: skip
        assert part in shown
    LayoutVerdicts().keep(model_path, Verdict("psm", "beadline", "m", "2026-11-21T08:00"))
    measured = "layout        psm (measured on 2026-11-21, `beadline bench layout`), also anchored"
    assert measured in models.inspect(model_path)
    LayoutVerdicts().file.write_text("{", "utf-8")
    assert "is damaged; the layouts measured are ignored" in models.inspect(model_path)
    shown = models.inspect(other_model)
    assert "left-to-right (no fill-in-the-middle tokens found" in shown
    assert "layout        left_to_right (the family's default)\n" in shown


def test_check_refuses_a_family_or_layout_the_model_has_not(
    model_path: Path, other_model: Path
) -> None:
    assert models.check(other_model).family == "left-to-right"
    assert models.check(model_path, family="qwen2.5-coder").family == "qwen2.5-coder"
    with pytest.raises(ModelError, match=r"no family 'qwen'.*qwen2\.5-coder"):
        models.check(model_path, family="qwen")
    with pytest.raises(ModelError, match=r"no tokens .*fim_middle"):
        models.check(other_model, family="qwen2.5-coder")
    with pytest.raises(ModelError, match=r"no layout .suffix_first.*anchored, psm"):
        models.check(model_path, layout="suffix_first")
