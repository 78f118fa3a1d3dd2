"""The real server under `bench typing`, and what the command refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beadline import cli
from beadline.bench.commits import Folder, read_commits
from beadline.bench.editors import OurEditor
from beadline.bench.live import Rhythm, takes, type_all
from beadline.bench.ours import Ours, offset_of, position
from beadline.bench.report import as_used, print_as_used
from beadline.bench.results import Results, read
from tests.bench.test_edits import git

OLD = """\
import argparse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10)
"""
NEW = OLD + "    arguments = parser.parse_args()\n    print(arguments.count)\n" * 3


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits: a file, and two lines more."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    for text in (OLD, NEW):
        (folder / "main.py").write_text(text)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "x")
    return folder


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEADLINE_CACHE_DIR", str(tmp_path / "cache"))


def test_positions_are_in_utf_16_units() -> None:
    text = "a\n\U0001f600b\nc"
    for offset in range(len(text) + 1):
        assert offset_of(text, position(text, offset)) == offset
    assert position(text, 3) == {"line": 1, "character": 2}
    assert offset_of(text, {"line": 1, "character": 99}) == 4


@pytest.mark.slow
async def test_a_live_replay_through_the_real_server(repository: Path, tmp_path: Path) -> None:
    commits = read_commits(repository, last=5)
    home, tree = tmp_path / "home", tmp_path / "tree"
    home.mkdir()
    tree.mkdir()
    folder, results = Folder(repository, tree), Results(tmp_path / "ours.jsonl", {"a": 1})
    folder.check_out(commits[0].parent)
    server = Ours(home, tree)
    try:
        await server.start({"engine.threads": 1, "completion.debounce_ms": 0})
        chosen = takes(commits, keys=25, per_commit=25, seed=1)
        rhythm = Rhythm(key=0.05, pause=0.05)
        await type_all(
            OurEditor(server), chosen, folder, results, lambda _: None, seed=1, rhythm=rhythm
        )
    finally:
        await server.close()
    assert "Traceback" not in server.log.read_text()
    kinds = [record["kind"] for record in results.records]
    requests = [r for r in results.records if r["kind"] == "trace" and r["event"] == "request"]
    assert kinds.count("key") >= 5 and len(requests) == kinds.count("key")
    answered = [r for r in requests if r["silent_reason"] != "cancelled"]
    assert all(record["client_ms"] >= record["total_ms"] - 1 for record in answered)
    told: list[str] = []
    summary = as_used({"ours": results.records, "peer": results.records})
    print_as_used(summary, told.append)
    assert json.dumps(summary, allow_nan=False)
    assert summary["ours"]["against_peer"]["time_ms"]["value"] == 0
    assert any("with a right one" in line for line in told)


@pytest.mark.slow
def test_the_work_of_the_model_is_measured_and_goes_on(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "bench", "typing", "--model-path", "--repo", str(repository), "--shape", "tiny",
        "--per-class", "1", "--threads", "1", "--results", str(tmp_path / "results"),
        "--json", str(tmp_path / "all.json"),
    ]  # fmt: skip
    assert cli.main(command) == 0
    header, records = read(tmp_path / "results" / "ours.jsonl")
    assert header["exact_tokens"] == 16
    assert {record["generated"] for record in records} == {16}
    measured = [record for record in records if record["class"] == "in a line"]
    assert measured and all(record["evaluated"] <= record["prompt"] for record in records)
    capsys.readouterr()
    assert cli.main(command) == 0  # nothing is measured twice
    assert read(tmp_path / "results" / "ours.jsonl")[1] == records
    assert "in a line: 1 keystrokes" in capsys.readouterr().out
    sides = json.loads((tmp_path / "all.json").read_text())["sides"]
    assert sides["ours"]["classes"]["in a line"]["keystrokes"] == 1
    assert cli.main([*command, "--seed", "2"]) == 2
    assert "another" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--side", "peer"], "Name llama-server with --peer"),
        (["--keys", "0"], "Give positive numbers"),
        (["--language", "rust"], "changed no source file"),
    ],
)
def test_what_cannot_be_measured_is_told(
    arguments: list[str], told: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bench", "typing", "--as-used", "--repo", str(repository), *arguments]) == 2
    assert told in capsys.readouterr().err
