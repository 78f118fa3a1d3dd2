"""Definitions: many signatures, and more of what the cursor is in."""

from __future__ import annotations

from beadline.context.retrieval.sources import Candidate
from beadline.context.retrieval.sources.definitions import Definitions
from beadline.context.retrieval.weights import packaged
from beadline.context.symbols.types import Reason
from tests.context.retrieval.files import MemoryFiles, scene

MANY = "".join(
    f'def call_{i}(first: int, second: str = "") -> bool:\n'
    f'    """What number {i} does."""\n    return first > {i}\n\n\n'
    for i in range(40)
)
TEXTS = {"many.py": MANY}
HEAD = f"from many import {', '.join(f'call_{i}' for i in range(40))}\n\n"


def found(marked: str, room: int = 5000, texts: dict[str, str] = TEXTS) -> list[Candidate]:
    return Definitions(MemoryFiles(texts), packaged()).search(scene(marked), room)


def names(candidates: list[Candidate]) -> set[str]:
    return {c.snippet.text.partition("def ")[2].partition("(")[0] for c in candidates}


def test_every_imported_name_has_its_signature():
    candidates = found(HEAD + "value = ¦\n")
    assert names(candidates) == {f"call_{i}" for i in range(40)}
    assert sum(len(c.snippet.text) + 1 for c in candidates) <= 5000
    for candidate in candidates:
        path, start, end = candidate.key
        assert path == "many.py" and MANY[start:end].startswith("def call_")
        assert candidate.snippet.text.split("\n")[0] in MANY.split("\n")


def test_what_the_cursor_is_among_the_arguments_of_comes_first_with_more():
    first, *rest = found(HEAD + "value = call_7(¦\n")
    assert first.reason == Reason.CALLEE and not first.stable
    assert "def call_7(first: int" in first.snippet.text
    assert "What number 7 does." in first.snippet.text
    assert rest


def test_with_little_room_the_best_still_comes():
    candidates = found(HEAD + "value = call_7(¦\n", room=80)
    assert names(candidates) == {"call_7"}
    assert sum(len(c.snippet.text) + 1 for c in candidates) <= 80
    assert found(HEAD + "value = call_7(¦\n", room=10) == []


def test_what_is_imported_is_stable():
    candidates = found(HEAD + "value = ¦\n")
    assert {c.stable for c in candidates} == {True}
    assert {c.snippet.volatile for c in candidates} == {False}


def test_a_file_that_is_gone_gives_nothing():
    files = MemoryFiles(TEXTS)
    files._whole.clear()
    assert Definitions(files, packaged()).search(scene(HEAD + "value = call_7(¦\n"), 5000) == []
