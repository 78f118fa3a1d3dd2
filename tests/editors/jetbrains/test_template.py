"""The template for LSP4IJ holds files and keys that are documented, and values that are ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

import beadline
from beadline import settings
from beadline.context.languages.registry import Registry
from beadline.context.languages.types import PLAINTEXT
from beadline.settings import Options
from tests.editors.install.places import CHECKOUT
from tests.editors.jetbrains import keys
from tests.editors.jetbrains.client import read_template, words
from tests.editors.jetbrains.conftest import TEMPLATE

README = (TEMPLATE / "README.md").read_text("utf-8")


def content(name: str) -> dict[str, Any]:
    return json.loads((TEMPLATE / name).read_text("utf-8"))


def check(values: Mapping[str, Any], known: Mapping[str, type]) -> None:
    """All members are known and of their type."""
    for key, value in values.items():
        assert key in known, f"{key} is not documented"
        assert isinstance(value, known[key]), f"{key} holds {value!r}"


def by_system(value: Any) -> list[Any]:
    """What there is for the systems, or the one for all."""
    if not isinstance(value, Mapping):
        return [value]
    assert "default" in value
    assert set(value) <= keys.SYSTEMS
    return list(value.values())


def steps(*first: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """These steps of an installer and all that follow them, by their kinds."""
    todo = list(first)
    while todo:
        ((kind, step),) = todo.pop().items()
        yield kind, step
        todo += [step[name] for name in ("onSuccess", "onFail") if name in step]


def test_the_files_are_those_that_are_read() -> None:
    names = {path.name for path in TEMPLATE.iterdir()}
    assert keys.REQUIRED_FILE in names
    assert names <= keys.FILES
    for name in names - {"README.md"}:
        assert isinstance(content(name), dict)


def test_the_keys_of_the_template_are_documented() -> None:
    template = content("template.json")
    check(template, keys.TEMPLATE)
    assert template["id"] and template["name"]
    for command in by_system(template["programArgs"]):
        assert words(command)[1:] == ["serve", "--stdio"]
    check(template["env"], keys.ENV)
    for mapping in template["fileTypeMappings"]:
        check(mapping, keys.MAPPING)
        check(mapping["fileType"], keys.FILE_TYPE)


def test_every_file_name_of_a_language_is_mapped_to_it() -> None:
    mapped = {
        mapping["languageId"]: mapping["fileType"]["patterns"]
        for mapping in content("template.json")["fileTypeMappings"]
    }
    languages = [each for each in Registry().known() if each.id != PLAINTEXT]
    assert sorted(mapped) == sorted(language.id for language in languages)
    for language in languages:
        for name in (*(f"a{suffix}" for suffix in language.extensions), *language.filenames):
            assert any(fnmatchcase(name, pattern) for pattern in mapped[language.id]), name


@pytest.mark.parametrize("name", ["Makefile", "GNUmakefile", "Dockerfile", "Gemfile", "SConstruct"])
def test_whole_names_are_spelled_as_people_spell_them(name: str) -> None:
    mappings = content("template.json")["fileTypeMappings"]
    assert any(name in mapping["fileType"]["patterns"] for mapping in mappings)


def test_the_template_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "packaging/lsp4ij.py", "--check"],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_steps_of_the_installer_are_documented() -> None:
    installer = content("installer.json")
    check(installer, keys.INSTALLER)
    assert installer["executeOnStartServer"] is False, "nothing is installed unasked"
    known = {"exec": keys.EXEC, "configureServer": keys.CONFIGURE_SERVER}
    for kind, step in steps(installer["check"], installer["run"]):
        assert kind in keys.TASKS
        check(step, keys.STEP | known[kind])
        for command in by_system(step["command"]):
            assert command and isinstance(command, str | list)


def test_the_check_of_the_installer_starts_what_is_configured_and_ends_it() -> None:
    step = content("installer.json")["check"]["exec"]
    assert step["command"] == keys.SERVER_COMMAND
    assert step["timeout"] > 0, "a server that waits for its input is ended"


def test_the_installer_configures_what_it_installs() -> None:
    """Properties are known to working folders and to the command of the server, not to the words
    of other commands: those name the folder in full."""
    installer = content("installer.json")
    folder = installer["properties"]["workingDir"]
    assert folder.startswith(keys.HOME)
    found = list(steps(installer["run"]))
    configure = next(step for kind, step in found if kind == "configureServer")
    for system in ("windows", "default"):
        program, *arguments = words(configure["command"][system].replace("${workingDir}", folder))
        programs, _, name = program.rpartition("/")
        assert programs.startswith(f"{folder}/")
        assert name.removesuffix(".exe") == "beadline"
        assert arguments == ["serve", "--stdio"]
        commands = [step["command"][system] for kind, step in found if kind == "exec"]
        assert any(folder in command for command in commands), "an environment is made there"
        places = [command[0].rpartition("/")[0] for command in commands]
        assert programs in places, "and beadline installed with its Python"
        assert not any("${" in word for command in commands for word in command)


def test_the_installer_takes_a_wheel_that_the_user_has() -> None:
    """Never whatever has the name somewhere."""
    wheel = f"beadline-{beadline.__version__}-py3-none-any.whl"
    assert wheel in README
    for kind, step in steps(content("installer.json")["run"]):
        for command in step["command"].values() if kind == "exec" else ():
            if "pip" in command:
                assert command[-1].startswith(f"{keys.HOME}/")
                assert command[-1].endswith(f"/{wheel}")


def test_nothing_is_sent_that_an_editor_may_not_set() -> None:
    template = read_template(TEMPLATE)
    assert template.settings == {}, "what an editor sends beats the user's own file"
    applied = settings.apply(Options(), template.initialization, trusted=False, source="template")
    assert (applied.refused, applied.problems) == ((), ())
    assert applied.options.completion.replace_closers is False


def test_the_settings_of_the_help_are_in_the_schema() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    values = json.loads(example)
    assert set(values) <= set(content("settings.schema.json")["properties"])
    ours = {name.removeprefix("beadline."): value for name, value in values.items()}
    applied = settings.apply(Options(), ours, trusted=False, source="help")
    assert (applied.refused, applied.problems) == ((), ())


def test_the_help_names_what_there_is() -> None:
    for name in ("template.json", "LSP4IJ", "0.20", "replace_closers", "Import from custom"):
        assert name in README
