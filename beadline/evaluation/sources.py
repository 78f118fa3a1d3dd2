"""Reads source files out of repositories to draw holes from. Knows nothing of holes or models.

A repository is a checkout, a bare clone (read with `git cat-file`, no work tree needed) or, where
git knows nothing, a plain directory.
"""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from beadline.context.languages import PLAINTEXT, known, language_of
from beadline.context.retrieval.workspace import IGNORE_FILE, made_by_machine, wanted_language
from beadline.context.retrieval.workspace import MAX_BYTES as SEARCHED_BYTES
from beadline.errors import InputError

PYTHON = "python"
MAX_BYTES = 100_000
MIN_BYTES = 200
SKIPPED_FOLDERS = frozenset({"_vendor", "vendor", "vendored", "third_party", "extern"})
_KEPT = (IGNORE_FILE, "go.mod", "go.work")
"""Files in no language that say what is searched, and what imports mean."""


@dataclass(frozen=True)
class SourceFile:
    """One file: LF line ends, UTF-8 without a byte order mark. Python files parse."""

    repo: str
    commit: str
    """Commit hash, or `dir:` and a hash of the files read when git knows nothing."""
    path: str
    """Relative to the repository, forward slashes."""
    text: str
    language: str = PYTHON


def read_repositories(
    paths: Iterable[Path], *, commit: str = "HEAD", languages: Collection[str] = (PYTHON,)
) -> list[SourceFile]:
    """As `read_repository`, of several, by the names of `named`."""
    return [
        replace(file, repo=name)
        for name, path in named(paths)
        for file in read_repository(path, commit=commit, languages=languages)
    ]


def named(paths: Iterable[Path]) -> list[tuple[str, Path]]:
    """Every repository once, with a name of its own: those of one name are numbered."""
    seen: Counter[str] = Counter()
    found: list[tuple[str, Path]] = []
    for path in dict.fromkeys(path.resolve() for path in paths):
        name = repository_name(path)
        seen[name] += 1
        found.append((name if seen[name] == 1 else f"{name}#{seen[name]}", path))
    return found


def read_repository(
    path: Path,
    *,
    commit: str = "HEAD",
    max_bytes: int = MAX_BYTES,
    languages: Collection[str] = (PYTHON,),
) -> list[SourceFile]:
    """All usable files of some languages (ids; none: all with a grammar), sorted by path.

    Left out: vendored folders, files outside MIN_BYTES..`max_bytes`, with carriage returns or
    invalid UTF-8, Python that this Python cannot parse, and what a machine wrote in other
    languages. Raises `InputError` when there is nothing.
    """
    wanted = set(languages) or {language.id for language in known() if language.has_tree}

    def usable_path(name: str, size: int) -> bool:
        fits = MIN_BYTES <= size <= max_bytes
        return language_at(name) in wanted and is_own_code(name) and fits

    revision, blobs = _read(path, commit, usable_path)
    name = repository_name(path)
    files = [
        SourceFile(name, revision, file_path, text, language_at(file_path))
        for file_path, blob in sorted(blobs)
        if (text := _usable(blob, language_at(file_path))) is not None
    ]
    if not files:
        names = ", ".join(sorted(wanted))
        raise InputError(
            f"{path} holds no file that could be used ({names}).",
            hint="Choose other languages with --language.",
        )
    return files


def write_tree(path: Path, commit: str, target: Path) -> None:
    """Write the files of a repository that may be searched for snippets below `target`.

    `commit` as in `read_repository`; `target` exists and is empty.
    """

    def wanted_path(name: str, size: int) -> bool:
        kept = wanted_language(name) or PurePosixPath(name).name in _KEPT
        return bool(kept) and size <= SEARCHED_BYTES

    _, blobs = _read(path, commit, wanted_path)
    for name, blob in blobs:
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(blob)


def language_at(path: str) -> str:
    """Language id by the path alone; of Python only `.py`: stubs have no code to complete."""
    language = language_of(path)
    return language if language != PYTHON or path.endswith(".py") else PLAINTEXT


def _read(
    path: Path, commit: str, wanted: Callable[[str, int], bool]
) -> tuple[str, list[tuple[str, bytes]]]:
    """The revision, and path and content of every wanted file."""
    if not path.is_dir():
        raise InputError(f"{path} is not a directory.", hint="Name a repository.")
    git = git_command(path)
    if git is not None:
        revision = run_git([*git, "rev-parse", "--verify", f"{commit}^{{commit}}"]).decode().strip()
        return revision, list(_git_blobs(git, revision, wanted))
    blobs = list(_directory_blobs(path, wanted))
    digest = hashlib.sha256(b"\0".join(p.encode() + b"\0" + b for p, b in blobs))
    return f"dir:{digest.hexdigest()[:16]}", blobs


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


def _usable(blob: bytes, language: str) -> str | None:
    try:
        text = blob.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\r" in text or text.startswith("\ufeff"):
        return None
    usable = parses(text) if language == PYTHON else not made_by_machine(text)
    return text if usable else None


def is_own_code(path: str) -> bool:
    """Whether a path lies neither in a vendored nor in a hidden folder."""
    parts = PurePosixPath(path).parts
    return SKIPPED_FOLDERS.isdisjoint(parts) and not any(p.startswith(".") for p in parts)


def git_command(path: Path) -> list[str] | None:
    """How to call git for `path`; None when it is neither a checkout's root nor a git folder."""
    if (path / ".git").exists():
        return ["git", "-C", str(path)]
    if (path / "HEAD").is_file() and (path / "objects").is_dir():
        return ["git", f"--git-dir={path}"]
    return None


def _git_blobs(
    git: list[str], revision: str, wanted: Callable[[str, int], bool]
) -> Iterator[tuple[str, bytes]]:
    chosen: list[tuple[str, str]] = []
    for entry in run_git([*git, "ls-tree", "-r", "-z", "-l", revision]).split(b"\0"):
        meta, _, name = entry.partition(b"\t")
        fields = meta.split()
        if len(fields) != 4 or fields[1] != b"blob" or fields[0] == b"120000":
            continue
        if not fields[3].isdigit():  # `BAD`: the object is absent from a partial clone
            continue
        path = name.decode("utf-8", "replace")
        if wanted(path, int(fields[3])):
            chosen.append((path, fields[2].decode()))
    output = run_git(
        [*git, "cat-file", "--batch"], "".join(f"{oid}\n" for _, oid in chosen).encode()
    )
    position = 0
    for path, _ in chosen:
        header_end = output.index(b"\n", position)
        fields = output[position:header_end].split()
        if len(fields) != 3:  # `<oid> missing`: a partial clone
            position = header_end + 1
            continue
        size = int(fields[2])
        yield path, output[header_end + 1 : header_end + 1 + size]
        position = header_end + 1 + size + 1


def _directory_blobs(path: Path, wanted: Callable[[str, int], bool]) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.rglob("*")):
        relative = file.relative_to(path).as_posix()
        if file.is_file() and wanted(relative, file.stat().st_size):
            yield relative, file.read_bytes()


def run_git(command: list[str], stdin: bytes = b"") -> bytes:
    """What a git command prints; `command` starts with what `git_command` gives.

    Raises `InputError` when there is no git or it fails.
    """
    # A partial clone says how to fetch what is missing: a command of somebody else's choice.
    # Older gits know nothing of the first.
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, check=True, env=environment
        )
    except FileNotFoundError as exc:
        raise InputError("git is not installed.", hint="Install git to read repositories.") from exc
    except subprocess.CalledProcessError as exc:
        message = exc.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(
            f"git failed: {(message[-1] if message else str(exc.returncode)).rstrip('.')}.",
            hint="Check the repository and --commit.",
        ) from exc
    return done.stdout
