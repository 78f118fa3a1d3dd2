"""`beadline stats`: what is printed of counts, of none, and of a file that is none."""

from __future__ import annotations

import datetime
from contextlib import closing
from pathlib import Path

import pytest

from beadline.lsp.statistics import database
from beadline.lsp.statistics.recorder import _latency_class
from tests.cli import run

TODAY = datetime.date.today()


def row(name: str, value: float, *, language: str = "python", days_ago: int = 0) -> database.Row:
    day = (TODAY - datetime.timedelta(days=days_ago)).isoformat()
    return day, language, "beadline-nano", name, value


@pytest.fixture
def path(own_folders: Path) -> Path:
    return own_folders / "data" / "statistics.sqlite3"


@pytest.fixture
def counted(path: Path) -> Path:
    rows = [
        row("requests", 100),
        row("answers", 40),
        row("answered.model", 30),
        row("answered.typed", 10),
        row(f"latency.{_latency_class(0.1)}", 38),
        row(f"latency.{_latency_class(1.0)}", 2),
        row("shown", 20),
        row("shown_characters", 400),
        row("rejected", 10),
        row("accepted_full", 8),
        row("accepted_full_characters", 80),
        row("accepted_partial", 1),
        row("accepted_partial_characters", 10),
        row("accepted_typed", 1),
        row("accepted_typed_characters", 10),
        row("kept_30s_characters", 45.0),
        row("looked_30s_characters", 90.0),
        row("requests", 7, language="go", days_ago=40),
    ]
    with closing(database.connect(path)) as connection:
        database.add(connection, rows)
    return path


def test_json(counted: Path) -> None:
    values = run("stats", "--json").json
    assert values["file"] == str(counted)
    assert values["since"] == (TODAY - datetime.timedelta(days=40)).isoformat()
    total = values["total"]
    assert (total["requests"], total["shown"], total["accepted"]) == (107, 20, 10)
    assert total["acceptance"] == 0.25
    assert (total["kept_30s"], total["kept_300s"]) == (0.5, None)
    assert total["answered_from"] == {"model": 0.75, "typed": 0.25}
    assert total["latency_p50_ms"] == pytest.approx(100, rel=0.05)
    assert total["latency_p95_ms"] == pytest.approx(100, rel=0.05)
    assert list(values["languages"]) == ["python", "go"]
    assert values["models"]["beadline-nano"] == total


def test_a_table(counted: Path) -> None:
    printed = run("stats").out
    for words in ("python", "go", "25 %", "50 %", "model 75 %, typed 25 %", str(counted)):
        assert words in printed


def test_a_model_with_the_name_of_a_language(path: Path) -> None:
    with closing(database.connect(path)) as connection:
        day = TODAY.isoformat()
        database.add(connection, [(day, "python", "python", "requests", 3)])
    lines = run("stats").out.splitlines()
    assert sum(line.startswith("python") for line in lines) == 2


def test_days(counted: Path) -> None:
    assert list(run("stats", "--json", "--days", 7).json["languages"]) == ["python"]
    assert list(run("stats", "--json", "--days", 41).json["languages"]) == ["python", "go"]


@pytest.mark.parametrize("days", ["0", "-3", "x", "1.5", "99999999", "9" * 5000, "²"])
def test_days_that_are_none(days: str) -> None:
    done = run("stats", f"--days={days}")
    assert done.code == 2
    assert "whole number" in done.err


def test_nothing_yet(path: Path) -> None:
    done = run("stats")
    assert done.code == 0
    assert "Nothing was counted yet" in done.out
    assert "Nothing was counted since" in run("stats", "--days", 3).out
    assert run("stats", "--json").json["total"]["requests"] == 0
    assert not path.parent.exists()


def test_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEADLINE_STATISTICS__ENABLED", "false")
    assert "statistics.enabled is false" in run("stats").out


def test_clear(counted: Path) -> None:
    assert "deleted" in run("stats", "--clear").out
    assert "Nothing was counted yet" in run("stats").out
    assert run("stats", "--clear", "--json").json["cleared"] is True


def test_a_damaged_file(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    done = run("stats")
    assert done.code == 2
    assert "--clear" in done.err
    assert run("stats", "--clear").code == 0
    assert "Nothing was counted yet" in run("stats").out


def test_another_file(counted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEADLINE_STATISTICS__FILE", str(tmp_path / "other.sqlite3"))
    assert "Nothing was counted yet" in run("stats").out
