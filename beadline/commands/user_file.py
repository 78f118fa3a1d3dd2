"""Changes one setting in the text of the user's own file, and nothing else in it. Knows no option.

A TOML file that a person wrote has comments and an order of its own, so it is not written anew: one
line is replaced, added or taken out. Whether that did what was meant is checked by reading the text
again; where it did not (inline tables, for one), the text is refused.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from beadline.errors import SettingsError

Value = bool | int | float | str | tuple[str, ...]
_HEADER = re.compile(r"\s*\[")


def changed(text: str, section: str, name: str, value: Value | None) -> str:
    """`text` with `section.name` set to `value`; None takes it out.

    Raises `tomllib.TOMLDecodeError` for a text that is no TOML, `SettingsError` for one that has to
    be changed by hand.
    """
    wanted = _with(tomllib.loads(text), section, name, value)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").split("\n")
    made = "\n".join(_edited(lines, section, name, value)).replace("\n", newline)
    try:
        done = _without_empty(tomllib.loads(made), section)
    except tomllib.TOMLDecodeError:
        done = None
    if done != wanted:
        raise SettingsError(
            f"{section}.{name} cannot be changed in the form that the file has.",
            hint="Change it in an editor.",
        )
    return made


def write(path: Path, text: str) -> None:
    """Put `text` in the place of the file, all or nothing; a link stays one. Raises `OSError`."""
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise


def toml(value: Value) -> str:
    """The value as TOML writes it."""
    if isinstance(value, tuple):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    # JSON's numbers, truth values and strings are TOML's.
    return json.dumps(value, ensure_ascii=False)


def _with(values: dict[str, Any], section: str, name: str, value: Value | None) -> dict[str, Any]:
    """What the text is to say."""
    held = values.get(section)
    branch = dict(held) if isinstance(held, dict) else {}
    if value is None:
        branch.pop(name, None)
    else:
        branch[name] = list(value) if isinstance(value, tuple) else value
    return _without_empty({**values, section: branch}, section)


def _without_empty(values: dict[str, Any], section: str) -> dict[str, Any]:
    """The last setting that is taken out may leave an empty table or none: both say the same."""
    if values.get(section, True):
        return values
    return {key: value for key, value in values.items() if key != section}


def _edited(lines: list[str], section: str, name: str, value: Value | None) -> list[str]:
    table = _section(lines, section)
    top = next((at for at, line in enumerate(lines) if _HEADER.match(line)), len(lines))
    places = [(*table, name)] if table is not None else []
    for first, last, key in (*places, (0, top, f"{section}.{name}")):
        at = _find(lines, first, last, key)
        if at is not None:
            count = _length(lines, at)
            if value is None:
                return [*lines[:at], *lines[at + count :]]
            indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
            comment = _comment(lines[at]) if count == 1 else ""
            line = f"{indent}{key} = {toml(value)}{comment}"
            return [*lines[:at], line, *lines[at + count :]]
    if value is None:
        return lines
    if table is not None:
        start = table[0]
        return [*lines[:start], f"{name} = {toml(value)}", *lines[start:]]
    dotted = re.compile(rf"\s*{re.escape(section)}\s*\.")
    beside = next((at for at in range(top) if dotted.match(lines[at])), None)
    if beside is not None:
        return [*lines[:beside], f"{section}.{name} = {toml(value)}", *lines[beside:]]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    gap = [""] if lines else []
    return [*lines, *gap, f"[{section}]", f"{name} = {toml(value)}", ""]


def _section(lines: list[str], section: str) -> tuple[int, int] | None:
    """Where the lines behind a table's header begin and end; None where there is no such table."""
    header = re.compile(rf"\s*\[\s*{re.escape(section)}\s*\]\s*(#.*)?\Z")
    at = next((at for at, line in enumerate(lines) if header.match(line)), None)
    if at is None:
        return None
    following = (n for n in range(at + 1, len(lines)) if _HEADER.match(lines[n]))
    return at + 1, next(following, len(lines))


def _find(lines: list[str], first: int, last: int, key: str) -> int | None:
    """The line where a key is set, within [first, last)."""
    parts = r"\s*\.\s*".join(re.escape(part) for part in key.split("."))
    pattern = re.compile(rf"\s*{parts}\s*=")
    return next((at for at in range(first, last) if pattern.match(lines[at])), None)


def _length(lines: list[str], at: int) -> int:
    """How many lines the assignment at a line takes."""
    for count in range(1, len(lines) - at + 1):
        if _is_toml("\n".join(lines[at : at + count])):
            return count
    return 1


def _comment(line: str) -> str:
    """The comment behind a value, with what stands before it."""
    for at, character in enumerate(line):
        if character == "#" and _is_toml(line[:at]):
            return line[len(line[:at].rstrip()) :]
    return ""


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True
