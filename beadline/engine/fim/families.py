"""The prompt forms of the model families, read from TOML. Knows no text and no token ids.

The table is `families.toml`; users add or change families in TOML files beside their own
configuration (never from a workspace), in the same form. A file that cannot be used is told in
`Families.problems` and left out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from beadline import settings
from beadline.engine.fim import template
from beadline.engine.fim.family import Detection, Family, Repository
from beadline.engine.fim.template import Template
from beadline.engine.protocol import Layout
from beadline.errors import ModelError

FAMILY_KEY = "beadline.family"
"""GGUF metadata key by which our own models name their family."""
AUTO = "auto"
FALLBACK = "left-to-right"
"""The family of every model that is of no other."""
SLOTS = ("bos", "files", "head", "tail", "suffix", "path", "repo", "language")
_FILE_SLOTS = ("path", "text", "repo", "path_comment")
_NEEDS = ("tokens", "name", "architecture", "either", "metadata", "nothing")
_BOS = ("always", "never", "model")


@dataclass(frozen=True)
class Families:
    """All families, built-in ones first, and what of the user's could not be used."""

    table: Mapping[str, Family]
    problems: tuple[str, ...] = ()
    """One sentence each, naming the file and what to do."""

    def get(self, name: str) -> Family:
        """Raises `ModelError` for an unknown name."""
        if name not in self.table:
            raise ModelError(
                f"There is no family {name!r}: engine.family is auto or one of "
                f"{', '.join(self.table)}.",
                hint=" ".join(self.problems) or "docs/families.md tells how to add one.",
            )
        return self.table[name]

    def token_texts(self) -> frozenset[str]:
        """Texts of all tokens that some family knows."""
        return frozenset(text for family in self.table.values() for text in family.token_texts)


def user_folder() -> Path:
    """Where users put families of their own: `families/` beside their configuration file."""
    return (settings.user_config_file().parent / "families").absolute()


def beadline() -> Family:
    """The family of our own models."""
    return load(None).table["beadline"]


@cache
def _builtin() -> tuple[Families, Mapping[str, Any]]:
    """The built-in families, and the tables they were made of."""
    source = resources.files(__package__ or "beadline.engine.fim").joinpath("families.toml")
    values = tomllib.loads(source.read_text("utf-8"))
    raw = {name: _inherited(entry, values["family"]) for name, entry in values["family"].items()}
    table = {name: _family(name, entry, values) for name, entry in raw.items()}
    return Families(table), {**values, "family": raw}


def load(folder: Path | None) -> Families:
    """The built-in families and those in the TOML files of `folder`, if it is there.

    Never raises for what a user's file says: it is told in `problems` and left out.
    """
    built_in, values = _builtin()
    try:
        files = sorted(folder.glob("*.toml")) if folder is not None else []
    except OSError as exc:
        return Families(built_in.table, (f"{folder} cannot be read: {exc.strerror}.",))
    table, raw, problems = dict(built_in.table), dict(values["family"]), []
    for file in files:
        try:
            entries = _entries(file)
        except ValueError as exc:
            problems.append(f"{file} {exc}; its families are left out.")
            continue
        for name, entry in entries.items():
            try:
                merged = _inherited({**raw.get(name, {}), **entry}, raw)
                table[name] = _family(name, merged, values, origin=str(file))
                raw[name] = merged
            except ValueError as exc:
                problems.append(f"{file}: family {name!r} {exc}; it is left out.")
    # The last resort stays last.
    table[FALLBACK] = table.pop(FALLBACK)
    return Families(table, tuple(problems))


def _entries(file: Path) -> dict[str, dict[str, Any]]:
    """The tables `[family.NAME]` of a file. Raises ValueError with the rest of a sentence."""
    try:
        if not file.is_file():  # a pipe would be waited for
            raise ValueError("is no file")
        values = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise ValueError(f"is not valid TOML ({exc})") from exc
    except UnicodeDecodeError as exc:
        raise ValueError("is not UTF-8") from exc
    except OSError as exc:
        raise ValueError(f"cannot be read ({exc.strerror})") from exc
    families = values.get("family")
    if not isinstance(families, dict) or not all(isinstance(f, dict) for f in families.values()):
        raise ValueError("has no table [family.NAME]")
    return families


def _inherited(entry: dict[str, Any], others: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """`entry` with what it does not say taken from the family that `like` names."""
    like = entry.get("like")
    if like is None:
        return entry
    if not isinstance(like, str) or like not in others:
        raise ValueError(f"is like {like!r}, which is no family")
    return {**_inherited(others[like], others), **{k: v for k, v in entry.items() if k != "like"}}


def _family(
    name: str, entry: dict[str, Any], defaults: Mapping[str, Any], origin: str = ""
) -> Family:
    """A checked family. Raises ValueError with the rest of a sentence."""
    known = Family.__dataclass_fields__.keys() - {"name", "origin"}
    if unknown := entry.keys() - known:
        raise ValueError(f"has unknown keys: {', '.join(sorted(unknown))}")
    layouts = tuple(_layout(value) for value in _strings(entry, "layouts"))
    if not layouts:
        raise ValueError("names no layouts")
    texts = {**defaults["templates"], **_table(entry, "templates")}
    templates = {layout: template.parse(_text(texts, layout), SLOTS) for layout in layouts}
    headers, given = _table(entry, "headers"), _table(entry, "tokens")
    tokens = {
        key: _strings({key: [value] if isinstance(value, str) else value}, key)
        for key, value in given.items()
    }
    family = Family(
        name=name,
        layouts=layouts,
        templates=templates,
        tokens=tokens,
        bos=_choice(entry, "bos", _BOS, "model"),
        opening=_flag(entry, "opening"),
        empty_suffix=_layout(entry["empty_suffix"]) if "empty_suffix" in entry else None,
        headers={
            _layout(key): template.parse(_text(headers, key), ("path", "language"))
            for key in headers
        },
        repository=_repository(entry.get("repository", defaults["repository"])),
        stops=_strings(entry, "stops"),
        text_stops=_strings(entry, "text_stops"),
        last_lines=_strings(entry, "last_lines"),
        drop=_pairs(entry, "drop"),
        repeats_line=_flag(entry, "repeats_line"),
        detect=_detection(_table(entry, "detect")),
        source=_text(entry, "source"),
        origin=origin,
    )
    if empty := [key for key, texts in tokens.items() if not texts]:
        raise ValueError(f"has no text for the tokens {', '.join(sorted(empty))}")
    if family.empty_suffix not in (None, *layouts):
        raise ValueError(f"has {family.empty_suffix} for empty_suffix, which it does not list")
    if name == FALLBACK and family.needed:
        raise ValueError("is every model's last resort and may need no tokens")
    missing = family.needed - tokens.keys()
    if missing:
        raise ValueError(f"has templates with {', '.join(sorted(missing))} but no such tokens")
    for layout, form in templates.items():
        if not template.slots(form) & {"head", "tail"}:
            raise ValueError(f"has a template {layout} without {{head}} or {{tail}}")
    return family


def _repository(values: Any) -> Repository:
    if not isinstance(values, dict):
        raise ValueError("has a repository that is no table")
    if unknown := values.keys() - Repository.__dataclass_fields__.keys():
        raise ValueError(f"has unknown keys in repository: {', '.join(sorted(unknown))}")

    def form(key: str) -> Template:
        return template.parse(_text(values, key), _FILE_SLOTS)

    repository = Repository(
        open=form("open"),
        file=form("file"),
        commented=form("commented"),
        current=form("current"),
        lead=form("lead"),
        inline=_flag(values, "inline"),
        always=_flag(values, "always"),
    )
    in_prefix = [repository.lead, repository.commented]
    if repository.inline:
        in_prefix += [repository.file, repository.current]
    if any(template.tokens(part) for part in in_prefix):
        raise ValueError("has tokens in a part of repository that belongs to the prefix text")
    return repository


def _detection(values: dict[str, Any]) -> Detection:
    if unknown := values.keys() - Detection.__dataclass_fields__.keys():
        raise ValueError(f"has unknown keys in detect: {', '.join(sorted(unknown))}")
    lists = {key: _strings(values, key) for key in ("architectures", "names", "tokens")}
    for pattern in lists["names"]:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as exc:
            raise ValueError(f"has the pattern {pattern!r}, which is none ({exc})") from None
    return Detection(**lists, need=_choice(values, "need", _NEEDS, "tokens"))


def _layout(value: Any) -> Layout:
    try:
        return Layout(value)
    except ValueError:
        raise ValueError(f"has {value!r} for a layout; there are {', '.join(Layout)}") from None


def _pairs(values: Mapping[str, Any], key: str) -> tuple[tuple[str, str], ...]:
    pairs = values.get(key, [])
    if not isinstance(pairs, list):
        raise ValueError(f"needs a list of pairs for {key}")
    checked = [_strings({key: pair}, key) for pair in pairs]
    if any(len(pair) != 2 for pair in checked):
        raise ValueError(f"has a {key} that is no pair of texts")
    return tuple((pair[0], pair[1]) for pair in checked)


def _strings(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = values.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError(f"needs a list of texts for {key}")
    return tuple(value)


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"needs a text for {key}")
    return value


def _flag(values: Mapping[str, Any], key: str) -> bool:
    value = values.get(key, False)
    if not isinstance(value, bool):
        raise ValueError(f"needs true or false for {key}")
    return value


def _table(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = values.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"needs a table for {key}")
    return value


def _choice(values: Mapping[str, Any], key: str, choices: tuple[str, ...], default: str) -> str:
    value = values.get(key, default)
    if value not in choices:
        raise ValueError(f"has {value!r} for {key}; there are {', '.join(choices)}")
    return value
