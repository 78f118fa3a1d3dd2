"""Reads Python files out of repositories to draw holes from. Knows nothing of holes or models.

A repository is a checkout, a bare clone (read with `git cat-file`, no work tree needed) or, where
git knows nothing, a plain directory.
"""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from beadline.errors import InputError

MAX_BYTES = 100_000
MIN_BYTES = 200
SKIPPED_FOLDERS = frozenset({"_vendor", "vendor", "vendored", "third_party", "extern"})


@dataclass(frozen=True)
class SourceFile:
    """One Python file that parses: LF line ends, UTF-8 without a byte order mark."""

    repo: str
    commit: str
    """Commit hash, or `dir:` and a hash of the files read when git knows nothing."""
    path: str
    """Relative to the repository, forward slashes."""
    text: str


def read_repository(
    path: Path, *, commit: str = "HEAD", max_bytes: int = MAX_BYTES
) -> list[SourceFile]:
    """All usable Python files of a repository, sorted by path.

    Left out: vendored folders, files outside MIN_BYTES..`max_bytes`, with carriage returns or
    invalid UTF-8, or that this Python cannot parse. Raises `InputError` when there is nothing.
    """
    if not path.is_dir():
        raise InputError(f"{path} is not a directory.", hint="Name a repository.")
    git = _git_command(path)
    if git is not None:
        revision = _run([*git, "rev-parse", "--verify", f"{commit}^{{commit}}"]).decode().strip()
        blobs = list(_git_blobs(git, revision, max_bytes))
    else:
        blobs = list(_directory_blobs(path, max_bytes))
        digest = hashlib.sha256(b"\0".join(p.encode() + b"\0" + b for p, b in blobs))
        revision = f"dir:{digest.hexdigest()[:16]}"
    name = repository_name(path)
    files = [
        SourceFile(name, revision, file_path, text)
        for file_path, blob in sorted(blobs)
        if (text := _usable(blob)) is not None
    ]
    if not files:
        raise InputError(f"{path} holds no Python file that could be used.")
    return files


def repository_name(path: Path) -> str:
    """Name of the folder; of its parent for `x/.git` and `x/repo`; `owner+name` is owner/name."""
    path = path.resolve()
    if path.name in (".git", "repo"):
        path = path.parent
    return path.name.removesuffix(".git").replace("+", "/")


def parses(text: str) -> bool:
    """Whether this Python's own parser takes the text."""
    return parse(text) is not None


def parse(text: str) -> ast.Module | None:
    """The `ast` of a text, None when it is not valid Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in other people's code
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _usable(blob: bytes) -> str | None:
    try:
        text = blob.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\r" in text or text.startswith("\ufeff") or not parses(text):
        return None
    return text


def _wanted(path: str, size: int, max_bytes: int) -> bool:
    parts = PurePosixPath(path).parts
    folders = SKIPPED_FOLDERS.isdisjoint(parts) and not any(p.startswith(".") for p in parts)
    return path.endswith(".py") and folders and MIN_BYTES <= size <= max_bytes


def _git_command(path: Path) -> list[str] | None:
    """How to call git for `path`; None when it is neither a checkout's root nor a git folder."""
    if (path / ".git").exists():
        return ["git", "-C", str(path)]
    if (path / "HEAD").is_file() and (path / "objects").is_dir():
        return ["git", f"--git-dir={path}"]
    return None


def _git_blobs(git: list[str], revision: str, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    wanted: list[tuple[str, str]] = []
    for entry in _run([*git, "ls-tree", "-r", "-z", "-l", revision]).split(b"\0"):
        meta, _, name = entry.partition(b"\t")
        fields = meta.split()
        if len(fields) != 4 or fields[1] != b"blob" or fields[0] == b"120000":
            continue
        if not fields[3].isdigit():  # `BAD`: the object is absent from a partial clone
            continue
        path = name.decode("utf-8", "replace")
        if _wanted(path, int(fields[3]), max_bytes):
            wanted.append((path, fields[2].decode()))
    output = _run([*git, "cat-file", "--batch"], "".join(f"{oid}\n" for _, oid in wanted).encode())
    position = 0
    for path, _ in wanted:
        header_end = output.index(b"\n", position)
        fields = output[position:header_end].split()
        if len(fields) != 3:  # `<oid> missing`: a partial clone
            position = header_end + 1
            continue
        size = int(fields[2])
        yield path, output[header_end + 1 : header_end + 1 + size]
        position = header_end + 1 + size + 1


def _directory_blobs(path: Path, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.rglob("*.py")):
        relative = file.relative_to(path).as_posix()
        if file.is_file() and _wanted(relative, file.stat().st_size, max_bytes):
            yield relative, file.read_bytes()


def _run(command: list[str], stdin: bytes = b"") -> bytes:
    # A partial clone says how to fetch what is missing: a command of somebody else's choice.
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1"}
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, check=True, env=environment
        )
    except FileNotFoundError as exc:
        raise InputError("git is not installed.", hint="Install git to read repositories.") from exc
    except subprocess.CalledProcessError as exc:
        message = exc.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(f"git failed: {message[-1] if message else exc.returncode}.") from exc
    return done.stdout
