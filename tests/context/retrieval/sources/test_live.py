"""Open buffers: their newest text is searched, and only theirs."""

from __future__ import annotations

from beadline.context.retrieval.sources.live import Live, LiveChunks
from tests.context.retrieval.files import MemoryFiles, queries, scene
from tests.context.retrieval.sources.test_similar import CURSOR, FILLER, QUEUE


def chunks_of(files: MemoryFiles) -> LiveChunks:
    return LiveChunks(files, lambda path: path != "private.py")


def settle(chunks: LiveChunks) -> int:
    """Cut all buffers; how many that were."""
    count = 0
    while chunks.settle():
        count += 1
    return count


def found(chunks: LiveChunks, marked: str = CURSOR) -> dict[str, str]:
    candidates = Live(chunks, queries()).search(scene(marked), 4000)
    return {each.snippet.path: each.snippet.text for each in candidates}


def test_what_was_just_typed_is_found_and_what_was_deleted_is_not():
    files = MemoryFiles({"queues.py": QUEUE})
    chunks = chunks_of(files)
    assert settle(chunks) == 0 and found(chunks) == {}, "nothing is open"
    for word in ("unsaved", "newer"):
        files.open("queues.py", QUEUE.replace("waiting", word))
        assert settle(chunks) == 1
        assert f"{word}_jobs" in found(chunks)["queues.py"]
    files.open("queues.py", "x = 1\n")
    settle(chunks)
    assert found(chunks) == {}
    files.open("queues.py", QUEUE)
    settle(chunks)
    files.close("queues.py")
    assert found(chunks) == {}


def test_neither_the_own_file_nor_another_language_nor_what_is_private():
    files = MemoryFiles({})
    files.open("main.py", QUEUE)
    files.open("private.py", QUEUE)
    files.open("queue.js", "function enqueueJob(job, priority) {\n  JobQueue.push(job);\n}\n")
    chunks = chunks_of(files)
    assert settle(chunks) == 2
    assert found(chunks) == {}


def test_a_search_cuts_nothing_and_leaves_out_what_is_out_of_date():
    files = MemoryFiles({})
    files.open("queues.py", QUEUE)
    files.open("filler.py", FILLER)
    chunks = chunks_of(files)
    assert found(chunks) == {}
    assert settle(chunks) == 2
    assert set(found(chunks)) == {"queues.py"}
    files.open("queues.py", QUEUE.replace("waiting", "unsaved"))
    assert found(chunks) == {}
    assert settle(chunks) == 1, "only what changed"


def test_the_chunk_around_a_place():
    files = MemoryFiles({})
    files.open("queues.py", "\n" * 3 + QUEUE + "\n" + FILLER)
    chunks = chunks_of(files)
    settle(chunks)
    held = chunks.around("queues.py", 20)
    assert held is not None and held.text.startswith("class JobQueue")
    assert chunks.around("queues.py", 0) is None
    assert chunks.around("other.py", 5) is None
    files.open("queues.py", FILLER)
    chunks.look()
    assert chunks.around("queues.py", 20) is None
