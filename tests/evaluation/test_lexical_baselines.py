"""Lexical baselines: the formulas of those they are taken from, without the cursor's own file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from beadline.evaluation.lexical import (
    WINDOW,
    Chunks,
    Windows,
    chunks,
    query,
    words_of,
)

WORDS = st.sampled_from(["alpha", "beta", "gamma", "delta", "if", "x", ""])
LINES = st.lists(st.lists(WORDS, max_size=4).map(" ".join), max_size=150).map("\n".join)
FILES = st.dictionaries(st.sampled_from(["a.py", "b.py", "c.py"]), LINES, min_size=1)


def test_chunks_have_ten_lines_with_text():
    text = "\n" + "\n\n".join(f"line {n}" for n in range(12)) + "\n\n"
    first, second = (text[start:end] for start, end in chunks(text))
    assert first.startswith("line 0\n\nline 1") and first.endswith("line 9")
    assert second == "line 10\n\nline 11"
    assert list(chunks("\n \n")) == []


def test_the_query_is_the_last_ten_lines_with_text():
    text = "\n\n".join(f"w{n}" for n in range(20))
    assert query(text) == [f"w{n}" for n in range(10, 20)]


@settings(max_examples=50)
@given(files=FILES, own=st.sampled_from(["a.py", "b.py", "elsewhere.py"]), asked=LINES)
def test_scores_are_those_of_rank_bm25_without_the_own_file(
    files: dict[str, str], own: str, asked: str
):
    index = Chunks(files)
    words = query(asked)
    scores = index.scores(words, own)
    spans = [(path, *span) for path in sorted(files) for span in chunks(files[path])]
    others = [n for n, (path, _, _) in enumerate(spans) if path != own]
    texts = [files[spans[n][0]][spans[n][1] : spans[n][2]].split() for n in others]
    assert all(scores[n] == 0 for n in range(len(spans)) if n not in others)
    if texts:
        expected = BM25Okapi(texts).get_scores(words)
        assert scores[others].tolist() == pytest.approx(expected.tolist())


def test_the_best_chunks_come_first_and_fit():
    files = {
        "a.py": "\n".join(f"other {n}" for n in range(30)),
        "b.py": "def wanted_function(argument):\n    return argument\n" + "# filler\n" * 30,
        "main.py": "wanted_function(argument)\n" * 10,
    }
    index = Chunks(files)
    found = index.search("x = wanted_function(argument", "main.py", room=6000, top=3)
    assert found[0].path == "b.py" and found[0].start == 0
    assert "def wanted_function(argument):" in found[0].text
    assert "main.py" not in {snippet.path for snippet in found}
    assert len(index.search("argument other", "main.py", room=6000)) >= len(found)
    (cut,) = index.search("wanted_function", "main.py", room=40, top=1)
    assert cut.text == "def wanted_function(argument):"


def naive(files: dict[str, str], before: str, own: str) -> dict[str, float]:
    """Best score of each file, window by window."""
    wanted = words_of("\n".join(before.split("\n")[-WINDOW:]))
    best: dict[str, float] = {}
    for path, text in files.items():
        lines = text.split("\n")
        windows = [
            words_of("\n".join(lines[start : start + WINDOW]))
            for start in range(max(1, len(lines) - WINDOW + 1))
        ]
        if path != own and wanted:
            best[path] = max(len(w & wanted) / len(w | wanted) for w in windows)
    return {path: score for path, score in best.items() if score > 0}


@settings(max_examples=50)
@given(files=FILES, own=st.sampled_from(["a.py", "elsewhere.py"]), asked=LINES)
def test_windows_score_as_when_each_is_compared(files: dict[str, str], own: str, asked: str):
    found = Windows(files).search(asked, own, room=10**6)
    expected = naive(files, asked, own)
    got = {snippet.path: snippet.score for snippet in found}
    assert got == pytest.approx(expected)
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    for snippet in found:
        assert files[snippet.path].startswith(snippet.text, snippet.start)
        assert snippet.text.count("\n") < WINDOW


def test_a_window_is_cut_to_whole_lines():
    files = {"a.py": "alpha one\nbeta two\n"}
    (snippet,) = Windows(files).search("alpha beta", "b.py", room=12)
    assert snippet.text == "alpha one"
    assert Windows(files).search("alpha beta", "b.py", room=3) == ()
    assert Windows({}).search("alpha", "b.py", room=100) == ()
    assert Chunks({}).search("alpha", "b.py", room=100) == ()
