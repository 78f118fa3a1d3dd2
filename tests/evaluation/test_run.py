"""Runs: what is recorded, that an interrupted one goes on, and what the summary says."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from beadline.completion.types import CompletionItem, CompletionRequest, CompletionResult, Trace
from beadline.context.index.client import file_of
from beadline.context.types import Document
from beadline.engine.protocol import FimRequest
from beadline.errors import InputError
from beadline.evaluation import report
from beadline.evaluation.holes import EMPTY, Hole
from beadline.evaluation.run import Outcome, run

TEXT = "value = 1\nprint(value)\n"
HEADER = {"seed": 1}


def hole(start: int, end: int, category: str = "rest_of_line") -> Hole:
    return Hole("r", "c", "a.py", category, start, end, TEXT)


class Says:
    """Answers every request with the same text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.requests: list[CompletionRequest] = []
        self.closed_keys: list[str] = []
        self.fails_after = 10**6

    def opened(self, document: Document) -> None:
        pass

    async def settled(self) -> None:
        pass

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        if len(self.requests) == self.fails_after:
            raise KeyboardInterrupt
        self.requests.append(request)
        trace = Trace(answered_from="model", silent_reason="" if self.text else "empty_answer")
        items = (CompletionItem(self.text, request.offset, request.offset),) if self.text else ()
        return CompletionResult(items, trace)

    async def fim_request(self, request: CompletionRequest) -> FimRequest:
        text, offset = request.document.text, request.offset
        return FimRequest(text[:offset], text[offset:])

    def closed(self, key: str) -> None:
        self.closed_keys.append(key)


async def outcome_of(text: str, target: Hole, tmp_path: Path) -> Outcome:
    (outcome,) = await run(Says(text), [target], tmp_path / "r.jsonl", HEADER)
    return outcome


async def test_the_file_is_served_without_the_hole(tmp_path: Path):
    says = Says("1")
    await run(says, [hole(8, 9)], tmp_path / "r.jsonl", HEADER)
    (request,) = says.requests
    assert request.document.text == "value = \nprint(value)\n"
    assert (request.offset, request.automatic) == (8, True)
    assert says.closed_keys == [request.document.key]


async def test_errors_are_counted_by_both_parsers(tmp_path: Path):
    good = await outcome_of("2", hole(8, 9), tmp_path)
    assert (good.adds_error, good.python_broken, good.python_parses) == (False, None, True)
    (tmp_path / "r.jsonl").unlink()
    broken = await outcome_of(" ] (", hole(9, 9, EMPTY), tmp_path)
    assert (broken.adds_error, broken.python_broken, broken.python_parses) == (True, True, False)


async def test_an_interrupted_run_goes_on(tmp_path: Path):
    holes = [hole(8, 9), hole(16, 21), hole(9, 9, EMPTY)]
    results = tmp_path / "new" / "r.jsonl"
    says = Says("1")
    says.fails_after = 1
    with pytest.raises(KeyboardInterrupt):
        await run(says, holes, results, HEADER)
    with results.open("a") as file:
        file.write('{"id": "cut off in wri')
    again = Says("2")
    outcomes = await run(again, holes, results, HEADER)
    assert [o.prediction for o in outcomes] == ["1", "2", "2"]
    assert len(again.requests) == 2
    assert len([json.loads(line) for line in results.read_text().splitlines()]) == 4
    assert await run(Says("3"), holes, results, HEADER) == outcomes


async def test_results_of_another_run_are_not_mixed_in(tmp_path: Path):
    results = tmp_path / "r.jsonl"
    await run(Says("1"), [hole(8, 9)], results, HEADER)
    with pytest.raises(InputError, match="another run"):
        await run(Says("1"), [hole(8, 9)], results, {"seed": 2})


@pytest.mark.parametrize("content", ["notes", "notes\nof mine", '{"a": 1}\n', "3\n", "[]\nx"])
async def test_a_file_of_something_else_is_left_alone(tmp_path: Path, content: str):
    results = tmp_path / "notes.txt"
    results.write_text(content)
    with pytest.raises(InputError, match="results file"):
        await run(Says("1"), [hole(8, 9)], results, HEADER)
    assert results.read_text() == content


async def test_the_summary(tmp_path: Path):
    holes = [hole(8, 9), hole(16, 21), hole(9, 9, EMPTY)]
    outcomes = await run(Says("1"), holes, tmp_path / "r.jsonl", HEADER)
    summary = report.summarise(outcomes)
    answered = summary[report.ANSWERED]
    assert (answered["holes"], answered["adds_error"]) == (2, 0)
    assert answered["arms"]["model"]["exact_match"]["value"] == 0.5
    assert answered["arms"]["empty"]["exact_match"]["value"] == 0
    assert summary[EMPTY]["arms"]["empty"]["exact_match"]["value"] == 1
    assert summary[EMPTY]["shown"]["value"] == 1
    assert "100.0 % of 2 holes with an answer shown" in report.verdict(summary)
    assert "0.0 % of 1 empty holes silent" in report.verdict(summary)
    output = io.StringIO()
    report.print_table(summary, Console(file=output, width=100))
    assert "rest_of_line" in output.getvalue()
    json.dumps(summary, allow_nan=False)


async def test_the_table_by_language(tmp_path: Path):
    go = "package a\n\nfunc f() int {\n\treturn 1\n}\n"
    at = go.index("1")
    holes = [
        hole(8, 9),
        Hole("r", "c", "a.go", "rest_of_line", at, at + 1, go, "go"),
        Hole("r", "c", "a.go", EMPTY, at + 1, at + 1, go, "go"),
    ]
    outcomes = await run(Says("2"), holes, tmp_path / "r.jsonl", HEADER)
    assert [o.python_parses for o in outcomes] == [True, None, None]
    table = report.by_language(outcomes)
    assert list(table) == ["go", "python"]
    row = table["go"]
    assert (row["holes"], row["shown"], row["empty"], row["empty_silent"]) == (1, 1, 1, 0)
    assert (row["windows_exact"], row["windows"]) == (2, 2)
    assert (row["trees"], row["tree_clean"], row["tree_adds_error"], row["balanced"]) == (
        2, 2, 0, 2
    )  # fmt: skip
    output = io.StringIO()
    report.print_languages(table, Console(file=output, width=120))
    assert "python" in output.getvalue()
    json.dumps(table, allow_nan=False)


async def test_with_a_folder_the_document_is_a_version_of_its_file(tmp_path: Path):
    says = Says("1")
    folders = {"r": tmp_path / "r"}
    await run(says, [hole(8, 9), hole(16, 21)], tmp_path / "r.jsonl", HEADER, folders=folders)
    first, second = (request.document.key for request in says.requests)
    assert first != second
    assert file_of(first) == file_of(second) == str(tmp_path / "r" / "a.py")
