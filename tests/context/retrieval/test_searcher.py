"""A whole search: definitions first, similar code behind them, nothing that may not be shown."""

from __future__ import annotations

import pytest

from beadline.context.retrieval.searcher import Searcher
from beadline.context.types import SearchInterrupted, Snippet
from beadline.settings import ContextOptions
from tests.context.retrieval.files import MemoryFiles, document

OPTIONS = ContextOptions()
QUEUES = '''"""Queues."""

from jobs import Job


class JobQueue:
    """Jobs that wait."""

    def enqueue_job(self, job: Job, priority: int = 0) -> bool:
        """Put a job at the end."""
        self.waiting_jobs.append((priority, job))
        return True

    def drop_all(self) -> None:
        self.waiting_jobs.clear()


def open_queue(path: str) -> JobQueue:
    """Open the queue that lies at a path."""
    return JobQueue()
'''
JOBS = "class Job:\n    def __init__(self, name: str) -> None:\n        self.name = name\n"
USERS = '''from queues import open_queue


def refill(path, names):
    """Jobs for all names."""
    queue = open_queue(path)
    for name in names:
        queue.enqueue_job(make_job(name), priority=2)
'''
FILLER = "".join(f"def filler_{i}(value_{i}):\n    return value_{i} * {i}\n\n\n" for i in range(12))
TEXTS = {"queues.py": QUEUES, "jobs.py": JOBS, "users.py": USERS, "filler.py": FILLER}
HEAD = "from queues import JobQueue, open_queue\n\nqueue = open_queue('a')\n"


def search(
    searcher: Searcher, marked: str, path: str = "main.py", max_chars: int = 2000
) -> tuple[Snippet, ...]:
    before, after = marked.split("¦")
    return searcher.search(document(path, before + after), len(before), max_chars=max_chars)


def of(found: tuple[Snippet, ...], source: str) -> str:
    return "\n".join(snippet.text for snippet in found if snippet.source == source)


@pytest.fixture
def searcher() -> Searcher:
    return Searcher(MemoryFiles(TEXTS), OPTIONS)


@pytest.mark.parametrize(
    ("cut", "signature"),
    [
        ("queue.¦", "def enqueue_job(self, job: Job, priority: int = 0) -> bool:"),
        ("queue.enqueue_job(¦", "def enqueue_job(self, job: Job, priority: int = 0) -> bool:"),
        ("other = ¦", "def open_queue(path: str) -> JobQueue:"),
        ("other = open_queue(¦", "def open_queue(path: str) -> JobQueue:"),
        ("other = JobQueue(¦", "class JobQueue:"),
    ],
)
def test_the_signature_that_the_cursor_needs_is_there(searcher: Searcher, cut: str, signature: str):
    assert signature in of(search(searcher, HEAD + cut), "definition")


@pytest.mark.parametrize("max_chars", [0, 30, 100, 300, 768, 6000])
def test_never_more_than_the_budget(searcher: Searcher, max_chars: int):
    found = search(searcher, HEAD + "queue.enqueue_job(¦\n", max_chars=max_chars)
    assert sum(len(snippet.text) for snippet in found) <= max_chars
    assert found or max_chars < 100


def test_similar_code_fills_what_definitions_leave(searcher: Searcher):
    found = search(searcher, HEAD + "for name in names:\n    queue.enqueue_job(make_job(¦")
    assert "queue.enqueue_job(make_job(name), priority=2)" in of(found, "similar")
    assert found[0].source == "definition"


def test_what_a_file_imports_is_stable_and_what_a_cursor_needs_is_not(searcher: Searcher):
    found = search(searcher, HEAD + "queue.¦")
    assert {s.volatile for s in found if "enqueue_job(self" in s.text} == {True}
    first = [s for s in search(searcher, HEAD + "\n\n\nx = 1\ny = ¦") if not s.volatile]
    again = [s for s in search(searcher, HEAD + "\n\n\nx = 1\ny = 2\nz = ¦") if not s.volatile]
    assert [s.text for s in first] == [s.text for s in again] != []


def test_an_unsaved_buffer_wins():
    files = MemoryFiles(TEXTS)
    searcher = Searcher(files, OPTIONS)
    files.open("queues.py", QUEUES.replace("priority: int = 0", "urgent: bool"))
    found = search(searcher, HEAD + "queue.enqueue_job(¦")
    assert "urgent: bool" in of(found, "definition")
    assert "priority: int = 0" not in of(found, "definition")


def test_private_files_and_secrets_stay_where_they_are():
    secret = "k9#fjW2x" + "Qp7!"
    files = MemoryFiles(
        {
            **TEXTS,
            "queues.py": QUEUES.replace("priority: int = 0", f"password='{secret}'"),
            "private/users.py": USERS,
            "credentials.py": USERS,
            "users.py": "x = 1\n",
        }
    )
    searcher = Searcher(files, ContextOptions(ignore=("private/",)))
    files.open("credentials.py", USERS)
    files.open("private/users.py", USERS)
    for cut in ("queue.¦", "queue.enqueue_job(¦", "for n in names:\n    queue.enqueue_job(m¦"):
        for snippet in search(searcher, HEAD + cut, max_chars=6000):
            assert secret not in snippet.text
            assert snippet.path not in ("private/users.py", "credentials.py")


def test_nothing_scores_well_where_nothing_has_to_do_with_the_cursor(searcher: Searcher):
    assert search(searcher, "zebra = giraffe(elephant¦\n") == ()
    assert search(searcher, "¦") == ()


def test_of_the_own_file_nothing_is_given_from_behind_the_cursor():
    far = QUEUES + FILLER * 6
    files = MemoryFiles({"main.py": far + HEAD + "queue.enqueue_job(\n" + FILLER * 6 + USERS})
    searcher = Searcher(files, ContextOptions(prefix_tokens=64, suffix_tokens=16))
    marked = far + HEAD + "queue.enqueue_job(¦\n" + FILLER * 6 + USERS
    for snippet in search(searcher, marked, max_chars=6000):
        assert snippet.start + len(snippet.text) <= marked.index("¦")


def test_a_long_text_is_searched_by_its_imports(searcher: Searcher):
    found = search(searcher, HEAD + FILLER * 200 + "\nother = open_queue(¦")
    assert "def open_queue(path: str)" in of(found, "definition")


def test_the_cursor_moves_in_a_text_that_stays(searcher: Searcher):
    text = HEAD + "queue.\n\n\nother = open_queue(\n"
    for cut, signature in (("queue.", "def enqueue_job"), ("open_queue(", "def open_queue")):
        at = text.rindex(cut) + len(cut)
        found = searcher.search(document("main.py", text), at, max_chars=2000)
        assert signature in of(found, "definition")
    searcher.forget("/w/main.py")
    searcher.settle()


def test_a_search_that_is_interrupted_is_found_again_as_if_it_had_not_been(searcher: Searcher):
    before = f"{HEAD}queue."
    main = document("main.py", before)
    asked = 0

    def after(most: int):
        def interrupted() -> bool:
            nonlocal asked
            asked += 1
            return asked > most

        return interrupted

    expected = searcher.search(main, len(before), max_chars=2000)
    interruptions = 0
    while True:
        asked = 0
        try:
            found = searcher.search(
                main, len(before), max_chars=2000, interrupted=after(interruptions)
            )
        except SearchInterrupted:
            interruptions += 1
            continue
        break
    assert found == expected
    assert interruptions >= 5
