"""Where the files of a corpus come from: a commit of a git repository, a folder, several of them.

Knows names, sizes and bytes; knows no filter. A repository is read from git's objects, never from
its work tree, so what is trained on is what was committed; nothing is written anywhere.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from beadline.context.files import find_root
from beadline.context.retrieval.workspace import MAX_BYTES, scan
from beadline.errors import InputError
from beadline.evaluation.sources import (
    Blob,
    contents,
    git_command,
    listed,
    run_git,
    served_name,
)
from beadline.settings import ContextOptions
from beadline.trainer.corpus.paths import RULE_FILES


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that a source could read."""

    path: str
    """Relative to the source, forward slashes."""
    size: int
    """Bytes; -1 where it cannot be read."""
    where: str
    """Object id, or absolute path."""
    repo: str


class Source(Protocol):
    """Files by relative path. Reading them raises `InputError` where all of it fails."""

    @property
    def name(self) -> str:
        """What it is called in prompts, and to the user."""
        ...

    @property
    def revision(self) -> str:
        """Changes when a file does."""
        ...

    @property
    def foreign(self) -> bool:
        """It is not the user's own code, whose style is what is to be learned."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What the user should know about it, a sentence each."""
        ...

    def files(self) -> list[Listed]:
        """Every regular file, by path."""
        ...

    def rules(self) -> dict[str, str]:
        """Texts of the files that say what is left out (`paths.RULE_FILES`), by path."""
        ...

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes | None]]:
        """What is in files, in their order; None where one is gone."""
        ...


def open_source(path: Path, commit: str = "HEAD") -> Source:
    """The commit of the repository at `path`, or the folder where git knows nothing of it.

    Raises `InputError` where there is neither, and for a folder inside a repository.
    """
    if not path.is_dir():
        problem = "is not a directory" if path.exists() else "does not exist"
        raise InputError(f"{path} {problem}.", hint="Name a git repository.")
    if git_command(path) is not None:
        return Repository(path, commit)
    root = find_root(path.resolve() / "file")
    if (root / ".git").exists():
        below = path.resolve().relative_to(root).as_posix()
        raise InputError(
            f"{path} lies inside the repository {root}.",
            hint=f"Name the repository; --include '/{below}/' takes this folder alone.",
        )
    return Folder(path)


class Repository:
    """A commit of a git repository: a checkout's root or a bare one. The user's own code."""

    foreign = False

    def __init__(self, path: Path, commit: str = "HEAD", *, name: str = "") -> None:
        """Raises `InputError` where there is no git, no repository, or no such commit."""
        git = git_command(path)
        if git is None:
            raise InputError(f"{path} is no git repository.", hint="Name its top folder.")
        if shutil.which("git") is None:
            raise InputError("git is not installed.", hint="Install git to read repositories.")
        self.path = path.resolve()
        self.name = name or served_name(path)
        self._git = git
        run_git([*git, "rev-parse", "--git-dir"])  # says what is wrong with the repository
        self.revision = self._ask("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
        if not self.revision:
            named = self._ask("rev-parse", "--verify", "--quiet", commit)
            # Of a whole hash git says the hash, whatever there is.
            if named not in ("", commit) and not self._ask("cat-file", "-t", named):
                raise InputError(
                    f"{path} is damaged: {commit} is {named[:12]}, which is missing.",
                    hint="`git fsck` says what else is; clone it again.",
                )
            empty = not self._ask("rev-list", "-n", "1", "--all")
            raise InputError(
                f"{path} has no commits yet." if empty else f"{path} has no commit {commit}.",
                hint="Commit your files first: only what is committed is learned from."
                if empty
                else "Name a branch, a tag or a commit of it (git log).",
            )
        self.shallow = self._ask("rev-parse", "--is-shallow-repository") == "true"
        """Its history is cut off."""
        self.detached = commit == "HEAD" and not self._ask("symbolic-ref", "--quiet", "HEAD")
        """No branch is checked out."""
        self._blobs: list[Blob] | None = None

    @property
    def notes(self) -> Sequence[str]:
        """See `Source`."""
        found: list[str] = []
        if self.shallow:
            found.append(
                "This is a shallow clone: later commits to prove the model on may be missing "
                "(git fetch --unshallow)."
            )
        if self.detached:
            found.append(
                f"HEAD is detached: commit {self.revision[:12]} is the newest one looked at."
            )
        if absent := sum(blob.size < 0 for blob in self._tree()):
            found.append(f"{absent:,} files are absent from this partial clone and left out.")
        return found

    def files(self) -> list[Listed]:
        """See `Source`."""
        return [Listed(b.path, b.size, b.oid, self.name) for b in self._tree()]

    def rules(self) -> dict[str, str]:
        """See `Source`."""
        chosen = [
            blob
            for blob in self._tree()
            if blob.path.rpartition("/")[2] in RULE_FILES and 0 <= blob.size <= MAX_BYTES
        ]
        return {
            blob.path: content.decode("utf-8", "replace")
            for blob, content in contents(self._git, chosen)
            if content is not None
        }

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes | None]]:
        """See `Source`. Some megabytes are held at a time."""
        wanted = list(files)
        blobs = [Blob(each.path, each.where, each.size) for each in wanted]
        for each, (_, content) in zip(wanted, contents(self._git, blobs), strict=True):
            yield each, content

    def _tree(self) -> list[Blob]:
        if self._blobs is None:
            self._blobs = sorted(listed(self._git, self.revision), key=lambda blob: blob.path)
        return self._blobs

    def _ask(self, *arguments: str) -> str:
        """What git answers; empty where it says no."""
        try:
            return run_git([*self._git, *arguments]).decode("utf-8", "replace").strip()
        except InputError:
            return ""


class Folder:
    """A folder that no git knows, as it lies on the disk. The user's own code."""

    foreign = False
    notes = ("git does not know this folder: there are no later commits to prove the model on.",)

    def __init__(self, path: Path, *, name: str = "") -> None:
        self.path = path.resolve()
        self.name = name or served_name(path)
        self._files: list[Listed] | None = None

    @property
    def revision(self) -> str:
        """A hash of paths, sizes and times."""
        stamps = [(each.path, each.size, _modified(each.where)) for each in self.files()]
        return "dir:" + hashlib.sha256(repr(stamps).encode("utf-8", "replace")).hexdigest()[:16]

    def files(self) -> list[Listed]:
        """See `Source`: those that could be searched for snippets, too."""
        if self._files is None:
            found = scan(self.path, ContextOptions())
            self._files = sorted(
                (Listed(each.name, each.size, each.path, self.name) for each in found),
                key=lambda each: each.path,
            )
        return self._files

    def rules(self) -> dict[str, str]:
        """See `Source`: the search has read `.beadlineignore` already."""
        return {}

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes | None]]:
        """See `Source`."""
        return read_files(files)


class Several:
    """Several sources as one; files are told apart by `Listed.repo`."""

    def __init__(self, name: str, sources: Sequence[Source]) -> None:
        """`sources`: of different names, all of them foreign or none."""
        self.name = name
        self._sources = {source.name: source for source in sources}

    @property
    def foreign(self) -> bool:
        """See `Source`."""
        return any(source.foreign for source in self._sources.values())

    @property
    def revision(self) -> str:
        """Those of all."""
        return ", ".join(f"{each.name} {each.revision}" for each in self._sources.values())

    @property
    def notes(self) -> Sequence[str]:
        """See `Source`."""
        return [note for source in self._sources.values() for note in source.notes]

    def files(self) -> list[Listed]:
        """See `Source`; source by source."""
        return [each for source in self._sources.values() for each in source.files()]

    def rules(self) -> dict[str, str]:
        """See `Source`: paths of several trees cannot be told apart, so there are none."""
        return {}

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes | None]]:
        """See `Source`."""
        for each in files:
            yield from self._sources[each.repo].read([each])


def read_files(files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes | None]]:
    """Regular files of the disk."""
    for each in files:
        try:
            content = Path(each.where).read_bytes() if size_of(Path(each.where)) >= 0 else None
        except OSError:
            content = None
        yield each, content


def size_of(path: Path) -> int:
    """Bytes of a regular file; -1 for what is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return -1
    return status.st_size if stat.S_ISREG(status.st_mode) else -1


def _modified(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except (OSError, ValueError):
        return 0
