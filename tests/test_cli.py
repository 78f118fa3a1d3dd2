"""The command line itself: commands, exit codes, errors; models, serve's flags, demo."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from beadline import __version__, cli, demo
from beadline.commands import context as context_command
from beadline.commands import display
from beadline.completion.types import CompletionItem
from beadline.errors import EngineCrashed, FileError
from beadline.settings import Options
from tests.cli import run

PYTHON = [sys.executable, "-m", "beadline"]


@pytest.fixture(autouse=True)
def model(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEADLINE_ENGINE__MODEL", str(model_path))
    monkeypatch.setenv("BEADLINE_ENGINE__THREADS", "1")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text("print(\n", "utf-8")
    return path


def test_every_command_has_help() -> None:
    assert run("--version").out == f"beadline {__version__}\n"
    overview = run("--help").out
    for name in cli.COMMANDS:
        assert name in overview
        assert f"usage: beadline {name}" in run(name, "--help").out


def test_no_command_and_an_unknown_one_are_refused() -> None:
    assert run().code == 2
    assert "invalid choice" in run("fly").err


def test_errors_of_the_engine_are_1_and_one_line(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: object) -> int:
        raise EngineCrashed("The engine stopped: SIGSEGV.", hint="Run `beadline doctor`.")

    monkeypatch.setattr(context_command, "main", crash)
    result = run("context", f"{source}:1:1")
    assert (result.code, result.out) == (1, "")
    assert result.err == "beadline: The engine stopped: SIGSEGV. Run `beadline doctor`.\n"


def test_debug_shows_where_an_error_comes_from(tmp_path: Path) -> None:
    for arguments in (["--debug", "context"], ["context", "--debug"]):
        with pytest.raises(FileError):
            cli.main([*arguments, f"{tmp_path}:1:1"])


def test_an_interrupt_is_130(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(context_command, "main", interrupted)
    assert run("context", f"{source}:1:1").code == 130


@pytest.mark.slow
def test_a_reader_that_goes_away_is_quiet(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text("x = 1\n" * 20_000, "utf-8")
    command = [*PYTHON, "context", f"{path}:10000:1"]
    environment = {**os.environ, "BEADLINE_CONTEXT__PREFIX_TOKENS": "65536"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode in (0, 1)
    assert b"Traceback" not in err and b"Exception" not in err


def test_a_full_disk_is_told_in_one_line(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(context_command, "main", full)
    result = run("context", f"{source}:1:7")
    assert result.code == 1
    assert result.err.startswith("beadline: ") and result.err.count("\n") == 1
    assert "space" in result.err


@pytest.mark.slow
def test_a_closed_output_is_no_crash(source: Path) -> None:
    command = [*PYTHON, "context", f"{source}:1:7"]
    closing = f"import os; os.close(1); os.execv({sys.executable!r}, {command!r})"
    done = subprocess.run([sys.executable, "-c", closing], stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_an_interrupt_while_importing_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.importlib, "import_module", interrupted)
    assert run("context", "a.py:1:1").code == 130


def test_a_name_that_is_no_utf8_is_no_crash(tmp_path: Path) -> None:
    done = subprocess.run(
        [*map(os.fsencode, PYTHON), b"context", os.fsencode(tmp_path) + b"/\xff.py:1:1"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"beadline: ") and b"Traceback" not in done.stderr


# -- serve


@pytest.mark.parametrize(
    "flags",
    [[], ["--stdio"], ["--stdio", "--clientProcessId=12"], ["--clientProcessId", "12", "--stdio"]],
)
def test_serve_takes_the_flags_that_editors_add(
    flags: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served: list[Options] = []

    def serve(options: Options) -> int:
        served.append(options)
        return 0

    monkeypatch.setattr("beadline.lsp.serve.serve", serve)
    trace = str(tmp_path / "trace.jsonl")
    assert run("serve", *flags, "--trace", trace, "--model", "m.gguf").code == 0
    assert (served[0].trace.file, served[0].engine.model) == (trace, "m.gguf")


# -- models


def test_models_inspect(model_path: Path, other_model: Path, source: Path) -> None:
    told = run("models", "inspect", model_path)
    assert told.code == 0
    assert "<|fim_middle|>" in told.out
    assert "left-to-right" in run("models", "inspect", other_model).out
    assert run("models", "inspect", source).code == 2


def test_models_list_names_broken_files_too(own_folders: Path, model_path: Path) -> None:
    from beadline.engine import models

    folder = models.models_dir()
    assert own_folders in folder.parents
    folder.mkdir(parents=True)
    (folder / "mine.gguf").write_bytes(model_path.read_bytes()[:1000])
    listed = run("models", "list")
    assert listed.code == 0
    assert "mine" in listed.out


def test_models_are_listed_as_they_are_called(own_folders: Path, model_path: Path) -> None:
    """A file's name for itself is neither markup nor an emoji code."""
    from beadline.engine import models

    data = model_path.read_bytes()
    at = data.find(b"general.name") + len(b"general.name") + 4 + 8
    length = int.from_bytes(data[at - 8 : at], "little")
    name = b"[/b]:smile:"[:length].ljust(length, b"_")
    folder = models.models_dir()
    folder.mkdir(parents=True)
    (folder / "odd.gguf").write_bytes(data[:at] + name + data[at + length :])
    listed = run("models", "list")
    assert listed.code == 0
    assert name.decode() in listed.out


# -- display


def test_a_suggestion_is_shown_in_its_lines() -> None:
    text = "one\ntwo(\nthree\n"
    at = text.index("(") + 1
    shown = display.suggestion(text, CompletionItem("a,\n    b)", at, at)).plain
    assert shown.splitlines() == ["1   one", "2 + two(a,", "3 +     b)", "4   three", "5   "]


def test_of_a_very_long_line_only_the_neighbourhood_is_shown() -> None:
    text = "1, " * 100_000
    shown = display.suggestion(f"{text}\n{text}\n{text}", CompletionItem("HERE", 400_000, 400_000))
    assert len(shown.plain) < 5_000
    assert "HERE" in shown.plain
    assert [line[:3] for line in shown.plain.splitlines()] == ["1  ", "2 +", "3  "]


# -- demo


@pytest.mark.parametrize("place", demo.PLACES, ids=lambda place: place.module)
def test_the_demo_finds_its_places(place: demo.Place) -> None:
    hole = demo.find_hole(place)
    assert hole is not None
    before, after = hole.document.text[: hole.offset], hole.document.text[hole.offset :]
    assert before.endswith(place.before)
    assert before.count("\n") + 1 == hole.line
    compile(f"{before}{place.cut}{after}", hole.document.path, "exec")


def test_a_place_that_is_gone_is_left_out() -> None:
    assert demo.find_hole(demo.Place("gone", "textwrap", "no such text", "")) is None
    assert demo.find_hole(demo.Place("gone", "no_such_module_at_all", "", "x")) is None
    assert demo.find_hole(demo.Place("gone", "sys", "", "x")) is None


@pytest.mark.slow
def test_the_demo_shows_every_hole() -> None:
    result = run("demo")
    assert result.code in (0, 1)
    assert result.out.count("\nprefix") == len(demo.PLACES)
    assert result.out.count("\nsuggestion") == len(demo.PLACES)
    assert f"of {len(demo.PLACES)} holes filled" in result.out
