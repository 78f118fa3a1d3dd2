"""Dense retrieval: never on the way of a search, and right about texts that changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from beadline.context.retrieval.sources import Candidate
from beadline.context.retrieval.sources.dense import Dense
from beadline.context.retrieval.vectors import Vectors
from beadline.errors import ModelError
from tests.context.retrieval.files import MemoryFiles, scene

SOON = 30
QUEUE = "def push(queue):\n    queue.push(queue)\n"
COLOUR = "def mix(colour):\n    colour.mix(colour)\n"
TEXTS = {"queue.py": QUEUE, "colour.py": COLOUR}


class WordVectors:
    """How often some words occur."""

    identity = "words"

    def __init__(self) -> None:
        self.embedded: list[str] = []
        self.threads: set[int] = set()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += texts
        self.threads.add(threading.get_ident())
        rows = [[text.count(word) for word in ("queue", "colour", "push", "mix")] for text in texts]
        found = np.array(rows, np.float32) + 1e-6
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def chunks(texts: dict[str, str] = TEXTS) -> list[Candidate]:
    return [
        Candidate.of_chunk(path, 0, text.rstrip(), 1.0, "similar") for path, text in texts.items()
    ]


@pytest.fixture
def model() -> WordVectors:
    return WordVectors()


@pytest.fixture
def dense(model: WordVectors) -> Iterator[Dense]:
    made = Dense(lambda: model, lambda identity: Vectors(None, identity), quiet_s=0.01)
    yield made
    made.close()


def paths(dense: Dense, files: MemoryFiles, marked: str) -> list[str]:
    return [c.snippet.path for c in dense.search(scene(marked), files)]


def test_the_answer_is_there_for_the_next_search(dense: Dense, model: WordVectors):
    files, marked = MemoryFiles(TEXTS), "colour = mix(¦"
    assert paths(dense, files, marked) == []
    assert model.embedded == [], "no model before something is asked"
    dense.ask(scene(marked), chunks())
    assert dense.wait(SOON)
    assert paths(dense, files, marked) == ["colour.py"]
    assert threading.get_ident() not in model.threads
    (found,) = dense.search(scene(marked), files)
    assert (found.snippet.text, found.snippet.source) == (COLOUR.rstrip(), "dense")


def test_a_chunk_is_embedded_once_and_found_for_other_questions(dense: Dense, model: WordVectors):
    files = MemoryFiles(TEXTS)
    dense.ask(scene("colour = mix(¦"), chunks())
    assert dense.wait(SOON)
    dense.ask(scene("queue.push(¦"), chunks({"colour.py": COLOUR}))
    assert dense.wait(SOON)
    assert paths(dense, files, "queue.push(¦") == ["queue.py"]
    assert model.embedded.count(QUEUE.rstrip()) == 1


def test_what_changed_since_is_not_proposed(dense: Dense):
    files = MemoryFiles(TEXTS)
    dense.ask(scene("colour = mix(¦"), chunks())
    assert dense.wait(SOON)
    files.open("colour.py", COLOUR.replace("mix", "max"))
    assert paths(dense, files, "colour = mix(¦") == []


def test_an_answer_serves_its_own_place_alone(dense: Dense):
    files = MemoryFiles(TEXTS)
    dense.ask(scene("colour = mix(¦"), chunks())
    assert dense.wait(SOON)
    assert paths(dense, files, "x = 1\n" * 1000 + "colour = mix(¦") == []
    assert [c.snippet.path for c in dense.search(scene("mix(¦", "other.py"), files)] == []


def test_only_the_last_of_several_questions_is_answered(model: WordVectors):
    asked = threading.Event()

    def load() -> WordVectors:
        assert asked.wait(SOON)
        return model

    dense = Dense(load, lambda identity: Vectors(None, identity), quiet_s=0.01)
    try:
        for word in ("one", "two", "colour = mix("):
            dense.ask(scene(word + "¦"), chunks())
        asked.set()
        assert dense.wait(SOON)
        assert model.embedded[-1] == "colour = mix("
        assert "one" not in model.embedded and "two" not in model.embedded
    finally:
        dense.close()


def test_without_a_model_searches_go_on():
    def load() -> WordVectors:
        raise ModelError("There is no model.")

    dense = Dense(load, lambda identity: Vectors(None, identity), quiet_s=0.01)
    dense.ask(scene("colour = mix(¦"), chunks())
    assert dense.wait(SOON)
    assert paths(dense, MemoryFiles(TEXTS), "colour = mix(¦") == []
    dense.ask(scene("colour = mix(¦"), chunks())
    dense.close()
    dense.close()
