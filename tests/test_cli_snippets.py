"""Snippets on the command line: shown by `context`, given to the model by `complete`."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.commands import common
from tests.cli import run
from tests.context.retrieval.git import repository

QUEUE = '''class JobQueue:
    """Jobs that wait."""

    def enqueue_job(self, job, priority):
        self.waiting_jobs.append((priority, job))
'''
MAIN = "from queues import JobQueue\n\nqueue = JobQueue()\nqueue.enqueue_job(\n"
HOLE = "4:19"


@pytest.fixture
def main(tmp_path: Path) -> Path:
    """A file that uses what another file of its repository defines."""
    root = repository(
        tmp_path / "work",
        {"queues.py": QUEUE, "src/main.py": MAIN, ".gitignore": "x.py\n", "x.py": QUEUE},
    )
    return root / "src" / "main.py"


def test_context_prints_them(main: Path) -> None:
    found, *_ = run("context", f"{main}:{HOLE}", "--json").json["snippets"]
    assert found.keys() == {"path", "score", "source", "text"}
    assert (found["path"], found["source"]) == ("queues.py", "definition")
    assert found["text"].startswith("class JobQueue:\n    def enqueue_job(self, job, priority):")
    assert found["score"] > 0
    human = run("context", f"{main}:{HOLE}")
    assert "queues.py (definition)\nclass JobQueue:\n" in human.out
    assert "snippets of" in human.err


@pytest.mark.slow
def test_complete_gives_them_to_the_model(main: Path) -> None:
    answer = run("complete", f"{main}:{HOLE}", "--json", "--show-prompt").json
    assert {s["path"] for s in answer["trace"]["snippets"]} == {"queues.py"}
    assert "def enqueue_job(self, job, priority):" in answer["prompt"]


@pytest.mark.parametrize("name", ["SNIPPET_TOKENS", "MAX_FILES"])
def test_they_can_be_off(main: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"BEADLINE_CONTEXT__{name}", "0")
    assert run("context", f"{main}:{HOLE}", "--json").json["snippets"] == []


def test_a_workspace_that_takes_too_long_is_told(
    main: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common, "SCAN_S", 0.0)
    monkeypatch.setattr(common, "_SILENT_S", 0.0)
    monkeypatch.setattr("beadline.context.retrieval.retriever.Retriever.start", lambda self: None)
    done = run("context", f"{main}:{HOLE}", "--json")
    assert done.code == 0 and done.json["snippets"] == []
    assert "no snippets" in done.err
