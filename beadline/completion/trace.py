"""Writes the numbers of requests to a trace file. Knows no engine, no text and no editor.

One JSON object a line, appended, readable by the user alone. The fields are those of
`completion.types.Trace`; none of them holds source text.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import IO

from beadline.completion.types import Trace
from beadline.engine.protocol import Usage
from beadline.errors import FileError

_LOG = logging.getLogger(__name__)
_USAGE_FIELDS = (
    "queue_ms",
    "prompt_ms",
    "first_token_ms",
    "generate_ms",
    "prompt_tokens",
    "reused_tokens",
    "evaluated_tokens",
    "generated_tokens",
    "drafted_tokens",
    "accepted_tokens",
)
_LAST_FIELDS = (
    "prefix_tokens", "suffix_tokens", "snippet_tokens", "layout", "family", "cache_weight",
    "cache_match", "cache_scope",
)  # fmt: skip


class TraceSink:
    """An append-only file of JSON lines.

    A sink that cannot be written any more (disk full, folder gone) tells it once in the log and
    falls silent: tracing never costs an answer.
    """

    def __init__(self, path: Path | str) -> None:
        """Open `path` for appending. Raises `FileError` when that is not possible."""
        self._file: IO[str] | None = None
        try:
            self.path = Path(path).expanduser()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except (OSError, RuntimeError, ValueError) as exc:
            # RuntimeError: the home of an unknown user; ValueError: a NUL character.
            reason = exc.strerror if isinstance(exc, OSError) else str(exc).rstrip(".")
            raise FileError(
                f"The trace file {path} cannot be written: {reason}.",
                hint="Name another file with --trace, or none.",
            ) from exc
        self._file = os.fdopen(descriptor, "a", encoding="utf-8", newline="\n")

    def write(self, trace: Trace) -> None:
        """Append one line and flush it."""
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(trace.as_dict(), ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as exc:
            _LOG.warning("Tracing stopped: %s cannot be written (%s).", self.path, exc.strerror)
            self.close()

    def close(self) -> None:
        """Close the file. Idempotent."""
        if self._file is None:
            return
        file, self._file = self._file, None
        try:
            file.close()
        except OSError as exc:  # the flush of a full disk fails here a second time
            _LOG.debug("Closing %s failed: %s", self.path, exc.strerror)


def record_usage(trace: Trace, usage: Usage) -> None:
    """Add the worker's counts and times to `trace`: a request may take several attempts."""
    for name in _USAGE_FIELDS:
        setattr(trace, name, getattr(trace, name) + getattr(usage, name))
    for name in _LAST_FIELDS:
        setattr(trace, name, getattr(usage, name))


def record_awaited(trace: Trace, usage: Usage) -> None:
    """The same for an answer whose counts the trace waits for (`Trace.await_counts`)."""
    record_usage(trace, usage)
    trace.counted()
