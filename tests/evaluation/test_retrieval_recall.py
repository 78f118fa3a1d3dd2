"""What prompts hold of what is needed: judged by lines, measured on what is served, counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document, Interrupted, Snippet
from beadline.errors import InputError
from beadline.evaluation import recall, retrieval
from beadline.evaluation.cases.format import CROSS_FILE_CALL, Case, Symbol
from beadline.evaluation.indexed import IndexedFolder, indexed
from beadline.evaluation.retrieval import COLD, TYPED, Arm, Held, Judge, Measured, Measurer, run
from beadline.settings import ContextOptions

SHAPES = '''\
"""Shapes."""


class Circle:
    def area(self, exact: bool = False) -> float:
        return 3.0


class Square:
    def area(self, exact: bool = False) -> float:
        return 4.0

    def corners_of_square(self, offset: int) -> list[int]:
        return [offset] * 4
'''
MAIN = '''\
"""Uses shapes."""

from shapes import Square


def corners() -> list[int]:
    square = Square()
    return square.corners_of_square(7)
'''
CORNERS = Symbol(
    "corners_of_square", "method", "shapes.py", 13,
    "def corners_of_square(self, offset: int) -> list[int]:", "Square",
)  # fmt: skip
AREA = Symbol(
    "area", "method", "shapes.py", 10, "def area(self, exact: bool = False) -> float:", "Square"
)
OPTIONS = ContextOptions(snippet_tokens=2000)
WAYS: tuple[str, ...] = (COLD, TYPED, *retrieval.BASELINES)


def case(middle: str = "corners_of_square(7)", category: str = CROSS_FILE_CALL) -> Case:
    at = MAIN.index(middle)
    return Case(
        "main.py", "python", category, MAIN[:at], MAIN[at + len(middle) :], middle, (CORNERS,)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    (root / "shapes.py").write_text(SHAPES, "utf-8")
    (root / "main.py").write_text(MAIN, "utf-8")
    return root.resolve()


@pytest.fixture
def workspace(folder: Path) -> Iterator[IndexedFolder]:
    with indexed(folder, OPTIONS) as found:
        yield found


def snippet(text: str, *, path: str = "shapes.py", start: int | None = None) -> Snippet:
    at = SHAPES.find(text) if start is None else start
    return Snippet(path, text, at, 1.0, "test")


def test_a_range_of_the_file_holds_the_lines_that_it_has(folder: Path):
    judge = Judge(folder)
    square = SHAPES[SHAPES.index("class Square") :].rstrip()
    circle = SHAPES[SHAPES.index("class Circle") : SHAPES.index("class Square")].rstrip()
    assert judge.has_signature(snippet(square), AREA)
    assert not judge.has_signature(snippet(circle), AREA), "the same line of another class"
    assert not judge.has_signature(snippet(square, path="other.py"), AREA)


def test_a_skeleton_holds_what_it_says_of_the_right_class(folder: Path):
    judge = Judge(folder)
    right = "class Square:\n    def area(self, exact: bool = False) -> float: ..."
    assert judge.has_signature(snippet(right, start=90), AREA)
    assert not judge.has_signature(snippet(right.replace("Square", "Circle"), start=90), AREA)
    assert not judge.has_signature(snippet("class Square:\n    ...", start=90), AREA)
    short = Symbol("f", "function", "shapes.py", 1, "def f(a, b)")
    assert judge.has_signature(snippet("def f(a,\n      b):\n", start=5), short)


def test_names_are_whole_words():
    assert retrieval.has_name("x.area(1)", "area")
    assert not retrieval.has_name("areas = my_area", "area")
    assert not retrieval.has_name("$get", "get")


def test_the_served_prompt_holds_the_definition(folder: Path, workspace: IndexedFolder):
    measured = Measurer(folder, workspace, OPTIONS, 6000).measure(case())
    cold = measured.arms[COLD]
    assert any(0 in held.signatures for held in cold.snippets)
    assert any(0 in held.names for held in cold.snippets)
    assert all(held.path != "main.py" for held in cold.snippets)
    assert set(measured.arms) == {COLD, TYPED, *retrieval.BASELINES}
    assert all(arm.ms >= 0 for arm in measured.arms.values())


def test_while_a_case_is_measured_its_file_is_another_one(folder: Path, workspace: IndexedFolder):
    seen: list[tuple[str, str]] = []
    search = workspace.search

    def looking(
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
        interrupted: Interrupted | None = None,
    ) -> tuple[Snippet, ...]:
        seen.append(((folder / "main.py").read_text("utf-8"), document.text[offset:]))
        return search(document, offset, max_chars=max_chars, tree=tree, interrupted=interrupted)

    workspace.search = looking  # type: ignore[method-assign]
    wanted = case()
    Measurer(folder, workspace, OPTIONS, 6000).measure(wanted)
    assert seen and all(text == wanted.text for text, _ in seen)
    assert all(behind.endswith(wanted.suffix) for _, behind in seen)
    assert (folder / "main.py").read_text("utf-8") == MAIN


def test_the_index_holds_what_the_file_holds(folder: Path, workspace: IndexedFolder):
    other = "from shapes import Square\n\n\ndef far_away_helper(number):\n    return number\n"
    asking = Document((folder / "asks.py").as_uri(), "asks.py", "python", "far_away_helper(number")

    def found() -> str:
        hits = workspace.search(asking, len(asking.text), max_chars=6000)
        return "".join(snippet.text for snippet in hits)

    assert "def far_away_helper" not in found()
    workspace.replace(folder, "main.py", other)
    assert "def far_away_helper" in found()
    workspace.replace(folder, "main.py", None)
    assert "def far_away_helper" not in found()
    workspace.replace(folder, "new/file.py", other)
    assert "def far_away_helper" in found()
    workspace.replace(folder, "new/file.py", None)
    assert not (folder / "new" / "file.py").exists()
    assert "def far_away_helper" not in found()


class Counted(Measurer):
    """Counts what it measures, and is interrupted."""

    fails_after = 10**6

    def measure(self, case: Case) -> Measured:
        if not self.fails_after:
            raise KeyboardInterrupt
        self.fails_after -= 1
        arms = dict.fromkeys(WAYS, Arm(1.5, (held(),), True))
        return Measured(case.id, case.category, case.language, 1, arms)


def held(source: str = "definition", signatures: tuple[int, ...] = (0,), chars: int = 10) -> Held:
    return Held(source, "shapes.py", chars, signatures, (0,))


def test_an_interrupted_run_goes_on(folder: Path, workspace: IndexedFolder, tmp_path: Path):
    cases = [case(), case("Square()", "statement"), case("7", "rest_of_line")]
    measurer = Counted(folder, workspace, OPTIONS, 6000)
    measurer.fails_after = 2
    path, header = tmp_path / "r.jsonl", {"seed": 1}
    with pytest.raises(KeyboardInterrupt):
        run(measurer, cases, path, header)
    measurer.fails_after = 1
    done: list[int] = []
    found = run(measurer, cases, path, header, done.append)
    assert [m.id for m in found] == [c.id for c in cases]
    assert done == [1, 2, 3]
    assert run(measurer, cases, path, header) == found, "read from the file"
    with pytest.raises(InputError, match="another run"):
        run(measurer, cases, path, {"seed": 2})


def measured(number: int, *snippets: Held, symbols: int = 1, category: str = CROSS_FILE_CALL,
             ms: float = 1.0) -> Measured:  # fmt: skip
    arm = Arm(ms, snippets, older=number % 2 == 0)
    arms = dict.fromkeys(WAYS, arm)
    return Measured(f"case {number}", category, "python", symbols, arms)


def test_shares_of_labelled_cases_and_of_all_calls():
    values = recall.summarise(
        [
            measured(1, held(), held("bm25", ())),
            measured(2, held("bm25", ()), ms=3.0),
            measured(3),
            measured(4, held("bm25", ()), symbols=0),
            measured(5, held("bm25", (0,), chars=30), symbols=2, category="statement"),
        ]
    )
    json.dumps(values, allow_nan=False)
    assert (values["cases"], values["labelled"]) == (5, 4)
    assert values["signature_recall"] == pytest.approx((1 + 0 + 0 + 0.5) / 4)
    calls = values["by_category"][CROSS_FILE_CALL]
    assert (calls["cases"], calls["labelled"]) == (4, 3)
    assert calls["signature_recall"] == pytest.approx(1 / 3, abs=1e-4)
    assert calls["signature_recall_all_calls"] == pytest.approx(1 / 4)
    assert calls["name_recall"] == pytest.approx(2 / 3, abs=1e-4)
    low, high = calls["signature_recall_interval"]
    assert low < calls["signature_recall"] < high
    assert values["precision"] == pytest.approx(2 / 4), "snippets of labelled cases alone"
    assert values["precision_characters"] == pytest.approx(40 / 60, abs=1e-4)
    assert (values["p50_ms"], values["p95_ms"]) == (1.0, pytest.approx(2.6))
    assert values["by_source"]["definition"]["only_here"] == pytest.approx(1 / 4)
    assert values["by_source"]["bm25"]["snippets"] == 4
    assert values["typed"]["older_snippets"] == pytest.approx(2 / 5)
    assert set(values["baselines"]) == {"bm25_top3", "bm25_budget", "jaccard60"}
    assert set(values["baselines"]["jaccard60"]) >= {"signature_recall", "name_recall", "p95_ms"}


def test_nothing_to_count_is_null():
    values = recall.summarise([measured(1, symbols=0, category="statement")])
    assert values["signature_recall"] is None
    assert values["signature_recall_all_calls"] is None
    assert values["precision"] is None
    json.dumps(values, allow_nan=False)
