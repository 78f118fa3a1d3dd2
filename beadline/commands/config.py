"""`beadline config`: the user's own settings, shown or changed. Knows no setting.

Editors' clients run it where a choice of the user has to last (docs/protocol.md).
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from beadline import settings
from beadline.commands import common, display, user_file
from beadline.engine import models
from beadline.errors import FileError, SettingsError
from beadline.settings import BUILTIN_MODEL, Options

_MODEL_FILES = ("engine.model", "engine.draft_model")
"""Settings that name a model: it has to be there, and is kept by its full path."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The three actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    get = actions.add_parser("get", help="what holds, your file and environment taken together")
    get.add_argument("name", metavar="NAME", nargs="?", help="engine.model, say; all without")
    get.add_argument("--json", action="store_true", help="print one JSON object")
    put = actions.add_parser("set", help="write a setting into your own file")
    put.add_argument("name", metavar="NAME", help="for example engine.model")
    put.add_argument("value", metavar="VALUE", help="lists with commas between")
    take = actions.add_parser("unset", help="take a setting out of your own file")
    take.add_argument("name", metavar="NAME", help="for example engine.model")


def main(args: argparse.Namespace) -> int:
    """Run the action. Raises `SettingsError`, `ModelError`, `FileError`."""
    if args.action == "get":
        _show(args.name, as_json=args.json)
        return 0
    section, name = _known(args.name)
    value = _parsed(args.name, args.value) if args.action == "set" else None
    path = settings.user_config_file()
    _change(path, section, name, value)
    done = "is taken out of" if value is None else f"= {user_file.toml(value)} is in"
    console = display.console()
    console.print(display.printable(f"{args.name} {done} {path}"))
    holds = _value(common.load_options(), section, name)
    if value is not None and holds != value:
        console.print(
            display.printable(
                f"The environment says otherwise: {args.name} = {user_file.toml(holds)} holds here."
            ),
            style="yellow",
        )
    return 0


def _show(wanted: str | None, *, as_json: bool) -> None:
    options = common.load_options()
    names = [".".join(_known(wanted))] if wanted is not None else list(_names())
    values = {name: _value(options, *name.split(".")) for name in names}
    if as_json:
        print(json.dumps(values))
    elif wanted is not None:
        print(display.printable(user_file.toml(values[wanted])))
    else:
        for name, value in values.items():
            print(display.printable(f"{name} = {user_file.toml(value)}"))


def _names() -> Iterator[str]:
    for section in fields(Options):
        for leaf in fields(getattr(Options(), section.name)):
            yield f"{section.name}.{leaf.name}"


def _known(dotted: str) -> tuple[str, str]:
    """Section and name. Raises `SettingsError` for a setting that there is not."""
    if dotted not in _names():
        raise SettingsError(
            f"There is no setting {dotted!r}.", hint="`beadline config get` lists them."
        )
    section, _, name = dotted.partition(".")
    return section, name


def _value(options: Options, section: str, name: str) -> Any:
    return getattr(getattr(options, section), name)


def _parsed(dotted: str, text: str) -> user_file.Value:
    """The value that is meant. Raises `SettingsError` for one that does not fit, and `ModelError`
    for a model that there is not."""
    if dotted in _MODEL_FILES and text not in ("", BUILTIN_MODEL):
        text = str(models.resolve(text))
    applied = settings.apply(Options(), {dotted: text}, trusted=True, source="command line")
    if applied.problems:
        raise SettingsError(" ".join(applied.problems))
    return _value(applied.options, *dotted.split("."))


def _change(path: Path, section: str, name: str, value: user_file.Value | None) -> None:
    try:
        text = path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        text = ""
    except (OSError, UnicodeDecodeError) as exc:
        raise FileError(f"{path} cannot be read: {exc}.", hint="Correct it by hand.") from exc
    try:
        made = user_file.changed(text, section, name, value)
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(f"{path} is not valid TOML: {exc}.", hint="Correct the file.") from exc
    if made == text:
        return
    try:
        user_file.write(path, made)
    except (OSError, UnicodeEncodeError) as exc:
        raise FileError(
            f"{path} cannot be written: {exc}.", hint="Check its permissions, or the disk."
        ) from exc
