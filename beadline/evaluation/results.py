"""A results file: one header line, then one JSON object a line. Knows nothing of what they say.

An interrupted run goes on from it: the header must be the same, and a last line that was cut off
in writing is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from beadline.errors import InputError


def read(path: Path, header: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines behind the header; nothing when there is no such file.

    A last line that was cut off is removed from the file. Raises `InputError` for a file of
    another run, or of something else; such a file is not touched.
    """
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    hint = "Name another --results file, or delete it."
    try:
        lines = [json.loads(line) for line in whole.decode("utf-8").splitlines()]
    except ValueError as exc:
        raise InputError(f"{path} is no results file, or a damaged one.", hint=hint) from exc
    if data and not (lines and isinstance(lines[0], dict) and "header" in lines[0]):
        raise InputError(f"{path} is no results file.", hint=hint)
    if lines and lines[0]["header"] != json.loads(json.dumps(header)):
        raise InputError(f"{path} holds the results of another run.", hint=hint)
    if whole != data:  # only now: until here it could be any file of the user's
        path.write_bytes(whole)
    return lines[1:]


class Writer:
    """Appends to a results file, its header first. A context manager."""

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        if self._file.tell() == 0:
            self.append({"header": header})

    def append(self, value: Mapping[str, Any]) -> None:
        """One line, on the disk at once."""
        # ASCII: a lone U+2028 in a prediction must not become a line end for somebody's reader.
        self._file.write(json.dumps(value) + "\n")
        self._file.flush()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
