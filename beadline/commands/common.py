"""What several commands need: positions, files, options, an engine. Knows no single command."""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beadline import settings
from beadline.completion import silence
from beadline.completion.types import CompletionResult
from beadline.context.files import LoadedFile, read_document
from beadline.context.positions import LineIndex
from beadline.engine.llama.client import LlamaEngine
from beadline.engine.protocol import Engine
from beadline.errors import EngineError, InputError
from beadline.settings import Options


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
        line, column = self.index.position(offset, "utf-32")
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
    offset = index.offset(location.line - 1, location.column - 1, "utf-32", clamp=False)
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


def raise_engine_failure(result: CompletionResult, engine: Engine) -> None:
    """Raise `EngineError` when the engine failed: on the command line that is no silence."""
    if result.trace.silent_reason in (silence.CRASHED, silence.UNAVAILABLE):
        raise EngineError(
            f"The engine failed: {engine.state_message or result.trace.silent_reason}",
            hint="`beadline doctor` looks for the cause.",
        )
