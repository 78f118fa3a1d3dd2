"""Held-out holes before and after tuning: how they are asked, kept, and compared."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from beadline.completion.types import CompletionItem, CompletionRequest, CompletionResult, Trace
from beadline.context.types import Document
from beadline.engine.protocol import FimRequest, Score, Usage
from beadline.errors import InputError
from beadline.evaluation import heldout, proof
from beadline.evaluation.cases.format import Case
from beadline.evaluation.heldout import COMMIT, FILE, Held, Wanted
from beadline.evaluation.proof import ALONE, BASE, SERVED, TUNED, Answer, Side
from beadline.evaluation.versions import versions
from beadline.settings import EngineOptions, Options
from tests.evaluation.histories import History, module

TEXT = "value = 1\nprint(value)\n"
HEADER = {"seed": 1}


def held(start: int, end: int, category: str = "statement", source: str = COMMIT) -> Held:
    case = Case("pkg/a.py", "python", category, TEXT[:start], TEXT[end:], TEXT[start:end])
    return Held(case, "owner/r", source, "c1", "c0")


class Log:
    """What was done, in order."""

    def __init__(self, folder: Path, text: str = "1", fails: bool = False) -> None:
        self.folder = folder
        self.text = text
        self.fails = fails
        self.told: list[Any] = []

    def at(self, commit: str) -> None:
        self.told.append(("at", commit))

    def replace(self, folder: Path, path: str, text: str | None) -> None:
        assert folder == self.folder
        self.told.append(("replace", path, text))

    def opened(self, document: Document) -> None:
        self.told.append(("opened", document))

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        if self.fails:
            raise KeyboardInterrupt
        self.told.append(("asked", request))
        items = (CompletionItem(self.text, request.offset, request.offset),) if self.text else ()
        trace = Trace(snippet_tokens=5, prompt_tokens=50, silent_reason="" if items else "empty")
        return CompletionResult(items, trace)

    async def settled(self) -> None:
        self.told.append("settled")

    async def fim_request(self, request: CompletionRequest) -> FimRequest:
        self.told.append(("prompt", request))
        text = request.document.text
        return FimRequest(text[: request.offset], text[request.offset :], max_tokens=7)

    def closed(self, key: str) -> None:
        self.told.append(("closed", key))

    async def score(self, request: FimRequest, middle: str) -> Score:
        self.told.append(("scored", request, middle))
        return Score(-3.0, -0.5, 2, len(middle.encode()), 0, Usage())


def names(log: Log) -> list[str]:
    return [each if isinstance(each, str) else each[0] for each in log.told]


async def test_a_hole_is_answered_among_the_files_of_its_tree(tmp_path: Path):
    log, wanted = Log(tmp_path / "r"), held(8, 9)
    answer = await proof.ask(BASE, SERVED, log, log, wanted, log)
    assert names(log) == [
        "at", "replace", "opened", "asked", "settled", "prompt", "closed", "replace", "scored",
    ]  # fmt: skip
    assert log.told[0] == ("at", "c0")
    assert log.told[1] == ("replace", "pkg/a.py", "value = \nprint(value)\n")
    assert log.told[-2] == ("replace", "pkg/a.py", None)
    document, request = log.told[2][1], log.told[3][1]
    assert document == request.document and log.told[5][1] == request
    assert document.text == wanted.case.text, "the middle is nowhere in what is asked"
    assert (document.path, document.repo) == ("pkg/a.py", "r")
    assert (request.offset, request.silence) == (8, False)
    _, scored, middle = log.told[-1]
    assert (scored.prefix, middle) == ("value = ", "1")
    assert scored.max_tokens == proof.SCORED_TOKENS
    assert answer == Answer(BASE, SERVED, wanted.id, "1", "", 3.0, 0.5, 1, 50, 5)


async def test_without_snippets_no_file_is_touched(tmp_path: Path):
    log = Log(tmp_path, text="")
    answer = await proof.ask(TUNED, ALONE, log, log, held(8, 9), log)
    assert "at" not in names(log) and "replace" not in names(log)
    assert (answer.prediction, answer.silent_reason) == ("", "empty")


async def test_the_file_is_what_it_was_after_an_interruption(tmp_path: Path):
    log = Log(tmp_path, fails=True)
    with pytest.raises(KeyboardInterrupt):
        await proof.ask(BASE, SERVED, log, log, held(8, 9), log)
    assert log.told[-1] == ("replace", "pkg/a.py", None)


def answers(wanted: Held, base: str, tuned: str, arm: str = SERVED) -> dict[proof.Key, Answer]:
    size = len(wanted.case.middle)
    found = (
        Answer(BASE, arm, wanted.id, base, "", 4.0 * size, None, size, 0, 0),
        Answer(TUNED, arm, wanted.id, tuned, "", 3.0 * size, 0.1, size, 0, 0),
    )
    return {each.key: each for each in found}


def test_sides_are_compared_over_all_holes_and_by_group():
    first, second = held(8, 9), held(10, 22, "rest_of_line")
    third = held(0, 9, "statement", source=FILE)
    known = {
        **answers(first, "2", "1"),
        **answers(second, "print(value)\nmore", "print(value)"),
        **answers(third, "", "value = 1"),
    }
    found = proof.summarise([first, second, third], known, [SERVED])[SERVED]
    json.dumps(found, allow_nan=False)
    assert (found["holes"], found["groups"]) == (3, 1)
    assert found[BASE]["exact_match"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    assert found[TUNED]["exact_match"]["value"] == 1
    assert (found[BASE]["silent"], found[TUNED]["silent"]) == (1, 0)
    assert found["exact_match_gain"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["exact_match_ratio"]["value"] == pytest.approx(3)
    assert (found[BASE]["nll_per_byte"], found[TUNED]["nll_per_byte"]) == (4, 3)
    assert found["nll_ratio"]["value"] == 0.75
    assert list(found["by_category"]) == ["rest_of_line", "statement"]
    assert found["by_category"]["statement"][BASE]["exact_match"]["value"] == 0
    assert {name: each["holes"] for name, each in found["by_source"].items()} == {
        COMMIT: 2, FILE: 1
    }  # fmt: skip
    assert list(found["by_language"]) == ["python"]


def test_nothing_to_compare_is_no_number():
    found = proof.summarise([], {})[ALONE]
    json.dumps(found, allow_nan=False)
    assert found["holes"] == 0
    assert found["exact_match_gain"]["low"] is None


def test_answers_are_kept_as_lines(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    (base, tuned) = answers(held(8, 9), "2", "1").values()
    with proof.results.Writer(path, HEADER) as writer:
        writer.append(asdict(base))
        writer.append(asdict(tuned))
    assert proof.read(path, HEADER) == [base, tuned]
    with pytest.raises(InputError, match="another run"):
        proof.read(path, {"seed": 2})


@pytest.mark.slow
async def test_a_side_answers_with_and_without_snippets(tmp_path: Path):
    history = History(tmp_path / "things")
    history.commit({f"m{number}.py": module(f"m{number}") for number in range(12)})
    for number in range(4):
        history.commit({f"n{number}.py": module(f"n{number}", 3)})
    plan = heldout.plan(history.root, Wanted(holes=6, commit_share=0.5))
    wanted = heldout.draw(history.root, plan)
    options = Options(engine=EngineOptions(threads=1, context_tokens=2048))
    path = tmp_path / "base.jsonl"
    told: list[str] = []

    def tell(what: str, done: int, of: int) -> None:
        told.append(what)

    with versions(history.root, plan.cut, options.context) as files:

        async def prove(own: Options) -> dict[proof.Key, Answer]:
            return await proof.prove(
                Side(BASE), wanted, files, files, own, path, HEADER, tell
            )  # fmt: skip

        found = await prove(options)
        assert len(found) == 12 and {arm for _, arm, _ in found} == {SERVED, ALONE}
        assert all(each.nll > 0 and each.bytes > 0 for each in found.values())
        assert all(each.snippet_tokens == 0 for key, each in found.items() if key[1] == ALONE)
        assert any(each.snippet_tokens > 0 for key, each in found.items() if key[1] == SERVED)
        assert told.count("base, served") == 6
        # All is known: no engine is started any more.
        nowhere = replace(options, engine=replace(options.engine, model="/nowhere.gguf"))
        assert await prove(nowhere) == found
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[:-2]) + lines[-1][:20])
        again = await prove(options)
        assert again.keys() == found.keys()
        assert [each.prediction for each in again.values()] == [
            each.prediction for each in (found[key] for key in again)
        ]
