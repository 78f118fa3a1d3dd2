"""Rows that several processes draw are those that one draws, whatever becomes of the processes."""

from __future__ import annotations

import subprocess
from functools import partial
from pathlib import Path

import pytest

from beadline.engine import models
from beadline.errors import BeadlineError
from beadline.settings import EngineOptions
from beadline.trainer import drawing
from beadline.trainer.drawing import Recipe
from beadline.trainer.finetune.rows import Form, StoredRows, missing
from beadline.trainer.samples.options import SampleOptions
from beadline.trainer.samples.packing import GROUP
from beadline.trainer.samples.snapshot import snapshot
from beadline.trainer.served import ServedVocabulary
from tests.trainer.finetune import kit as rows_kit
from tests.trainer.samples import kit

pytestmark = pytest.mark.slow

COUNT = 2 * GROUP + 40
FORM = Form(row_tokens=1024, pad=0, seed=1)
TEXTS = [
    f"import os\n\n\ndef first_{n}(a, b):\n    if a:\n        return os.path.join(a, b)\n"
    "    return b\n"
    f"\n\nclass Thing{n}:\n    def total(self, parts):\n        return sum(p.size for p in parts)\n"
    for n in range(6)
]
WAIT_S = 60.0


def recipe(**changes) -> Recipe:
    """Samples of the built-in model, some of them of general code."""
    values = {
        "files": kit.corpus(TEXTS[:4]), "general": kit.corpus(TEXTS[4:]), "share": 0.25,
        "options": SampleOptions(row_tokens=1024, chars_per_sample=50, snippet_share=0.0),
        "seed": 1,
        "vocabulary": partial(ServedVocabulary, models.resolve("builtin"), EngineOptions()),
    }  # fmt: skip
    return Recipe(**{**values, **changes})


def same(one: StoredRows, other: StoredRows) -> bool:
    if len(one) != len(other):
        return False
    return all(rows_kit.equal(one[number], other[number]) for number in range(len(one)))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> StoredRows:
    """What one process draws."""
    return drawing.draw(recipe(), COUNT, tmp_path_factory.mktemp("alone"), FORM)


def test_several_processes_draw_what_one_does(alone: StoredRows, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    many = drawing.draw(
        recipe(), COUNT, tmp_path, FORM, processes=3, progress=lambda *done: told.append(done)
    )
    assert same(many, alone)
    assert sorted(told) == told and told[-1] == (COUNT, COUNT) and len(told) == 3


def test_an_interruption_loses_no_row_and_leaves_no_process(
    alone: StoredRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    children: list[subprocess.Popen] = []
    popen = subprocess.Popen

    def started(*arguments, **more):
        children.append(popen(*arguments, **more))
        return children[-1]

    monkeypatch.setattr(drawing.subprocess, "Popen", started)

    def interrupt(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drawing.draw(recipe(), COUNT, tmp_path, FORM, processes=2, progress=interrupt)
    assert len(children) == 2
    assert all(child.poll() is not None for child in children)
    assert len(missing(COUNT, tmp_path)) < 3, "what was drawn is kept"
    assert same(drawing.draw(recipe(), COUNT, tmp_path, FORM, processes=2), alone)


def test_a_process_that_dies_is_told_and_nothing_is_lost(
    alone: StoredRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = ["python", "-c", "import os, sys; sys.exit('no more')"]
    dying[0] = drawing.sys.executable
    with monkeypatch.context() as patch:
        patch.setattr(drawing, "command", lambda: dying)
        with pytest.raises(BeadlineError, match=r"exit code 1.*no more"):
            drawing.draw(recipe(), COUNT, tmp_path, FORM, processes=2)
    assert same(drawing.draw(recipe(), COUNT, tmp_path, FORM, processes=2), alone)


def test_what_a_process_cannot_do_is_told(tmp_path: Path) -> None:
    nowhere = partial(ServedVocabulary, tmp_path / "no.gguf", EngineOptions())
    with pytest.raises(BeadlineError, match=r"no\.gguf"):
        drawing.draw(recipe(vocabulary=nowhere), COUNT, tmp_path / "rows", FORM, processes=2)


def test_it_ends_with_its_parent() -> None:
    """The end of standard input is that of the process, before and after its order."""
    for head in (b"", b"\0\0\0\0\0\0\0\x09half"):
        process = subprocess.Popen(
            drawing.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        said, _ = process.communicate(head, timeout=WAIT_S)
        assert said == b"" and process.returncode == 0


def test_all_of_them_search_one_index(tmp_path: Path) -> None:
    options = SampleOptions(row_tokens=1024, chars_per_sample=50, snippet_share=1.0)
    files = kit.corpus(TEXTS[:4])
    with snapshot(files, options.context) as search:
        made = recipe(options=options, files=files, general=(), share=0.0, place=search.place)
        one = drawing.draw(made, GROUP + 8, tmp_path / "one", FORM)
        two = drawing.draw(made, GROUP + 8, tmp_path / "two", FORM, processes=2)
    assert same(one, two)
    plain = recipe(options=options, files=files, general=(), share=0.0)
    assert not same(one, drawing.draw(plain, GROUP + 8, tmp_path / "plain", FORM))
