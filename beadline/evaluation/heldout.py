"""Code that a training must not have seen, and holes in it. Knows git and files; no model.

Two kinds of code are held out. Some *files* of the commit that is trained on, the *cut*, are left
out of the training; and what *later commits* of the trunk wrote is not there yet. A hole in what a
commit wrote is answered among the files of that commit's parent, its own file being what the
commit made of it without the hole: so nothing that was written later is there to be found. The
split by time is the honest one (Giagnorio et al. 2025, arXiv 2503.14201); files alone have to do
where there is no history.
"""

from __future__ import annotations

import hashlib
import json
import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

from beadline.errors import InputError
from beadline.evaluation.cases.draw import rounds
from beadline.evaluation.cases.format import CROSS_FILE_CALL, Case
from beadline.evaluation.cases.spans import CATEGORIES, Reader
from beadline.evaluation.history import Commit, Runs, change, changed, length, trunk
from beadline.evaluation.sources import (
    MIN_BYTES,
    SourceFile,
    git_command,
    is_usable,
    language_at,
    read_blobs,
    repository_name,
    run_git,
    some_paths,
    usable_text,
    wanted_languages,
)
from beadline.evaluation.tree_holes import Span

FILE, COMMIT = "file", "commit"
"""Where held-out code is from."""
HOLE_CATEGORIES = tuple(name for name in CATEGORIES if name != CROSS_FILE_CALL)
"""Those that need no labels."""
LINES_PER_HOLE = 4
"""So many added lines are gathered for a hole: they are of six kinds, and not every line has one of
each."""
MOST_FILES = 20_000
"""Files that are looked at, drawn by their paths: as many as a corpus takes."""
LEAST_FILES = 10
"""Files that are held out at least, where that is no more than one in five."""
_MOST_PART = 5
_COPIED = 0.5
"""Share of a file's lines that one other file has: then it is a copy, and no secret."""
_LEAST_LINE, _LEAST_LINES = 20, 5
"""Characters of a line, and lines of a file, that can tell a copy."""
_COMMON = 10
"""Lines in more files than this (licences, imports) tell nothing."""


@dataclass(frozen=True)
class Wanted:
    """What is to be held out of a repository."""

    holes: int = 400
    seed: int = 1
    commit: str = "HEAD"
    """The newest commit that is looked at."""
    languages: tuple[str, ...] = ()
    """Ids; none: all with a grammar."""
    file_share: float = 0.05
    """Of the files; twice as much where no commits are held out."""
    commit_share: float = 0.1
    """Of the trunk's commits, at most."""
    most_commits: int = 200


@dataclass(frozen=True)
class Plan:
    """What is held out. The same repository at the same commit always gives the same plan."""

    repo: str
    head: str
    """The newest commit looked at; `dir:` and a hash where git knows nothing."""
    cut: str
    """The commit that is trained on: the newest one, or the parent of the oldest held out."""
    commits: tuple[str, ...] = ()
    """The later ones, oldest first; each is the parent of the next."""
    files: tuple[str, ...] = ()
    """Paths of the cut that are not trained on."""
    holes: int = 0
    seed: int = 0
    languages: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Plan:
        """From `as_dict` through JSON."""
        lists = {name: tuple(values[name]) for name in ("commits", "files", "languages")}
        return cls(**{**values, **lists})


@dataclass(frozen=True)
class Held:
    """A hole in held-out code."""

    case: Case
    repo: str
    source: str
    """`FILE` or `COMMIT`."""
    commit: str
    """The commit that has the file with the middle."""
    tree: str
    """The commit among whose files it is answered."""

    @property
    def id(self) -> str:
        """Stable name of the hole, in all repositories."""
        return f"{self.repo}@{self.commit[:12]}:{self.source}:{self.case.id}"

    @property
    def group(self) -> str:
        """What its neighbours have in common with it: they are no independent observations."""
        return f"{self.repo}@{self.commit[:12]}:{self.case.path}"


Accept = Callable[[str], bool]
"""Whether a file is trained on or could be, by its path."""


def anything(path: str) -> bool:
    """Every file."""
    return True


def plan(path: Path, wanted: Wanted, accept: Accept = anything) -> Plan:
    """What to hold out of the repository at `path`: a checkout, a bare clone or a plain directory.

    Raises `InputError`. A repository that is too small gives a plan without files or commits.
    """
    languages = wanted_languages(wanted.languages)

    def usable(name: str, size: int) -> bool:
        return is_usable(name, size, languages) and accept(name)

    git = git_command(path)
    head = ""
    commits: tuple[Commit, ...] = ()
    if git is not None:
        asked = f"{wanted.commit}^{{commit}}"
        head = run_git([*git, "rev-parse", "--verify", asked]).decode("ascii").strip()
        commits = _later(git, head, wanted, usable)
    cut = commits[0].parent if commits else head
    looked_at = some_paths(path, cut, usable, MOST_FILES, wanted.seed)
    revision, blobs = read_blobs(path, cut, lambda name, _: name in looked_at)
    share = wanted.file_share if commits else 2 * wanted.file_share
    # A file has holes of all kinds: more files than holes would only be missed in training.
    count = min(wanted.holes, max(round(share * len(blobs)), _least(len(blobs))))
    return Plan(
        repo=repository_name(path),
        head=head or revision,
        cut=revision,
        commits=tuple(commit.id for commit in commits),
        files=tuple(sorted(_chosen(dict(blobs), count, wanted.seed))),
        holes=wanted.holes,
        seed=wanted.seed,
        languages=tuple(sorted(languages)),
    )


def draw(path: Path, plan: Plan, accept: Accept = anything) -> list[Held]:
    """The holes of a plan, half of them of files and half of commits where both have enough, every
    category as often as the others while it lasts; in the order in which they are answered best.

    The same repository and plan always give the same holes; fewer where there are no more.
    """
    of_files, of_commits = _of_files(path, plan), _of_commits(path, plan, accept)
    key = f"{plan.seed}:{plan.repo}"
    files = list(islice(_drawn(of_files, f"{key}:{FILE}"), plan.holes))
    commits = list(islice(_drawn(of_commits, f"{key}:{COMMIT}"), plan.holes))
    later = min(len(commits), max(plan.holes // 2, plan.holes - len(files)))
    order = {commit: number for number, commit in enumerate((plan.cut, *plan.commits))}
    return sorted(
        [*files[: plan.holes - later], *commits[:later]],
        key=lambda held: (order[held.tree], held.source, held.case.path, held.id),
    )


def write(path: Path, plan: Plan, held: Sequence[Held]) -> None:
    """Write a plan and its holes to a file of JSON lines, whole or not at all."""
    lines: list[dict[str, Any]] = [{"plan": plan.as_dict()}]
    lines += [{**vars(each), "case": each.case.as_dict()} for each in held]
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary.write_text("".join(json.dumps(line) + "\n" for line in lines), "ascii")
    temporary.replace(path)


def read(path: Path) -> tuple[Plan, list[Held]]:
    """What `write` wrote. Raises `InputError` for anything else."""
    try:
        first, *lines = [json.loads(line) for line in path.read_text("ascii").splitlines()]
        held = [Held(**{**line, "case": Case.of(line["case"])}) for line in lines]
        return Plan.of(first["plan"]), held
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise InputError(f"{path} holds no held-out holes.", hint="Delete it.") from exc


def _later(
    git: list[str], head: str, wanted: Wanted, usable: Callable[[str, int], bool]
) -> tuple[Commit, ...]:
    """The commits to hold out, oldest first: as few of the newest as have lines enough."""
    most = min(wanted.most_commits, int(wanted.commit_share * length(git, head)))
    found: list[Commit] = []
    lines = 0
    for commit in trunk(git, head, most) if most else ():
        found.append(commit)
        done = change(git, commit)
        lines += sum(
            len(done.fresh(path, done.removed)) for path in done.added if usable(path, MIN_BYTES)
        )
        if lines >= LINES_PER_HOLE * wanted.holes:
            break
    return tuple(reversed(found))


def _least(files: int) -> int:
    """How many of so many files are held out at least."""
    return min(LEAST_FILES, files // _MOST_PART)


def _chosen(blobs: dict[str, bytes], count: int, seed: int) -> list[str]:
    """Paths of the files to hold out: some by chance, none that others have copied."""
    order = sorted(blobs, key=lambda path: hashlib.sha256(f"{seed}:{path}".encode()).digest())
    candidates: dict[str, str] = {}
    for path in order:
        if len(candidates) == 2 * count:  # some of them are copies
            break
        if (text := usable_text(blobs[path], language_at(path))) is not None:
            candidates[path] = text
    copied = _copied(candidates, blobs)
    return [path for path in candidates if path not in copied][:count]


def _copied(candidates: dict[str, str], blobs: dict[str, bytes]) -> set[str]:
    """Those of the candidates that have many lines in common with one other file."""
    own = {path: _telling(text) for path, text in candidates.items()}
    wanted = {line for lines in own.values() for line in lines}
    places: dict[str, list[str]] = defaultdict(list)
    for path, blob in blobs.items():
        for line in wanted & _telling(blob.decode("utf-8", "replace")):
            places[line].append(path)
    found: set[str] = set()
    for path, lines in own.items():
        shared: dict[str, int] = defaultdict(int)
        telling = [line for line in lines if len(places[line]) <= _COMMON]
        for line in telling:
            for other in places[line]:
                shared[other] += other != path
        if len(telling) >= _LEAST_LINES and max(shared.values()) > _COPIED * len(telling):
            found.add(path)
    return found


def _telling(text: str) -> set[str]:
    return {line for each in text.split("\n") if len(line := each.strip()) >= _LEAST_LINE}


@dataclass(frozen=True)
class _Unit:
    """A file that holes are drawn from, or what a commit wrote of it."""

    file: SourceFile
    source: str
    tree: str
    runs: Runs | None = None
    """Lines within which a hole must lie; None: anywhere."""
    reader: Reader = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reader", Reader(self.file))

    def spans(self, category: str) -> list[Span]:
        """The holes of a category."""
        found = self.reader.spans(category)
        if self.runs is None:
            return found
        return [(start, end) for start, end in found if self.runs.hold(*self._lines(start, end))]

    def held(self, category: str, start: int, end: int) -> Held:
        """One of them."""
        file, text = self.file, self.file.text
        case = Case(
            file.path, file.language, category, text[:start], text[end:], text[start:end]
        )  # fmt: skip
        return Held(case, file.repo, self.source, file.commit, self.tree)

    def _lines(self, start: int, end: int) -> tuple[int, int]:
        """Numbers of the first and the last line of a range."""
        last = max(start, end - 1)
        return bisect_right(self._starts, start) - 1, bisect_right(self._starts, last) - 1

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.file.text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        return starts


def _of_files(path: Path, plan: Plan) -> list[_Unit]:
    held = frozenset(plan.files)
    _, blobs = read_blobs(path, plan.cut, lambda name, size: name in held)
    return [
        _Unit(SourceFile(plan.repo, plan.cut, name, text, language_at(name)), FILE, plan.cut)
        for name, blob in sorted(blobs)
        if (text := usable_text(blob, language_at(name))) is not None
    ]


def _of_commits(path: Path, plan: Plan, accept: Accept) -> list[_Unit]:
    git = git_command(path)
    if git is None:
        return []
    units: list[_Unit] = []
    # Lines that were taken away since the cut: what brings them back wrote nothing new.
    known: set[str] = set()
    for parent, commit in zip((plan.cut, *plan.commits), plan.commits, strict=False):
        done = change(git, Commit(commit, parent))
        known |= done.removed
        runs = {
            name: found
            for name in done.added
            if accept(name) and len(found := done.fresh(name, known))
        }
        for name, blob in changed(git, parent, commit, runs.__contains__):
            if blob is None or not is_usable(name, len(blob), plan.languages):
                continue
            text = usable_text(blob, language_at(name))
            if text is not None:
                file = SourceFile(plan.repo, commit, name, text, language_at(name))
                units.append(_Unit(file, COMMIT, parent, runs[name]))
    return units


def _drawn(units: Sequence[_Unit], key: str) -> Iterator[Held]:
    """Holes in turn of every category, none twice."""
    ways = {
        category: rounds(units, partial(_spans, category=category), f"{key}:{category}")
        for category in HOLE_CATEGORIES
    }
    seen: set[tuple[str, str, Span]] = set()
    while ways:
        for category in list(ways):
            for unit, span in ways[category]:
                place = (unit.file.commit, unit.file.path, span)
                if place not in seen:
                    seen.add(place)
                    yield unit.held(category, *span)
                    break
            else:
                del ways[category]


def _spans(unit: _Unit, category: str) -> list[Span]:
    return unit.spans(category)
