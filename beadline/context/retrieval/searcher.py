"""One search over a workspace: the scene, all sources, and what of them is given.

Knows no processes, no folders and no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from beadline.context.excerpt import WHOLE_CHARS
from beadline.context.retrieval.fusion import Prompt, fuse
from beadline.context.retrieval.redaction import Redaction
from beadline.context.retrieval.sources import Candidate, Files, Source
from beadline.context.retrieval.sources.definitions import Definitions
from beadline.context.retrieval.sources.dense import Dense
from beadline.context.retrieval.sources.edits import Edits, RecentPlaces
from beadline.context.retrieval.sources.live import Live, LiveChunks
from beadline.context.retrieval.sources.pairs import Pairs
from beadline.context.retrieval.sources.queries import Queries
from beadline.context.retrieval.sources.similar import Similar
from beadline.context.retrieval.weights import Weights, packaged
from beadline.context.symbols.types import FileSymbols, Scene
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import Document, Interrupted, SearchInterrupted, Snippet
from beadline.settings import ContextOptions

CHARS_PER_TOKEN = 4
"""At least as many characters as the window's placing counts a token with: what could be in the
prompt is never a snippet."""
HEAD_CHARS = 40_000
"""Of texts that are too long to be parsed as a whole so much is read for their imports."""


class Searcher:
    """Finds snippets for cursors. Keeps parsers, so it belongs to one thread at a time, but for
    `settle`."""

    def __init__(
        self,
        files: Files,
        options: ContextOptions,
        *,
        weights: Weights | None = None,
        dense: Dense | None = None,
    ) -> None:
        """`dense`: of the user's embedding model; None where there is none."""
        self._files = files
        self._weights = weights or packaged()
        self._redaction = Redaction(options.ignore)
        self._scenes = _Scenes(files)
        self._queries = Queries(
            before=options.prefix_tokens * CHARS_PER_TOKEN,
            after=options.suffix_tokens * CHARS_PER_TOKEN,
        )
        self._chunks = LiveChunks(files, self._redaction.may_leave)
        self._similar = Similar(files, self._queries)
        self._dense = dense
        self._sources: list[Source] = [
            Definitions(files, self._weights),
            Live(self._chunks, self._queries),
            Edits(files, self._chunks, self._queries, RecentPlaces()),
            Pairs(files, self._queries),
        ]

    def search(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
        interrupted: Interrupted | None = None,
    ) -> tuple[Snippet, ...]:
        """Snippets for a cursor, best first, of `max_chars` characters together at most.

        `document.path` is the workspace's; `tree` is of its text, where there is one already.
        Nothing from around the cursor or from behind it, nothing that repeats the prompt or another
        snippet, no secrets. `interrupted` is asked between sources; where it says so, the search is
        given up by raising `SearchInterrupted`.
        """
        if max_chars <= 0:
            return ()
        with self._files.moment():
            return self._search(self._scenes.of(document, offset, tree), max_chars, interrupted)

    def _search(
        self, scene: Scene, max_chars: int, interrupted: Interrupted | None
    ) -> tuple[Snippet, ...]:
        lists: dict[str, Sequence[Candidate]] = {}
        for source in (*self._sources, self._similar):
            if interrupted is not None and interrupted():
                raise SearchInterrupted
            lists[source.name] = source.search(scene, self._room(source, max_chars))
        if self._dense is not None:
            found = self._dense.search(scene, self._files)
            self._dense.ask(scene, lists[self._similar.name])
            lists[self._dense.name] = found
        start, end = self._queries.of(scene).window
        document = scene.document
        prompt = Prompt(document.path, document.text[start:end], start, max_chars)
        return fuse(lists, prompt, self._weights, allowed=self._redaction.allowed)

    def settle(self) -> bool:
        """While nobody types, from any thread: work out of one open buffer what searches need.
        Whether there was one; to be called again then."""
        return self._chunks.settle()

    def forget(self, key: str) -> None:
        """A document closed."""
        self._scenes.forget(key)

    def _room(self, source: Source, max_chars: int) -> int:
        return int(max_chars * self._weights.most.get(source.name, 0.0))


class _Scenes:
    """Makes scenes of cursors; what was read of a text serves until it changes."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._trees = SyntaxTrees()
        self._last: Scene | None = None

    def of(self, document: Document, offset: int, tree: SyntaxTree | None) -> Scene:
        """The scene of a cursor. `tree`: the document's, where there is one already."""
        last = self._last
        if last is not None and last.document == document:
            self._last = Scene(document, offset, last.symbols, last.tree)
        else:
            tree = tree or self._trees.parse(document)
            self._last = Scene(document, offset, self._symbols(document, tree), tree)
        return self._last

    def _symbols(self, document: Document, tree: SyntaxTree | None) -> FileSymbols:
        text = document.text
        if len(text) <= WHOLE_CHARS:
            return self._files.symbols(document, tree)
        # Reading all of it takes longer than a search may; what is imported stands in front.
        head = text[: text.rfind("\n", 0, HEAD_CHARS) + 1]
        return self._files.symbols(replace(document, text=head))

    def forget(self, key: str) -> None:
        """A document closed."""
        self._trees.forget(key)
