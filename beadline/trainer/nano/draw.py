"""Draws the samples of one repository: holes, stretches of whole files, parts of files. No tokens.

Holes are cut by `trainer.structured_fim`, and requests made of them by `trainer.samples.requests`,
as for tuning: window, anchor and snippets are those of serving. A stretch is a run of files in the
order of their dependencies (Abacus), so that what a file uses stands before it.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from beadline.completion.frames import CHARS_PER_TOKEN
from beadline.context.retrieval.query import group_of
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import Document, Snippet
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.nano import mixture
from beadline.trainer.nano.recipe import FINAL, MAIN, VALIDATION, Recipe
from beadline.trainer.nano.shards import Literal, Place, Record, record_of
from beadline.trainer.samples.drawn import Drawn
from beadline.trainer.samples.requests import Searches, document_of, of_hole, plain
from beadline.trainer.samples.tokens import STRETCH
from beadline.trainer.structured_fim.sampler import Sampler

_VALIDATION_HOLES = 4
"""Of each of them."""
_LEAST_PIECE = 400
"""Characters below which the rest of a file is left to the next stretch whole."""


class Remembering:
    """A search that notes what it found last: requests hold texts, records hold places."""

    def __init__(self, search: Searches) -> None:
        self._search = search
        self.found: tuple[Snippet, ...] = ()

    def alone(
        self, document: Document, offset: int, *, max_chars: int, tree: SyntaxTree | None = None
    ) -> tuple[Snippet, ...]:
        """See `Searches`."""
        self.found = self._search.alone(document, offset, max_chars=max_chars, tree=tree)
        return self.found


class Repository:
    """The files of one repository, or of a part of a large one, in the order of training."""

    def __init__(
        self, files: Sequence[CorpusFile], recipe: Recipe, seed: int, search: Searches | None = None
    ) -> None:
        """`search` looks in all files that are trained on, those of other parts too."""
        self.files = files
        self._recipe = recipe
        self._seed = seed
        self._search = Remembering(search) if search is not None else None
        self._trees = SyntaxTrees(limit=1)
        self._numbers = {file.path: number for number, file in enumerate(files)}

    def records(self, epochs: Mapping[str, float], *, final: float) -> Iterator[Record]:
        """All samples: of every epoch of the main phase, of the final phase, of validation.

        `epochs`: how often the text of each group of languages is drawn in the main phase; the best
        files are drawn so often once more, at most `final` times.
        """
        for number in self._trained:
            yield from self._of_file(number, epochs)
        for epoch in range(_whole(max(epochs.values(), default=0.0))):
            yield from self._stretches(MAIN, epoch, self._trained, epochs)
        if final > 0:
            best = [number for number in self._trained if mixture.is_best(self.files[number])]
            for number in best:
                yield from self._drawn(number, FINAL, 0, min(1.0, final))
            yield from self._stretches(FINAL, 0, best, dict.fromkeys(epochs, min(1.0, final)))
        for number, file in enumerate(self.files):
            if self._is_validation(file):
                yield from self._validation(number)

    @cached_property
    def _trained(self) -> list[int]:
        """Numbers of the files that are trained on."""
        return [n for n, file in enumerate(self.files) if not self._is_validation(file)]

    def _is_validation(self, file: CorpusFile) -> bool:
        return is_validation(file, self._recipe.validation, self._seed)

    def _of_file(self, number: int, epochs: Mapping[str, float]) -> Iterator[Record]:
        """Holes and plain parts of one file, epoch by epoch, so that it is parsed once."""
        wanted = epochs.get(group_of(self.files[number].language), 0.0)
        for epoch in range(_whole(wanted)):
            yield from self._drawn(number, MAIN, epoch, mixture.rate(wanted, epoch))

    def _drawn(self, number: int, phase: str, epoch: int, rate: float) -> Iterator[Record]:
        file, recipe = self.files[number], self._recipe
        rng = self._random(phase, epoch, file)
        size = len(file.text)
        sampler: Sampler | None = None
        for _ in range(_about(rate * recipe.holes * size / recipe.chars_per_hole, rng)):
            wide = rng.random() < recipe.wide
            options = recipe.samples(wide=wide, phase=phase)
            if sampler is None:
                sampler = self._sampler(file)
            if (hole := sampler.draw(rng)) is None:
                continue
            if self._search is not None:
                self._search.found = ()
            drawn = of_hole(file, hole, options, rng, self._trees, self._search)
            yield self._record(drawn, number, phase, epoch, wide)
        options = recipe.samples(wide=False, phase=phase)
        for _ in range(_about(rate * recipe.plain * size / options.plain_chars, rng)):
            yield record_of(plain(file, options, rng), number, phase=phase, epoch=epoch)

    def _validation(self, number: int) -> Iterator[Record]:
        file = self.files[number]
        rng = self._random(VALIDATION, 0, file)
        options = self._recipe.samples(wide=False, phase=VALIDATION)
        sampler = self._sampler(file)
        for _ in range(_VALIDATION_HOLES):
            if (hole := sampler.draw(rng)) is not None:
                if self._search is not None:
                    self._search.found = ()
                drawn = of_hole(file, hole, options, rng, self._trees, self._search)
                yield self._record(drawn, number, VALIDATION, 0, False)

    def _record(self, drawn: Drawn, number: int, phase: str, epoch: int, wide: bool) -> Record:
        record = record_of(drawn, number, phase=phase, epoch=epoch, wide=wide)
        if not drawn.request.extra or self._search is None:
            return record
        starts = {(each.path, each.text): each.start for each in self._search.found}
        pieces = tuple(
            self._piece(extra.path, extra.text, starts.get((extra.path, extra.text), -1))
            for extra in drawn.request.extra
        )
        return replace(record, pieces=pieces)

    def _piece(self, path: str, text: str, start: int) -> Place | Literal:
        """Where a snippet stands, if it is a part of a file here; else the snippet itself."""
        number = self._numbers.get(path)
        if number is None or start < 0 or not self.files[number].text.startswith(text, start):
            return path, text
        return number, start, start + len(text)

    def _stretches(
        self, phase: str, epoch: int, numbers: Sequence[int], epochs: Mapping[str, float]
    ) -> Iterator[Record]:
        """Some of the stretches that files make one behind the other, cut anew in every epoch."""
        if not numbers:
            return
        rng = random.Random(f"{self._seed}/stretches/{phase}/{epoch}/{self.files[0].repo}")
        length = self._recipe.context_tokens * CHARS_PER_TOKEN
        # The first one is shorter, so that epochs cut at other places.
        cuts = self._cut(numbers, length, rng.randrange(length // 2, length + 1))
        for pieces, closes in cuts:
            group = group_of(self.files[pieces[0][0]].language)
            wanted = mixture.rate(epochs.get(group, 0.0), epoch)
            if rng.random() < wanted * self._recipe.stretches:
                yield Record(STRETCH, phase, epoch, file=pieces[0][0], pieces=pieces, closes=closes)

    def _cut(
        self, numbers: Sequence[int], length: int, first: int
    ) -> Iterator[tuple[tuple[Place, ...], bool]]:
        """Runs of about `length` characters, the first of `first`; a file is cut at a line's start.
        With each whether it is the last one."""
        pieces: list[Place] = []
        room = first
        for position, number in enumerate(numbers):
            text = self.files[number].text
            at = 0
            while at < len(text):
                end = len(text)
                if end - at > room:
                    end = text.rfind("\n", at, at + room) + 1
                    if end - at < _LEAST_PIECE:
                        end = at
                if end > at:
                    pieces.append((number, at, end))
                    room -= end - at
                    at = end
                elif not pieces:  # a line that is longer than a stretch
                    break
                if pieces and (at < len(text) or room < _LEAST_PIECE):
                    last = at >= len(text) and position == len(numbers) - 1
                    yield tuple(pieces), last
                    pieces, room = [], length
        if pieces:
            yield tuple(pieces), True

    def _sampler(self, file: CorpusFile) -> Sampler:
        document = document_of(file, file.text)
        self._trees.forget(document.key)
        tree = self._trees.parse(document)
        options = self._recipe.samples(wide=False).sampler
        return Sampler(file.text if tree is None else tree, options)

    def _random(self, phase: str, epoch: int, file: CorpusFile) -> random.Random:
        # A string, not hash(): it differs between processes.
        return random.Random(f"{self._seed}/{phase}/{epoch}/{file.path}/{file.digest}")


def is_validation(file: CorpusFile, share: float, seed: int) -> bool:
    """Whether a file is held out to watch the loss; by its name, whatever other files there are."""
    named = f"{seed}/validation/{file.repo}/{file.path}".encode("utf-8", "surrogatepass")
    drawn = int.from_bytes(hashlib.sha256(named).digest()[:8], "big") / 2**64
    return drawn < share


def _about(expected: float, rng: random.Random) -> int:
    """A whole number that is `expected` on average."""
    return int(expected + rng.random())


def _whole(epochs: float) -> int:
    """Epochs, one begun counted as one."""
    return -int(-epochs // 1)
