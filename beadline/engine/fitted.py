"""Files of fitted weights, one set a model. Knows JSON and models' digests, not what weights mean.

Sets come with the package by the digest of the model they were fitted for, one of them for models
that nobody measured; what a user fitted is in the user's data directory and goes first.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from beadline import settings
from beadline.engine.verdicts import digest
from beadline.errors import FileError

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
GENERIC = "generic"
"""Key of the set for models that were not measured."""


class WeightFiles(Generic[_T]):
    """The sets of one kind of weights."""

    def __init__(self, packaged: Path, folder: str, read: Callable[[Any], _T]) -> None:
        """`packaged`: the file that comes with the package; `folder`: of the user's own, below the
        data directory; `read`: makes a set of JSON values, or raises `ValueError`."""
        self._packaged = packaged
        self._folder = folder
        self._read = read

    @cached_property
    def packaged(self) -> Mapping[str, _T]:
        """The sets that come with the package, by digest of the model."""
        values = json.loads(self._packaged.read_text("utf-8"))
        return {key: self._read(value) for key, value in values.items()}

    def of(self, model: Path) -> _T:
        """The set for a model file: the user's own, the packaged, or the generic one."""
        try:
            key = digest(model)
        except OSError:  # an engine without a file of that name
            key = ""
        own = self.user_file(key)
        try:
            return self._read(json.loads(own.read_text("utf-8")))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, RecursionError) as exc:
            _LOG.warning("%s is not used: %s.", own, exc)
        return self.packaged.get(key) or self.packaged[GENERIC]

    def user_file(self, key: str) -> Path:
        """Where the user's own weights for a model are kept."""
        return settings.user_data_dir() / self._folder / f"{key or 'none'}.json"


def write(path: Path, values: Mapping[str, Any]) -> None:
    """Write a set to a file, whole or not at all. Raises `FileError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(values, indent=1) + "\n")
        os.replace(name, path)
    except OSError as exc:
        raise FileError(
            f"The weights cannot be written to {path}: {exc.strerror}.",
            hint="Check the folder's permissions, or name another file.",
        ) from exc
