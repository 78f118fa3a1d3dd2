"""Which configuration was read, and what of it was not taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beadline import settings
from beadline.context import languages
from beadline.doctor import configuration
from beadline.doctor.report import Check, Status
from beadline.settings import EngineOptions, Options


def told(checks: list[Check], status: Status) -> str:
    return " ".join(f"{check.what} {check.todo}" for check in checks if check.status is status)


def test_the_file_and_its_problems(own_folders: Path) -> None:
    (missing,) = configuration.own(settings.load())
    assert missing.values["read"] is False
    file = own_folders / "config.toml"
    file.write_text("[engine]\nthreads = -3\nwhat = 1\n", "utf-8")
    read, *problems = configuration.own(settings.load())
    assert read.values["read"] is True and str(file) in read.what
    assert "engine.threads" in told(problems, Status.WARNING)
    assert "engine.what" in told(problems, Status.WARNING)


def test_what_is_kept_of_documents_is_told(own_folders: Path) -> None:
    check = configuration.kept(EngineOptions(state_mebibytes=7))
    assert check.values["kept"] is True
    assert str(own_folders / "cache" / "state") in check.what and "7 MiB" in check.what
    assert configuration.kept(EngineOptions(save_state=False)).values["kept"] is False
    assert configuration.kept(EngineOptions(state_mebibytes=0)).values["kept"] is False


def test_variables_that_took_effect_and_those_that_nothing_reads() -> None:
    checks = list(
        configuration.environment(
            {
                "BEADLINE_ENGINE__THREADS": "2",
                "BEADLINE_CACHE_DIR": "/somewhere",
                "BEADLINE_ENGINE_MODEL": "slip",
                "BEADLINE_ENGINE__GPU_LAYERS": "many",
                "BEADLINE_NOTHING": "1",
                "PATH": "/bin",
            }
        )
    )
    (effective,) = (check for check in checks if check.status is Status.OK)
    assert dict(effective.values) == {
        "BEADLINE_ENGINE__THREADS": "2", "BEADLINE_CACHE_DIR": "/somewhere"
    }  # fmt: skip
    assert told(checks, Status.WARNING).startswith("BEADLINE_NOTHING is no setting")
    assert not list(configuration.environment({"PATH": "/bin"}))


def workspace(folder: Path, text: str) -> list[Check]:
    file = folder / configuration.WORKSPACE_FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    return list(configuration.workspace(folder, Options()))


def test_keys_that_a_workspace_may_not_set_are_named(tmp_path: Path) -> None:
    text = """{
        // of the whole team, see https://example.org/*
        "beadline.engine.model": "theirs.gguf", /* never */
        "beadline": {"completion": {"maxTokens": 7, "none": 1}, "trace.file": "x",},
        "editor.rulers": [100,],
    }"""
    checks = workspace(tmp_path, text)
    refused = [check.values["refused"] for check in checks if "refused" in check.values]
    assert sorted(map(str, refused)) == ["engine.model", "trace.file"]
    assert str(settings.user_config_file()) in told(checks, Status.WARNING)
    assert "completion.none" in told(checks, Status.WARNING)
    assert not any(check.status is Status.ERROR for check in checks)


@pytest.mark.parametrize("text", ['{"editor.x": "// , ] \\" /*"}', "[]", "3", "{}"])
def test_a_workspace_that_asks_for_nothing(tmp_path: Path, text: str) -> None:
    (check,) = workspace(tmp_path, text)
    assert check.status is Status.OK and "nothing for beadline" in check.what


@pytest.mark.parametrize("text", ["{", "", '{"beadline": ' + "[" * 100_000])
def test_a_settings_file_that_is_none(tmp_path: Path, text: str) -> None:
    (check,) = workspace(tmp_path, text)
    assert check.status is Status.WARNING and "is no JSON" in check.what


def test_no_settings_file(tmp_path: Path) -> None:
    assert not list(configuration.workspace(tmp_path, Options()))
    (tmp_path / ".vscode").write_text("a file", "ascii")
    assert not list(configuration.workspace(tmp_path, Options()))


def test_comments_and_commas_leave_strings_alone(tmp_path: Path) -> None:
    value = 'a // b /* c */ ,] \\" d'
    text = json.dumps({"beadline.completion.languagesOff": [value]})
    assert json.loads(configuration._NO_JSON.sub(lambda match: match[1] or "", text)) == {
        "beadline.completion.languagesOff": [value]
    }


@pytest.fixture
def fresh_languages() -> object:
    """The registry reads the user's folder once; it must not outlive the test."""
    languages.registry.cache_clear()
    yield
    languages.registry.cache_clear()


@pytest.mark.usefixtures("fresh_languages")
def test_all_languages_load() -> None:
    (check,) = configuration.own_languages()
    assert check.status is Status.OK
    loaded = str(check.values["grammars"]).split(", ")
    assert {"python", "typescriptreact", "csharp", "shellscript"} <= set(loaded)


@pytest.mark.usefixtures("fresh_languages")
def test_a_language_file_of_the_user_that_is_broken(own_folders: Path) -> None:
    folder = languages.user_folder()
    folder.mkdir()
    (folder / "mine.toml").write_text('id = "mine"\nname = "Mine"\nwrong = 1\n', "utf-8")
    checks = list(configuration.own_languages())
    assert "mine.toml" in told(checks, Status.WARNING)
    assert str(folder) in told(checks, Status.OK)


def test_families_of_the_user(own_folders: Path) -> None:
    assert not list(configuration.own_families())
    folder = own_folders / "families"
    folder.mkdir()
    (folder / "a.toml").write_text('[family.mine]\nlike = "beadline"\n', "utf-8")
    (folder / "b.toml").write_text("[family.broken]\nlayouts = 3\n", "utf-8")
    checks = list(configuration.own_families())
    assert "mine" in told(checks, Status.OK)
    assert "b.toml" in told(checks, Status.WARNING)
