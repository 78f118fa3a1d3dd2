"""Keeps what was measured, line by line, so that a run goes on where it was interrupted.

Knows no measurement. An episode that was not finished is measured again as a whole: what is warm
in a server depends on what came before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from beadline.errors import InputError

Record = dict[str, Any]


class Results:
    """One file of JSON lines: what makes the run, then records, then which episodes are whole."""

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        """Open `path`, or make it. Raises `InputError` when it is of another run."""
        self.path = path
        self._header = {"header": dict(header)}
        self._records: dict[str, list[Record]] = {}
        if path.exists():
            found, self._records = _read(path)
            if found != self._header["header"]:
                raise InputError(
                    f"{path} holds another run.", hint="Name another file with --results."
                )
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.tmp")
        lines = [self._header]
        for episode, records in self._records.items():
            lines += [*records, {"whole": episode}]
        temporary.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
        temporary.replace(path)  # half an episode is left out

    @property
    def records(self) -> list[Record]:
        """Records of whole episodes."""
        return [record for records in self._records.values() for record in records]

    def has(self, episode: str) -> bool:
        """Whether an episode is done."""
        return episode in self._records

    def add(self, episode: str, records: Sequence[Record]) -> None:
        """An episode is done."""
        lines = [*records, {"whole": episode}]
        with self.path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{json.dumps(line)}\n" for line in lines))
        self._records[episode] = list(records)


def read(path: Path) -> tuple[dict[str, Any], list[Record]]:
    """Header and records of a file. Raises `InputError`."""
    header, episodes = _read(path)
    return header, [record for records in episodes.values() for record in records]


def _read(path: Path) -> tuple[dict[str, Any], dict[str, list[Record]]]:
    header: dict[str, Any] = {}
    whole: dict[str, list[Record]] = {}
    open_: list[Record] = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read.", hint="Name a file of results.") from exc
    for number, line in enumerate(lines):
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            if number == len(lines) - 1:
                break  # cut off in the middle of a line
            raise InputError(f"{path} is not a file of results (line {number + 1}).")
        if "header" in value:
            header = value["header"]
        elif "whole" in value:
            whole[value["whole"]] = open_
            open_ = []
        else:
            open_.append(value)
    if not header:
        raise InputError(f"{path} is not a file of results.")
    return header, whole
