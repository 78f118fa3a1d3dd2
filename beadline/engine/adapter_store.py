"""The user's adapters: a folder for each, and which of them are active. Trains and loads none.

    adapters/<name>/adapter.gguf, manifest.json, report.md, ...
    adapters/active.json

An adapter can tell about the code that it was trained on, so folders and files are the user's
alone (0700, 0600), and a file that others could have written is not used.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from beadline.engine.adapters import Base, Manifest, file_digest, read_manifest, refusal
from beadline.engine.private import is_private, is_private_folder, make_private
from beadline.errors import AdapterError, BeadlineError
from beadline.settings import user_data_dir

FOLDER = "adapters"
"""Below the user's data directory."""
ADAPTER_FILE, MANIFEST_FILE, REPORT_FILE = "adapter.gguf", "manifest.json", "report.md"
_ACTIVE = "active.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_MAKING = ".making-"
_ABANDONED_S = 3600.0
"""Age after which what is half made belongs to no running process."""
_LIST_HINT = "`beadline train list` shows what there is."


@dataclass(frozen=True)
class Stored:
    """One adapter of the user's."""

    folder: Path
    manifest: Manifest | None
    """None where it cannot be used at all."""
    active: bool = False
    problem: str = ""
    """Why it cannot be used; empty as a rule."""

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def path(self) -> Path:
        """The adapter's GGUF file."""
        return self.folder / ADAPTER_FILE

    @property
    def report(self) -> Path:
        """What the proof found, in Markdown."""
        return self.folder / REPORT_FILE


@dataclass(frozen=True)
class Choice:
    """What some folder's documents are served with."""

    path: Path | None = None
    """The adapter's GGUF file; None: the model alone."""
    name: str = ""
    scale: float = 1.0
    refused: str = ""
    """Why the one that is active there is not used, in a sentence; empty where there is none."""


class AdapterStore:
    """The folder of the user's adapters. Several processes may use it at a time: adapters appear
    and go as wholes, and what is active changes by renaming a file."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: another one than the user's."""
        self.folder = folder or user_data_dir() / FOLDER
        self._known: dict[tuple[str, int, int], str] = {}
        """Digests by path, size and time of change of the files."""

    # -- what there is

    def all(self) -> list[Stored]:
        """Every adapter, by name; those that cannot be used say why."""
        active = self._active()
        try:
            with os.scandir(self.folder) as entries:
                names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
        except OSError:
            return []
        return [self._stored(name, active) for name in names if _NAME.fullmatch(name)]

    def get(self, name: str) -> Stored:
        """The adapter of that name. Raises `AdapterError` where there is none."""
        if not _NAME.fullmatch(name) or not is_private_folder(self.folder / name):
            raise AdapterError(f"There is no adapter named {name!r}.", hint=_LIST_HINT)
        return self._stored(name, self._active())

    def version(self) -> object:
        """Changes when other adapters become active. Cheap enough to be asked at every request."""
        try:
            status = os.stat(self.folder / _ACTIVE)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def choose(self, folders: Sequence[str], base: Callable[[], Base]) -> Choice:
        """What serves a file that lies in `folders` (by `repository_key`, innermost first), with
        the model that `base` tells; it is asked only where some adapter is active.

        Reads files: not for an event loop. Raises `ModelError` where `base` does.
        """
        places = {folder: place for place, folder in enumerate(folders)}
        found = [
            stored
            for stored in map(self._try, self._active())
            if stored.manifest is not None and stored.manifest.repository in places
        ]
        if not found:
            return Choice()
        found.sort(key=lambda stored: places[_manifest(stored).repository])
        served, reasons = base(), []
        for stored in found:
            manifest = _manifest(stored)
            reason = refusal(manifest, served) or self._damage(stored)
            if not reason:
                return Choice(stored.path, stored.name, manifest.scale)
            reasons.append(reason)
        return Choice(refused=reasons[0])

    # -- what changes it

    def new_name(self, repository: Path, digest: str) -> str:
        """A name for an adapter of that repository, whose file has that digest."""
        stem = _UNSAFE.sub("-", repository.resolve().name).strip("-._") or "repository"
        return f"{stem[:60]}-{digest[:12]}"

    def keep(
        self, manifest: Manifest, adapter: Path, beside: Mapping[str, bytes] | None = None
    ) -> Stored:
        """Take a copy of an adapter file with its manifest, and further files by their names, in
        place of an adapter of the same name. It is not active.

        Raises `AdapterError` when the file is not the one of the manifest, or it cannot be
        written.
        """
        if not _NAME.fullmatch(manifest.name):
            raise AdapterError(f"{manifest.name!r} is no name for an adapter.")
        making: Path | None = None
        try:
            make_private(self.folder)
            self._sweep()
            # mkdtemp makes the folder with mode 0700.
            making = Path(tempfile.mkdtemp(prefix=_MAKING, dir=self.folder))
            _copy(adapter, making / ADAPTER_FILE)
            if file_digest(making / ADAPTER_FILE) != manifest.digest:
                raise AdapterError(f"{adapter} is not the adapter that was measured.")
            files = {**(beside or {}), MANIFEST_FILE: manifest.as_json().encode()}
            for name, data in files.items():
                _write(making / name, data)
            target = self.folder / manifest.name
            if os.path.lexists(target):
                self.remove(manifest.name)
            elif manifest.name in (active := self._active()):  # its folder was taken away
                self._set_active([other for other in active if other != manifest.name])
            os.replace(making, target)
        except OSError as exc:
            raise AdapterError(
                f"The adapter cannot be kept in {self.folder}: {exc.strerror or exc}.",
                hint="Make room for it, or set BEADLINE_DATA_DIR.",
            ) from exc
        finally:
            if making is not None:
                shutil.rmtree(making, ignore_errors=True)
        return self.get(manifest.name)

    def activate(self, name: str) -> Stored:
        """Serve the adapter's repository with it from now on, in place of any other that stands on
        the same model. Raises `AdapterError` when it may not be.
        """
        stored = self._usable(name)
        manifest = _manifest(stored)
        if not manifest.passed:
            raise AdapterError(
                f"The adapter {name} did not beat its model. {manifest.verdict}".strip(),
                hint=f"{stored.report} has the numbers.",
            )
        if damage := self._damage(stored):
            raise AdapterError(damage, hint="Train again: `beadline train`.")
        kept = [
            other
            for other in self._active()
            if other != name and not _same_place(self._try(other).manifest, manifest)
        ]
        self._set_active([*kept, name])
        return replace(stored, active=True)

    def deactivate(self, name: str) -> bool:
        """Serve nothing with it any more; whether it was active. Raises `AdapterError`."""
        active = self._active()
        if name not in active:
            self.get(name)
            return False
        self._set_active([other for other in active if other != name])
        return True

    def remove(self, name: str) -> None:
        """Delete the adapter. Raises `AdapterError` where there is none, or it stays."""
        stored = self.get(name)
        self.deactivate(name)
        gone: Path | None = None
        try:
            gone = Path(tempfile.mkdtemp(prefix=_MAKING, dir=self.folder))
            os.replace(stored.folder, gone / name)
        except OSError as exc:
            raise AdapterError(
                f"{stored.folder} cannot be removed: {exc.strerror or exc}.",
                hint="Close the programs that use it.",
            ) from exc
        finally:
            if gone is not None:
                shutil.rmtree(gone, ignore_errors=True)

    # -- files

    def _sweep(self) -> None:
        """Remove what processes left half made when they were killed."""
        for path in self.folder.glob(f"{_MAKING}*"):
            with contextlib.suppress(OSError):
                if time.time() - os.lstat(path).st_mtime < _ABANDONED_S:
                    continue
                if is_private_folder(path):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()

    def _try(self, name: str) -> Stored:
        """As `get`, but what is not there is only unusable."""
        return self._stored(name, ())

    def _stored(self, name: str, active: Collection[str]) -> Stored:
        folder = self.folder / name
        try:
            if not _NAME.fullmatch(name) or not is_private_folder(folder):
                raise AdapterError("Its folder is missing, or open to others.")
            manifest = read_manifest(_read(folder / MANIFEST_FILE))
            if manifest.name != name:
                raise AdapterError(f"Its manifest is that of {manifest.name!r}.")
            _status(folder / ADAPTER_FILE)
        except OSError as exc:
            return Stored(folder, None, problem=f"{exc.strerror or exc}")
        except BeadlineError as exc:
            return Stored(folder, None, problem=str(exc))
        return Stored(folder, manifest, name in active)

    def _usable(self, name: str) -> Stored:
        stored = self.get(name)
        if stored.manifest is None:
            raise AdapterError(f"The adapter {name} cannot be used: {stored.problem}")
        return stored

    def _damage(self, stored: Stored) -> str:
        """Why the adapter's file is not the one that was measured; empty where it is."""
        try:
            status = _status(stored.path)
            key = str(stored.path), status.st_size, status.st_mtime_ns
            if key not in self._known:
                self._known[key] = file_digest(stored.path)
        except OSError as exc:
            return f"The adapter {stored.name} cannot be read: {exc.strerror or exc}."
        if self._known[key] != _manifest(stored).digest:
            return f"The adapter {stored.name} is not the one that was measured."
        return ""

    def _active(self) -> list[str]:
        """Names of the active adapters; none where the file is no such file as we write."""
        try:
            names = json.loads(_read(self.folder / _ACTIVE))["active"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return []
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []

    def _set_active(self, names: list[str]) -> None:
        temporary = ""
        try:
            make_private(self.folder)
            # mkstemp makes the file with mode 0600.
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=_MAKING)
            with os.fdopen(handle, "w", encoding="ascii") as stream:
                json.dump({"active": names}, stream)
            os.replace(temporary, self.folder / _ACTIVE)
        except OSError as exc:
            if temporary:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
            raise AdapterError(
                f"{self.folder / _ACTIVE} cannot be written: {exc.strerror or exc}.",
                hint="Make room for it, or set BEADLINE_DATA_DIR.",
            ) from exc


def _manifest(stored: Stored) -> Manifest:
    """Of one that has been found to be usable."""
    assert stored.manifest is not None
    return stored.manifest


def _same_place(other: Manifest | None, manifest: Manifest) -> bool:
    """Whether both would serve the same repository and model. What is damaged serves nothing."""
    if other is None:
        return True
    ours, theirs = manifest.base, other.base
    return other.repository == manifest.repository and ours.weights == theirs.weights


def _status(path: Path) -> os.stat_result:
    """Of a regular file, through no link, of this user alone. Raises `OSError` for others."""
    status = os.lstat(path)
    if not (stat.S_ISREG(status.st_mode) and is_private(status)):
        raise PermissionError(f"{path} is not a file of this user alone")
    return status


def _read(path: Path) -> bytes:
    _status(path)
    return path.read_bytes()


def _write(path: Path, data: bytes) -> None:
    with _create(path) as file:
        file.write(data)


def _copy(source: Path, target: Path) -> None:
    with _create(target) as file, source.open("rb") as original:
        shutil.copyfileobj(original, file)


def _create(path: Path) -> BinaryIO:
    """A new file of this user alone."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb")
