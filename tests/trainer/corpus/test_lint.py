"""Ruff on copies: undefined names are found, layout is put right where that is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.trainer.corpus import lint

CLEAN = "def f(a):\n    return a\n"
UNDEFINED = "def f():\n    return b + c\n"
LAYOUT = "def f(a):\n\n\n\n    b = a  \n    return b\n\n\n"
BROKEN = "def (\n"


def test_what_is_found_in_every_text():
    texts = [CLEAN, UNDEFINED, LAYOUT, BROKEN]
    linted = lint.lint(texts, fix=False)
    assert linted is not None
    assert [each.text for each in linted] == texts
    assert linted[0].found == {}
    assert linted[1].found == {lint.UNDEFINED: 2}
    assert linted[2].found.keys() >= {"W291", "W391", "E303"}


def test_layout_is_put_right_and_code_is_not_touched():
    linted = lint.lint([UNDEFINED, LAYOUT, BROKEN], fix=True)
    assert linted is not None
    assert [each.text for each in linted] == [
        UNDEFINED,
        "def f(a):\n\n    b = a\n    return b\n",
        BROKEN,
    ]
    again = lint.lint([each.text for each in linted[:2]], fix=True)
    assert again is not None
    assert again[1].found == {}


def test_no_configuration_of_the_folder_it_runs_in_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "ruff.toml").write_text("nonsense = true\n", "utf-8")
    (tmp_path / "ruff.py").write_text("raise SystemExit('not me')\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    linted = lint.lint([UNDEFINED], fix=False)
    assert linted is not None
    assert linted[0].found[lint.UNDEFINED] == 2
