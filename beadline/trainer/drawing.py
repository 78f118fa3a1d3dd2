"""Draws and packs the rows of a training in several processes. Knows no weights, no optimiser.

A sample depends on its number alone, so it counts for nothing which process draws it, in what
order, and what was drawn before an interruption: the rows are the same. The index is written once
and searched by all of them.

Standard input of such a process: how long the order is (8 bytes), the order, pickled by its parent,
then JSON lines with the groups to draw, `[[start, stop], ...]`. Its end, which is also that of the
parent, is the process's at once: rows are written whole or not at all. Standard output: a JSON line
for each that is done, or with the `error` that ended it.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from beadline import processes
from beadline.errors import BeadlineError
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.finetune import rows
from beadline.trainer.finetune.courtesy import Courtesy
from beadline.trainer.finetune.replay import Mixed
from beadline.trainer.finetune.rows import Form, Samples, StoredRows
from beadline.trainer.finetune.threads import environment
from beadline.trainer.samples.options import SampleOptions
from beadline.trainer.samples.requests import Searches
from beadline.trainer.samples.snapshot import Place, attached
from beadline.trainer.samples.stream import SampleStream
from beadline.trainer.vocabulary import TrainingVocabulary

_LENGTH_BYTES = 8
_POLL_S = 0.5
"""A wait is no longer at a time: not every system interrupts one by Ctrl-C."""
_TOLD_BYTES = 2000
"""Of what a process said before it died."""


@dataclass(frozen=True)
class Recipe:
    """All that samples depend on; it can be pickled."""

    files: Sequence[CorpusFile] = field(repr=False)
    """The repository's, in the order of training."""
    general: Sequence[CorpusFile] = field(repr=False)
    share: float
    """Of general code among all samples."""
    options: SampleOptions
    seed: int
    vocabulary: Callable[[], TrainingVocabulary]
    """Opens it, in whichever process."""
    place: Place | None = None
    """Of the search for snippets; None: samples have none."""

    @contextmanager
    def opened(self) -> Iterator[Samples]:
        """The samples, by their number."""
        if self.place is None:
            yield self._samples(None)
        else:
            with attached(self.place) as search:
                yield self._samples(search)

    def _samples(self, search: Searches | None) -> Samples:
        vocabulary = self.vocabulary()
        own = SampleStream(self.files, vocabulary, self.options, self.seed, search=search)
        if not self.general:
            return own
        # Its snippets would have to come from its own packages: it has none.
        general = SampleStream(self.general, vocabulary, self.options, self.seed)
        return Mixed(own, general, self.share)


def draw(
    recipe: Recipe,
    count: int,
    folder: Path,
    form: Form,
    *,
    processes: int = 1,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> StoredRows:
    """The rows of the first `count` samples below `folder`, by so many processes at most; one draws
    here. As `rows.write`, groups that are there are kept. Raises `BeadlineError` when one fails."""
    folder.mkdir(parents=True, exist_ok=True)
    groups = rows.missing(count, folder)
    processes = min(processes, len(groups))
    if processes <= 1:
        with recipe.opened() as samples:
            return rows.write(samples, count, folder, form, progress=progress)
    orders = deque(_shared_out(groups, processes))
    done = count - sum(map(len, groups))
    head = pickle.dumps(_Order(recipe, folder, form))
    with _Drawers(processes, head, orders) as drawers:
        while done < count:
            done += drawers.wait()
            progress(done, count)
    return rows.finish(folder)


def _shared_out(groups: list[range], processes: int) -> Iterator[list[range]]:
    """The groups in orders that differ by one at most, as many to each of the processes: none of
    them draws alone at the end."""
    count = processes * math.ceil(len(groups) / (processes * rows.AT_ONCE))
    for low, high in pairwise(len(groups) * number // count for number in range(count + 1)):
        if low < high:
            yield groups[low:high]


@dataclass(frozen=True)
class _Order:
    """What a process is to do."""

    recipe: Recipe
    folder: Path
    form: Form


class _Drawers:
    """Some processes, each with a thread that gives it one order after the other."""

    def __init__(self, count: int, head: bytes, orders: deque[list[range]]) -> None:
        self._head = head
        self._orders = orders
        self._done: queue.Queue[int | BaseException] = queue.Queue()
        self._children: list[_Child] = []
        try:
            for _ in range(count):
                self._children.append(_Child())
        except BaseException:
            self._close()
            for child in self._children:
                child.release()
            raise
        self._threads = [
            threading.Thread(target=self._serve, args=(child,), daemon=True)
            for child in self._children
        ]

    def __enter__(self) -> _Drawers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._orders.clear()
        self._close()
        for thread in self._threads:
            thread.join()
        for child in self._children:
            child.release()

    def wait(self) -> int:
        """How many more samples are drawn. Raises what a process raised."""
        while True:
            try:
                found = self._done.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if isinstance(found, BaseException):
                raise found
            return found

    def _serve(self, child: _Child) -> None:
        try:
            child.begin(self._head)
            while True:
                try:
                    groups = self._orders.popleft()
                except IndexError:
                    return
                child.draw(groups)
                self._done.put(sum(map(len, groups)))
        except (OSError, ValueError, BeadlineError) as exc:
            self._done.put(exc)

    def _close(self) -> None:
        for child in self._children:
            child.close()


class _Child:
    """One process, from the side of its parent."""

    def __init__(self) -> None:
        # Kept open until the process has ended; what it says is read if it dies.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said,
            env=environment(1),
        )  # fmt: skip

    def begin(self, head: bytes) -> None:
        """Send the order."""
        self._send(len(head).to_bytes(_LENGTH_BYTES, "big") + head)

    def draw(self, groups: Sequence[range]) -> None:
        """Have some groups drawn, and wait for that. Raises `BeadlineError` where it fails."""
        spans = [[group.start, group.stop] for group in groups]
        self._send(json.dumps(spans).encode() + b"\n")
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._died()
        if error := json.loads(line).get("error"):
            raise BeadlineError(error)

    def close(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()

    def release(self) -> None:
        """Close its pipes, when it has ended and nobody waits for it any more."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(OSError):  # what it did not read is lost
            self._process.stdin.close()
        self._process.stdout.close()
        self._said.close()

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except OSError as exc:
            raise self._died() from exc

    def _died(self) -> BeadlineError:
        code = self._process.wait()
        self._said.seek(0)
        said = self._said.read()[-_TOLD_BYTES:].decode("utf-8", "replace").strip()
        last = f": {said.splitlines()[-1]}" if said else ""
        return BeadlineError(
            f"A process that drew samples ended with exit code {code}{last}.",
            hint="The same command goes on from here; --threads 1 draws without such processes.",
        )


def command() -> list[str]:
    """Starts such a process."""
    return processes.main_of("beadline.trainer.drawing")


def main() -> None:
    """Draw what is asked for until standard input ends."""
    # Ctrl-C reaches the whole group: the parent decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries print must not come between our lines.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = sys.stdin.buffer
    size = int.from_bytes(source.read(_LENGTH_BYTES), "big")
    data = source.read(size)
    if len(data) < size or not size:
        return
    order: _Order = pickle.loads(data)
    asked: queue.SimpleQueue[list[range]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(source, asked), daemon=True).start()
    courtesy = Courtesy()
    try:
        with order.recipe.opened() as samples:
            while True:
                groups = asked.get()
                courtesy.wait()
                rows.draw(samples, groups, order.folder, order.form)
                _tell(out, {"done": sum(map(len, groups))})
    except BeadlineError as exc:
        _tell(out, {"error": str(exc)})
    except OSError as exc:
        _tell(out, {"error": f"{exc.strerror or exc}: {exc.filename or order.folder}"})


def _listen(source: BinaryIO, asked: queue.SimpleQueue[list[range]]) -> None:
    for line in source:
        asked.put([range(start, stop) for start, stop in json.loads(line)])
    os._exit(0)


def _tell(out: BinaryIO, message: dict[str, Any]) -> None:
    out.write(json.dumps(message).encode() + b"\n")
    out.flush()
