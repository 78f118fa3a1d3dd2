"""Has a repository's arrays brought up to date by a builder process. Knows no files' contents.

Runs on a thread of its caller's and blocks it. A builder lives for one update: most of the time
there is nothing to do, and its vocabulary is not kept for that.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from beadline import processes
from beadline.engine.cache_model.store import Store
from beadline.engine.llama import messages
from beadline.engine.llama.messages import Message
from beadline.errors import EngineCrashed

BATCH = 1 << 18
"""Characters that are sent at a time."""


@dataclass(frozen=True)
class Update:
    """What an update did."""

    tokens: int
    files: int
    """Read anew."""
    seconds: float


class Builder:
    """Updates the stores of one model. `stop` may be called from any thread."""

    def __init__(
        self, model: Path, *, families_folder: Path, command: Sequence[str] | None = None
    ) -> None:
        """`families_folder`: where the user's own families of models are."""
        self._model = model
        self._families = families_folder
        self._command = list(command or processes.main_of("beadline.engine.cache_model.builder"))
        self._lock = threading.Lock()
        """Guards what is below it."""
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def update(
        self,
        folder: Path,
        wanted: Mapping[str, str],
        read: Callable[[str], tuple[str, ...] | None],
    ) -> Update | None:
        """Make the store at `folder` one of the `wanted` files, their versions by their paths.

        `read` gives the parts of a file's text that may be known, None when it cannot be read.
        None when the store is up to date already, or `stop` was called. Raises `BeadlineError`
        when the builder fails.
        """
        held = Store(folder).arrays().versions()
        changed = [path for path, version in wanted.items() if held.get(path) != version]
        gone = [path for path in held if path not in wanted]
        if not changed and not gone:
            return None
        process = self._start()
        if process is None:
            return None
        try:
            self._ask(
                process,
                {
                    "op": "open",
                    "model": str(self._model.absolute()),
                    "families_folder": str(self._families.absolute()),
                    "folder": str(folder.absolute()),
                },
                "opened",
            )
            for files in _batches(changed, wanted, read):
                self._ask(process, {"op": "put", "files": files}, "taken")
            self._tell(process, {"op": "drop", "paths": gone})
            told = self._ask(process, {"op": "commit"}, "committed")
            return Update(told["tokens"], told["files"], told["seconds"])
        except EngineCrashed:
            if self._stopped:
                return None
            raise
        finally:
            self._end(process)

    def stop(self) -> None:
        """End what is under way, for good."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def _start(self) -> subprocess.Popen[bytes] | None:
        flags = subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0
        with self._lock:
            if self._stopped:
                return None
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    # As for the engine's worker: nothing of a workspace is loaded.
                    cwd=sys.prefix,
                    creationflags=flags,
                )
            except OSError as exc:
                raise EngineCrashed(
                    f"The cache model's process could not be started: {exc}."
                ) from exc
            return self._process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._process = None
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            # What was still to be written to a process that is gone.
            with contextlib.suppress(OSError):
                stream.close()

    def _tell(self, process: subprocess.Popen[bytes], message: Message) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(messages.encode(message))
            process.stdin.flush()
        except OSError as exc:
            raise EngineCrashed(f"The cache model's process ended: {exc}.") from exc

    def _ask(self, process: subprocess.Popen[bytes], message: Message, answer: str) -> Message:
        """Send a message and wait for its answer. Raises what the builder reports instead."""
        self._tell(process, message)
        assert process.stdout is not None
        for line in process.stdout:
            told = messages.decode(line)
            if told is not None and told["op"] == "error":
                raise messages.error_from(told)
            if told is not None and told["op"] == answer:
                return told
        raise EngineCrashed("The cache model's process ended.")


def _batches(
    paths: Sequence[str],
    versions: Mapping[str, str],
    read: Callable[[str], tuple[str, ...] | None],
) -> Iterator[list[Message]]:
    """The files to send, some at a time. What cannot be read is sent as empty: it is known then
    that there is nothing of it, until it changes.
    """
    files: list[Message] = []
    size = 0
    for path in paths:
        parts = read(path) or ()
        files.append({"path": path, "version": versions[path], "parts": list(parts)})
        size += sum(map(len, parts))
        if size >= BATCH:
            yield files
            files, size = [], 0
    if files:
        yield files
