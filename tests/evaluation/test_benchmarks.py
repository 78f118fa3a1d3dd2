"""Public benchmarks' records as cases, and what their tests say of completions."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.evaluation import benchmarks
from beadline.evaluation.cases import format as case_format

INFILLING = {
    "task_id": "SingleLineInfilling/HumanEval/0/L0",
    "entry_point": "double",
    "prompt": "def double(x):\n    # twice\n",
    "suffix": "    return y\n",
    "canonical_solution": "    y = 2 * x\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
}
SAFIM = {
    "task_id": "block_1",
    "lang": "java",
    "eval_prompt": "class A {\n  int f() {\n    {{completion}}\n  }\n}\n",
    "ground_truth": "int a = 1;\n    return a;",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bench.jsonl.gz"
    lines = "".join(json.dumps(record) + "\n" for record in (INFILLING, SAFIM))
    path.write_bytes(gzip.compress(lines.encode()))
    return path


def test_records_become_cases(file: Path):
    one, other = benchmarks.read(file)
    assert one.case.prefix + one.case.middle + one.case.suffix == (
        "def double(x):\n    # twice\n    y = 2 * x\n    return y\n"
    )
    assert (one.case.language, one.case.category) == ("python", benchmarks.SINGLE_LINE)
    assert (other.case.language, other.case.category) == ("java", benchmarks.SEVERAL_LINES)
    assert other.case.prefix.endswith("f() {\n    ") and not other.test
    assert one.case.path != other.case.path


def test_cases_and_their_files_are_written(file: Path, tmp_path: Path, capsys):
    assert benchmarks.main(["cases", str(file), "--output", str(tmp_path / "out")]) == 0
    assert "--arms none" in capsys.readouterr().out
    cases = case_format.read(tmp_path / "out" / "cases.jsonl")
    for case in cases:
        text = (tmp_path / "out" / "files" / case.path).read_text("utf-8")
        assert text == case.prefix + case.middle + case.suffix


@pytest.mark.parametrize(
    ("prediction", "passes"),
    [("    y = x + x", True), ("    y = x + x\n    y = 0", True), ("    y = x", False),
     ("    while True: pass", False), ("    y = (", False)],
)  # fmt: skip
def test_a_completion_passes_by_the_benchmark_s_own_test(file: Path, prediction: str, passes: bool):
    one, _ = benchmarks.read(file)
    assert benchmarks.runs(benchmarks.program(one, prediction), 2.0) is passes


def test_pass_at_one_counts_what_was_completed(file: Path, tmp_path: Path, capsys):
    one, other = benchmarks.read(file)
    lines = [{"header": {}}] + [
        {"arm": "none", "id": task.case.id, "prediction": task.case.middle} for task in (one, other)
    ]
    path = tmp_path / "results.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert benchmarks.main(["pass", str(file), str(path), "--workers", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["tasks"] == 1 and found["pass_at_1"]["value"] == 1.0


def test_a_program_cannot_write_much_or_see_the_environment(monkeypatch):
    monkeypatch.setenv("SECRET_OF_OURS", "1")
    assert benchmarks.runs("import os\nassert 'SECRET_OF_OURS' not in os.environ\n")
    assert not benchmarks.runs("open('big', 'wb').write(b'x' * (1 << 22))\n")


def test_what_is_no_benchmark(tmp_path: Path, capsys):
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n', "utf-8")
    with pytest.raises(InputError, match="no benchmark"):
        benchmarks.read(path)
    path.write_text("", "utf-8")
    assert benchmarks.main(["cases", str(path), "--output", str(tmp_path)]) == 2
    assert "no records" in capsys.readouterr().err
