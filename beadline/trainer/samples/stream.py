"""The samples of a corpus by their number. Knows no rows and no batches.

Sample k depends on the corpus, the options, the seed and k alone, not on what was drawn before: a
run that goes on needs to know nothing but how far it came, and several processes draw their shares
apart. An epoch draws from every file in proportion to its length; the next one draws other holes.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import accumulate

from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.errors import InputError
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.samples.options import SampleOptions
from beadline.trainer.samples.requests import Drawn, Searches, document_of, of_hole, plain
from beadline.trainer.samples.tokens import Encoder, Sample
from beadline.trainer.structured_fim.sampler import Sampler
from beadline.trainer.vocabulary import TrainingVocabulary

_READ = 64
"""Parsed files that are remembered."""
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
        self._read: OrderedDict[int, tuple[SyntaxTree | None, Sampler]] = OrderedDict()
        self._orders: OrderedDict[tuple[int, int], list[int]] = OrderedDict()

    @property
    def samples_per_epoch(self) -> int:
        """How many samples one pass over the files makes."""
        return self._behind[-1]

    def draw(self, k: int) -> Drawn:
        """Sample k before it is rendered."""
        epoch, place = divmod(k, self.samples_per_epoch)
        slot = self._slot(epoch, place)
        number = bisect_right(self._behind, slot)
        file, options = self._files[number], self._options
        # A string, not hash(): it differs between processes.
        rng = random.Random(f"{self.seed}/{epoch}/{slot}/{file.path}/{file.digest}")
        if rng.random() < options.left_to_right:
            return plain(file, options, rng)
        tree, sampler = self._sampler(number)
        hole = sampler.draw(rng)
        if hole is None:
            return plain(file, options, rng)
        return of_hole(file, tree, hole, options, rng, self._search)

    def sample(self, k: int) -> Sample:
        """Sample k."""
        return self.encoder.encode(self.draw(k))

    def samples(self, start: int = 0) -> Iterator[Sample]:
        """Sample `start` and all behind it."""
        while True:
            yield self.sample(start)
            start += 1

    def _slot(self, epoch: int, place: int) -> int:
        """Which of an epoch's samples, counted file by file, has a place in it."""
        total = self.samples_per_epoch
        size = self._options.pool_samples or total
        pool, within = divmod(place, size)
        order = self._orders.get((epoch, pool))
        if order is None:
            order = list(range(pool * size, min(total, (pool + 1) * size)))
            random.Random(f"{self.seed}/{epoch}/{pool}").shuffle(order)
            self._orders[epoch, pool] = order
            if len(self._orders) > _POOLS:
                self._orders.popitem(last=False)
        return order[within]

    def _sampler(self, number: int) -> tuple[SyntaxTree | None, Sampler]:
        """A file's tree, where it has one, and what draws its holes."""
        known = self._read.pop(number, None)
        if known is None:
            document = document_of(self._files[number], self._files[number].text)
            # Parsed from nothing: a tree that goes on from another one may differ from it.
            self._trees.forget(document.key)
            tree = self._trees.parse(document)
            known = tree, Sampler(document.text if tree is None else tree, self._options.sampler)
        self._read[number] = known
        if len(self._read) > _READ:
            self._read.popitem(last=False)
        return known
