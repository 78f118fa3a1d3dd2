"""Files of cases: written and read again, and refused where they are something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.errors import InputError
from beadline.evaluation.cases.format import Case, Symbol, as_lines, read, write

SYMBOL = Symbol("area", "method", "pkg/shapes.py", 7, "def area(self) -> float:", "Square")
CASE = Case("main.py", "python", "cross_file_call", "x = s.", "\n", "area()", (SYMBOL,))
TEXTS = st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]))


def test_the_keys_are_those_of_the_format():
    (line,) = as_lines([CASE]).splitlines()
    assert json.loads(line) == {
        "path": "main.py",
        "language": "python",
        "category": "cross_file_call",
        "prefix": "x = s.",
        "suffix": "\n",
        "middle": "area()",
        "crossfile_symbols": [
            {
                "name": "area",
                "kind": "method",
                "cls": "Square",
                "path": "pkg/shapes.py",
                "line": 7,
                "signature": "def area(self) -> float:",
            }
        ],
    }
    plain = Symbol("f", "function", "a.py", 1, "def f():")
    assert "cls" not in plain.as_dict()


@given(prefix=TEXTS, middle=TEXTS, suffix=TEXTS)
def test_what_is_written_is_read(prefix: str, middle: str, suffix: str):
    case = Case("a.py", "python", "statement", prefix, suffix, middle)
    assert Case.of(json.loads(as_lines([case]))) == case


def test_a_file_of_cases(tmp_path: Path):
    other = Case("b.py", "python", "statement", "\u2028", "", "a\u2028b")
    write(tmp_path / "new" / "c.jsonl", [CASE, other, CASE])
    assert read(tmp_path / "new" / "c.jsonl") == [CASE, other]
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["c.jsonl"]


def test_windows_line_ends_become_newlines(tmp_path: Path):
    values = {**CASE.as_dict(), "prefix": "a\r\nb", "note": "not known here"}
    (tmp_path / "c.jsonl").write_text(json.dumps(values) + "\n\n", "utf-8")
    assert read(tmp_path / "c.jsonl")[0].prefix == "a\nb"


@pytest.mark.parametrize(
    "change",
    [
        {"prefix": 3}, {"path": "../up.py"}, {"path": "/etc/passwd"}, {"path": "C:/x.py"},
        {"path": ""}, {"crossfile_symbols": [{"name": "x"}]}, {"crossfile_symbols": 5},
    ],
)  # fmt: skip
def test_what_is_no_case_is_told_by_its_line(tmp_path: Path, change: dict[str, object]):
    lines = [json.dumps(CASE.as_dict()), json.dumps({**CASE.as_dict(), **change})]
    (tmp_path / "c.jsonl").write_text("\n".join(lines), "utf-8")
    with pytest.raises(InputError, match="line 2"):
        read(tmp_path / "c.jsonl")


def test_files_that_hold_none(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "nowhere")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(InputError, match="no cases"):
        read(tmp_path / "empty")
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path / "empty" / "x", [CASE])


def test_ids_tell_versions_of_a_file_apart():
    other = Case("main.py", "python", "cross_file_call", "y = s.", "\n", "area()")
    assert len({CASE.id, other.id}) == 2
    assert Case.of(CASE.as_dict()).id == CASE.id
