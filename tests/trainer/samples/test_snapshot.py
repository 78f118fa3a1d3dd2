"""Snippets come from the cleaned files, as serving finds them, and never from behind the hole."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.context.syntax import SyntaxTrees
from beadline.settings import ContextOptions
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.samples.requests import document_of
from beadline.trainer.samples.snapshot import Snapshot, snapshot
from tests.trainer.samples import kit

OPTIONS = ContextOptions(prefix_tokens=60, suffix_tokens=30)
QUEUES = '''"""Queues."""


class JobQueue:
    """Jobs that wait."""

    def enqueue_job(self, job: str, priority: int = 0) -> bool:
        """Put a job at the end."""
        self.waiting_jobs.append((priority, job))
        return True
'''
FILLER = "".join(f"def filler_{i}(value_{i}):\n    return value_{i} * {i}\n\n\n" for i in range(12))
HEAD = "from queues import JobQueue\n\n\n"
USER = (
    "def refill(names: list[str], queue: JobQueue) -> None:\n"
    "    for name in names:\n"
    "        queue.enqueue_job(name, priority=PLANTED_ANSWER)\n"
)
FILES = [
    CorpusFile.of("queues.py", "python", QUEUES, "repo"),
    CorpusFile.of("users.py", "python", HEAD + FILLER + USER, "repo"),
    CorpusFile.of("../outside.py", "python", QUEUES, "repo"),
]


@pytest.fixture(scope="module")
def found():
    with snapshot(FILES, OPTIONS) as made:
        yield made


def search(made: Snapshot, file: CorpusFile, start: int, end: int):
    document = document_of(file, file.text[:start] + file.text[end:])
    return made.alone(document, start, max_chars=1500)


def hole() -> tuple[CorpusFile, int, int]:
    file = FILES[1]
    start = file.text.index("name, priority=PLANTED_ANSWER")
    return file, start, start + len("name, priority=PLANTED_ANSWER")


def test_a_call_gets_the_signature_of_its_callee(found):
    texts = "\n".join(snippet.text for snippet in search(found, *hole()))
    assert "def enqueue_job(self, job: str, priority: int = 0) -> bool:" in texts


def test_nothing_comes_from_behind_the_hole(found):
    file, _, end = hole()
    for start in range(0, end, 37):
        for snippet in search(found, file, start, len(file.text)):
            assert "PLANTED_ANSWER" not in snippet.text
            if snippet.path == file.path:
                assert snippet.start + len(snippet.text) <= start


def test_what_is_found_does_not_depend_on_earlier_searches(found):
    file, start, end = hole()
    first = search(found, file, start, end)
    for at in (0, 300, 700):
        search(found, FILES[0], min(at, len(QUEUES)), len(QUEUES))
        search(found, file, at, at)
    assert search(found, file, start, end) == first


def test_a_tree_changes_nothing(found):
    file, start, end = hole()
    document = document_of(file, file.text[:start] + file.text[end:])
    tree = SyntaxTrees().parse(document)
    assert found.alone(document, start, max_chars=1500, tree=tree) == search(
        found, file, start, end
    )


def test_the_folder_is_gone_afterwards_and_held_nothing_from_outside(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with snapshot(FILES, OPTIONS, also={"go.mod": "module m\n"}):
        written = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        assert {"queues.py", "users.py", "go.mod"} <= written
        assert not list(tmp_path.rglob("outside.py"))
    assert not list(tmp_path.iterdir())
    assert not Path(tmp_path.parent, "outside.py").exists()


def test_samples_of_a_stream_have_them(found, tokenizer):
    from beadline.trainer.samples.stream import SampleStream
    from beadline.trainer.tokenizer import TokenizerVocabulary

    options = kit.options(context=OPTIONS, left_to_right=0.0)
    stream = SampleStream(FILES[:2], TokenizerVocabulary(tokenizer), options, 1, search=found)
    drawn = [stream.draw(k) for k in range(40)]
    paths = {each.path for d in drawn for each in d.request.extra if d.file.path == "users.py"}
    assert "queues.py" in paths
    for d in drawn:
        cursor = d.start + len(d.request.prefix)
        for each in d.request.extra:
            if each.path == d.file.path:
                above = d.file.text[:cursor]
                assert all(line in above for line in each.text.splitlines())
