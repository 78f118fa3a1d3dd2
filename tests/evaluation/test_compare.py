"""Two runs over the same holes, and the arms of one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.evaluation import compare
from beadline.evaluation.cases import format as case_format
from beadline.evaluation.cases.format import Case


def outcome(number: int, prediction: str, truth: str = "x = 1", category: str = "statement"):
    return {
        "id": f"h{number}", "category": category, "repo": "r", "path": f"{number % 4}.py",
        "truth": truth, "prediction": prediction, "baselines": {"most similar line": "x = 2"},
    }  # fmt: skip


def results(path: Path, lines) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in [{"header": {}}, *lines]), "utf-8")
    return path


BEFORE = [outcome(n, "y", category="statement" if n % 2 else "import_line") for n in range(40)]
AFTER = [{**line, "prediction": "x = 1" if n < 20 else "y"} for n, line in enumerate(BEFORE)]


def test_a_gain_has_an_interval_above_nothing():
    found = compare.compare_runs(BEFORE, AFTER, tokens=2_000_000)
    exact = found["by_category"]["all"]["exact_match"]
    assert (exact["before"]["value"], exact["after"]["value"]) == (0.0, 0.5)
    assert exact["difference"]["low"] > 0
    assert exact["most similar line"]["value"] == 0.0
    assert found["exact_match_per_million_tokens"] == pytest.approx(0.25)
    assert set(found["by_category"]) == {"all", "statement", "import_line"}
    same = compare.compare_runs(AFTER, AFTER)["by_category"]["all"]["exact_match"]
    assert same["difference"]["low"] == same["difference"]["high"] == 0.0
    assert same["ratio"]["value"] == 1.0


def test_only_holes_with_an_answer_that_both_have_count():
    empty = outcome(99, "z", truth=" ")
    found = compare.compare_runs([*BEFORE, empty], [*AFTER[:10], empty, outcome(77, "y")])
    assert found["holes"] == 10
    with pytest.raises(InputError, match="share no hole"):
        compare.compare_runs(BEFORE, [outcome(77, "y")])


def test_the_command_reads_results_files(tmp_path: Path, capsys):
    before, after = results(tmp_path / "b", BEFORE), results(tmp_path / "a", AFTER)
    assert compare.main(["runs", str(before), str(after)]) == 0
    assert json.loads(capsys.readouterr().out)["holes"] == 40
    (tmp_path / "none").write_text("{}\n", "utf-8")
    assert compare.main(["runs", str(before), str(tmp_path / "none")]) == 2
    assert "no results file" in capsys.readouterr().err


def test_arms_are_compared_on_the_cases_that_all_have(tmp_path: Path, capsys):
    cases = [
        Case(f"{n}.py", "python", "cross_file_call" if n else "statement", "", "", f"f({n})")
        for n in range(12)
    ]
    lines = [
        {"arm": arm, "id": case.id, "prediction": case.middle if arm == "full" else "g()"}
        for case in cases
        for arm in ("none", "full")
        if not (arm == "full" and case.path == "11.py")
    ]
    case_format.write(tmp_path / "cases.jsonl", cases)
    path = results(tmp_path / "r", lines)
    given = ["arms", str(tmp_path / "cases.jsonl"), str(path)]
    assert compare.main([*given, "--category", "cross_file_call"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cases"] == 10
    assert found["exact_match"]["full"]["value"] == 1.0
    assert found["differences"]["full - none"]["low"] > 0
    assert compare.main([*given, "--category", "import"]) == 2
