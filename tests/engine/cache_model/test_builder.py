"""The builder's process: what it is sent is what the store holds, and no more than that."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from beadline.engine.cache_model.array import SEPARATOR
from beadline.engine.cache_model.client import BATCH, Builder
from beadline.engine.cache_model.store import Store
from beadline.engine.llama.native import Model, load_library
from beadline.engine.llama.vocabulary import LlamaVocabulary
from beadline.errors import BeadlineError, EngineCrashed


@pytest.fixture(scope="module")
def vocabulary(model_path: Path) -> LlamaVocabulary:
    return LlamaVocabulary(Model(load_library(), model_path, vocab_only=True))


def texts_in(store: Store, vocabulary: LlamaVocabulary) -> dict[str, list[str]]:
    """The files of a store, spelled out: what stands between separators."""
    arrays, found = store.arrays(), {}
    for index in filter(None, (arrays.base, arrays.overlay)):
        for span in index.spans:
            if index is arrays.base and span.path in arrays.dead:
                continue
            parts = [b""]
            for token in index.tokens(span).tolist():
                if token == SEPARATOR:
                    parts.append(b"")
                else:
                    parts[-1] += vocabulary.spell(token)
            found[span.path] = [part.decode() for part in parts]
    return found


@pytest.mark.slow
def test_a_store_is_brought_up_to_date(
    model_path: Path, tmp_path: Path, vocabulary: LlamaVocabulary
) -> None:
    files = {
        "/w/a.py": ("def f(a):\n    return a\n", "x = 1\n"),
        "/w/large.py": ("value = 1\n" * (BATCH // 10 + 1),),
        "/w/b.py": ("<|fim_prefix|> is text\nπ = 3\n",),
    }
    asked: list[str] = []

    def read(path: str) -> tuple[str, ...] | None:
        asked.append(path)
        return files.get(path)

    def builder() -> Builder:
        return Builder(model_path, families_folder=tmp_path / "families")

    folder = tmp_path / "store"
    versions = dict.fromkeys(files, "1")
    done = builder().update(folder, {**versions, "/w/unreadable.py": "1"}, read)
    assert done is not None and done.files == 4
    held = texts_in(Store(folder), vocabulary)
    readable = {path: list(parts) for path, parts in files.items()}
    assert held == {**readable, "/w/unreadable.py": [""]}

    asked.clear()
    assert builder().update(folder, {**versions, "/w/unreadable.py": "1"}, read) is None
    assert asked == []

    files["/w/b.py"] = ("changed\n",)
    done = builder().update(folder, {"/w/a.py": "1", "/w/large.py": "1", "/w/b.py": "2"}, read)
    assert done is not None and asked == ["/w/b.py"]
    assert texts_in(Store(folder), vocabulary) == {p: list(parts) for p, parts in files.items()}


@pytest.mark.slow
def test_what_the_builder_reports_is_raised(model_path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    builder = Builder(model_path, families_folder=tmp_path)
    with pytest.raises(BeadlineError, match="cannot be written"):
        builder.update(tmp_path / "file" / "store", {"/w/a.py": "1"}, lambda path: ("x = 1\n",))


def test_a_builder_that_dies_is_told(tmp_path: Path) -> None:
    builder = Builder(
        tmp_path / "model.gguf", families_folder=tmp_path,
        command=[sys.executable, "-c", "raise SystemExit(3)"],
    )  # fmt: skip
    with pytest.raises(EngineCrashed):
        builder.update(tmp_path / "store", {"/w/a.py": "1"}, lambda path: ("x\n",))


def test_a_builder_that_was_stopped_does_nothing(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "model.gguf", families_folder=tmp_path)
    builder.stop()
    assert builder.update(tmp_path / "store", {"/w/a.py": "1"}, lambda path: ("x\n",)) is None
