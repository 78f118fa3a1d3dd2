"""Repositories of a run as searched folders: each by itself, the file with the hole left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from beadline.context.types import Document, Snippet
from beadline.evaluation.workspaces import Workspaces, workspaces
from beadline.settings import Options
from tests.evaluation.conftest import git

QUEUE = '''class JobQueue:
    """Jobs of {name}."""

    def enqueue_job(self, job, priority):
        self.{name}_jobs.append((priority, job))
'''
MAIN = "queue = JobQueue()\nqueue.enqueue_job(job, high_priority)\n"


def make(root: Path, name: str) -> Path:
    folder = root / name / "repo"
    folder.mkdir(parents=True)
    (folder / "queues.py").write_text(QUEUE.format(name=name), "utf-8")
    (folder / "main.py").write_text(MAIN, "utf-8")
    git("init", "-q", ".", cwd=folder)
    git("add", ".", cwd=folder)
    git("commit", "-q", "-m", "all", cwd=folder)
    (folder / "queues.py").write_text("uncommitted = True\n", "utf-8")
    return folder


def search(searched: Workspaces, folder: Path, text: str) -> tuple[Snippet, ...]:
    document = Document((folder / "main.py").as_uri() + "#hole", "main.py", "python", text)
    return searched.search(document, len(text), max_chars=1000)


def test_every_repository_is_searched_by_itself_as_of_the_commit(tmp_path: Path):
    paths = [make(tmp_path, "first"), make(tmp_path, "second")]
    with workspaces(paths, "HEAD", Options()) as (folders, searched):
        assert searched is not None and set(folders) == {"first", "second"}
        for name, folder in folders.items():
            found = search(searched, folder, "queue.enqueue_job(")
            assert [s.path for s in found] == ["queues.py"]
            assert f"self.{name}_jobs" in found[0].text
            assert "high_priority" not in "".join(s.text for s in found), "the hole's own file"
        kept = list(folders.values())
        outside = Document("/elsewhere/a.py", "a.py", "python", "enqueue_job(")
        assert searched.search(outside, 5, max_chars=1000) == ()
    assert not any(folder.exists() for folder in kept)


def test_folders_come_and_go(tmp_path: Path):
    first, second = make(tmp_path, "first"), make(tmp_path, "second")
    (first / "queues.py").write_text(QUEUE.format(name="first"), "utf-8")
    (second / "queues.py").write_text(QUEUE.format(name="second"), "utf-8")
    searched = Workspaces([first], Options().context)
    searched.start()
    searched.set_folders([second])
    assert searched.ready(60)
    assert "second_jobs" in search(searched, second, "queue.enqueue_job(")[0].text
    assert search(searched, first, "queue.enqueue_job(") == ()
    searched.close()


def test_without_snippets_nothing_is_searched(tmp_path: Path):
    options = Options()
    options = replace(options, context=replace(options.context, snippet_tokens=0))
    made = [make(tmp_path, "first")]
    with workspaces(made, "HEAD", options) as (folders, searched):
        assert [len(list(folder.iterdir())) > 0 for folder in folders.values()] == [True]
        assert searched is None  # the cache model reads them
    options = replace(options, engine=replace(options.engine, cache_model=False))
    with workspaces(made, "HEAD", options) as found:
        assert found == ({}, None)
