"""What later commits of a repository wrote: its trunk, added lines, changed files. Draws no holes.

Read from git's objects alone: no work tree, no index and none of the user's configuration of diffs
is looked at, and nothing is fetched.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from beadline.evaluation.sources import Blob, contents, is_inside, run_git

MOST_FILES = 100
"""Commits that change more files are imports, moves or new layouts of code."""
_BIG_FILE = "200k"
"""Changes of larger files are not looked at."""
_LONG_LINE = 12
"""Characters that a line has at least if it is to be known again where it was moved to."""
_LINK, _SUBMODULE = b"120000", b"160000"
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True)
class Commit:
    """A commit of the trunk, and the one before it there."""

    id: str
    parent: str


@dataclass(frozen=True)
class Change:
    """What a commit did to the lines of files; stripped texts, numbers from 0."""

    added: dict[str, dict[int, str]] = field(default_factory=dict)
    """Path -> number of a line in the new file -> its text."""
    removed: frozenset[str] = frozenset()
    """Texts of the lines it took away, of all files; short ones, which mean nothing, left out."""

    def fresh(self, path: str, known: frozenset[str] | set[str]) -> Runs:
        """The lines of a file that it wrote, without those that are in `known`: moved or brought
        back, nobody typed them. Short lines, which say nothing of where they are from, count."""
        lines = self.added.get(path, {})
        return Runs(
            sorted(
                number
                for number, text in lines.items()
                if len(text) < _LONG_LINE or text not in known
            )
        )


class Runs:
    """Numbers of lines as runs of neighbours."""

    def __init__(self, numbers: list[int]) -> None:
        """`numbers` in order, each once."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
            run = [number for _, number in group]
            self._starts.append(run[0])
            self._ends.append(run[-1] + 1)

    def __len__(self) -> int:
        """How many lines there are."""
        return sum(end - start for start, end in zip(self._starts, self._ends, strict=True))

    def hold(self, first: int, last: int) -> bool:
        """Whether all lines from `first` to `last` are in one run."""
        at = bisect_right(self._starts, first) - 1
        return at >= 0 and last < self._ends[at]


def trunk(git: list[str], head: str, most: int) -> list[Commit]:
    """The newest commits of the trunk (first parents) with a parent that is there, newest first.

    A shallow clone ends where its history is cut off. `git`: of `sources.git_command`.
    """
    command = [*git, "rev-list", "--first-parent", "--parents", f"--max-count={most}", head]
    lines = (line.split() for line in run_git(command).decode("ascii").splitlines())
    return [Commit(line[0], line[1]) for line in lines if len(line) > 1]


def length(git: list[str], head: str) -> int:
    """How many commits the trunk has."""
    return int(run_git([*git, "rev-list", "--first-parent", "--count", head]))


def change(git: list[str], commit: Commit) -> Change:
    """What a commit did; nothing where it changed more than `MOST_FILES` files, and nothing of
    files with names that git quotes."""
    names = run_git([*git, "diff-tree", "-r", "-z", "--name-only", commit.parent, commit.id])
    if names.count(b"\0") > MOST_FILES:
        return Change()
    patch = run_git(
        [
            *git, "-c", "core.quotePath=false", "-c", f"core.bigFileThreshold={_BIG_FILE}",
            "diff-tree", "-r", "-p", "--unified=0", "--no-renames", "--no-color", "--no-ext-diff",
            "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", commit.parent, commit.id,
        ]
    )  # fmt: skip
    return parse(patch)


def parse(patch: bytes) -> Change:
    """The change that a patch without context lines tells."""
    added: dict[str, dict[int, str]] = {}
    removed: set[str] = set()
    path, number, minus, plus = "", 0, 0, 0
    for line in patch.split(b"\n"):
        if minus and line.startswith(b"-"):
            minus -= 1
            if len(text := _text(line)) >= _LONG_LINE:
                removed.add(text)
        elif plus and line.startswith(b"+"):
            plus -= 1
            if path:
                added.setdefault(path, {})[number] = _text(line)
            number += 1
        elif line.startswith(b"+++ "):
            path = _path(line)
        elif (hunk := _HUNK.match(line)) is not None:
            minus = int(hunk[1] or 1)
            plus = int(hunk[3] or 1)
            number = int(hunk[2]) - 1
    return Change(added, frozenset(removed))


def changed(
    git: list[str], old: str, new: str, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, bytes | None]]:
    """Those `wanted` of the files that differ between two commits, and what they hold in the new
    one: None where they are gone, no regular file any more, or absent from a partial clone."""
    command = [
        *git, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", old, new
    ]  # fmt: skip
    parts = run_git(command).split(b"\0")
    there: list[Blob] = []
    for meta, name in zip(parts[::2], parts[1::2], strict=False):
        _, mode, _, oid, status = meta.split()
        path = name.decode("utf-8", "replace")
        if not is_inside(path) or not wanted(path):
            continue
        if status == b"D" or mode in (_LINK, _SUBMODULE):
            yield path, None
        else:
            there.append(Blob(path, oid.decode("ascii"), -1))
    for blob, content in contents(git, there):
        yield blob.path, content


def _text(line: bytes) -> str:
    return line[1:].decode("utf-8", "replace").strip()


def _path(line: bytes) -> str:
    """The path of a `+++` line; empty for a file that is gone, and for a quoted name."""
    name = line[4:].rstrip(b"\t")  # a tab stands behind names with spaces
    return name[2:].decode("utf-8", "replace") if name.startswith(b"b/") else ""
