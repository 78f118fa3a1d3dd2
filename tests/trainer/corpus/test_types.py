"""A report counts every step, as JSON and as a table."""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from beadline.trainer.corpus.types import CorpusFile, Report, digest_of


def report() -> Report:
    made = Report("things", "abc", notes=["HEAD is detached."])
    step = made.step("names")
    step.files = 9
    for number in range(7):
        step.drop("hidden", f"{number}.py", 10)
    made.step("secrets").changed["e-mail addresses"] += 2
    made.step("style").noted["too many blank lines"] += 3
    files = [CorpusFile.of(f"{name}.py", "python", "x" * 5, "things") for name in "ab"]
    made.finish(files)
    return made


def test_a_file_carries_the_digest_of_its_text():
    file = CorpusFile.of("a.py", "python", "x = 1\n", "r")
    assert file.digest == digest_of("x = 1\n") != digest_of("x = 2\n")


def test_steps_are_found_by_name_and_say_what_went_on():
    made = report()
    step = made.step("names")
    assert (step.files, step.kept, step.characters) == (9, 2, 70)
    assert step.examples == {"hidden": [f"{number}.py" for number in range(5)]}
    assert [each.name for each in made.steps] == ["names", "secrets", "style"]
    assert made.reasons() == {"hidden": 7}


def test_as_json(tmp_path: Path):
    made = report()
    made.write(tmp_path / "report.json")
    read = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert read == made.as_dict()
    assert (read["files"], read["characters"], read["languages"]) == (2, 10, {"python": 10})
    assert read["steps"][0]["dropped"] == {"hidden": 7}
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_the_table_names_every_count():
    output = io.StringIO()
    Console(file=output, width=140).print(report().table())
    shown = output.getvalue()
    for words in (
        "things: 2 files, 10 characters",
        "left out: hidden",
        "replaced: e-mail addresses",
        "left as it is: too many blank lines",
        "HEAD is detached.",
    ):
        assert words in shown
