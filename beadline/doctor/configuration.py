"""What was configured, where, and what of it was not taken. Knows no model.

Three kinds of sources: the user's own (file, environment, flags), what a workspace says, and the
user's own languages and families.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from beadline import settings
from beadline.context import languages
from beadline.doctor.report import Check, failure, ok, warning
from beadline.engine.fim import families
from beadline.engine.llama.state import FOLDER
from beadline.errors import BeadlineError
from beadline.lsp import configuration
from beadline.settings import ENVIRONMENT_PREFIX, Applied, EngineOptions, Options

WORKSPACE_FILE = Path(".vscode", "settings.json")
"""What an editor sends of a workspace; other editors' files are code, and are not read."""
FOLDERS = ("BEADLINE_CONFIG", "BEADLINE_DATA_DIR", "BEADLINE_CACHE_DIR")
"""Variables that name places rather than settings."""
_NO_JSON = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.S)
"""What VS Code allows in JSON: comments, and a comma after the last entry."""


def own(applied: Applied) -> Iterator[Check]:
    """The user's own file, environment and flags."""
    file = settings.user_config_file()
    there = file.is_file()
    yield ok(
        "settings", f"{file}{'' if there else ' (not there: defaults)'}",
        file=str(file), read=there, data=str(settings.user_data_dir()),
        cache=str(settings.user_cache_dir()),
    )  # fmt: skip
    for problem in applied.problems:
        yield warning(
            "settings", problem, "Correct or remove it; `beadline config get` lists the settings.",
        )  # fmt: skip


def kept(options: EngineOptions) -> Check:
    """What stays of the user's documents between sessions."""
    keeps = options.save_state and options.state_mebibytes > 0
    folder = settings.user_cache_dir() / FOLDER
    told = "nothing of your documents is kept between sessions"
    if keeps:
        told = (
            "states of recent documents, which can be turned back into their text, are kept in "
            f"{folder}, at most {options.state_mebibytes} MiB; `beadline cache clear` removes them"
        )
    return ok("state", told, kept=keeps, folder=str(folder))


def environment(variables: Mapping[str, str]) -> Iterator[Check]:
    """The variables that are ours: those that took effect, and those that nothing reads."""
    took_effect: dict[str, str] = {}
    for name, value in sorted(variables.items()):
        if not name.startswith(ENVIRONMENT_PREFIX) or name == "BEADLINE_TEST_MODEL":
            continue
        if name in FOLDERS:
            took_effect[name] = value
            continue
        applied = settings.load(config_file=Path(os.devnull), environment={name: value})
        if applied.problems:
            continue  # told with the settings
        if "__" not in name:
            yield warning(
                "environment", f"{name} is no setting of beadline.",
                "Two underscores part section and name: BEADLINE_ENGINE__MODEL.",
            )  # fmt: skip
        else:
            took_effect[name] = value
    if took_effect:
        told = ", ".join(f"{name}={value}" for name, value in took_effect.items())
        yield ok("environment", told, **took_effect)


def workspace(folder: Path, options: Options) -> Iterator[Check]:
    """What the editor's settings file of the current folder asks for and may not have."""
    file = folder / WORKSPACE_FILE
    try:
        text = file.read_text("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, UnicodeDecodeError) as exc:
        yield warning("workspace", f"{file} cannot be read: {exc}.", "Correct or remove it.")
        return
    try:
        values = json.loads(_NO_JSON.sub(lambda match: match[1] or "", text))
    except (ValueError, RecursionError) as exc:
        yield warning("workspace", f"{file} is no JSON: {exc}.", "Correct the file.")
        return
    section = _ours(values)
    applied = settings.apply(options, section, trusted=False, source=str(file))
    what = "read as the editor sends it" if section else "nothing for beadline"
    yield ok("workspace", f"{file}: {what}", file=str(file))
    for key in applied.refused:
        yield warning(
            "workspace", f"{file}: {key} is refused: a workspace or an editor may not set it.",
            f"Set it in {settings.user_config_file()}, the environment or a flag, if you want it.",
            refused=key,
        )  # fmt: skip
    for problem in applied.problems:
        yield warning("workspace", problem, "Correct or remove it.")


def _ours(values: Any) -> Mapping[str, Any]:
    """Our section of a settings file, empty when there is none."""
    if not isinstance(values, dict):
        return {}
    prefix = configuration.SECTION
    section = {k: v for k, v in values.items() if k == prefix or k.startswith(prefix + ".")}
    return configuration.ours(section) if section else {}


def own_languages() -> Iterator[Check]:
    """That every grammar and query file loads, and which languages are the user's own."""
    try:
        known = languages.known()
    except BeadlineError as exc:
        yield failure("languages", exc, "Install beadline again.")
        return
    read = [each for each in known if each.has_tree and languages.grammar(each) is not None]
    folder = languages.user_folder()
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    own_files = f"; your own in {folder}: {len(files)}" if files else ""
    yield ok(
        "languages", f"{len(read)} with a grammar, {len(known) - len(read)} read by lines"
        f"{own_files}", grammars=", ".join(each.id for each in read), folder=str(folder),
    )  # fmt: skip
    for problem in languages.problems():
        yield warning(
            "languages", problem, "Correct the file, or install beadline again with its grammars."
        )


def own_families() -> Iterator[Check]:
    """The user's own families of models."""
    folder = families.user_folder()
    found = families.load(folder)
    mine = [family.name for family in found.table.values() if family.origin]
    if mine:
        yield ok("families", f"yours in {folder}: {', '.join(mine)}", folder=str(folder))
    for problem in found.problems:
        yield warning("families", problem, "Correct the file, or take it away.")
