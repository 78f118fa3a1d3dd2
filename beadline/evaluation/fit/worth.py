"""What snippets are worth for a case, for many sets of weights at once. Knows no search for them.

A case's snippets are worth the mean of two shares: of the needed definitions, those whose signature
they hold; of the middle's identifiers that the cursor's own window does not show, those that they
show. The second is what similar code can give, and where nothing is labelled the only one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from beadline.context.retrieval.weights import Weights
from beadline.context.types import Document, Snippet
from beadline.evaluation.cases.format import Case
from beadline.evaluation.indexed import IndexedFolder
from beadline.evaluation.retrieval import Judge, has_name
from beadline.evaluation.scores import identifiers

_WINDOW_CHARS = 2000
"""So much of the text on either side of the cursor is in the prompt anyway."""


class Worth:
    """Over the cases of one repository."""

    def __init__(
        self, folder: Path, workspace: IndexedFolder, cases: Sequence[Case], rooms: Sequence[int]
    ) -> None:
        """`rooms`: numbers of characters that a prompt may have for snippets."""
        self._folder, self._workspace, self._rooms = folder, workspace, rooms
        self._judge = Judge(folder)
        self._cases = [case for case in cases if case.crossfile_symbols or unseen(case)]

    def of(self, sets: Sequence[Weights]) -> list[dict[str, float]]:
        """By set: what the snippets of every case and room are worth."""
        values: list[dict[str, float]] = [{} for _ in sets]
        for case in self._cases:
            document = Document(
                (self._folder / case.path).as_uri(), case.path, case.language, case.text
            )
            with self._opened(case, document):
                for number, weights in enumerate(sets):
                    searcher = self._workspace.searcher(weights)
                    for room in self._rooms:
                        found = searcher.search(document, len(case.prefix), max_chars=room)
                        values[number][f"{case.id} {room}"] = self._worth(case, found)
        return values

    @property
    def count(self) -> int:
        """Cases that say something."""
        return len(self._cases)

    @contextmanager
    def _opened(self, case: Case, document: Document) -> Iterator[None]:
        self._workspace.replace(self._folder, case.path, case.text)
        try:
            self._workspace.open(document)
            yield
        finally:
            self._workspace.closed(document.key)
            self._workspace.replace(self._folder, case.path, None)

    def _worth(self, case: Case, snippets: Sequence[Snippet]) -> float:
        shares: list[float] = []
        symbols = case.crossfile_symbols
        if symbols:
            held = self._judge.held(snippets, symbols)
            found = {number for each in held for number in each.signatures}
            shares.append(len(found) / len(symbols))
        names = unseen(case)
        if names:
            shown = sum(any(has_name(s.text, name) for s in snippets) for name in names)
            shares.append(shown / len(names))
        return sum(shares) / len(shares)


def unseen(case: Case) -> set[str]:
    """Identifiers of the middle that the text around the cursor does not show."""
    around = case.prefix[-_WINDOW_CHARS:] + "\n" + case.suffix[:_WINDOW_CHARS]
    return {name for name in identifiers(case.middle, case.language) if not has_name(around, name)}
