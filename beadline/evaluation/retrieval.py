"""Measures what of the needed definitions the served prompt holds. Knows no model and no table.

What is measured is what is served: snippets come from `completion.reading.Reader`, which asks the
search that a server would, on a text that is being edited. While a case is scored its file holds
`prefix + suffix`, in the editor, on the disk and in the index. The lexical baselines get the same
room in the same run.

Two moments are told apart. *Cold*: nothing of the document is in the engine, so the request looks
for snippets at its own cursor. *Typed*: the author has come from the end of the line above without
a pause, so the prompt still holds what was found there (DESIGN section 4); any pause of
`completion.idle_ms` on the way makes it a cold one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from beadline.completion.reading import Reader
from beadline.completion.snippets import Retrieves
from beadline.context.retrieval.query import group_of
from beadline.context.types import Document, Snippet
from beadline.evaluation import results
from beadline.evaluation.cases.format import Case, Symbol
from beadline.evaluation.lexical import BM25_TOP, Chunks, Windows
from beadline.evaluation.sources import language_at
from beadline.settings import ContextOptions

COLD, TYPED = "cold", "typed"
BASELINES = ("bm25_top3", "bm25_budget", "jaccard60")
_MOST_KEYS = 160
"""Keys of a line that are played; of a longer one the last."""


class Replaces(Protocol):
    """A workspace in which a file can be another one for a while."""

    def replace(self, folder: Path, path: str, text: str | None) -> None:
        """The file at `path` below `folder` holds `text`, on the disk and in the index, once this
        returns; None: what it held at first."""
        ...


class Workspace(Retrieves, Replaces, Protocol):
    """What is searched for snippets."""


@dataclass(frozen=True)
class Held:
    """One snippet, and what it holds of what a case needs; no text."""

    source: str
    path: str
    chars: int
    signatures: tuple[int, ...]
    """Numbers of the needed symbols whose signature it holds."""
    names: tuple[int, ...]
    """Numbers of those whose name it holds."""


@dataclass(frozen=True)
class Arm:
    """What one way of retrieving brought for one case."""

    ms: float
    snippets: tuple[Held, ...]
    older: bool = False
    """The prompt's snippets are about to be replaced."""


@dataclass(frozen=True)
class Measured:
    """One case."""

    id: str
    category: str
    language: str
    symbols: int
    """How many definitions it needs, as far as known."""
    arms: dict[str, Arm]

    @classmethod
    def of(cls, values: dict[str, Any]) -> Measured:
        """From `asdict` through JSON."""
        arms = {
            name: Arm(
                arm["ms"],
                tuple(
                    Held(
                        each["source"], each["path"], each["chars"],
                        tuple(each["signatures"]), tuple(each["names"]),
                    )
                    for each in arm["snippets"]
                ),
                arm["older"],
            )
            for name, arm in values["arms"].items()
        }  # fmt: skip
        return cls(values["id"], values["category"], values["language"], values["symbols"], arms)


class Judge:
    """Says what snippets hold. Reads files of one repository."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: dict[str, str] = {}

    def held(self, snippets: Sequence[Snippet], symbols: Sequence[Symbol]) -> tuple[Held, ...]:
        """What each snippet holds of the symbols."""
        return tuple(
            Held(
                snippet.source,
                snippet.path,
                len(snippet.text),
                tuple(n for n, symbol in enumerate(symbols) if self.has_signature(snippet, symbol)),
                tuple(n for n, symbol in enumerate(symbols) if has_name(snippet.text, symbol.name)),
            )
            for snippet in snippets
        )

    def has_signature(self, snippet: Snippet, symbol: Symbol) -> bool:
        """Whether the line of a definition's signature is in a snippet.

        Where a snippet is a range of its file as it is, that line itself; in a skeleton, a line
        that says the same, with the name of the class that it belongs to.
        """
        if snippet.path != symbol.path:
            return False
        text = self._text(snippet.path)
        if text.startswith(snippet.text, snippet.start):
            first = text.count("\n", 0, snippet.start) + 1
            return first <= symbol.line <= first + snippet.text.count("\n")
        signature = _plain(symbol.signature)
        if not signature or signature not in _plain(snippet.text):
            return False
        return not symbol.cls or has_name(snippet.text, symbol.cls)

    def _text(self, path: str) -> str:
        if path not in self._texts:
            try:
                text = (self._folder / path).read_bytes().decode("utf-8", "replace")
            except OSError:
                text = ""
            self._texts[path] = text.replace("\r\n", "\n")
        return self._texts[path]


def has_name(text: str, name: str) -> bool:
    """Whether a text holds a name as a word of its own."""
    return re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text) is not None


def _plain(text: str) -> str:
    return " ".join(text.split())


class Measurer:
    """Measures cases of one repository; first those of one file, then of the next, if it can be."""

    def __init__(
        self,
        folder: Path,
        workspace: Workspace,
        options: ContextOptions,
        room: int,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`folder`: the repository's files, which `workspace` searches. `room`: characters."""
        self._folder = folder
        self._workspace = workspace
        self._options = options
        self._room = room
        self._clock = clock
        self._judge = Judge(folder)
        self._files: dict[str, dict[str, str]] = {}
        self._lexical: dict[str, tuple[Chunks, Windows]] = {}
        self._warm: set[str] = set()

    def measure(self, case: Case) -> Measured:
        """What every way brings for a case."""
        if case.language not in self._warm:  # grammars and queries are loaded before the clock runs
            self._warm.add(case.language)
            self.measure(case)
        self._workspace.replace(self._folder, case.path, case.text)
        try:
            arms = {COLD: self._cold(case), TYPED: self._typed(case), **self._baselines(case)}
        finally:
            self._workspace.replace(self._folder, case.path, None)
        return Measured(case.id, case.category, case.language, len(case.crossfile_symbols), arms)

    def _cold(self, case: Case) -> Arm:
        """The text up to the cursor's line was read before; then came the line, and the request."""
        reader = Reader(self._workspace)
        before = case.prefix[: case.prefix.rfind("\n") + 1]
        document = self._document(case, before)
        self._workspace.open(document)
        reader.read(document, len(before), self._options)
        self._workspace.search(document, len(before), max_chars=self._room)  # as it was, then
        document = self._document(case, case.prefix)
        started = self._clock()
        self._workspace.open(document)
        reading = reader.read(document, len(case.prefix), self._options)
        reading = reader.with_snippets(reading, max_chars=self._room)
        ms = 1000 * (self._clock() - started)
        self._workspace.closed(document.key)
        held = self._judge.held(reading.snippets, case.crossfile_symbols)
        return Arm(round(ms, 3), held, reading.older_snippets)

    def _typed(self, case: Case) -> Arm:
        """Snippets were found at the end of the line above; then came every key of the line."""
        reader = Reader(self._workspace)
        line = case.prefix.rfind("\n") + 1
        begin = max(len(case.prefix[:line].rstrip()), len(case.prefix) - _MOST_KEYS)
        document = self._document(case, case.prefix[:begin])
        self._workspace.open(document)
        reading = reader.read(document, begin, self._options)
        reading = reader.with_snippets(reading, max_chars=self._room)
        reader.sent(reading)
        started, keys = self._clock(), 0
        for offset in range(begin + 1, len(case.prefix) + 1):
            document = self._document(case, case.prefix[:offset])
            self._workspace.open(document)
            reading = reader.read(document, offset, self._options)
            reader.sent(reading)
            keys += 1
        ms = 1000 * (self._clock() - started) / max(1, keys)
        self._workspace.closed(document.key)
        held = self._judge.held(reading.snippets, case.crossfile_symbols)
        return Arm(round(ms, 3), held, reading.older_snippets)

    def _baselines(self, case: Case) -> dict[str, Arm]:
        chunks, windows = self._lexical_of(case.language)
        found = {
            "bm25_top3": lambda: chunks.search(
                case.prefix, case.path, room=self._room, top=BM25_TOP
            ),
            "bm25_budget": lambda: chunks.search(case.prefix, case.path, room=self._room),
            "jaccard60": lambda: windows.search(case.prefix, case.path, room=self._room),
        }
        arms: dict[str, Arm] = {}
        for name in BASELINES:
            started = self._clock()
            snippets = found[name]()
            ms = 1000 * (self._clock() - started)
            arms[name] = Arm(round(ms, 3), self._judge.held(snippets, case.crossfile_symbols))
        return arms

    def _lexical_of(self, language: str) -> tuple[Chunks, Windows]:
        group = group_of(language)
        if group not in self._lexical:
            texts = texts_of(self._folder, group)
            self._lexical[group] = Chunks(texts), Windows(texts)
        return self._lexical[group]

    def _document(self, case: Case, before: str) -> Document:
        key = (self._folder / case.path).as_uri()
        return Document(key, case.path, case.language, before + case.suffix)


def texts_of(folder: Path, group: str) -> dict[str, str]:
    """The files of a group of languages below a folder, by path, with LF line ends."""
    found: dict[str, str] = {}
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if group_of(language_at(path)) == group and file.is_file():
            text = file.read_bytes().decode("utf-8", "replace")
            found[path] = text.replace("\r\n", "\n")
    return found


def run(
    measurer: Measurer,
    cases: Sequence[Case],
    path: Path,
    header: Mapping[str, Any],
    progress: Callable[[int], None] = lambda done: None,
) -> list[Measured]:
    """Measure all cases that the file at `path` does not hold yet and append them; in the order of
    the cases.

    `header` says what the run is; raises `InputError` when the file belongs to another one.
    """
    known = {line["id"]: Measured.of(line) for line in results.read(path, header)}
    with results.Writer(path, header) as writer:
        for count, case in enumerate(cases, start=1):
            if case.id not in known:
                known[case.id] = measurer.measure(case)
                writer.append(asdict(known[case.id]))
            progress(count)
    return [known[case.id] for case in cases]
