"""`beadline complete` and `beadline context` over the real engine: what they print and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beadline.commands import common, complete
from beadline.commands.common import parse_location
from beadline.commands.complete import Outcome
from beadline.completion.types import CompletionItem, CompletionResult, Trace
from beadline.errors import InputError
from beadline.settings import Options
from tests.cli import Run, run

CALL = "import os\n\n\ndef add(a, b):\n    return \n\n\nprint(add(1, 2))\n"
HOLE = "5:12"
"""Right behind `return ` in CALL."""
TRACE_KEYS = {
    "total_ms", "context_ms", "queue_ms", "prompt_ms", "first_token_ms", "generate_ms",
    "prompt_tokens", "reused_tokens", "evaluated_tokens", "generated_tokens", "drafted_tokens",
    "accepted_tokens", "layout", "family", "answered_from", "stop_reason", "silent_reason",
    "snippets",
}  # fmt: skip


@pytest.fixture(autouse=True)
def model(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEADLINE_ENGINE__MODEL", str(model_path))
    monkeypatch.setenv("BEADLINE_ENGINE__THREADS", "1")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "add.py"
    path.write_text(CALL, "utf-8")
    return path


def refused(result: Run) -> str:
    """The one line that a refused command prints."""
    assert result.code == 2
    assert result.out == ""
    lines = result.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("beadline: ")
    return lines[0]


# -- what is printed


def test_json_has_the_completion_its_range_and_the_trace(source: Path) -> None:
    result = run("complete", f"{source}:{HOLE}", "--json")
    assert result.code == 0
    answer = result.json
    assert set(answer) == {"completion", "range", "trace"}
    here = {"line": 5, "column": 12}
    assert answer["range"] == {"start": here, "end": here}
    trace = answer["trace"]
    assert set(trace) >= TRACE_KEYS
    assert bool(answer["completion"]) != bool(trace["silent_reason"])
    assert trace["answered_from"] == "model"
    assert trace["prompt_tokens"] == trace["reused_tokens"] + trace["evaluated_tokens"] > 0


def test_the_file_is_not_touched(source: Path) -> None:
    before = source.read_bytes(), sorted(source.parent.iterdir())
    run("complete", f"{source}:{HOLE}", "--json")
    assert (source.read_bytes(), sorted(source.parent.iterdir())) == before


def test_nothing_to_suggest_is_success_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "done.py"
    path.write_text("x = 1\n", "utf-8")
    answer = run("complete", f"{path}:1:6", "--json")
    assert answer.code == 0
    assert answer.json["completion"] == ""
    assert answer.json["trace"]["silent_reason"] == "expected_nothing"
    assert "expected_nothing" in run("complete", f"{path}:1:6").err


def test_columns_are_code_points_and_line_ends_and_bom_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "wide.py"
    path.write_bytes("\ufeffs = '😀é' \r\nprint(\r\n".encode())
    line_end = len("s = '😀é' ") + 1
    answer = run("complete", f"{path}:1:{line_end}", "--json").json
    assert answer["range"]["start"] == {"line": 1, "column": line_end}
    context = run("context", f"{path}:1:{line_end}", "--json").json
    assert context["prefix"] == "s = '😀é' "
    assert context["suffix"] == "\nprint(\n"
    assert "Column" in refused(run("complete", f"{path}:1:{line_end + 1}"))


def test_the_position_behind_the_last_newline_exists(source: Path) -> None:
    last = CALL.count("\n") + 1
    assert run("context", f"{source}:{last}:1", "--json").json["suffix"] == ""
    assert "Line" in refused(run("context", f"{source}:{last + 1}:1", "--json"))


def test_line_ends_of_the_file_are_in_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "crlf.py"
    path.write_bytes(b"def f():\r\n    \r\n    return 1\r\n")
    cursor = common.open_cursor(common.Location(path, 2, 5), Options())
    item = CompletionItem("x = 1\n    y = 2", cursor.offset, cursor.offset)
    answer = complete.as_json(cursor, Outcome(CompletionResult((item,), Trace()), None))
    assert answer["completion"] == "x = 1\r\n    y = 2"
    assert answer["range"] == {
        "start": {"line": 2, "column": 5},
        "end": {"line": 2, "column": 5},
    }


def test_human_output_marks_the_lines_and_tells_the_cost(source: Path) -> None:
    result = run("complete", f"{source}:{HOLE}")
    assert result.code == 0
    assert "evaluated" in result.err and " ms" in result.err
    assert "\x1b" not in result.out
    if result.out:
        assert "5 +     return " in result.out
        assert "4   def add(a, b):" in result.out


def test_show_prompt_prints_the_exact_prompt(source: Path) -> None:
    human = run("complete", f"{source}:{HOLE}", "--show-prompt")
    assert human.code == 0
    prompt = run("complete", f"{source}:{HOLE}", "--show-prompt", "--json").json["prompt"]
    assert prompt in human.out
    for piece in ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "def add(a, b):"):
        assert piece in prompt


def test_show_prompt_tells_what_is_left_to_healing(tmp_path: Path) -> None:
    path = tmp_path / "word.py"
    path.write_text("def add(a, b):\n    retur\n", "utf-8")
    told = run("complete", f"{path}:2:10", "--show-prompt", "--json").json
    assert told["typed"]
    assert "    retur".endswith(told["typed"])
    assert not told["prompt"].endswith("retur") and "retur<" not in told["prompt"]
    assert repr(told["typed"]) in run("complete", f"{path}:2:10", "--show-prompt").err


def test_show_prompt_changes_nothing_that_a_terminal_can_show(tmp_path: Path) -> None:
    path = tmp_path / "tabs.py"
    path.write_text("x = d[a:key:b]  # [red]\ndef f():\n\treturn \n", "utf-8")
    shown = run("complete", f"{path}:3:9", "--show-prompt").out
    assert "x = d[a:key:b]  # [red]\ndef f():" in shown
    assert "\treturn " in shown


@pytest.mark.parametrize("tokens", [1, 16])
@pytest.mark.slow
def test_a_tiny_context_is_no_crash(
    tmp_path: Path, tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n" * 200 + "y = \n", "utf-8")
    monkeypatch.setenv("BEADLINE_ENGINE__CONTEXT_TOKENS", str(tokens))
    trace = run("complete", f"{path}:201:5", "--json").json["trace"]
    assert trace["answered_from"] == "model"
    assert trace["prompt_tokens"] > 64


def test_max_tokens_is_a_bound(source: Path) -> None:
    answer = run("complete", f"{source}:{HOLE}", "--json", "--max-tokens", 3).json
    assert 0 < answer["trace"]["generated_tokens"] <= 3 * answer["trace"]["attempts"]


@pytest.mark.parametrize("value", ["0", "many", "-1", "9999999"])
def test_a_bad_flag_is_refused(source: Path, value: str) -> None:
    line = refused(run("complete", f"{source}:{HOLE}", f"--max-tokens={value}"))
    assert "max_tokens" in line


def test_trace_appends_one_object_a_line(source: Path, tmp_path: Path) -> None:
    trace = tmp_path / "logs" / "trace.jsonl"
    for _ in range(2):
        assert run("complete", f"{source}:{HOLE}", "--trace", trace).code == 0
    lines = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    assert [line["event"] for line in lines] == ["request", "request"]
    assert "def add" not in trace.read_text("utf-8")


def test_a_trace_that_cannot_be_written_is_refused(source: Path, tmp_path: Path) -> None:
    for bad in (tmp_path, "~no-such-user/trace.jsonl"):
        assert "trace" in refused(run("complete", f"{source}:{HOLE}", "--trace", bad))


def test_context_needs_no_model(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEADLINE_ENGINE__MODEL", "/no/such/model.gguf")
    answer = run("context", f"{source}:{HOLE}", "--json").json
    assert set(answer) == {"prefix", "suffix", "expected", "snippets"}
    assert answer["prefix"] + answer["suffix"] == CALL
    assert answer["prefix"].endswith("    return ")
    assert answer["expected"] == "line"
    assert answer["snippets"] == []
    human = run("context", f"{source}:{HOLE}")
    assert "    return |" in human.out
    assert "add" in human.err


def test_control_characters_never_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "evil.py"
    path.write_text("x = '\x1b]0;owned\x07\u202e'\nprint(\n", "utf-8")
    out = run("context", f"{path}:2:7").out
    assert "\x1b" not in out and "\x07" not in out and "\u202e" not in out
    assert "\\x1b]0;owned\\x07\\u202e" in out


# -- locations


def test_the_location_is_split_from_the_right(tmp_path: Path) -> None:
    odd = parse_location("C:\\a b\\x.py:3:5")
    assert (str(odd.path), odd.line, odd.column) == ("C:\\a b\\x.py", 3, 5)
    path = tmp_path / "a:1:2.py"
    path.write_text("print(\n", "utf-8")
    assert run("context", f"{path}:1:7", "--json").json["prefix"] == "print("


@pytest.mark.parametrize(
    "text", ["a.py", "a.py:3", ":3:4", "a.py:x:1", "a.py:1:", "a.py:1:-1", "a.py:0:1", "a.py:1:0",
             "a.py:1:\u0663", "", "a.py:1:" + "9" * 5000],
)  # fmt: skip
def test_what_is_no_location_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_location(text)


# -- bad input


def test_no_such_file(tmp_path: Path) -> None:
    assert "no file" in refused(run("complete", f"{tmp_path / 'none.py'}:1:1"))


def test_a_directory(tmp_path: Path) -> None:
    assert "directory" in refused(run("complete", f"{tmp_path}:1:1", "--json"))


def test_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "large.py"
    path.write_bytes(b"x = 1\n" * (20_000_000 // 6))
    assert "too large" in refused(run("complete", f"{path}:1:1"))


def test_a_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "binary.py"
    path.write_bytes(b"\x7fELF\0\0\0")
    assert "binary" in refused(run("complete", f"{path}:1:1"))


def test_invalid_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes("x = 'é'\n".encode("latin-1"))
    assert "UTF-8" in refused(run("complete", f"{path}:1:1"))


@pytest.mark.parametrize("position", ["99:1", "5:99", "0:1", "1:0"])
def test_a_position_outside(source: Path, position: str) -> None:
    refused(run("complete", f"{source}:{position}", "--json"))


def test_an_unknown_language_is_completed_by_lines(tmp_path: Path) -> None:
    path = tmp_path / "notes.zzz"
    path.write_text("alpha beta\nalpha \n", "utf-8")
    result = run("complete", f"{path}:2:7", "--json")
    assert result.code == 0
    assert result.json["range"]["start"] == {"line": 2, "column": 7}


def test_a_truncated_model(source: Path, model_path: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(model_path.read_bytes()[:-100_000])
    assert "truncated" in refused(run("complete", f"{source}:{HOLE}", "--model", broken))


def test_a_model_without_fim_tokens(source: Path, other_model: Path) -> None:
    told = run("complete", f"{source}:{HOLE}", "--json", "--model", other_model)
    assert told.code == 0
    trace = told.json["trace"]
    assert (trace["family"], trace["layout"]) == ("left-to-right", "left_to_right")


def test_a_missing_model_and_one_that_is_none(source: Path, tmp_path: Path) -> None:
    assert "no model file" in refused(
        run("complete", f"{source}:{HOLE}", "--model", tmp_path / "none.gguf")
    )
    assert "not a GGUF" in refused(run("complete", f"{source}:{HOLE}", "--model", source))
    assert "~no-such-user" in refused(
        run("complete", f"{source}:{HOLE}", "--model", "~no-such-user/a.gguf")
    )


def test_an_unknown_setting_is_told_and_left_out(source: Path, own_folders: Path) -> None:
    (own_folders / "config.toml").write_text("[completion]\nmax_tokenz = 3\n", "utf-8")
    result = run("complete", f"{source}:{HOLE}", "--json")
    assert result.code == 0
    assert result.json["trace"]
    assert "max_tokenz" in result.err and "config.toml" in result.err


def test_a_folder_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert "no file" in refused(run("complete", "a.py:1:1"))
    monkeypatch.setenv("BEADLINE_CONTEXT__IGNORE", "*.c")
    path = tmp_path / "a.py"
    path.write_text("x = 1\n", "utf-8")
    assert run("complete", f"{path}:1:6", "--json").code == 0


def test_settings_that_are_no_toml_are_refused(source: Path, own_folders: Path) -> None:
    (own_folders / "config.toml").write_text("[completion\n", "utf-8")
    assert "TOML" in refused(run("complete", f"{source}:{HOLE}"))


def test_the_repository_sets_nothing(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that look like settings, beside the source and in the working directory."""
    evil = '[engine]\nmodel = "/evil.gguf"\n[trace]\nfile = "stolen.jsonl"\n'
    for name in ("config.toml", "beadline.toml", ".beadline.toml", "pyproject.toml"):
        (source.parent / name).write_text(evil, "utf-8")
    (source.parent / ".vscode").mkdir()
    (source.parent / ".vscode" / "settings.json").write_text(
        '{"beadline.engine.model": "/evil.gguf"}', "utf-8"
    )
    monkeypatch.chdir(source.parent)
    assert run("complete", f"{source}:{HOLE}", "--json").code == 0
    assert not (source.parent / "stolen.jsonl").exists()
