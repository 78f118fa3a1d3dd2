"""Arms: the same cases by the same code, with and without text of other files; resumed, summed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beadline.completion.types import CompletionItem, CompletionRequest, CompletionResult, Trace
from beadline.context.types import Document
from beadline.evaluation import arms, results
from beadline.evaluation.cases.format import Case

TEXT = "value = 1\nprint(value)\n"
HEADER = {"seed": 1}


def case(start: int, end: int, category: str = "statement") -> Case:
    return Case("a.py", "python", category, TEXT[:start], TEXT[end:], TEXT[start:end])


class Says:
    """Answers every request with the same text."""

    def __init__(self, text: str, fails_after: int = 10**6) -> None:
        self.text = text
        self.left = fails_after
        self.told: list[tuple[str, object]] = []

    def opened(self, document: Document) -> None:
        self.told.append(("opened", document))

    async def settled(self) -> None:
        self.told.append(("settled", None))

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        self.told.append(("asked", request))
        items = (CompletionItem(self.text, request.offset, request.offset),) if self.text else ()
        return CompletionResult(items, Trace(snippet_tokens=5))

    def closed(self, key: str) -> None:
        self.told.append(("closed", key))


class Replaced:
    """Notes which files were replaced."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str | None]] = []

    def replace(self, folder: Path, path: str, text: str | None) -> None:
        self.told.append((path, text))


Known = dict[tuple[str, str], arms.Completed]


async def run(
    completer: Says,
    cases: list[Case],
    path: Path,
    arm: str = "full",
    workspace: Replaced | None = None,
) -> Known:
    known = arms.read(path, HEADER)
    with results.Writer(path, HEADER) as writer:
        await arms.run(arm, completer, cases, known, writer, path.parent, workspace)
    return known


async def test_a_case_is_asked_as_it_is_served_with_silence_off(tmp_path: Path):
    says, replaced, wanted = Says("1"), Replaced(), case(8, 9)
    known = await run(says, [wanted], tmp_path / "r.jsonl", workspace=replaced)
    assert [name for name, _ in says.told] == ["opened", "asked", "settled", "closed"]
    request = says.told[1][1]
    assert isinstance(request, CompletionRequest)
    assert request.document == says.told[0][1]
    assert request.document.text == "value = \nprint(value)\n"
    assert (request.offset, request.automatic, request.silence) == (8, True, False)
    assert says.told[-1][1] == request.document.key == (tmp_path / "a.py").as_uri()
    assert replaced.told == [("a.py", wanted.text), ("a.py", None)]
    assert known["full", wanted.id].prediction == "1"
    assert known["full", wanted.id].snippet_tokens == 5


async def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path):
    path, cases = tmp_path / "r.jsonl", [case(8, 9), case(10, 22), case(16, 21)]
    replaced = Replaced()
    with pytest.raises(KeyboardInterrupt):
        await run(Says("1", fails_after=1), cases, path, workspace=replaced)
    assert replaced.told[-1] == ("a.py", None), "the file is what it was"
    again = Says("2")
    known = await run(again, cases, path)
    assert [known["full", each.id].prediction for each in cases] == ["1", "2", "2"]
    await run(Says("3"), cases, path, arm="none")
    known = arms.read(path, HEADER)
    assert {arm for arm, _ in known} == {"full", "none"}
    assert len(known) == 6


def test_the_summary():
    cases = [case(8, 9), case(8, 9, "rest_of_line"), case(9, 9, "empty"), case(0, 9, "single_line")]
    known = {
        (arm, each.id): arms.Completed(arm, each.id, text, "", 0, 0)
        for arm, texts in {"none": ["", "", "", ""], "full": ["1", "2", "3", "value = 1"]}.items()
        for each, text in zip(cases, texts, strict=True)
    }
    values = arms.summarise(["none", "full"], cases, known)
    json.dumps(values, allow_nan=False)
    none, full = values["arms"]["none"], values["arms"]["full"]
    assert (none["cases"], none["exact_match"], none["silent"]) == (4, 0.25, 4)
    assert (full["exact_match"], full["silent"]) == (0.5, 0)
    assert list(full["by_category"]) == ["rest_of_line", "statement", "single_line", "empty"]
    assert full["by_category"]["statement"]["exact_match"] == 1.0
    assert list(full["by_scenario"]) == ["single_line", "empty", "total"]
    assert full["by_scenario"]["total"]["cases"] == 2
    low, high = full["exact_match_interval"]
    assert low < 0.5 < high
    assert set(full) >= {"edit_similarity", "identifier_f1", "identifier_f1_interval"}


def test_bm25_stands_in_for_the_search(tmp_path: Path):
    (tmp_path / "lib.py").write_text("def wanted(argument):\n    return argument\n", "utf-8")
    (tmp_path / "main.py").write_text("wanted(1)\n", "utf-8")
    (tmp_path / "main.go").write_text("package wanted\n", "utf-8")
    for number in range(4):
        (tmp_path / f"other{number}.py").write_text("unrelated = 1\n", "utf-8")
    document = Document((tmp_path / "main.py").as_uri(), "main.py", "python", "wanted(")
    (found,) = arms.Lexical(tmp_path).search(document, 7, max_chars=1000)
    assert (found.path, found.source) == ("lib.py", "bm25")
    assert arms.Lexical(tmp_path).ready(0.0)
