"""What several commands need: positions, files, options, an engine. Knows no single command."""

from __future__ import annotations

import argparse
import logging
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from beadline import settings
from beadline.commands import display
from beadline.completion import silence
from beadline.completion.types import CompletionResult
from beadline.context.files import LoadedFile, find_root, read_document
from beadline.context.positions import LineIndex
from beadline.context.retrieval.retriever import Retriever
from beadline.engine.llama.client import LlamaEngine
from beadline.engine.protocol import Engine
from beadline.errors import EngineError, InputError
from beadline.settings import Options

SCAN_S = 20.0
"""Longest wait for the workspace to be read; then there are no snippets."""
_SILENT_S = 0.5
"""Waiting that is not worth a word."""
_STEP_S = 0.1


@dataclass(frozen=True)
class Location:
    """A place in a file, as the user wrote it: line and column from 1, columns in code points."""

    path: Path
    line: int
    column: int


@dataclass(frozen=True)
class Cursor:
    """A location resolved in the text that was read."""

    file: LoadedFile
    index: LineIndex
    offset: int
    """Code points into the LF-normalised text."""

    def user_position(self, offset: int) -> dict[str, int]:
        """`offset` as `{line, column}` in the units of the command line."""
        line, column = self.index.position(offset)
        return {"line": line + 1, "column": column + 1}


def parse_location(text: str) -> Location:
    """Split `FILE:LINE:COLUMN` from the right, so that FILE may contain colons itself.

    Raises `InputError` when the two numbers are missing or below 1.
    """
    match = re.fullmatch(r"(.+):([0-9]{1,18}):([0-9]{1,18})", text, re.S)
    if match is None:
        raise InputError(
            f"{text!r} is not FILE:LINE:COLUMN.", hint="For example src/app.py:12:5, from 1."
        )
    line, column = int(match[2]), int(match[3])
    if line < 1 or column < 1:
        raise InputError(f"{text!r}: lines and columns are counted from 1.")
    return Location(Path(match[1]), line, column)


def open_cursor(location: Location, options: Options) -> Cursor:
    """Read the file and find the position. Raises `FileError`, `PositionError`."""
    file = read_document(location.path, max_bytes=options.context.max_file_bytes)
    index = LineIndex(file.document.text)
    offset = index.offset(location.line - 1, location.column - 1)
    return Cursor(file, index, offset)


def load_options(flags: Mapping[str, Any] | None = None) -> Options:
    """The user's options with `flags` (dotted names; None is "not given") over them.

    What does not fit in the user's file or environment is told on standard error and left out;
    a flag that does not fit raises `SettingsError`.
    """
    applied = settings.load_with_flags(flags or {})
    for problem in applied.problems:
        print(f"beadline: {problem}", file=sys.stderr)
    return applied.options


def set_up_logging(options: Options) -> None:
    """Our log on standard error, at the level of the options; libraries only warn."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("beadline").setLevel(options.trace.log_level.upper())


def add_location_argument(parser: argparse.ArgumentParser) -> None:
    """`FILE:LINE:COLUMN`, for `parse_location`."""
    parser.add_argument(
        "location", metavar="FILE:LINE:COLUMN",
        help="the cursor: before that character, both numbers from 1, columns in code points",
    )  # fmt: skip


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """`--model`, the same for every command that asks the engine."""
    parser.add_argument(
        "--model", metavar="PATH", help="GGUF file to use, or `builtin` (default: your settings)"
    )


def make_engine(options: Options) -> LlamaEngine:
    """The engine the options ask for, not started yet."""
    return LlamaEngine(
        options.engine,
        prefix_tokens=options.context.prefix_tokens,
        suffix_tokens=options.context.suffix_tokens,
        cache_dir=settings.user_cache_dir(),
    )


@contextmanager
def workspace_of(path: Path, options: Options) -> Iterator[Retriever | None]:
    """A search over the repository around `path`, read by now; None where snippets are off.

    What takes longer than `SCAN_S` is told on standard error and searched no further.
    """
    if not options.context.snippet_tokens or not options.context.max_files:
        yield None
        return
    root = find_root(path)
    retriever = Retriever([root], options.context, cache_dir=settings.user_cache_dir())
    retriever.start()
    try:
        if not _wait(retriever):
            name = display.printable(str(root))
            print(
                f"beadline: {name} is not read after {SCAN_S:.0f} s; no snippets.", file=sys.stderr
            )
        for problem in retriever.problems():
            print(f"beadline: {display.printable(problem)}", file=sys.stderr)
        yield retriever
    finally:
        retriever.close()


def _wait(retriever: Retriever) -> bool:
    """Wait for the first scan; on a terminal, say how far it is."""
    if retriever.ready(_SILENT_S):
        return True
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    deadline = time.monotonic() + SCAN_S
    with console.status("reading the workspace") as status:
        while not retriever.ready(_STEP_S) and time.monotonic() < deadline:
            status.update(f"reading the workspace: {retriever.file_count} files")
    return retriever.ready(0)


def raise_engine_failure(result: CompletionResult, engine: Engine) -> None:
    """Raise `EngineError` when the engine failed: on the command line that is no silence."""
    if result.trace.silent_reason in (silence.CRASHED, silence.UNAVAILABLE):
        raise EngineError(
            f"The engine failed: {engine.state_message or result.trace.silent_reason}",
            hint="`beadline doctor` looks for the cause.",
        )
