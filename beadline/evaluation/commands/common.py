"""What the subcommands share: a copy of the repository, cases, progress. Measures nothing."""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from beadline import __version__, settings
from beadline.errors import InputError
from beadline.evaluation import machine
from beadline.evaluation.cases import format as case_format
from beadline.evaluation.cases.format import Case
from beadline.evaluation.cases.make import Made, Maker, Wanted, Ways, labellers
from beadline.evaluation.command import code_digest, languages_of
from beadline.evaluation.sources import read_repository, repository_name, served_name, write_tree

ALL = "all"
_WIDTH = 120
"""Columns that the tables need."""


@dataclass(frozen=True)
class Copy:
    """The files of a repository in a folder of their own: a run changes some of them."""

    path: Path
    """The repository itself."""
    repo: str
    folder: Path


def add_repository(parser: argparse.ArgumentParser) -> None:
    """`REPO` and which version of it."""
    parser.add_argument(
        "repository", metavar="REPO", type=Path, help="a checkout, bare clone or plain directory"
    )
    parser.add_argument(
        "--commit", default="HEAD", help="what to read of a git repository (default: HEAD)"
    )


def add_drawing(parser: argparse.ArgumentParser, *, scenarios: int) -> None:
    """How cases are drawn and labelled. `scenarios`: of each by default."""
    wanted = Wanted()
    parser.add_argument(
        "--language", metavar="ID", nargs="+", default=[ALL],
        help="languages to draw from (default: all with a grammar)",
    )  # fmt: skip
    parser.add_argument(
        "--per-category", metavar="N", type=int, default=wanted.each,
        help=f"cases of each category but calls, in each language (default: {wanted.each})",
    )  # fmt: skip
    parser.add_argument(
        "--calls", metavar="N", type=int, default=wanted.calls,
        help=f"cross-file calls with a label, in each language (default: {wanted.calls})",
    )  # fmt: skip
    parser.add_argument(
        "--scenarios", metavar="N", type=int, default=scenarios,
        help=f"cases of each of aiXcoder's 13 scenarios, in each language (default: {scenarios})",
    )  # fmt: skip
    parser.add_argument(
        "--seed", metavar="S", type=int, default=wanted.seed, help=f"default: {wanted.seed}"
    )
    parser.add_argument(
        "--labels", choices=("auto", "names"), default="auto",
        help="auto: jedi for Python, the TypeScript compiler for TypeScript and JavaScript where "
        "they are installed; else, and with `names`, names that are defined exactly once",
    )  # fmt: skip
    parser.add_argument(
        "--typescript", metavar="DIR", type=Path,
        help="folder of the npm package `typescript` (default: that of the `tsc` on your path)",
    )  # fmt: skip


def add_cases(parser: argparse.ArgumentParser) -> None:
    """A file of cases in the place of drawing."""
    parser.add_argument(
        "--cases", metavar="FILE", type=Path,
        help="measure these cases (JSON lines, `make-cases` writes them; default: draw them)",
    )  # fmt: skip


def add_output(parser: argparse.ArgumentParser) -> None:
    """Where outcomes and numbers go."""
    parser.add_argument(
        "--results", metavar="FILE", type=Path,
        help="outcomes, one line a case; a run that was interrupted goes on from there",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


@contextmanager
def copied(args: argparse.Namespace) -> Iterator[Copy]:
    """The repository of the arguments as of its commit, in a folder that is gone afterwards."""
    path: Path = args.repository
    if not path.is_dir():
        raise InputError(f"{path} is not a directory.", hint="Name a repository.")
    repo = repository_name(path)
    with tempfile.TemporaryDirectory(prefix="beadline-evaluate-") as root:
        folder = Path(root).resolve() / served_name(path)
        folder.mkdir()
        write_tree(path, args.commit, folder)
        yield Copy(path, repo, folder)


def cases_of(args: argparse.Namespace, copy: Copy, console: Console) -> tuple[list[Case], Made]:
    """The cases of the file that the arguments name, else cases drawn as they say."""
    if getattr(args, "cases", None) is not None:
        cases = case_format.read(args.cases)
        other = sum(not _is_there(copy.folder, case) for case in cases)
        if other:
            console.print(
                f"{other} of {len(cases)} cases are of other versions of their files than the "
                "repository's.",
                style="yellow",
            )
        return cases, Made(cases=cases)
    wanted = Wanted(args.per_category, args.calls, args.scenarios, args.seed)
    if min(wanted.each, wanted.calls, wanted.scenarios) < 0:
        raise InputError("Numbers of cases cannot be negative.")
    chosen = languages_of(args.language)
    files = read_repository(copy.path, commit=args.commit, languages=chosen)
    ways = Ways(names_only=args.labels == "names", typescript=args.typescript)
    with progress(console) as tell, labellers(copy.folder, ways, tell) as found:
        facts = {
            "version": __version__,
            "commit": files[0].commit,
            "repo": files[0].repo,
            "labels": {name: labeller.name for name, labeller in sorted(found.items())},
            "languages": sorted({file.language for file in files}),
        }
        maker = Maker(files, found, kept("labels", facts), tell)
        try:
            made = maker.make(wanted)
        finally:
            maker.close()
    if not made.cases:
        raise InputError(
            f"No case could be drawn from {copy.path}.", hint="Ask for more of them, or other ones."
        )
    return made.cases, made


def _is_there(folder: Path, case: Case) -> bool:
    try:
        text = (folder / case.path).read_bytes().decode("utf-8", "replace")
    except OSError:
        return False
    return text.replace("\r\n", "\n") == case.prefix + case.middle + case.suffix


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each thing that is done, on standard error: tell what, how much, of how much."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as shown:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=of)
            shown.update(tasks[what], completed=done, total=of)

        yield tell


def console() -> Console:
    """Where everything but the outcome is said."""
    return Console(stderr=True, markup=False, emoji=False, highlight=False)


def kept(kind: str, facts: Mapping[str, Any]) -> Path:
    """The file in the cache directory for what was found of one kind under these facts."""
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    return settings.user_cache_dir() / "evaluation" / f"{kind}-{digest}.jsonl"


def facts_of(copy: Copy, cases: Sequence[Case], **more: Any) -> dict[str, Any]:
    """What makes a run this run, as far as all have it in common."""
    digest = hashlib.sha256("\n".join(case.id for case in cases).encode()).hexdigest()[:16]
    return {
        "version": __version__,
        "code": code_digest(),
        "repo": copy.repo,
        "cases": digest,
        **more,
    }


def about(args: argparse.Namespace, made: Made, results: Path) -> dict[str, Any]:
    """What stands beside the numbers of a run."""
    drawn = getattr(args, "cases", None) is None
    return {
        "command": ["beadline", *sys.argv[1:]],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "machine": f"{platform.platform()}, {machine.processor()}",
        "calibration_parse_ms": round(machine.parse_ms(), 2),
        "results": str(results),
        **({"seed": args.seed, "drawn": made.as_dict()} if drawn else {}),
    }


def wide() -> Console:
    """Where tables are printed; a terminal that is too narrow breaks their lines."""
    return Console(width=max(Console().width, _WIDTH), highlight=False)


def percent(value: float | None) -> str:
    """A share for a table."""
    return "-" if value is None else f"{100 * value:.1f}"


def with_interval(values: Mapping[str, Any], name: str) -> str:
    """A share and its interval for a table."""
    low, high = values[f"{name}_interval"]
    if values[name] is None:
        return "-"
    return f"{percent(values[name])} [{percent(low)}-{percent(high)}]"
