"""Similar code of the index: what it says of chunks, and of which."""

from __future__ import annotations

from beadline.context.retrieval.sources.similar import Similar
from tests.context.retrieval.files import MemoryFiles, queries, scene

FILLER = "".join(f"def filler_{i}(value_{i}):\n    return value_{i} * {i}\n\n\n" for i in range(30))
QUEUE = '''class JobQueue:
    """Jobs that wait."""

    def enqueue_job(self, job, priority):
        self.waiting_jobs.append((priority, job))
        self.notify_workers(job)
'''
CURSOR = "queue = JobQueue()\nqueue.enqueue_job(job, priority¦\n"


def test_the_chunk_with_the_cursor_s_words_comes_first():
    files = MemoryFiles({"queues.py": QUEUE, "filler.py": FILLER})
    (first, *_) = Similar(files, queries()).search(scene(CURSOR), 4000)
    assert first.snippet.path == "queues.py"
    assert first.snippet.text == QUEUE.rstrip()
    assert first.key == ("queues.py", 0, len(QUEUE.rstrip()))
    assert first.snippet.source == "similar" and first.snippet.volatile and not first.stable


def test_what_follows_a_chunk_comes_along_and_may_be_left_out():
    long = QUEUE + "\n\n" + "".join(f"    # more {i}\n" for i in range(18)) + "\n\nLAST = 1\n"
    files = MemoryFiles({"queues.py": long, "filler.py": FILLER})
    (first, *_) = Similar(files, queries()).search(scene(CURSOR), 4000)
    assert 0 < first.core < len(first.snippet.text)
    assert long.startswith(first.snippet.text)
    assert first.snippet.text[: first.core] == long[: first.key[2]]


def test_one_common_word_is_not_enough():
    files = MemoryFiles({"a.py": "def unrelated(job):\n    pass\n", "filler.py": FILLER})
    lines = "\n".join(f"alpha_{i} = beta_{i}(gamma_{i})" for i in range(12))
    text = lines + "\ndelta = epsilon(zeta, omega, job¦\n"
    assert [c.snippet.path for c in Similar(files, queries()).search(scene(text), 4000)] == []


def test_nothing_of_the_own_file_but_what_stands_above_the_window():
    far = QUEUE + "\n\n" + FILLER
    files = MemoryFiles({"main.py": far + CURSOR.replace("¦", "") + QUEUE, "filler.py": FILLER})
    at = scene(far + CURSOR + QUEUE)
    own = [
        each
        for each in Similar(files, queries(before=400)).search(at, 4000)
        if each.snippet.path == "main.py"
    ]
    assert own[0].snippet.text.startswith(QUEUE.rstrip())
    assert all(each.key[2] <= at.offset - 400 for each in own)
    whole = Similar(files, queries(before=100_000)).search(at, 4000)
    assert "main.py" not in {each.snippet.path for each in whole}


def test_the_own_file_s_chunks_are_where_they_are_now():
    far = QUEUE + "\n\n" + FILLER
    files = MemoryFiles({"main.py": far + CURSOR.replace("¦", "")})
    moved = scene("# a line more\n" + far + CURSOR)
    (first, *_) = Similar(files, queries(before=400)).search(moved, 4000)
    assert moved.document.text[first.snippet.start :].startswith(first.snippet.text)
    changed = scene(far.replace("waiting_jobs", "other") + CURSOR)
    texts = [c.snippet.text for c in Similar(files, queries(before=400)).search(changed, 4000)]
    assert not any("waiting_jobs" in text for text in texts)


def test_a_file_that_changed_behind_the_index_gives_no_half_lines():
    files = MemoryFiles({"queues.py": QUEUE, "filler.py": FILLER})
    files.open("queues.py", "#" + QUEUE)
    assert all(
        c.snippet.path != "queues.py" for c in Similar(files, queries()).search(scene(CURSOR), 4000)
    )


def test_no_words_or_no_room_give_nothing():
    files = MemoryFiles({"queues.py": QUEUE})
    assert Similar(files, queries()).search(scene("¦"), 4000) == []
    assert Similar(files, queries()).search(scene(CURSOR), 0) == []
