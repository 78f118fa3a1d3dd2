"""`beadline index`: bring the index of a folder up to date, say how it is, make it anew.

What it does is what the language server does by itself when it is started in the folder.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from beadline import settings
from beadline.commands import common, display
from beadline.context.files import find_root
from beadline.context.index.folder import FolderIndex
from beadline.context.index.state import FolderState, state_of
from beadline.errors import BeadlineError, InputError

_STEP_S = 0.1
_FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "folder", metavar="FOLDER", nargs="?", type=Path, default=Path("."),
        help="a folder of the workspace, or a file in it; its repository is meant (default: here)",
    )  # fmt: skip
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--status", action="store_true", help="only say how the index is")
    what.add_argument("--rebuild", action="store_true", help="remove it first, and make it anew")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def main(args: argparse.Namespace) -> int:
    """Run the command. Raises `InputError` for a folder that there is not."""
    options = common.load_options()
    if not args.folder.exists():
        raise InputError(
            f"There is no folder {display.printable(str(args.folder))}.", hint="Check the path."
        )
    root = find_root(args.folder.resolve() / "_" if args.folder.is_dir() else args.folder.resolve())
    index = FolderIndex(root.resolve(), options.context, settings.user_cache_dir())
    try:
        if args.rebuild:
            _discard(index)
        finished = args.status or _bring_up_to_date(index)
        _show(state_of(index), as_json=args.json)
    finally:
        index.close()
    return 0 if finished else _FAILED


def _bring_up_to_date(index: FolderIndex) -> bool:
    """Index the folder, and say how far it is; whether it came to its end."""
    index.start()
    console = Console(file=sys.stderr, markup=False, emoji=False, highlight=False)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("looking for files", total=None)
        while not index.ready(_STEP_S):
            done, of = index.progress
            if index.follows:
                bar.update(task, description="another process is indexing")
            elif of:
                bar.update(task, description="indexing", completed=done, total=of)
            if index.gave_up:
                return False
    return True


def _discard(index: FolderIndex) -> None:
    if index.place is None:
        return
    try:
        index.place.discard()
    except OSError as exc:
        raise BeadlineError(
            f"The index cannot be removed: {exc}.", hint="Close the programs that use it."
        ) from exc


def _show(state: FolderState, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(state)))
        return
    console = display.console()
    console.print(display.printable(state.folder), style="bold")
    if state.complete:
        kept = f", {state.bytes / 1e6:.1f} MB" if state.database else ", in memory"
        console.print(f"{state.files} files, {state.chunks} chunks{kept}; {state.updated}")
    else:
        console.print("not indexed yet; `beadline index` does it")
    if state.database:
        console.print(display.printable(state.database), style="dim")
    if state.problem:
        console.print(display.printable(state.problem), style="yellow")
