"""What the cache model of a request counts, and who keeps its files. Knows no tokens.

One store a workspace folder. A background thread has a builder bring the stores up to date when
the index of the workspace says that files changed; requests never wait for it. Buffers go with each
request, so an edit is known to the next one.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from beadline.completion.reading import Reading
from beadline.context.index.client import file_of
from beadline.context.texts import Files, Listings, slashed
from beadline.context.types import Document
from beadline.engine import verdicts
from beadline.engine.cache_model.client import Builder
from beadline.engine.cache_model.store import folder_of, trim
from beadline.engine.fim.families import user_folder
from beadline.engine.guidance import Cache, CacheText
from beadline.engine.protocol import ModelInfo
from beadline.errors import BeadlineError
from beadline.settings import Options

BEFORE, BEHIND = 24_000, 8_000
"""Characters of the current file around the cursor that are counted: tokenising takes a
microsecond a character, once."""
STEP = 4_000
"""Characters by which the start of what is counted moves."""
OPEN_FILES = 8
"""Other open files that are counted, the latest ones."""
OPEN_CHARS = 40_000
"""Of each."""
REST_SHARE = 10
"""After an update there is none for so many times its duration,"""
MOST_REST_S = 30.0
"""and so long at most."""
_POLL_S = 1.0
"""How often the index is asked whether it has changed."""
_JOIN_S = 5.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Opened:
    """A buffer, and what may be known of it."""

    document: Document
    path: str
    parts: tuple[str, ...]
    listed: bool
    """It is a file that may be read."""


class CacheFiles:
    """Stores of the folders, and the buffers. `cache` belongs to one thread; the rest to any."""

    def __init__(
        self,
        options: Options,
        *,
        cache_dir: Path,
        listings: Listings | None = None,
        builder: Callable[[Path], Builder] | None = None,
        alone: bool = False,
    ) -> None:
        """`cache_dir`: the stores are below it; `listings` tells the files of folders, None has
        them read here whenever `files_changed` is told; `builder` makes the builder for a model
        file; `alone`: the model is to have no say, for evaluations.
        """
        self._alone = alone
        self._options = options
        self._cache_dir = cache_dir.absolute()
        self._listings = listings
        self._make_builder = builder or (
            lambda model: Builder(model, families_folder=user_folder())
        )
        self._change = threading.Condition()
        """Guards what is below it."""
        self._model: Path | None = None
        self._digest = ""
        self._folders: tuple[Path, ...] = ()
        self._files: tuple[Files, ...] = ()
        self._buffers: dict[str, Document] = {}
        """By key, the latest last."""
        self._builder: Builder | None = None
        self._due = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self._updated = threading.Event()
        self._read: dict[str, _Opened] = {}
        """By key; of the thread that asks for caches."""
        self._current = "", ""
        """Key and path of the document that was asked for last; of that thread as well."""

    def set_folders(self, folders: Sequence[Path]) -> None:
        """These are the workspace's folders from now on."""
        with self._change:
            self._folders = tuple(folders)
            self._renew()

    def set_options(self, options: Options) -> None:
        """Other rules hold from now on."""
        with self._change:
            same = _rules(options) == _rules(self._options)
            self._options = options
            if not same:
                self._renew()

    def files_changed(self) -> None:
        """Something on the disk changed."""
        with self._change:
            self._due = True
            self._change.notify_all()

    def open(self, document: Document) -> None:
        """A buffer opened or changed."""
        with self._change:
            self._buffers.pop(document.key, None)
            self._buffers[document.key] = document

    def closed(self, key: str) -> None:
        """A buffer closed: the file is what the disk says again."""
        with self._change:
            self._buffers.pop(key, None)

    def start(self, info: ModelInfo) -> None:
        """The engine has loaded a model: its stores are kept up to date from now on."""
        model = Path(info.path)
        with self._change:
            if self._closed or self._model == model:
                return
            self._model, self._digest = model, ""
            self._renew()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="cache-model", daemon=True)
                self._thread.start()

    def ready(self, timeout: float | None = None) -> bool:
        """Wait until the first update since the last change of folders, options or model is done,
        `timeout` seconds at most; whether it is."""
        return self._updated.wait(timeout)

    def close(self) -> None:
        """End the thread, and an update under way."""
        with self._change:
            self._closed = True
            if self._builder is not None:
                self._builder.stop()
            self._change.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(_JOIN_S)

    def cache(self, reading: Reading) -> Cache | None:
        """What a request counts; None where the cache is switched off."""
        with self._change:
            options, files, digest = self._options, self._files, self._digest
            others = [d for key, d in self._buffers.items() if key != reading.document.key]
        if not options.engine.cache_model:
            return None
        document, offset = reading.document, reading.cursor.offset
        if self._current[0] != document.key:
            self._current = document.key, _path(document.key)
        path = self._current[1]
        own = _holder(files, path)
        opened = [self._opened(each, files) for each in others[-OPEN_FILES:]]
        self._read = {each.document.key: each for each in opened}
        store = ""
        if own is not None and digest:
            store = str(folder_of(self._cache_dir, digest, str(own.folder)))
        return Cache(
            store=store,
            path=path,
            # From a place that rests while text is typed: the tokens of what rests are known.
            prefix=document.text[max(0, (offset - BEFORE) // STEP * STEP) : offset],
            suffix=document.text[offset : offset + BEHIND],
            alone=self._alone,
            open=tuple(
                CacheText(each.path, each.parts)
                for each in opened
                # Another version of the current file may have its hole filled.
                if each.path and each.path != path
            ),
        )

    def _opened(self, document: Document, files: Sequence[Files]) -> _Opened:
        known = self._read.get(document.key)
        path = _path(document.key) if known is None else known.path
        holder = _holder(files, path)
        listed = holder is not None and holder.lists(path)
        if known is not None and known.document == document and known.listed == listed:
            return known
        kept = _beginning(holder.parts(path, document)) if holder is not None else ()
        return _Opened(document, path, kept, listed)

    def _renew(self) -> None:
        """Begin anew with the folders and options of now; the caller holds `_change`."""
        options = self._options
        self._files = tuple(
            Files(folder, options.context, self._listings) for folder in self._folders
        )
        self._read = {}
        self._updated.clear()
        if self._builder is not None:
            self._builder.stop()
        self._builder = None
        if self._model is not None and options.engine.cache_model and not self._closed:
            self._builder = self._make_builder(self._model)
        self._due = True
        self._change.notify_all()

    def _work(self) -> None:
        rested = 0.0
        seen: list[object] = []
        while True:
            with self._change:
                files, model, builder = self._files, self._model, self._builder
            # Not under the lock, which requests take.
            versions: list[object] = [builder, *(each.listed() for each in files)]
            with self._change:
                if self._closed:
                    return
                if builder is not self._builder or files is not self._files:
                    continue  # of before a change
                if builder is None or model is None:
                    self._change.wait()
                    continue
                if not self._due and versions == seen:
                    self._change.wait(None if self._listings is None else _POLL_S)
                    continue
                rest = rested - time.monotonic()
                if rest > 0 and self._updated.is_set():
                    self._change.wait(rest)
                    continue
                self._due = False
            began, seen = time.monotonic(), versions
            try:
                digest = self._identify(model)
                for each in files if digest else ():
                    self._update(builder, each, digest)
            except (BeadlineError, OSError) as exc:
                # The next change tries again; until then what there is is counted.
                _LOG.warning("The cache model is not up to date: %s", exc)
            ended = time.monotonic()
            rested = ended + min(REST_SHARE * (ended - began), MOST_REST_S)
            with self._change:
                if self._builder is builder:
                    self._updated.set()

    def _identify(self, model: Path) -> str:
        """The digest of the model, which names its stores; empty for an engine without a file."""
        with self._change:
            if self._model == model and self._digest:
                return self._digest
        try:
            digest = verdicts.digest(model)
        except OSError:
            return ""
        with self._change:
            if self._model == model:
                self._digest = digest
        return digest

    def _update(self, builder: Builder, files: Files, digest: str) -> None:
        wanted = files.scan(stopped=lambda: self._closed or self._builder is not builder)
        if wanted is None or self._builder is not builder:
            return
        folder = folder_of(self._cache_dir, digest, str(files.folder))
        done = builder.update(folder, wanted, files.read)
        if done is not None:
            _LOG.info(
                "cache model: %d tokens, %d files read, %.1f s",
                done.tokens, done.files, done.seconds,
            )  # fmt: skip
            trim(self._cache_dir, self._options.engine.cache_mebibytes << 20, folder)


def _rules(options: Options) -> tuple[object, ...]:
    """The options that say what is counted."""
    context = options.context
    return options.engine.cache_model, context.ignore, context.max_files, context.max_file_bytes


def _path(key: str) -> str:
    """The file that a document's key names, as stores name it; empty for what is no file."""
    return slashed(os.path.normcase(file_of(key)))


def _holder(files: Sequence[Files], path: str) -> Files | None:
    """The innermost folder that a file is in."""
    holders = [each for each in files if path and each.name(path)]
    return max(holders, key=lambda each: len(each.folder.parts), default=None)


def _beginning(parts: Sequence[str]) -> tuple[str, ...]:
    """The first `OPEN_CHARS` characters."""
    kept: list[str] = []
    room = OPEN_CHARS
    for part in parts:
        if room > 0:
            kept.append(part[:room])
        room -= len(part)
    return tuple(kept)
