"""The files of a workspace with its unsaved buffers over them. Knows no disk and no database.

A buffer that says what the index says is none: the index answers for it. Of the others the index's
version is hidden and the buffer answers; its symbols are extracted when they are asked for, its
spans are cut while nobody types (`settle`) and moved along with the text until they are cut again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from beadline.context.index.buffer import Buffer
from beadline.context.index.codec import digest_of
from beadline.context.index.cuts import Cuts
from beadline.context.index.mounts import Indexed
from beadline.context.index.prepare import Preparer, Span
from beadline.context.index.remembered import Remembered
from beadline.context.index.spans import SpanHit
from beadline.context.retrieval.query import group_of
from beadline.context.symbols.graph import Known
from beadline.context.symbols.types import FileSymbols, Located
from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document

_Buffers = Mapping[str, Buffer]
_NOTHING = FileSymbols("", "")


class _Table:
    """The definitions of one buffer by their names and by what they are members of."""

    def __init__(self, symbols: FileSymbols) -> None:
        self.symbols = symbols
        self.group = group_of(symbols.language)
        self.named: dict[str, list[Located]] = {}
        self.members: dict[str, list[Located]] = {}
        for each in symbols.definitions:
            located = Located(symbols.path, each)
            self.named.setdefault(each.name, []).append(located)
            if each.owner:
                self.members.setdefault(each.owner.rpartition(".")[2], []).append(located)


@dataclass
class _Moment(threading.local):
    """What one thread goes by while it searches."""

    compared: tuple[_Buffers, _Buffers] | None = None
    """See `Overlay._compare`; None outside of a search."""
    texts: dict[str, str | None] = field(default_factory=dict)
    """By path: what was read."""
    changed: dict[str, FileSymbols | None] | None = None
    """See `Overlay._changed`; None until it is known for good."""
    tables: dict[str, list[_Table]] = field(default_factory=dict)
    """See `Overlay._tables`; by language group, of `changed`."""


class Overlay:
    """Implements `symbols.graph.Graph` over an index and open buffers. From any thread."""

    def __init__(self, index: Indexed) -> None:
        self._index = Remembered(index)
        self._moment = _Moment()
        self._lock = threading.Lock()
        """Guards the buffers. Never held while something is read or worked out: the event loop
        opens buffers."""
        self._buffers: OrderedDict[str, Buffer] = OrderedDict()
        """By path, most recently used last."""
        self._edits = 0
        self._compared: tuple[object, _Buffers, _Buffers] | None = None
        """What the index and the buffers were when they were compared last; the buffers of files
        that the index has, and those of them that differ."""
        self._known_tables: Mapping[str, _Table] = {}
        """By path, of the changed buffers as they were asked for last."""
        self._extracting = threading.Lock()
        self._preparer = Preparer()
        self._settling = threading.Lock()
        self._cutter = Preparer()

    def mount(self, index: Indexed) -> None:
        """Stand over another index, with other paths, from now on: no buffer is open."""
        with self._lock:
            self._index = Remembered(index)
            self._buffers.clear()
            self._edits += 1

    @contextmanager
    def moment(self) -> Iterator[None]:
        """What this thread asks meanwhile is not compared with the newest index and buffers again
        and again: for as long as a search takes. Not to be nested."""
        self._moment.compared = self._compare()
        try:
            yield
        finally:
            self._moment.compared = self._moment.changed = None
            self._moment.texts.clear()
            self._moment.tables.clear()

    # -- buffers

    def open(self, path: str, document: Document) -> None:
        """A buffer opened, changed or is in use: `path` is its file's in the workspace."""
        with self._lock:
            before = self._buffers.pop(path, None)
            if before is not None and _same(before.document, document):
                self._buffers[path] = before
                return
            buffer = self._buffers[path] = Buffer(replace(document, path=path))
            if before is not None:
                buffer.cut = before.cut
                known = before.symbols
                text = before.document.text
                buffer.earlier = before.earlier if known is None else (text, known)
            self._edits += 1

    def closed(self, path: str) -> None:
        """A buffer closed: the file is what the disk says again."""
        with self._lock:
            if self._buffers.pop(path, None) is not None:
                self._edits += 1

    def documents(self) -> Sequence[Document]:
        """The open buffers of files that may be searched, most recently used first; their paths are
        the workspace's."""
        listed, _ = self._compare()
        with self._lock:
            buffers = [self._buffers[path] for path in reversed(self._buffers) if path in listed]
        return [buffer.readable for buffer in buffers if buffer.readable is not None]

    def symbols(self, document: Document, tree: SyntaxTree | None = None) -> FileSymbols:
        """The symbols of this very text, extracted once. `tree`: its own, where there is one.

        Of a document that is open they are what the graph then says of its file.
        """
        with self._lock:
            buffer = self._buffers.get(document.path)
        if buffer is None or buffer.document.text != document.text:
            with self._extracting:
                return self._preparer.symbols(document, tree)
        return self._symbols_of(buffer, buffer.readable or buffer.document, tree)

    def known(self, document: Document) -> Known | None:
        """What is known around a document without reading it; None where nobody has read a version
        of it yet. `document.path` is the workspace's.
        """
        path, text = document.path, document.text
        differing = self._compare()[1]
        with self._lock:
            buffer = self._buffers.get(path)
        if buffer is not None and path in differing:
            return None if buffer.known is None else Known(self, buffer.known[1], buffer.known[0])
        if buffer is not None:
            text = buffer.document.text
        elif self._index.digest(path) != digest_of(text):
            return None
        symbols = self._index.file(path)
        return None if symbols is None else Known(self, symbols, text)

    def settle(self) -> bool:
        """While nobody types: work out of one changed buffer what searches need. Whether there was
        one; to be called again then."""
        with self._settling:
            waiting = [
                (buffer, buffer.readable)
                for buffer in self._compare()[1].values()
                if buffer.readable is not None and not buffer.is_cut
            ]
            if not waiting:
                return False
            buffer, document = waiting[0]
            prepared = self._cutter.prepare(document)
            buffer.symbols = prepared.symbols
            cut = Cuts(document.text, prepared.cuts)
            with self._lock:
                newest = self._buffers.get(document.path)
                if newest is not None:
                    newest.cut = cut
            return True

    # -- the graph

    def file(self, path: str) -> FileSymbols | None:
        """See `Graph`."""
        buffer = self._compare()[1].get(path)
        if buffer is None:
            return self._index.file(path)
        return None if buffer.readable is None else self._symbols_of(buffer, buffer.readable)

    def paths_ending(self, suffix: str) -> Sequence[str]:
        """See `Graph`."""
        self._compare()
        return self._index.paths_ending(suffix)

    def folder(self, path: str) -> Sequence[str]:
        """See `Graph`."""
        self._compare()
        return self._index.folder(path)

    def package(self, name: str, language: str) -> Sequence[str]:
        """See `Graph`."""
        changed = self._changed()
        found = [path for path in self._index.package(name, language) if path not in changed]
        found += [
            path
            for path, symbols in changed.items()
            if symbols is not None and name and symbols.package == name
            if symbols.language == language
        ]
        return sorted(found)

    def named(self, name: str, *, group: str, limit: int = 16) -> Sequence[Located]:
        """See `Graph`. Of the buffer used last what was extracted of this very text, if it was: it
        is the one that is typed in."""
        changed = self._changed()
        own = [each for table in self._tables(changed, group) for each in table.named.get(name, ())]
        hidden = frozenset(changed)
        return [*own, *self._index.named(name, group=group, limit=limit, hidden=hidden)][:limit]

    def members(self, owner: str, *, group: str, limit: int = 256) -> Sequence[Located]:
        """See `Graph` and `named`."""
        changed = self._changed()
        own = [
            each for table in self._tables(changed, group) for each in table.members.get(owner, ())
        ]
        hidden = frozenset(changed)
        return [*own, *self._index.members(owner, group=group, limit=limit, hidden=hidden)][:limit]

    def text(self, path: str) -> str | None:
        """See `Graph`."""
        with self._lock:
            buffer = self._buffers.get(path)
        return buffer.document.text if buffer is not None else self._index.text(path)

    # -- searching

    def read(self, path: str) -> str | None:
        """The whole text of a file that may be searched, LF line ends: its buffer's, else the
        disk's. None for a file that has changed on the disk and is not indexed again yet, since
        nothing that is known of it holds for what it says now."""
        if self._moment.compared is None:
            return self._read(path)
        texts = self._moment.texts
        if path not in texts:
            texts[path] = self._read(path)
        return texts[path]

    def _read(self, path: str) -> str | None:
        listed, differing = self._compare()
        if (buffer := listed.get(path)) is not None:
            document = buffer.readable if path in differing else buffer.document
            return document.text if document is not None else None
        return self._index.read(path)

    def similar(
        self,
        terms: Mapping[str, float],
        *,
        group: str,
        limit: int,
        accept: Callable[[Span], bool],
    ) -> list[SpanHit]:
        """The spans of a language group that fit weighted terms best, best first.

        Spans are places in what `read` gives. Of a changed buffer they are those that were cut
        while nobody typed, as far as the text still holds them.
        """
        differing = self._compare()[1]
        hits = self._index.similar(
            terms, group=group, limit=limit, accept=accept, hidden=frozenset(differing)
        )
        cut = [
            (buffer.document.text, buffer.cut)
            for buffer in differing.values()
            if buffer.readable is not None and group_of(buffer.readable.language) == group
            if buffer.cut is not None
        ]
        if cut:
            weights = self._index.weights(terms, group)
            worths = {
                **{t: terms[t] * weights.unknown for t in terms.keys() - weights.known},
                **weights.terms,
            }
            least = hits[-1].score if len(hits) >= limit else 0.0
            for text, cuts in cut:
                hits += cuts.similar(text, weights, worths, accept, least)
            hits.sort(key=lambda hit: (-hit.score, hit.span.path, hit.span.start))
        return hits[:limit]

    def _compare(self) -> tuple[_Buffers, _Buffers]:
        """Buffers of files that the index has, and those of them that say something else. What the
        index answered before it changed is forgotten."""
        if self._moment.compared is not None:
            return self._moment.compared
        with self._lock:
            index, buffers = self._index, dict(self._buffers)
            edits, compared = self._edits, self._compared
        state = index.version, edits
        if compared is None or compared[0] != state:
            listed: dict[str, Buffer] = {}
            differing: dict[str, Buffer] = {}
            for path, buffer in buffers.items():
                digest = index.digest(path)
                if digest is None:
                    continue  # not searched: ignored, or not on the disk yet
                listed[path] = buffer
                if digest != buffer.digest:
                    differing[path] = buffer
            compared = state, listed, differing
            with self._lock:
                self._compared = compared
        return compared[1], compared[2]

    def _changed(self) -> dict[str, FileSymbols | None]:
        """Symbols of the buffers that differ from the index, by path. None: they are not worked
        out, which is so for the buffer used last alone, or it is not searched."""
        moment = self._moment
        if moment.changed is not None:
            return moment.changed
        with self._lock:
            last = next(reversed(self._buffers), "")
        found: dict[str, FileSymbols | None] = {}
        for path, buffer in self._compare()[1].items():
            if buffer.readable is None:
                found[path] = None
            elif path == last:
                found[path] = buffer.symbols
            else:
                found[path] = self._symbols_of(buffer, buffer.readable)
        # What is typed in may be read in a moment, the others are what they are.
        if moment.compared is not None and found.get(last, _NOTHING) is not None:
            moment.changed = found
        return found

    def _tables(self, changed: Mapping[str, FileSymbols | None], group: str) -> list[_Table]:
        """Tables of the changed buffers of a language group."""
        kept = self._moment.tables if self._moment.changed is changed else {}
        if group in kept:
            return kept[group]
        before = self._known_tables
        known: dict[str, _Table] = {}
        for path, symbols in changed.items():
            if symbols is None:
                continue
            table = before.get(path)
            if table is None or table.symbols is not symbols:
                table = _Table(symbols)
            known[path] = table
        self._known_tables = known
        kept[group] = [table for table in known.values() if table.group == group]
        return kept[group]

    def _symbols_of(
        self, buffer: Buffer, document: Document, tree: SyntaxTree | None = None
    ) -> FileSymbols:
        """The symbols of a buffer's text, which `document` is."""
        if buffer.symbols is None:
            with self._extracting:
                buffer.symbols = self._preparer.symbols(document, tree, buffer.earlier)
        return buffer.symbols


def _same(one: Document, other: Document) -> bool:
    return (one.text, one.language, one.key) == (other.text, other.language, other.key)
