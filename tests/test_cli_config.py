"""`beadline config`: one setting of the user's own file, everything else in it as it was."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline import settings
from beadline.commands import user_file
from beadline.engine.models import BUILTIN_FILE
from beadline.errors import SettingsError
from tests.cli import run

FILE = """\
# mine
completion.max_lines = 4  # few

[engine]  # which one
# the big one
model = "/models/big.gguf"   # of last week
threads = 2

[context]
ignore = [
  "*.min.js",  # nobody wrote it
  "[x]",
]

[trace]
"""


@pytest.fixture
def config(own_folders: Path) -> Path:
    path = own_folders / "config.toml"
    path.write_text(FILE, "utf-8")
    return path


def changed_lines(path: Path) -> tuple[list[str], list[str]]:
    """Lines of `FILE` that are gone, and those that are new."""
    old, new = FILE.split("\n"), path.read_text("utf-8").split("\n")
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_a_setting_is_replaced_and_its_comment_stays(config: Path) -> None:
    done = run("config", "set", "engine.threads", "8")
    assert done.code == 0 and f"engine.threads = 8 is in {config}" in done.out
    assert changed_lines(config) == (["threads = 2"], ["threads = 8"])
    assert run("config", "set", "completion.max_lines", "5").code == 0
    assert "completion.max_lines = 5  # few" in config.read_text("utf-8")
    assert settings.load().options.completion.max_lines == 5
    assert run("config", "set", "engine.model", "builtin").code == 0
    assert 'model = "builtin"   # of last week' in config.read_text("utf-8")


def test_a_list_over_several_lines_is_replaced_as_a_whole(config: Path) -> None:
    assert run("config", "set", "context.ignore", "a*, b").code == 0
    assert settings.load().options.context.ignore == ("a*", "b")
    assert "nobody wrote it" not in config.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "value", "new"),
    [
        ("engine.drafts", "false", ["drafts = false"]),
        ("trace.log_level", "debug", ['log_level = "debug"']),
        ("statistics.enabled", "false", ["[statistics]", "enabled = false"]),
        ("engine.gpu_layers", "-1", ["gpu_layers = -1"]),
    ],
)
def test_a_setting_is_added_where_it_belongs(
    config: Path, name: str, value: str, new: list[str]
) -> None:
    assert run("config", "set", name, value).code == 0
    assert changed_lines(config) == ([], new)


def test_beside_others_of_its_section_that_stand_without_a_table(config: Path) -> None:
    assert run("config", "set", "completion.max_tokens", "50").code == 0
    assert changed_lines(config) == ([], ["completion.max_tokens = 50"])
    options = settings.load().options.completion
    assert (options.max_tokens, options.max_lines) == (50, 4)


def test_a_setting_is_taken_out(config: Path) -> None:
    done = run("config", "unset", "engine.model")
    assert done.code == 0 and f"engine.model is taken out of {config}" in done.out
    assert changed_lines(config) == (['model = "/models/big.gguf"   # of last week'], [])
    assert run("config", "unset", "context.ignore").code == 0
    assert run("config", "unset", "completion.max_lines").code == 0
    before = config.read_text("utf-8")
    assert tomllib.loads(before) == {"engine": {"threads": 2}, "context": {}, "trace": {}}
    assert run("config", "unset", "engine.model").code == 0
    assert config.read_text("utf-8") == before


def test_the_first_setting_makes_the_file_for_the_user_alone(own_folders: Path) -> None:
    path = own_folders / "config.toml"
    assert run("config", "unset", "engine.threads").code == 0 and not path.exists()
    assert run("config", "set", "engine.threads", "3").code == 0
    assert path.read_text("utf-8") == "[engine]\nthreads = 3\n"
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in own_folders.iterdir()] == ["config.toml"]


def test_a_link_stays_one_and_rights_stay(config: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    config.rename(real)
    config.symlink_to(real)
    real.chmod(0o640)
    assert run("config", "set", "engine.threads", "3").code == 0
    assert config.is_symlink() and "threads = 3" in real.read_text("utf-8")
    assert real.stat().st_mode & 0o777 == 0o640


def test_windows_line_ends_stay(config: Path) -> None:
    config.write_bytes(FILE.replace("\n", "\r\n").encode())
    assert run("config", "set", "engine.threads", "8").code == 0
    expected = FILE.replace("threads = 2", "threads = 8").replace("\n", "\r\n")
    assert config.read_bytes() == expected.encode()


def test_a_model_has_to_be_there_and_is_kept_by_its_full_path(
    own_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run("config", "set", "engine.model", tmp_path / "none.gguf")
    assert refused.code == 2 and "There is no model file" in refused.err
    (tmp_path / "mine.gguf").symlink_to(BUILTIN_FILE)
    monkeypatch.chdir(tmp_path)
    assert run("config", "set", "engine.model", "mine.gguf").code == 0
    assert settings.load().options.engine.model == str(tmp_path / "mine.gguf")


def test_what_holds_is_printed(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("config", "get", "engine.threads").out == "2\n"
    assert run("config", "get", "engine.model", "--json").json == {
        "engine.model": "/models/big.gguf"
    }
    every = run("config", "get").out
    assert 'trace.log_level = "warning"\n' in every and "completion.max_lines = 4\n" in every
    assert run("config", "get", "--json").json["context.ignore"] == ["*.min.js", "[x]"]
    monkeypatch.setenv("BEADLINE_ENGINE__THREADS", "7")
    assert run("config", "get", "engine.threads").out == "7\n"
    done = run("config", "set", "engine.threads", "8")
    assert done.code == 0 and "environment says otherwise" in done.out


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("engine.what", "1", "no setting"),
        ("engine", "1", "no setting"),
        ("engine.threads", "many", "whole number"),
        ("engine.threads", "513", "between 0 and 512"),
        ("trace.log_level", "loud", "one of"),
        ("engine.drafts", "perhaps", "true or false"),
    ],
)
def test_what_does_not_fit_changes_nothing(config: Path, name: str, value: str, told: str) -> None:
    refused = run("config", "set", name, value)
    assert refused.code == 2 and told in refused.err
    assert config.read_text("utf-8") == FILE


@pytest.mark.parametrize(
    "content",
    [b"engine = { threads = 2 }\n", b'["engine"]\nthreads = 2\n', b"[engine\n", b"\xff\xfe"],
)
def test_a_file_that_a_person_has_to_change_is_left_alone(config: Path, content: bytes) -> None:
    config.write_bytes(content)
    refused = run("config", "set", "engine.threads", "8")
    assert refused.code == 2 and refused.err
    assert config.read_bytes() == content


names = st.sampled_from(["a", "b_c", "d"])
values = st.booleans() | st.integers(-9, 9999) | st.text(max_size=12) | st.just(("x", "y # z"))
keys = st.tuples(names, names)
lines = st.sampled_from(
    ["", "# note", "[a]", "[b_c] # c", "[d.e]", "a = 1", "b_c = 'it # is'", 'd = "x"  # y',
     "d = [", '  "[z]", # w', "]", "a.b_c = 2", "a . d = 3", 'b_c = """', '[a] = 1"""'],
)  # fmt: skip


@given(rows=st.lists(lines, max_size=12), key=keys, value=st.none() | values)
def test_only_what_is_meant_changes_or_nothing_does(
    rows: list[str], key: tuple[str, str], value: user_file.Value | None
) -> None:
    text = "\n".join(rows)
    section, name = key
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(tomllib.TOMLDecodeError):
            user_file.changed(text, section, name, value)
        return
    try:
        after = tomllib.loads(user_file.changed(text, section, name, value))
    except SettingsError:
        return
    held = before.get(section)
    rest = {k: v for k, v in held.items() if k != name} if isinstance(held, dict) else {}
    new = after.pop(section, {})
    if value is not None:
        assert new.pop(name) == (list(value) if isinstance(value, tuple) else value)
    assert new == rest
    assert after == {k: v for k, v in before.items() if k != section}
