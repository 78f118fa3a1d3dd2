"""Reads changes of source files out of a git repository. Knows nothing of keys and of servers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from beadline.context.languages import known
from beadline.context.retrieval.workspace import wanted_language
from beadline.errors import InputError
from beadline.evaluation import sources


@dataclass(frozen=True)
class FileChange:
    """One file before and after; LF line ends, UTF-8."""

    path: str
    """Relative to the repository, forward slashes."""
    language: str
    old: str
    new: str


@dataclass(frozen=True)
class Commit:
    """What one commit did to files that it did not add or remove."""

    id: str
    parent: str
    changes: tuple[FileChange, ...]


def read_commits(
    path: Path,
    *,
    last: int,
    commit: str = "HEAD",
    languages: Collection[str] = (),
    most_chars: int = 60_000,
) -> list[Commit]:
    """Those of the `last` commits up to `commit` that changed source files, oldest first.

    `languages`: ids, none for all with a grammar. Left out: merges, files of more than
    `most_chars`, with carriage returns or invalid UTF-8, vendored ones. Raises `InputError` when
    nothing is left or `path` is no git repository.
    """
    git = sources.git_command(path)
    if git is None:
        raise InputError(
            f"{path} is not a git repository.", hint="Name a checkout or a bare clone with --repo."
        )
    wanted = set(languages) or {language.id for language in known() if language.has_tree}
    log = ["log", "--no-merges", "--format=%H %P", f"--max-count={last}", commit, "--"]
    found: list[Commit] = []
    for line in sources.run_git([*git, *log]).decode().splitlines():
        revision, *parents = line.split()
        if len(parents) != 1:
            continue
        changes = tuple(_changes(git, parents[0], revision, wanted, most_chars))
        if changes:
            found.append(Commit(revision, parents[0], changes))
    if not found:
        raise InputError(
            f"The last {last} commits of {path} changed no source file.",
            hint="Raise --commits or choose other languages with --language.",
        )
    return found[::-1]


def _changes(
    git: list[str], parent: str, revision: str, wanted: Collection[str], most_chars: int
) -> Iterator[FileChange]:
    blobs = [
        (path, old, new)
        for status, path, old, new in _raw(git, parent, revision)
        if status == "M" and sources.language_at(path) in wanted and sources.is_own_code(path)
    ]
    texts = [_text(git, old, most_chars) for _, old, _ in blobs]
    for (path, _, new), before in zip(blobs, texts, strict=True):
        after = _text(git, new, most_chars)
        if before is not None and after is not None and before != after:
            yield FileChange(path, sources.language_at(path), before, after)


def _raw(git: list[str], old: str, new: str) -> Iterator[tuple[str, str, str, str]]:
    """Status, path, old and new object of every file that differs (git-diff, "raw output")."""
    command = [*git, "diff-tree", "-r", "-z", "--no-renames", "--raw", old, new]
    fields = sources.run_git(command).split(b"\0")
    for meta, name in zip(fields[::2], fields[1::2], strict=False):
        old_mode, mode, before, after, status = meta.removeprefix(b":").decode().split()
        if {old_mode, mode} <= {"100644", "100755", "000000"}:
            yield status, name.decode("utf-8", "replace"), before, after


def _text(git: list[str], blob: str, most_chars: int) -> str | None:
    try:
        text = sources.run_git([*git, "cat-file", "blob", blob]).decode("utf-8")
    except UnicodeDecodeError:
        return None
    usable = len(text) <= most_chars and "\r" not in text and not text.startswith("\ufeff")
    return text if usable else None


class Folder:
    """A folder that holds the source files of one revision after the other."""

    def __init__(self, repository: Path, folder: Path) -> None:
        """`folder` exists and is empty."""
        self.path = folder
        self._repository = repository
        self._revision = ""
        self._written: set[str] = set()

    def check_out(self, revision: str) -> None:
        """Write what `revision` has and the folder has not, whatever was written there since."""
        git = sources.git_command(self._repository)
        if git is None or not self._revision:
            sources.write_tree(self._repository, revision, self.path)
        else:
            files = {name: new for _, name, _, new in _raw(git, self._revision, revision)}
            for name in self._written - files.keys():
                files[name] = sources.run_git([*git, "rev-parse", f"{revision}:{name}"]).decode()
            for name, blob in files.items():
                self._put(git, name, blob.strip())
        self._written.clear()
        self._revision = revision

    def write(self, path: str, text: str) -> None:
        """An author saves a file."""
        (self.path / path).write_bytes(text.encode())
        self._written.add(path)

    def _put(self, git: list[str], name: str, blob: str) -> None:
        file = self.path / name
        if not blob.strip("0"):
            file.unlink(missing_ok=True)
        elif wanted_language(name) and ".." not in PurePosixPath(name).parts:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(sources.run_git([*git, "cat-file", "blob", blob]))
