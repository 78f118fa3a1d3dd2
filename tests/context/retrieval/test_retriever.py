"""The retriever over real folders: what it finds, what it never gives, and how it keeps up."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from beadline.context.languages import language_of
from beadline.context.retrieval.retriever import Retriever
from beadline.context.types import Document, Snippet
from beadline.settings import ContextOptions
from tests.context.retrieval.git import repository, write

OPTIONS = ContextOptions()
TIME_OUT = 30
FILLER = "".join(f"def filler_{i}(value_{i}):\n    return value_{i} * {i}\n\n\n" for i in range(12))
QUEUE = '''class JobQueue:
    """Jobs that wait."""

    def enqueue_job(self, job, priority):
        self.waiting_jobs.append((priority, job))
        self.notify_workers(job)
'''
CURRENT = "from queues import JobQueue\n\nqueue = JobQueue()\nqueue.enqueue_job("


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIME_OUT
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        threading.Event().wait(0.01)


def document(path: Path, text: str) -> Document:
    return Document(str(path), path.name, language_of(path.name), text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {"queues.py": QUEUE, "filler.py": FILLER, "pkg/more.py": FILLER.replace("filler", "m")}
    return repository(tmp_path / "work", files)


@pytest.fixture
def retrievers() -> Iterator[Callable[..., Retriever]]:
    made: list[Retriever] = []

    def make(*folders: Path, options: ContextOptions = OPTIONS, wait: bool = True) -> Retriever:
        made.append(Retriever(list(folders), options))
        made[-1].start()
        assert not wait or made[-1].ready(TIME_OUT)
        return made[-1]

    yield make
    for retriever in made:
        retriever.close()


def search(
    retriever: Retriever, path: Path, text: str = CURRENT, max_chars: int = 800
) -> tuple[Snippet, ...]:
    return retriever.search(document(path, text), len(text), max_chars=max_chars)


def test_the_definition_of_what_is_called_is_found(root: Path, retrievers: Callable):
    found = search(retrievers(root), root / "main.py")
    assert found[0].path == "queues.py" and found[0].source == "definition"
    assert found[0].text.startswith("class JobQueue:\n    def enqueue_job(self, job, priority):")
    assert set(found[0].text.split("\n")) <= set(QUEUE.split("\n"))
    assert found[0].start == 0 and found[0].score > 0


def test_nothing_before_the_first_scan_and_after_the_end(root: Path):
    retriever = Retriever([root], OPTIONS)
    assert search(retriever, root / "main.py") == ()
    retriever.start()
    retriever.start()
    assert retriever.ready(TIME_OUT)
    assert search(retriever, root / "main.py")
    retriever.close()
    retriever.close()
    assert search(retriever, root / "main.py") == ()


def test_no_budget_no_snippets(root: Path, retrievers: Callable):
    assert search(retrievers(root), root / "main.py", max_chars=0) == ()


def test_an_unsaved_buffer_wins_until_it_closes(root: Path, retrievers: Callable):
    retriever = retrievers(root)
    changed = QUEUE.replace("waiting_jobs", "unsaved_jobs")
    retriever.open(document(root / "queues.py", changed))
    assert "unsaved_jobs" in search(retriever, root / "main.py")[0].text
    retriever.files_changed()  # a scan does not bring the disk's version back
    retriever.open(document(root / "queues.py", changed + "\n# more\n"))
    assert "unsaved_jobs" in search(retriever, root / "main.py")[0].text
    retriever.closed(str(root / "queues.py"))
    assert "waiting_jobs" in search(retriever, root / "main.py")[0].text


def test_a_buffer_that_was_open_before_the_scan_wins(root: Path):
    retriever = Retriever([root], OPTIONS)
    retriever.open(document(root / "queues.py", QUEUE.replace("waiting", "unsaved")))
    retriever.start()
    try:
        assert retriever.ready(TIME_OUT)
        assert "unsaved_jobs" in search(retriever, root / "main.py")[0].text
    finally:
        retriever.close()


def test_uris_and_paths_are_the_same_file(root: Path, retrievers: Callable):
    retriever = retrievers(root)
    uri = (root / "queues.py").as_uri()
    retriever.open(Document(uri, "queues.py", "python", QUEUE.replace("waiting", "unsaved")))
    assert "unsaved_jobs" in search(retriever, root / "main.py")[0].text
    retriever.closed(uri)
    assert "waiting_jobs" in search(retriever, root / "main.py")[0].text


def test_an_open_file_that_git_ignores_is_never_a_snippet(root: Path, retrievers: Callable):
    write(root, {".gitignore": "local.py\n", "local.py": QUEUE.replace("waiting", "local")})
    retriever = retrievers(root)
    retriever.open(document(root / "local.py", QUEUE.replace("waiting", "buffer")))
    for snippet in search(retriever, root / "main.py", max_chars=4000):
        assert "local_jobs" not in snippet.text and "buffer_jobs" not in snippet.text


def test_files_that_come_change_and_go(root: Path, retrievers: Callable):
    retriever = retrievers(root)
    write(root, {"fresh.py": QUEUE.replace("waiting", "fresh"), "queues.py": "x = 1\n"})
    retriever.files_changed()
    until(lambda: "fresh_jobs" in "".join(s.text for s in search(retriever, root / "main.py")))
    until(lambda: "waiting_jobs" not in "".join(s.text for s in search(retriever, root / "m.py")))
    (root / "fresh.py").unlink()
    retriever.files_changed()
    until(lambda: search(retriever, root / "main.py") == ())


def test_a_renamed_folder(root: Path, retrievers: Callable):
    write(root, {"old/jobs.py": QUEUE.replace("waiting", "moved")})
    retriever = retrievers(root)
    (root / "old").rename(root / "new")
    (root / "queues.py").unlink()
    retriever.files_changed()
    until(lambda: [s.path for s in search(retriever, root / "main.py")][:1] == ["new/jobs.py"])


def test_several_folders_name_theirs_first(tmp_path: Path, retrievers: Callable):
    one = repository(tmp_path / "one", {"a.py": QUEUE, "f.py": FILLER})
    two = tmp_path / "two"
    write(two, {"b.py": QUEUE.replace("waiting", "second").replace("Jobs", "Tasks")})
    retriever = retrievers(one, two)
    assert {s.path for s in search(retriever, one / "main.py", max_chars=4000)} >= {"one/a.py"}
    retriever.set_folders([two])
    until(lambda: {s.path for s in search(retriever, two / "main.py")} == {"b.py"})


def test_new_rules_hold_from_the_next_search_on(root: Path, retrievers: Callable):
    retriever = retrievers(root)
    assert search(retriever, root / "main.py")
    retriever.set_options(ContextOptions(ignore=("queues.py",)))
    assert search(retriever, root / "main.py") == ()
    assert retriever.ready(TIME_OUT)
    assert "queues.py" not in {s.path for s in search(retriever, root / "main.py")}


def test_the_cursor_s_neighbourhood_is_never_a_snippet(root: Path, retrievers: Callable):
    text = QUEUE + FILLER + CURRENT
    write(root, {"self.py": text, "queues.py": "x = 1\n"})
    retriever = retrievers(root)
    assert "self.py" not in {s.path for s in search(retriever, root / "self.py", text)}


def test_far_parts_of_the_current_file_are_given_as_they_are_now(root: Path, retrievers: Callable):
    far = QUEUE + "\n\n" + "".join(FILLER.replace("filler", f"f{i}") for i in range(20))
    write(root, {"self.py": far + CURRENT, "queues.py": "x = 1\n"})
    retriever = retrievers(root)
    found = search(retriever, root / "self.py", far + CURRENT)
    assert found[0].path == "self.py" and found[0].text.startswith("class JobQueue")
    moved = "# a line more\n" + far + CURRENT
    (found, *_) = search(retriever, root / "self.py", moved)
    assert moved[found.start :].startswith(found.text) and found.start > 0
    changed = moved.replace("waiting_jobs", "renamed_jobs")
    texts = "".join(s.text for s in search(retriever, root / "self.py", changed))
    assert "waiting_jobs" not in texts, "that text is nowhere any more"


def test_secrets_never_come_back(root: Path, retrievers: Callable):
    secret = "k9#fjW2x" + "Qp7!"
    write(
        root,
        {
            "queues.py": QUEUE.replace("Jobs that wait.", f"password = '{secret}'"),
            "credentials.py": QUEUE,
            ".env": QUEUE,
            "id_rsa": QUEUE,
            "keys.py": QUEUE + "\nKEY = '''-----BEGIN PRIVATE KEY-----\n" + "enqueue_job\n" * 90,
        },
    )
    retriever = retrievers(root)
    for query in (CURRENT, "password = \n", "enqueue_job password PRIVATE KEY BEGIN "):
        for snippet in search(retriever, root / "main.py", query, max_chars=10_000):
            assert secret not in snippet.text and "PRIVATE" not in snippet.text
            assert snippet.path not in ("credentials.py", ".env", "id_rsa")
            assert "enqueue_job\nenqueue_job" not in snippet.text


def test_searching_while_files_and_buffers_change(root: Path, retrievers: Callable):
    write(root, {f"many/f{i}.py": FILLER.replace("filler", f"name{i}") for i in range(40)})
    retriever = retrievers(root, wait=False)
    failed: list[BaseException] = []
    done = threading.Event()

    def churn() -> None:
        try:
            for i in range(60):
                path = root / "many" / f"f{i % 40}.py"
                retriever.open(document(path, FILLER.replace("filler", f"edit{i}")))
                if i % 3 == 0:
                    retriever.files_changed()
                if i % 5 == 0:
                    retriever.closed(str(path))
                    path.unlink(missing_ok=True)
                if i % 20 == 19:
                    retriever.set_folders([root, root / "pkg"] if i % 40 == 19 else [root])
        except BaseException as exc:
            failed.append(exc)
        finally:
            done.set()

    thread = threading.Thread(target=churn)
    thread.start()
    while not done.is_set():
        for snippet in search(retriever, root / "main.py", max_chars=600):
            assert snippet.text
    thread.join(TIME_OUT)
    assert not failed
    until(lambda: search(retriever, root / "main.py") != ())
    assert search(retriever, root / "main.py")[0].text.startswith("class JobQueue")


def test_the_number_of_files_is_bounded(root: Path, retrievers: Callable):
    os.utime(root / "queues.py", (2**31, 2**31))
    retriever = retrievers(root, options=ContextOptions(max_files=1))
    assert retriever.file_count == 1
    assert search(retriever, root / "main.py")[0].path == "queues.py"
    assert retrievers(root, options=ContextOptions(max_files=0)).file_count == 0
