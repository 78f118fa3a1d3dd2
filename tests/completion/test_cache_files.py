"""What the cache model counts: the repository and the buffers, never a hole, never a private file.

With the cache alone, on the built-in model's tokens: what it would write is what it was shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from beadline.completion.cache_files import CacheFiles
from beadline.completion.reading import Reader, Reading
from beadline.context.types import Document
from beadline.engine.cache_model.client import Builder
from beadline.engine.cache_model.interpolation import Weights
from beadline.engine.guidance import Cache, Guidance
from beadline.engine.llama.grounding import Grounding
from beadline.engine.llama.messages import PromptOptions
from beadline.engine.llama.native import Model, load_library
from beadline.engine.llama.prompts import Prompts
from beadline.engine.protocol import FimRequest, ModelInfo, RenderedPrompt
from beadline.settings import ContextOptions, EngineOptions, Options

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
HOLE = "def build(store):\n    store.prepare_the_ground()\n    |\n    store.finish_the_ground()\n"
FILES = {
    "src/current.py": HOLE.replace("|", "store.zebra_giraffe()"),
    "src/other.py": (
        "def again(store):\n    store.prepare_the_ground()\n    store.walrus_penguin()\n"
    ),
    "secrets.py": HOLE.replace("|", "store.secret_hyena()"),
    "private/a.py": HOLE.replace("|", "store.private_hyena()"),
    "src/keys.py": f'HOST = "localhost"\nAPI_TOKEN = "{TOKEN}"\nPORT = 8080\n',
}
OPTIONS = Options(context=ContextOptions(ignore=("private/",)))


@pytest.fixture(scope="module")
def prompts(model_path: Path) -> Prompts:
    model = Model(load_library(), model_path, vocab_only=True)
    return Prompts(model, model_path, PromptOptions())


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace").resolve()
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def built(
    model_path: Path, workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CacheFiles]:
    """Read once; the tests only ask."""
    home = tmp_path_factory.mktemp("home")
    made = CacheFiles(
        OPTIONS,
        cache_dir=home / "cache",
        builder=lambda model: Builder(model, families_folder=home / "families"),
    )
    made.set_folders([workspace])
    made.start(ModelInfo(str(model_path), "", "", "", 0, 0, 0, ""))
    assert made.ready(60)
    yield made
    made.close()


def reading_of(folder: Path, name: str, hole: str) -> Reading:
    before, after = hole.split("|")
    document = Document((folder / name).as_uri(), name, "python", before + after)
    return Reader().read(document, len(before), ContextOptions())


def written(prompts: Prompts, cache: Cache | None, tokens: int = 16) -> str:
    """What the cache alone would write."""
    assert cache is not None
    request = FimRequest(
        cache.prefix, cache.suffix, guidance=Guidance(cache=replace(cache, alone=True))
    )
    guide = Grounding(prompts, Weights()).guide(request, RenderedPrompt((), "", "", ""))
    assert guide is not None
    guide.begin(())
    flat = np.zeros(prompts.vocabulary.size, dtype=np.float32)
    spelled = b""
    for _ in range(tokens):
        token = int(guide.adjust(flat).argmax())
        if guide.expected < 0:
            break
        guide.append([token])
        spelled += prompts.vocabulary.spell(token)
    return spelled.decode("utf-8", "replace")


@pytest.mark.slow
def test_another_file_is_repeated_and_the_hole_is_not(
    built: CacheFiles, workspace: Path, prompts: Prompts
) -> None:
    cache = built.cache(reading_of(workspace, "src/current.py", HOLE))
    text = written(prompts, cache)
    assert text.startswith("store.walrus_penguin()")
    assert "zebra" not in text
    # It is there, on the disk: only that it is the current file keeps it out.
    assert cache is not None
    assert written(prompts, replace(cache, path="")).startswith("store.zebra_giraffe()")


@pytest.mark.slow
def test_a_version_of_the_current_file_is_the_current_file(
    built: CacheFiles, workspace: Path, prompts: Prompts
) -> None:
    """As evaluations name their documents."""
    reading = reading_of(workspace, "src/current.py", HOLE)
    named = replace(reading.document, key=f"{reading.document.key}#hole-1")
    assert "zebra" not in written(prompts, built.cache(replace(reading, document=named)))


@pytest.mark.slow
def test_nothing_private_is_repeated(built: CacheFiles, workspace: Path, prompts: Prompts) -> None:
    for hole in (HOLE, 'HOST = "localhost"\nAPI_TOKEN = "|"\n', "API_TOKEN = |", "ghp_|"):
        text = written(prompts, built.cache(reading_of(workspace, "new.py", hole)), 40)
        assert "hyena" not in text and "ghp_" not in text and TOKEN[4:8] not in text


@pytest.mark.slow
def test_an_edit_is_known_to_the_next_request(
    built: CacheFiles, workspace: Path, prompts: Prompts
) -> None:
    reading = reading_of(workspace, "src/current.py", HOLE)
    other = Document((workspace / "src/other.py").as_uri(), "src/other.py", "python", "")
    for name in ("lion_tiger", "otter_beaver"):
        text = FILES["src/other.py"].replace("walrus_penguin", name)
        built.open(replace(other, text=text))
        assert written(prompts, built.cache(reading)).startswith(f"store.{name}()")
    built.closed(other.key)
    assert written(prompts, built.cache(reading)).startswith("store.walrus_penguin()")


@pytest.mark.slow
def test_private_buffers_are_not_repeated_either(
    built: CacheFiles, workspace: Path, prompts: Prompts
) -> None:
    reading = reading_of(workspace, "src/current.py", HOLE)
    for name in ("secrets.py", "private/a.py", "src/current.py.orig/../current.py"):
        text = HOLE.replace("|", "store.hyena()")
        document = Document((workspace / name).as_uri(), name, "python", text)
        built.open(document)
        assert "hyena" not in written(prompts, built.cache(reading))
        built.closed(document.key)


def test_switched_off_there_is_nothing(workspace: Path, tmp_path: Path) -> None:
    options = replace(OPTIONS, engine=EngineOptions(cache_model=False))
    files = CacheFiles(options, cache_dir=tmp_path)
    files.set_folders([workspace])
    assert files.cache(reading_of(workspace, "src/current.py", HOLE)) is None
    files.close()


def test_before_anything_is_built_there_is_the_current_file(
    workspace: Path, tmp_path: Path
) -> None:
    files = CacheFiles(OPTIONS, cache_dir=tmp_path)
    files.set_folders([workspace])
    text = "value = 1\n"
    files.open(Document((workspace / "src/other.py").as_uri(), "src/other.py", "python", text))
    cache = files.cache(reading_of(workspace, "src/current.py", HOLE))
    assert cache is not None
    assert (cache.prefix, cache.suffix) == tuple(HOLE.split("|"))
    # Whether another file may be known, nobody has found out yet.
    assert [each.parts for each in cache.open] == [()]
    assert cache.store == ""
    files.close()
