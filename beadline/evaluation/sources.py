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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
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
_BATCH_BYTES, _BATCH_FILES = 32_000_000, 4_000
"""What is read from git at once."""
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
    wanted = wanted_languages(languages)

    def usable_path(name: str, size: int) -> bool:
        return is_usable(name, size, wanted, max_bytes=max_bytes)

    revision, blobs = read_blobs(path, commit, usable_path)
    name = repository_name(path)
    files = [
        SourceFile(name, revision, file_path, text, language_at(file_path))
        for file_path, blob in sorted(blobs)
        if (text := usable_text(blob, language_at(file_path))) is not None
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

    `commit` as in `read_repository`; `target` exists and is empty. Some megabytes are held at a
    time.
    """
    git = _repository(path)
    if git is None:
        blobs = _directory_blobs(path, is_searched)
    else:
        blobs = _git_blobs(git, _revision(git, commit), is_searched)
    for name, blob in blobs:
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(blob)


def wanted_languages(languages: Collection[str]) -> frozenset[str]:
    """The ids of some languages; none: all with a grammar."""
    return frozenset(languages) or frozenset(each.id for each in known() if each.has_tree)


def is_usable(
    path: str, size: int, languages: Collection[str], *, max_bytes: int = MAX_BYTES
) -> bool:
    """Whether a file of `size` bytes may be drawn from, by its path."""
    fits = MIN_BYTES <= size <= max_bytes
    return fits and language_at(path) in languages and is_own_code(path)


def is_searched(path: str, size: int) -> bool:
    """Whether a file of `size` bytes belongs to what may be searched for snippets."""
    kept = wanted_language(path) or PurePosixPath(path).name in _KEPT
    return bool(kept) and size <= SEARCHED_BYTES


def language_at(path: str) -> str:
    """Language id by the path alone; of Python only `.py`: stubs have no code to complete."""
    language = language_of(path)
    return language if language != PYTHON or path.endswith(".py") else PLAINTEXT


def read_blobs(
    path: Path, commit: str, wanted: Callable[[str, int], bool]
) -> tuple[str, list[tuple[str, bytes]]]:
    """The revision of a repository, and path and content of every file that `wanted` takes by its
    path and size. Raises `InputError`."""
    git = _repository(path)
    if git is not None:
        revision = _revision(git, commit)
        return revision, list(_git_blobs(git, revision, wanted))
    blobs = list(_directory_blobs(path, wanted))
    digest = hashlib.sha256(b"\0".join(p.encode() + b"\0" + b for p, b in blobs))
    return f"dir:{digest.hexdigest()[:16]}", blobs


def _repository(path: Path) -> list[str] | None:
    """As `git_command`, of a folder."""
    if not path.is_dir():
        raise InputError(f"{path} is not a directory.", hint="Name a repository.")
    return git_command(path)


def _revision(git: list[str], commit: str) -> str:
    return run_git([*git, "rev-parse", "--verify", f"{commit}^{{commit}}"]).decode().strip()


def some_paths(
    path: Path, commit: str, wanted: Callable[[str, int], bool], most: int, seed: int
) -> frozenset[str]:
    """Paths of a repository that `wanted` takes by path and size; of more than `most` those that
    the seed draws. Reads no file of a git repository."""
    found: list[str] = []

    def noted(name: str, size: int) -> bool:
        if wanted(name, size):
            found.append(name)
        return False

    read_blobs(path, commit, noted)
    if len(found) > most:
        found.sort(
            key=lambda name: hashlib.sha256(
                f"{seed}:{name}".encode("utf-8", "surrogatepass")
            ).digest()
        )
    return frozenset(found[:most])


def served_name(path: Path) -> str:
    """The name that prompts have for a repository: where it is served, trained on and proved. It is
    that of its folder; of a bare one that of its clone."""
    path = path.resolve()
    is_bare = git_command(path) is not None and not (path / ".git").exists()
    return repository_name(path).rpartition("/")[2] if is_bare else path.name


def repository_name(path: Path) -> str:
    """What results call a repository, its owner too where the folders say it; no prompt has it.
    Name of the folder; of its parent for `x/.git` and `x/repo`; `owner+name` is owner/name."""
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


def usable_text(blob: bytes, language: str) -> str | None:
    """The text of a file that may be drawn from; None for another encoding, carriage returns,
    Python that does not parse, and what a machine wrote in other languages."""
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


@dataclass(frozen=True, slots=True)
class Blob:
    """A regular file of a commit."""

    path: str
    """Relative to the repository, forward slashes."""
    oid: str
    size: int
    """Bytes; -1 where the object is absent, as in a partial clone."""


def listed(git: list[str], revision: str) -> Iterator[Blob]:
    """The regular files of a commit; no links, no submodules, and nothing that a tree, which
    anybody can make, places outside of itself. `git`: of `git_command`."""
    for entry in run_git([*git, "ls-tree", "-r", "-z", "-l", revision]).split(b"\0"):
        meta, _, name = entry.partition(b"\t")
        fields = meta.split()
        if len(fields) != 4 or fields[1] != b"blob" or fields[0] == b"120000":
            continue
        # `BAD`: the object is absent from a partial clone.
        size = int(fields[3]) if fields[3].isdigit() else -1
        blob = Blob(name.decode("utf-8", "replace"), fields[2].decode(), size)
        if is_inside(blob.path):
            yield blob


def is_inside(path: str) -> bool:
    """Whether a path of a tree stays below the folder that the tree is written to."""
    parts = PurePosixPath(path).parts
    return bool(parts) and ".." not in parts and parts[0] != "/"


def contents(git: list[str], blobs: Iterable[Blob]) -> Iterator[tuple[Blob, bytes | None]]:
    """What is in some files, in their order; None where an object is absent. Some megabytes are
    held at a time."""
    for batch in _batches(blobs):
        yield from _read_together(git, batch)


def _batches(blobs: Iterable[Blob]) -> Iterator[list[Blob]]:
    batch: list[Blob] = []
    size = 0
    for blob in blobs:
        if batch and (size + blob.size > _BATCH_BYTES or len(batch) >= _BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(blob)
        size += max(0, blob.size)
    if batch:
        yield batch


def _read_together(git: list[str], blobs: Sequence[Blob]) -> Iterator[tuple[Blob, bytes | None]]:
    asked = "".join(f"{blob.oid}\n" for blob in blobs).encode()
    output = run_git([*git, "cat-file", "--batch"], asked)
    position = 0
    for blob in blobs:
        header_end = output.index(b"\n", position)
        fields = output[position:header_end].split()
        if len(fields) != 3:  # `<oid> missing`
            position = header_end + 1
            yield blob, None
            continue
        size = int(fields[2])
        yield blob, output[header_end + 1 : header_end + 1 + size]
        position = header_end + 1 + size + 1


def _git_blobs(
    git: list[str], revision: str, wanted: Callable[[str, int], bool]
) -> Iterator[tuple[str, bytes]]:
    chosen = [b for b in listed(git, revision) if b.size >= 0 and wanted(b.path, b.size)]
    for blob, content in contents(git, chosen):
        if content is not None:
            yield blob.path, content


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
