"""The form of a case and its file of JSON lines. Knows no repository, no labels and no scores."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beadline.errors import InputError

CROSS_FILE_CALL = "cross_file_call"
"""Category of the calls whose callee another file defines."""
_TEXTS = ("path", "language", "category", "prefix", "suffix", "middle")


@dataclass(frozen=True)
class Symbol:
    """A definition in another file that a case's middle uses."""

    name: str
    kind: str
    """`function`, `method`, `class`, `interface`, ..."""
    path: str
    """Relative to the repository, forward slashes."""
    line: int
    """1-based line of the name."""
    signature: str
    """That line, stripped."""
    cls: str = ""
    """Name of the class that it is a member of."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; `cls` only where there is one."""
        values: dict[str, Any] = {"name": self.name, "kind": self.kind}
        if self.cls:
            values["cls"] = self.cls
        return {**values, "path": self.path, "line": self.line, "signature": self.signature}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Symbol:
        """From `as_dict`; raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        return cls(
            name=str(values["name"]),
            kind=str(values.get("kind", "")),
            path=str(values["path"]),
            line=int(values["line"]),
            signature=str(values["signature"]),
            cls=str(values.get("cls") or ""),
        )


@dataclass(frozen=True)
class Case:
    """`prefix + suffix` is what stands in the file; `middle` is what its author wrote between."""

    path: str
    language: str
    category: str
    prefix: str
    suffix: str
    middle: str
    crossfile_symbols: tuple[Symbol, ...] = ()
    """What the middle needs of other files, as far as it could be found out; none for a call:
    unlabelled."""

    @property
    def text(self) -> str:
        """The file while the case is scored."""
        return self.prefix + self.suffix

    @property
    def id(self) -> str:
        """Stable name; the same case of the same version of a file has it again."""
        parts = "\0".join((self.prefix, self.middle, self.suffix)).encode("utf-8", "surrogatepass")
        start = len(self.prefix)
        return (
            f"{self.path}:{self.category}:{start}-{start + len(self.middle)}:"
            f"{hashlib.sha256(parts).hexdigest()[:8]}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        symbols = [symbol.as_dict() for symbol in self.crossfile_symbols]
        return {**{name: getattr(self, name) for name in _TEXTS}, "crossfile_symbols": symbols}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Case:
        """From `as_dict`, with LF line ends; keys that are not known here are passed over. Raises
        `KeyError`, `TypeError` or `ValueError`."""
        texts = {name: values[name] for name in _TEXTS}
        if not all(isinstance(text, str) for text in texts.values()):
            raise TypeError
        symbols = tuple(Symbol.of(each) for each in values.get("crossfile_symbols") or ())
        lf = {name: text.replace("\r\n", "\n") for name, text in texts.items()}
        return cls(**lf, crossfile_symbols=symbols)


def read(path: Path) -> list[Case]:
    """The cases of a file, each once. Raises `InputError`."""
    hint = "`beadline evaluate make-cases REPO` writes such files."
    try:
        # Not splitlines(): U+2028 may stand in a string of somebody's JSON.
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read: {exc}.", hint=hint) from exc
    cases: dict[str, Case] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            case = Case.of(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise InputError(f"{path}, line {number}, is no case.", hint=hint) from exc
        inside = not case.path.startswith("/") and ".." not in case.path.split("/")
        if not case.path or not inside or ":" in case.path.split("/")[0]:
            raise InputError(
                f"{path}, line {number}: {case.path!r} is no path inside a repository.", hint=hint
            )
        cases.setdefault(case.id, case)
    if not cases:
        raise InputError(f"{path} holds no cases.", hint=hint)
    return list(cases.values())


def as_lines(cases: Iterable[Case]) -> str:
    """The cases as JSON lines, in ASCII: U+2028 in a text must not end a reader's line."""
    return "".join(json.dumps(case.as_dict()) + "\n" for case in cases)


def write(path: Path, cases: Iterable[Case]) -> None:
    """Write a file of cases, whole or not at all. Raises `InputError`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(as_lines(cases), "utf-8")
        temporary.replace(path)
    except OSError as exc:
        with contextlib.suppress(OSError):  # its folder may be what is wrong
            temporary.unlink()
        raise InputError(f"{path} cannot be written: {exc}.", hint="Choose another file.") from exc
