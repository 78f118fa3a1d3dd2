"""`beadline bench layout` on a small repository with the built-in model, end to end."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from beadline.bench import layout
from beadline.bench.layout import command, verdict
from beadline.bench.layout.measure import Outcome
from beadline.engine.protocol import ModelInfo
from beadline.engine.verdicts import LayoutVerdicts, Verdict
from beadline.errors import InputError
from tests.bench.layout.test_cases import MODULE


def run(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    layout.add_arguments(parser)
    return layout.main(parser.parse_args([*map(str, arguments), "--threads", "1"]))


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    for number in range(3):
        text = MODULE.replace("names", f"names_{number}")
        (folder / f"m{number}.py").write_text(text, "utf-8")
    return folder


@pytest.mark.slow
def test_layouts_are_measured_resumed_and_kept(
    code: Path, tmp_path: Path, model_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    results, numbers = tmp_path / "r.jsonl", tmp_path / "n.json"
    arguments = (
        "--repo", code, "--holes", "6", "--typed", "1", "--results", results, "--json", numbers,
    )  # fmt: skip
    assert run(*arguments) == 0
    said = capsys.readouterr().out
    assert "Not kept: 6 holes say too little" in said
    document = json.loads(numbers.read_text())
    assert [row["layout"] for row in document["rows"]] == ["psm", "anchored", "spm"]
    assert {row["cases"] for row in document["rows"]} == {6}
    healed = document["healing_on_mid_word"]
    assert {(row["layout"], row["cases"]) for row in healed} == {
        ("psm", 2), ("anchored", 2), ("spm", 2),
    }  # fmt: skip
    lines = results.read_text().splitlines()
    outcomes = [Outcome.from_dict(json.loads(line)) for line in lines[1:]]
    assert sum(bool(outcome.keystrokes) for outcome in outcomes) == 1
    for outcome in outcomes:
        assert set(outcome.arms) == {"psm", "anchored", "spm"}
        assert set(outcome.unhealed) == (set(outcome.arms) if outcome.mid_word else set())
        assert all(arm.nll > 0 for arm in outcome.arms.values())
        for counts in outcome.keystrokes.values():
            assert all(count >= 1 for count in counts)
    # What an interrupted run has done is not done again.
    results.write_text("\n".join(lines[:4]) + "\n" + lines[4][:30], "utf-8")
    monkeypatch.setattr(verdict, "LEAST_CASES", 6)
    assert run(*arguments) == 0
    again = results.read_text().splitlines()
    assert (again[:4], len(again)) == (lines[:4], len(lines))
    assert "Kept in" in capsys.readouterr().out
    kept = LayoutVerdicts().of(model_path)
    assert kept is not None
    assert kept.layout == json.loads(numbers.read_text())["chosen"]
    assert (kept.family, kept.cases["holes"], len(kept.rows)) == ("beadline", 6, 3)
    with pytest.raises(InputError, match="another run"):
        run(*arguments[:3], "5", *arguments[4:])
    assert run("--forget") == 0
    assert LayoutVerdicts().of(model_path) is None


def test_forgetting_and_bad_arguments(
    code: Path, model_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--forget") == 0
    assert "nothing to forget" in capsys.readouterr().out
    LayoutVerdicts().keep(model_path, Verdict("psm", "beadline", "m", "2026-11-21"))
    assert run("--forget") == 0
    assert capsys.readouterr().out.startswith("Forgotten")
    with pytest.raises(InputError, match="No code"):
        run()
    with pytest.raises(InputError, match="no holes"):
        run("--repo", code, "--holes", "0")
    (code / "m0.py").write_text("# nothing\n" * 30, "utf-8")
    for name in ("m1.py", "m2.py"):
        (code / name).unlink()
    with pytest.raises(InputError, match="no place"):
        run("--repo", code, "--holes", "3")


def test_a_family_with_one_layout_leaves_no_choice() -> None:
    def info(layouts: str) -> ModelInfo:
        return ModelInfo("p", "n", "f", "llama", 1, 1, 1, "b", details={"layouts": layouts})

    found = command.layouts_of(info("anchored, psm, spm, left_to_right"))
    assert found == ["psm", "anchored", "spm"]
    every = info("anchored, psm, spm, left_to_right")
    assert command.layouts_of(every, ["spm"]) == ["psm", "spm"]
    with pytest.raises(InputError, match="no choice"):
        command.layouts_of(every, ["suffix_first"])
    for layouts in ("psm", "left_to_right", "suffix_first, left_to_right", "spm, anchored"):
        with pytest.raises(InputError, match="no choice"):
            command.layouts_of(info(layouts))
