"""`beadline evaluate make-cases|retrieval|completion` on a small repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beadline.evaluation.cases.format import read
from tests.cli import run
from tests.evaluation.cases.test_cases_make import MAIN, SHAPES

SMALL = ("--per-category", "1", "--calls", "3", "--labels", "names")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "owner+shapes"
    root.mkdir()
    (root / "shapes.py").write_text(SHAPES, "utf-8")
    (root / "main.py").write_text(MAIN, "utf-8")
    return root


@pytest.fixture
def cases(repository: Path, tmp_path: Path) -> Path:
    path = tmp_path / "cases.jsonl"
    assert run("evaluate", "make-cases", repository, *SMALL, "--output", path).code == 0
    return path


def test_cases_go_to_standard_output(repository: Path, cases: Path):
    made = run("evaluate", "make-cases", repository, *SMALL)
    assert made.code == 0
    assert made.out == cases.read_text("utf-8")
    assert "sampled calls" in made.err
    lines = [json.loads(line) for line in made.out.splitlines()]
    assert {line["category"] for line in lines} >= {"cross_file_call", "rest_of_line", "import"}
    assert {line["path"] for line in lines} <= {"main.py", "shapes.py"}


def test_what_was_drawn_is_told(repository: Path, tmp_path: Path):
    path = tmp_path / "c.jsonl"
    made = run("evaluate", "make-cases", repository, *SMALL, "--output", path, "--json")
    assert made.json["cases"] == len(read(path))
    assert made.json["by_category"]["cross_file_call"] == 3
    assert made.json["sampled_calls"]["python"]["labelled"] == 3
    assert made.json["labels"] == {"python": "unique names"}
    assert run("evaluate", "make-cases", repository, "--json").code == 2


@pytest.mark.slow
def test_retrieval(repository: Path, cases: Path):
    done = run("evaluate", "retrieval", repository, "--cases", cases, "--json")
    assert done.code == 0, done.err
    values = done.json
    assert values["cases"] == len(read(cases))
    for key in ("signature_recall", "name_recall"):
        assert 0 <= values[key] <= 1
    assert set(values) >= {
        "precision", "p50_ms", "p95_ms", "by_category", "by_source", "baselines", "typed",
        "calibration_parse_ms", "machine", "command",
    }  # fmt: skip
    assert values["by_category"]["cross_file_call"]["labelled"] == 3
    assert set(values["baselines"]) == {"bm25_top3", "bm25_budget", "jaccard60"}
    assert values["budget_chars"] == 6000
    again = run("evaluate", "retrieval", repository, "--cases", cases)
    assert again.code == 0
    assert "signature" in again.out and "jaccard60" in again.out
    assert str(values["results"]) in again.err.replace("\n", ""), "goes on from there"


def test_bad_input_is_told(repository: Path, cases: Path, tmp_path: Path):
    for arguments in (
        ("retrieval", tmp_path / "nowhere"),
        ("retrieval", repository, "--cases", tmp_path / "nowhere"),
        ("retrieval", repository, "--cases", cases, "--budget-chars", "0"),
        ("completion", repository, "--cases", cases, "--arms", "none,all"),
        ("make-cases", repository, "--calls", "-1"),
        ("make-cases", repository, "--typescript", tmp_path),
        ("no-such",),
        (),
    ):
        done = run("evaluate", *arguments)
        assert done.code == 2, arguments
        assert done.err and not done.out


@pytest.mark.slow
def test_completion(repository: Path, cases: Path, tmp_path: Path):
    results = tmp_path / "r.jsonl"
    arguments = (
        "evaluate", "completion", repository, "--cases", cases, "--arms", "none,full",
        "--threads", "1", "--results", results,
    )  # fmt: skip
    done = run(*arguments, "--json")
    assert done.code == 0, done.err
    arms = done.json["arms"]
    assert list(arms) == ["none", "full"]
    for arm in arms.values():
        assert arm["cases"] == len(read(cases))
        assert set(arm) >= {"exact_match", "edit_similarity", "identifier_f1", "by_category"}
        assert arm["edit_similarity_interval"][0] <= arm["edit_similarity"]
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    used = {arm: sum(line.get("snippet_tokens", 0) for line in lines if line.get("arm") == arm)
            for arm in ("none", "full")}  # fmt: skip
    assert used["none"] == 0 < used["full"]
    table = run(*arguments)
    assert table.code == 0
    assert "identifier F1" in table.out
    assert (repository / "main.py").read_text("utf-8") == MAIN
