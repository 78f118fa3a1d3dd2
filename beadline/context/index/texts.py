"""Reads files of a folder by their relative paths, again only when they changed. Knows no index."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path, PurePosixPath

from beadline.context.files import read_document
from beadline.context.index.codec import digest_of
from beadline.context.retrieval.secrets import secret_name
from beadline.context.retrieval.workspace import MAX_BYTES, stamp_of
from beadline.errors import FileError

_KEPT_CHARS = 4_000_000
"""Of texts that are remembered, least recently used out: a search reads some thirty of them, and
the next one almost the same."""

_PLACES = 4096
"""Paths whose places on the disk are remembered."""

Stamp = tuple[int, int]


class Texts:
    """The files below one folder. From any thread."""

    def __init__(self, folder: Path) -> None:
        """`folder`: links resolved."""
        self._folder = os.path.realpath(folder)
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Stamp, str, bytes]] = OrderedDict()
        """By path: stamp, text and digest."""
        self._places: dict[str, str | None] = {}
        self._chars = 0
        """Of them all."""

    def whole(self, path: str, digest: bytes) -> str | None:
        """The text of a file, LF line ends, if it has this digest (`codec.digest_of`)."""
        found = self._read(path)
        return found[1] if found is not None and found[2] == digest else None

    def small(self, path: str) -> str | None:
        """The text of a file, of a configuration as a rule; None for none, and for what looks like
        a secret."""
        if secret_name(PurePosixPath(path).name):
            return None
        found = self._read(path)
        return found[1] if found is not None else None

    def _place(self, path: str) -> str | None:
        """The absolute path of a file; None for what is no relative one inside of the folder."""
        if path in self._places:
            return self._places[path]
        parts = path.split("/")
        sound = all(parts) and ".." not in parts and "." not in parts and not os.path.isabs(path)
        place = os.path.join(self._folder, *parts) if sound else None
        if len(self._places) >= _PLACES:
            self._places.clear()
        self._places[path] = place
        return place

    def _read(self, path: str) -> tuple[Stamp, str, bytes] | None:
        file = self._place(path)
        if file is None:
            return None
        stamp = stamp_of(file)
        if stamp is None:
            return None
        with self._lock:
            kept = self._kept.get(path)
            if kept is not None and kept[0] == stamp:
                self._kept.move_to_end(path)
                return kept
        # No part of the way is a link: it cannot lead out of the folder then.
        if os.path.normcase(os.path.realpath(file)) != os.path.normcase(os.path.normpath(file)):
            return None
        try:
            root = Path(self._folder)
            text = read_document(Path(file), max_bytes=MAX_BYTES, root=root).document.text
        except FileError:
            return None
        read = stamp, text, digest_of(text)
        with self._lock:
            before = self._kept.pop(path, None)
            self._kept[path] = read
            self._chars += len(text) - (len(before[1]) if before is not None else 0)
            while self._chars > _KEPT_CHARS and len(self._kept) > 1:
                self._chars -= len(self._kept.popitem(last=False)[1][1])
        return read
