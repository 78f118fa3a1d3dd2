"""What editors and pages say of the settings is what the option tree says."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from beadline import settings
from beadline.settings import Options

ROOT = Path(__file__).parent.parent
HELP = (
    "*beadline.txt*\n\n"
    "See |beadline-settings|.\n\n"
    f"{'=' * 78}\n"
    "SETTINGS *beadline-settings*\n\nold text\n\n"
    f"{'=' * 78}\n"
    "OTHERS *beadline-others*\n\nstays\n\n vim:tw=78:ft=help:\n"
)
OWN: dict[str, Any] = {
    "title": "Client",
    "properties": {"beadline.client.path": {"type": "string", "scope": "machine"}},
}


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """`packaging/generate.py`, which is part of no package."""
    name = "beadline_generate"
    spec = importlib.util.spec_from_file_location(name, ROOT / "packaging" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def manifest(generate: ModuleType, configuration: object) -> dict[str, Any]:
    """VS Code's manifest, made of one that has this configuration."""
    old = {"name": "beadline", "contributes": {"configuration": configuration, "commands": [1]}}
    return json.loads(generate.vscode_manifest(generate.sections(), json.dumps(old)))


def properties(made: dict[str, Any]) -> dict[str, Any]:
    """All settings of a manifest, by name."""
    found: dict[str, Any] = {}
    for each in made["contributes"]["configuration"]:
        found |= each["properties"]
    return found


def test_the_files_are_up_to_date(generate: ModuleType) -> None:
    names = sorted(path.relative_to(ROOT).as_posix() for path in generate.outdated())
    assert names == [], "run python packaging/generate.py"


def test_every_setting_has_a_description_and_a_default_it_may_have(generate: ModuleType) -> None:
    listed = [each for section in generate.sections() for each in section.settings]
    assert len(listed) == sum(len(fields(getattr(Options(), s.name))) for s in fields(Options))
    for each in listed:
        assert each.description.endswith((".", ")")), each.dotted
        applied = settings.apply(Options(), {each.dotted: each.default}, trusted=True, source="")
        assert applied.problems == () and applied.options == Options()
        refused = settings.apply(Options(), {each.dotted: each.default}, trusted=False, source="")
        assert (refused.refused == ()) == each.is_editors


def test_an_environment_variable_sets_each_setting(generate: ModuleType) -> None:
    listed = [each for section in generate.sections() for each in section.settings]
    for each in listed:
        value = ",".join(each.default) if isinstance(each.default, tuple) else str(each.default)
        loaded = settings.load(
            config_file=ROOT / "no-such-file", environment={each.variable: value}
        )
        assert loaded.problems == () and loaded.options == Options(), each.variable


def test_in_vs_code_only_the_user_may_name_paths(generate: ModuleType) -> None:
    made = manifest(generate, [OWN])
    listed = properties(made)
    assert listed["beadline.engine.model"]["scope"] == "machine"
    assert listed["beadline.engine.model"]["default"] == "builtin"
    assert listed["beadline.completion.max_lines"] == {
        "type": "integer", "default": 16, "minimum": 1, "maximum": 200,
        "markdownDescription": "Upper bound on the lines of one suggestion.",
        "scope": "window", "order": listed["beadline.completion.max_lines"]["order"],
    }  # fmt: skip
    assert listed["beadline.trace.log_level"]["enum"] == ["debug", "info", "warning", "error"]
    assert listed["beadline.context.ignore"]["items"] == {"type": "string"}
    assert "beadline.completion.exact_tokens" not in listed
    machine = {name for name, value in listed.items() if value["scope"] == "machine"}
    restricted = made["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    assert set(restricted) == machine and "beadline.client.path" in restricted


@pytest.mark.parametrize("held", [[OWN], OWN, [OWN, {"properties": {"beadline.old.name": {}}}]])
def test_the_clients_own_settings_stay_as_they_are(generate: ModuleType, held: object) -> None:
    made = manifest(generate, held)
    assert made["contributes"]["configuration"][0] == OWN
    assert made["contributes"]["commands"] == [1]
    assert "beadline.old.name" not in properties(made)
    again = generate.vscode_manifest(generate.sections(), json.dumps(made))
    assert json.loads(again) == made


def test_lsp4ij_is_offered_what_an_editor_may_set(generate: ModuleType) -> None:
    schema = json.loads(generate.lsp4ij_schema(generate.sections(), ""))
    offered = {name: value["default"] for name, value in schema["properties"].items()}
    assert "beadline.completion.enabled" in offered and "beadline.engine.model" not in offered
    values = {name.removeprefix("beadline."): value for name, value in offered.items()}
    applied = settings.apply(Options(), values, trusted=False, source="lsp4ij")
    assert applied == settings.Applied(Options())


def test_of_the_help_only_the_section_is_replaced(generate: ModuleType) -> None:
    made = generate.neovim_help(generate.sections(), HELP)
    before, _, rest = made.partition("SETTINGS")
    assert before == HELP.partition("SETTINGS")[0]
    assert "old text" not in made
    assert rest.endswith(HELP[HELP.index("\n" + "=" * 78 + "\nOTHERS") :])
    assert "*beadline.engine.model*" in made and "completion.max_lines [editor]" in made
    assert max(len(line) for line in made.split("\n")) <= 78
    assert generate.neovim_help(generate.sections(), made) == made


@pytest.mark.parametrize("text", ["no section\n", HELP + "SETTINGS *beadline-settings*\n"])
def test_a_help_without_one_such_section_is_an_error(generate: ModuleType, text: str) -> None:
    with pytest.raises(generate.GenerateError, match="one line"):
        generate.neovim_help(generate.sections(), text)


def test_the_page_names_all(generate: ModuleType) -> None:
    text = generate.page(generate.sections(), "")
    for section in generate.sections():
        assert f"\n## {section.name}\n" in text
        for each in section.settings:
            assert f"| `{each.dotted}` | `{each.default_text}` |" in text
