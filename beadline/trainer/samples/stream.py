"""The samples of a corpus by their number. Knows no rows and no batches.

Sample k depends on the corpus, the options, the seed and k alone, not on what was drawn before: a
run that goes on needs to know nothing but how far it came, and several processes draw their shares
apart. An epoch draws from every file in proportion to its length; the next one draws other holes.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate

from beadline.context.syntax import SyntaxTrees
from beadline.errors import InputError
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.samples.drawn import Drawn
from beadline.trainer.samples.options import SampleOptions
from beadline.trainer.samples.requests import Searches, document_of, of_hole, plain
from beadline.trainer.samples.tokens import Encoder, Sample
from beadline.trainer.structured_fim.sampler import Sampler
from beadline.trainer.vocabulary import TrainingVocabulary

_REMEMBERED = 2_000_000
"""Characters of the parsed files that are remembered: a parsed file and its nodes take about a
hundred times as much memory."""
_POOLS = 4
"""Orders of pools that are remembered."""


class SampleStream:
    """Samples without an end. Not thread-safe: one thread only."""

    def __init__(
        self,
        files: Sequence[CorpusFile],
        vocabulary: TrainingVocabulary,
        options: SampleOptions,
        seed: int,
        *,
        search: Searches | None = None,
    ) -> None:
        """`files` in the order of training, which counts where `options.pool_samples` is set;
        `search` finds snippets for them. Raises `InputError` where no file holds anything."""
        self._files = [file for file in files if file.text.strip()]
        if not self._files:
            raise InputError(
                "There is no text to draw samples from.",
                hint="Train on a repository with source files in a language that beadline knows.",
            )
        self._options = options
        self.seed = seed
        self._search = search
        self.encoder = Encoder(vocabulary, options)
        self._behind = list(
            accumulate(1 + len(file.text) // options.chars_per_sample for file in self._files)
        )
        """By file: number of the epoch's first sample behind its own."""
        self._trees = SyntaxTrees(limit=1)
        self._read: OrderedDict[int, Sampler] = OrderedDict()
        self._remembered = 0
        """Characters of those files."""
        self._orders: OrderedDict[tuple[int, int], list[int]] = OrderedDict()

    @property
    def samples_per_epoch(self) -> int:
        """How many samples one pass over the files makes."""
        return self._behind[-1]

    def draw(self, k: int) -> Drawn:
        """Sample k before it is rendered."""
        epoch, slot = self._slot(k)
        number = bisect_right(self._behind, slot)
        file, options = self._files[number], self._options
        # A string, not hash(): it differs between processes.
        rng = random.Random(f"{self.seed}/{epoch}/{slot}/{file.path}/{file.digest}")
        if rng.random() < options.left_to_right:
            return plain(file, options, rng)
        hole = self._sampler(number).draw(rng)
        if hole is None:
            return plain(file, options, rng)
        return of_hole(file, hole, options, rng, self._trees, self._search)

    def sample(self, k: int) -> Sample:
        """Sample k."""
        return self.encoder.encode(self.draw(k))

    def batch(self, numbers: Sequence[int]) -> list[Sample]:
        """Samples by their numbers, drawn file by file, so that each file is parsed once."""
        order = sorted(range(len(numbers)), key=lambda at: self._slot(numbers[at])[::-1])
        found = {at: self.sample(numbers[at]) for at in order}
        return [found[at] for at in range(len(numbers))]

    def _slot(self, k: int) -> tuple[int, int]:
        """The epoch of sample k, and which of the epoch's samples it is, counted file by file."""
        total = self.samples_per_epoch
        epoch, place = divmod(k, total)
        size = self._options.pool_samples or total
        pool, within = divmod(place, size)
        order = self._orders.get((epoch, pool))
        if order is None:
            order = list(range(pool * size, min(total, (pool + 1) * size)))
            random.Random(f"{self.seed}/{epoch}/{pool}").shuffle(order)
            self._orders[epoch, pool] = order
            if len(self._orders) > _POOLS:
                self._orders.popitem(last=False)
        return epoch, order[within]

    def _sampler(self, number: int) -> Sampler:
        """What draws the holes of a file."""
        known = self._read.get(number)
        if known is None:
            document = document_of(self._files[number], self._files[number].text)
            self._trees.forget(document.key)
            tree = self._trees.parse(document)
            known = Sampler(document.text if tree is None else tree, self._options.sampler)
            self._read[number] = known
            self._remembered += len(known.text)
        self._read.move_to_end(number)
        while self._remembered > _REMEMBERED and len(self._read) > 1:
            _, forgotten = self._read.popitem(last=False)
            self._remembered -= len(forgotten.text)
        return known
