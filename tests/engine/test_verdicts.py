"""Verdicts on layouts are kept per content of a model file, and damage loses nothing but itself."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from beadline.engine import verdicts
from beadline.engine.fim.detect import Measured
from beadline.engine.verdicts import LayoutVerdicts, Verdict, digest
from beadline.errors import FileError

PLAIN = Verdict("psm", "beadline", "a.gguf", "2026-11-21T08:00:00+00:00", {"holes": 3000}, [{}])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF" + bytes(range(256)) * 16)
    return path


def test_a_verdict_is_found_by_the_files_content(model: Path, own_folders: Path) -> None:
    kept = LayoutVerdicts()
    assert (kept.of(model), verdicts.measured(model)) == (None, None)
    kept.keep(model, PLAIN)
    assert kept.file == own_folders / "data" / "layout-verdicts.json"
    renamed = model.rename(model.with_name("b.gguf"))
    assert LayoutVerdicts().of(renamed) == PLAIN
    assert verdicts.measured(renamed) == Measured("beadline", "psm")
    kept.keep(renamed, Verdict("spm", "beadline", "b.gguf", "2026-11-22"))
    found = LayoutVerdicts().of(renamed)
    assert found is not None
    assert found.layout == "spm"
    renamed.write_bytes(renamed.read_bytes()[:-1] + b"x")
    assert kept.of(renamed) is None


def test_only_the_verdict_on_that_model_is_forgotten(model: Path) -> None:
    other = model.with_name("other.gguf")
    other.write_bytes(b"GGUF")
    kept = LayoutVerdicts()
    kept.keep(model, PLAIN)
    kept.keep(other, PLAIN)
    assert kept.forget(model)
    assert not kept.forget(model)
    assert (kept.of(model), kept.of(other)) == (None, PLAIN)


def test_the_digest_sees_both_ends_and_the_size(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "SAMPLED", 16)
    data = model.read_bytes()
    seen = {digest(model)}
    for changed in (b"x" + data[1:], data[:-1] + b"x", data + b"x", data[:10], data[:20]):
        model.write_bytes(changed)
        seen.add(digest(model))
    assert len(seen) == 6
    model.write_bytes(data[:100] + b"xyz" + data[103:])
    assert digest(model) in seen  # as documented: the middle is not read


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"models": []}', '{"models": {"a": 1}}', '{"models": {"a": {"layout": 1}}}',
     '{"models": {"a": {"layout": 1, "family": "", "model": "", "date": ""}}}', "[" * 100_000,
     "\xff"],
)  # fmt: skip
def test_a_damaged_file_is_ignored_told_and_kept_aside(
    model: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept = LayoutVerdicts()
    kept.file.parent.mkdir(parents=True)
    kept.file.write_bytes(text.encode("latin-1"))
    assert kept.of(model) is None
    assert kept.problem.startswith(str(kept.file))
    assert verdicts.measured(model) is None
    assert [record.getMessage() for record in caplog.records] == [kept.problem]
    assert not kept.forget(model)
    assert kept.file.read_bytes() == text.encode("latin-1")
    kept.keep(model, PLAIN)
    assert (kept.of(model), kept.problem) == (PLAIN, "")
    assert kept.file.with_suffix(".damaged").read_bytes() == text.encode("latin-1")


def test_the_file_is_the_users_alone(model: Path) -> None:
    kept = LayoutVerdicts()
    kept.keep(model, PLAIN)
    assert json.loads(kept.file.read_bytes())["models"].keys() == {digest(model)}
    if os.name == "posix":
        assert kept.file.stat().st_mode & 0o077 == 0
    assert list(kept.file.parent.iterdir()) == [kept.file]


def test_where_nothing_can_be_written_it_is_said(model: Path, own_folders: Path) -> None:
    (own_folders / "data").write_text("a file")
    kept = LayoutVerdicts()
    assert kept.of(model) is None
    with pytest.raises(FileError, match="cannot be written"):
        kept.keep(model, PLAIN)
