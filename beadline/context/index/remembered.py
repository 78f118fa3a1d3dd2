"""Remembers what an index answered until it may answer otherwise. Knows no buffers and no database.

A search asks hundreds of questions, and the next one at the same cursor the same: each is a
statement to SQLite.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from beadline.context.index.mounts import Indexed
from beadline.context.index.prepare import Span
from beadline.context.index.spans import SpanHit, Weights
from beadline.context.symbols.types import FileSymbols, Located

MOST_ANSWERS = 4096
"""Answers that are remembered; then all are forgotten."""
MOST_FILES = 64
"""Of files, which are large: most of them the index keeps itself as well."""
_UNKNOWN: Any = object()


class Remembered:
    """Implements `Indexed` over another one. From any thread."""

    def __init__(self, index: Indexed) -> None:
        self._index = index
        self._lock = threading.Lock()
        self._version: tuple[int, ...] | None = None
        self._answers: dict[tuple[object, ...], Any] = {}
        self._files: dict[str, FileSymbols | None] = {}

    @property
    def version(self) -> tuple[int, ...]:
        """See `Indexed`. Whoever asks for it has answers of another version forgotten; nobody else
        has."""
        version = self._index.version
        with self._lock:
            if version != self._version:
                self._version, self._answers, self._files = version, {}, {}
        return version

    def file(self, path: str) -> FileSymbols | None:
        """See `Graph`."""
        files = self._files  # looking up needs no lock
        found = files.get(path, _UNKNOWN)
        if found is _UNKNOWN:
            found = self._index.file(path)
            with self._lock:
                if len(files) >= MOST_FILES:
                    files.clear()
                files[path] = found
        return found

    def paths_ending(self, suffix: str) -> Sequence[str]:
        """See `Graph`."""
        return self._once(("ending", suffix), lambda: self._index.paths_ending(suffix))

    def folder(self, path: str) -> Sequence[str]:
        """See `Graph`."""
        return self._once(("folder", path), lambda: self._index.folder(path))

    def package(self, name: str, language: str) -> Sequence[str]:
        """See `Graph`."""
        return self._once(("package", name, language), lambda: self._index.package(name, language))

    def named(
        self, name: str, *, group: str, limit: int = 16, hidden: frozenset[str] = frozenset()
    ) -> Sequence[Located]:
        """See `Indexed`."""
        return self._once(
            ("named", name, group, limit, hidden),
            lambda: self._index.named(name, group=group, limit=limit, hidden=hidden),
        )

    def members(
        self, owner: str, *, group: str, limit: int = 256, hidden: frozenset[str] = frozenset()
    ) -> Sequence[Located]:
        """See `Indexed`."""
        return self._once(
            ("members", owner, group, limit, hidden),
            lambda: self._index.members(owner, group=group, limit=limit, hidden=hidden),
        )

    def similar(
        self,
        terms: Mapping[str, float],
        *,
        group: str,
        limit: int,
        accept: Callable[[Span], bool],
        hidden: frozenset[str] = frozenset(),
    ) -> list[SpanHit]:
        """See `Indexed`."""
        return self._index.similar(terms, group=group, limit=limit, accept=accept, hidden=hidden)

    def weights(self, terms: Mapping[str, float], group: str) -> Weights:
        """See `Indexed`."""
        return self._index.weights(terms, group)

    def text(self, path: str) -> str | None:
        """See `Graph`: as it is on the disk now."""
        return self._index.text(path)

    def read(self, path: str, digest: bytes | None = None) -> str | None:
        """See `Indexed`."""
        digest = digest or self.digest(path)
        return self._index.read(path, digest) if digest else None

    def digest(self, path: str) -> bytes | None:
        """See `Indexed`."""
        return self._once(("digest", path), lambda: self._index.digest(path))

    def _once(self, question: tuple[object, ...], ask: Callable[[], Any]) -> Any:
        answers = self._answers  # looking up needs no lock
        answer = answers.get(question, _UNKNOWN)
        if answer is not _UNKNOWN:
            return answer
        # Of the version that was noted or of a newer one, and then it is forgotten in a moment.
        answer = ask()
        with self._lock:
            if len(answers) >= MOST_ANSWERS:
                answers.clear()
            answers[question] = answer
        return answer
