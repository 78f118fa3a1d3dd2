"""`beadline cache`: what lies in the cache directory, and its removal. Reads no file's content."""

from __future__ import annotations

import argparse
import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from beadline import settings
from beadline.commands import display
from beadline.context.index import location
from beadline.engine.cache_model import store
from beadline.engine.llama import state
from beadline.engine.llama.client import VERDICTS_FILE
from beadline.errors import BeadlineError, InputError


@dataclass(frozen=True)
class Kind:
    """Files that we put below the cache directory."""

    name: str
    pattern: str
    """Of their paths below it; whatever matches none of these is not ours."""
    what: str
    rebuilt: bool = True
    """Made again by itself where it is needed. The rest goes only when it is named."""


KINDS = (
    Kind(
        "state", rf"{state.FOLDER}/{state.NAME}",
        "states of recent documents (they can be turned back into text)",
    ),
    Kind("probe", re.escape(VERDICTS_FILE) + r"\w*", "which parameters llama.cpp works with here"),
    Kind(
        "index", rf"{location.FOLDER}/{location.NAME}",
        "names, signatures and search terms of workspace folders",
    ),
    Kind(
        "cache-model", rf"{store.FOLDER}/{store.NAME}",
        "tokens of repositories' files (they can be turned back into text)",
    ),
    Kind("models", r"bench/models/random-[\w.-]+\.gguf", "models with random weights"),
    Kind(
        "training", r"(training|demo-train)/.+",
        "trainings: your code, rows of tokens, checkpoints, what proved them", rebuilt=False,
    ),
    Kind(
        "results", r"(evaluation/|bench/layout-|bench/typing/[0-9a-f]{16}/)[\w.-]+\.jsonl",
        "results of evaluations and benchmarks", rebuilt=False,
    ),
)  # fmt: skip
_DEEPEST = 8
"""Levels of folders below the cache directory in which we have files."""


@dataclass
class Found:
    """The files of one kind."""

    kind: Kind
    files: list[Path] = field(default_factory=list)
    bytes: int = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action and what it is about."""
    names = [kind.name for kind in KINDS]
    own = [kind.name for kind in KINDS if kind.rebuilt]
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    clear = actions.add_parser("clear", help="remove it", allow_abbrev=False)
    clear.add_argument(
        "kinds", metavar="KIND", nargs="*",
        help=f"one of {', '.join(names)} (default: {', '.join(own)}, which is made again by "
        "itself)",
    )  # fmt: skip
    clear.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object"
    )


def main(args: argparse.Namespace) -> int:
    """Run the command. Raises `InputError` for a kind that there is not."""
    folder = settings.user_cache_dir()
    if args.action == "clear":
        return _clear(folder, args.kinds, as_json=args.json)
    found, others = survey(folder)
    if args.json:
        kinds = {one.kind.name: {"files": len(one.files), "bytes": one.bytes} for one in found}
        print(json.dumps({"folder": str(folder), "kinds": kinds, "other_files": others}))
        return 0
    console = display.console()
    console.print(f"{display.printable(str(folder))}", style="bold")
    table = Table(box=None, pad_edge=False)
    table.add_column("kind")
    table.add_column("files", justify="right")
    table.add_column("size", justify="right")
    table.add_column("")
    for one in found:
        table.add_row(one.kind.name, str(len(one.files)), _size(one.bytes), one.kind.what)
    console.print(table)
    if others:
        console.print(f"{others} other files, which are not ours.", style="dim")
    console.print("`beadline cache clear` removes all but results and training.", style="dim")
    return 0


def survey(folder: Path) -> tuple[list[Found], int]:
    """Our files below `folder`, kind by kind, and how many others there are."""
    found = [Found(kind) for kind in KINDS]
    patterns = [re.compile(kind.pattern, re.ASCII) for kind in KINDS]
    others = 0
    for path, status in _files(folder, _DEEPEST):
        name = path.relative_to(folder).as_posix()
        for one, pattern in zip(found, patterns, strict=True):
            if pattern.fullmatch(name):
                one.files.append(path)
                one.bytes += status.st_size
                break
        else:
            others += 1
    return found, others


def _files(folder: Path, deepest: int) -> Iterator[tuple[Path, os.stat_result]]:
    """Regular files, through no link; what cannot be read is not there."""
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in listed:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue  # gone meanwhile
        if stat.S_ISDIR(status.st_mode):
            if deepest:
                yield from _files(Path(entry.path), deepest - 1)
        elif stat.S_ISREG(status.st_mode):
            yield Path(entry.path), status


def _clear(folder: Path, names: Sequence[str], *, as_json: bool) -> int:
    known = {kind.name for kind in KINDS}
    for name in names:
        if name not in known:
            raise InputError(
                f"There is no kind of cache named {name!r}.",
                hint=f"There are: {', '.join(kind.name for kind in KINDS)}.",
            )
    console = display.console()
    removed: dict[str, int] = {}
    refused: list[str] = []
    for one in survey(folder)[0]:
        if (one.kind.name not in names) if names else not one.kind.rebuilt:
            continue
        gone = [path for path in one.files if _remove(path, refused)]
        removed[one.kind.name] = len(gone)
        if gone and not as_json:
            console.print(f"removed {len(gone)} files of {one.kind.name}, {_size(one.bytes)}")
    if as_json:
        print(json.dumps({"folder": str(folder), "removed": removed}))
    elif not any(removed.values()) and not refused:
        console.print(f"There was nothing to remove in {display.printable(str(folder))}.")
    if refused:
        raise BeadlineError(
            f"{len(refused)} files could not be removed: {display.printable(refused[0])}.",
            hint="Close the programs that use them, or remove them by hand.",
        )
    return 0


def _remove(path: Path, refused: list[str]) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as exc:
        refused.append(f"{path}: {exc.strerror}")
        return False
    return True


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
