"""Which layout a measurement of a model chose (`beadline bench layout`). Measures nothing itself.

One JSON file in the user's data directory, read wherever the family of a model is. A verdict holds
for one content of a model file, whatever its name, and for the family that it was measured with.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from beadline.engine.fim.detect import Measured
from beadline.errors import FileError
from beadline.settings import user_data_dir

_LOG = logging.getLogger(__name__)

FILE = "layout-verdicts.json"
SAMPLED = 4 << 20
"""Bytes hashed at each end of a model file: the header with the vocabulary, and weights."""


@dataclass(frozen=True)
class Verdict:
    """The layout that a model is asked in, and what it rests on."""

    layout: str
    family: str
    model: str
    """Name of the model file when it was measured."""
    date: str
    """ISO 8601, UTC."""
    cases: dict[str, Any] = field(default_factory=dict)
    """Number of holes, seed, repositories with their commits, languages."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    """The numbers of every layout."""

    @property
    def measured(self) -> Measured:
        """As detection takes it."""
        return Measured(self.family, self.layout)


def digest(path: Path) -> str:
    """Identity of a model file: its size and SHA-256 over its first and last 4 MiB.

    Reading gigabytes at every start would cost more than the layout gains. Two models of one size
    with the same header and the same last 4 MiB of weights are taken for one; a retrained or
    quantised model differs there. Raises `OSError`.
    """
    size = path.stat().st_size
    hashed = hashlib.sha256(f"{size}\n".encode())
    with path.open("rb") as file:
        hashed.update(file.read(SAMPLED))
        if size > SAMPLED:
            file.seek(max(SAMPLED, size - SAMPLED))
            hashed.update(file.read(SAMPLED))
    return hashed.hexdigest()


def measured(model: Path) -> Measured | None:
    """The user's verdict on a model file, as detection takes it; a damaged file is logged."""
    verdicts = LayoutVerdicts()
    verdict = verdicts.of(model)
    if verdicts.problem:
        _LOG.warning("%s", verdicts.problem)
    return verdict.measured if verdict is not None else None


class LayoutVerdicts:
    """The file of verdicts. A damaged one holds none, and says so in `problem`."""

    def __init__(self, file: Path | None = None) -> None:
        """`file`: another one than the user's."""
        self.file = file or user_data_dir() / FILE
        self.problem = ""
        """One sentence when the last reading found no such file as we write."""

    def of(self, model: Path) -> Verdict | None:
        """The verdict on a model file; None where there is none."""
        found = self._read()
        return found.get(digest(model)) if found else None

    def keep(self, model: Path, verdict: Verdict) -> None:
        """Write a verdict in place of an older one on the same model; a damaged file is kept
        beside it. Raises `FileError` when that is impossible.
        """
        found = self._read()
        self._write({**found, digest(model): verdict})

    def forget(self, model: Path) -> bool:
        """Remove the verdict on a model; whether there was one. Raises `FileError`."""
        found = self._read()
        if found.pop(digest(model), None) is None:
            return False
        self._write(found)
        return True

    def _read(self) -> dict[str, Verdict]:
        self.problem = ""
        try:
            data = self.file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as exc:
            self.problem = f"{self.file} cannot be read: {exc.strerror}; it is ignored."
            return {}
        try:
            models = json.loads(data)["models"]
            return {key: _verdict(value) for key, value in models.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.problem = f"{self.file} is damaged; the layouts measured are ignored."
            return {}

    def _write(self, verdicts: dict[str, Verdict]) -> None:
        values = {"models": {key: asdict(verdict) for key, verdict in verdicts.items()}}
        temporary = ""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            if self.problem:
                os.replace(self.file, self.file.with_suffix(".damaged"))
            # mkstemp makes the file with mode 0600.
            handle, temporary = tempfile.mkstemp(dir=self.file.parent, prefix=self.file.name)
            with os.fdopen(handle, "w", encoding="ascii") as stream:
                json.dump(values, stream, indent=1)
            os.replace(temporary, self.file)
        except OSError as exc:
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            raise FileError(
                f"{self.file} cannot be written: {exc.strerror}.",
                hint="Make room for it, or set BEADLINE_DATA_DIR.",
            ) from exc


def _verdict(values: Any) -> Verdict:
    """Raises `TypeError` for what is none."""
    verdict = Verdict(**values)
    texts = (verdict.layout, verdict.family, verdict.model, verdict.date)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a verdict of something else than texts")
    return verdict
