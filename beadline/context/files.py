"""Reads one file into a Document, with messages for all that can be wrong. Knows no syntax."""

from __future__ import annotations

import codecs
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from beadline.context.ignore import known_spec
from beadline.context.languages import language_of
from beadline.context.positions import Newlines
from beadline.context.types import Document
from beadline.errors import FileError

_BINARY_PROBE = 8192
"""Bytes searched for NUL, as git does."""


@dataclass(frozen=True)
class LoadedFile:
    """A file's text and what is needed to write it back unchanged."""

    document: Document
    newlines: Newlines
    bom: bool = False
    """The file starts with a UTF-8 byte order mark, which is not part of the text."""

    def encode(self) -> bytes:
        """The bytes the file had when it was read."""
        body = self.newlines.undo(self.document.text).encode("utf-8")
        return codecs.BOM_UTF8 + body if self.bom else body


def read_document(path: Path, *, max_bytes: int, root: Path | None = None) -> LoadedFile:
    """Read a UTF-8 text file of at most `max_bytes` bytes.

    `root` is the workspace; without it, `find_root(path)`. Raises `FileError` when the file is
    missing, not a regular file, unreadable, too large, binary, or not UTF-8.
    """
    raw = _read(path, max_bytes)
    if b"\0" in raw[:_BINARY_PROBE]:
        raise FileError(
            f"{path} is a binary file.",
            hint="Only text can be completed; convert UTF-16 files to UTF-8.",
        )
    bom = raw.startswith(codecs.BOM_UTF8)
    body = raw[len(codecs.BOM_UTF8) :] if bom else raw
    try:
        decoded = body.decode("utf-8")
    except UnicodeDecodeError as exc:
        at = exc.start + (len(raw) - len(body))
        raise FileError(
            f"{path} is not valid UTF-8: byte 0x{raw[at]:02x} at offset {at}.",
            hint="Save the file as UTF-8.",
        ) from exc
    text, newlines = Newlines.normalise(decoded)
    absolute = path.absolute()
    base = (root or find_root(path)).absolute()
    document = Document(
        key=str(absolute),
        path=relative_path(absolute, base),
        language=language_of(absolute.name),
        text=text,
        repo=base.name,
    )
    return LoadedFile(document, newlines, bom)


def find_root(path: Path) -> Path:
    """The nearest ancestor that holds a `.git` (folder, or file of a worktree), else the parent."""
    parent = path.absolute().parent
    for folder in (parent, *parent.parents):
        if (folder / ".git").exists():
            return folder
    return parent


def relative_path(path: Path, root: Path) -> str:
    """`path` below `root` with forward slashes; the file name alone when it is outside."""
    try:
        return path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        return path.name


def is_ignored(path: Path, root: Path, patterns: Iterable[str]) -> bool:
    """True when gitignore `patterns`, read as of `root`, match; never for a path outside `root`.

    A pattern that is not valid gitignore syntax matches nothing: patterns may come from a
    workspace, and a bad one must not stop completion.
    """
    if path.is_absolute() != root.is_absolute():
        path, root = path.absolute(), root.absolute()
    try:
        relative = path.relative_to(root).as_posix()
    except ValueError:
        return False
    return known_spec(tuple(patterns)).match_file(relative)


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise FileError(f"{path} is a directory.", hint="Give the path of a file.")
        if not stat.S_ISREG(status.st_mode):
            raise FileError(f"{path} is not a regular file.", hint="Give the path of a text file.")
        if status.st_size > max_bytes:
            raise _too_large(path, status.st_size, max_bytes)
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except FileNotFoundError as exc:
        raise FileError(f"There is no file {path}.", hint="Check the path.") from exc
    except PermissionError as exc:
        raise FileError(f"{path} may not be read.", hint="Check its permissions.") from exc
    except (OSError, ValueError) as exc:
        # ValueError: a NUL character in the path.
        raise FileError(f"{path} cannot be read: {exc}.", hint="Check the path.") from exc
    if len(raw) > max_bytes:
        raise _too_large(path, len(raw), max_bytes)
    return raw


def _too_large(path: Path, size: int, limit: int) -> FileError:
    return FileError(
        f"{path} is too large: {size:,} bytes, the limit is {limit:,}.",
        hint="Raise context.max_file_bytes in your own settings to complete in such files.",
    )
