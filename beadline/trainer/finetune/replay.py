"""General code mixed among the repository's, so that tuning forgets less. Reads no file itself.

The code is what the user's own machine has: the standard library and installed packages, none of
those that are kept for control (`evaluation.installed`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from beadline.trainer.corpus.sources import Listed, Source
from beadline.trainer.finetune.rows import Samples
from beadline.trainer.samples.tokens import Sample

SHARE = 0.25
"""Of all samples. One repository is usually tuned on with a tenth; the gate lets the loss elsewhere
rise by 2 % at most, its upper bound, and a small model forgets fast."""


class Part:
    """Some files of a source, chosen by hash until they have so many bytes: all of its folders and
    packages have their share, and the same machine always gives the same files."""

    def __init__(self, source: Source, most_bytes: int, seed: int) -> None:
        self._source = source
        self._most = most_bytes
        self._seed = seed

    @property
    def name(self) -> str:
        """See `Source`."""
        return self._source.name

    @property
    def revision(self) -> str:
        """See `Source`."""
        return self._source.revision

    @property
    def foreign(self) -> bool:
        """See `Source`."""
        return self._source.foreign

    @property
    def notes(self) -> Sequence[str]:
        """See `Source`."""
        return self._source.notes

    def files(self) -> list[Listed]:
        """See `Source`."""
        chosen: list[Listed] = []
        size = 0
        for file in sorted(self._source.files(), key=self._place):
            if size >= self._most:
                break
            if file.size > 0:
                chosen.append(file)
                size += file.size
        return sorted(chosen, key=lambda file: (file.repo, file.path))

    def rules(self) -> dict[str, str]:
        """See `Source`."""
        return self._source.rules()

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes | None]]:
        """See `Source`."""
        return self._source.read(files)

    def _place(self, file: Listed) -> bytes:
        return hashlib.sha256(f"{self._seed}:{file.repo}:{file.path}".encode()).digest()


class Mixed:
    """Samples of the repository and of general code in a fixed proportion; by their number, as both
    of them are."""

    def __init__(self, own: Samples, general: Samples, share: float) -> None:
        """`share` of all samples is general code; 0 <= share < 1."""
        self._own = own
        self._general = general
        self._share = share

    def batch(self, numbers: Sequence[int]) -> list[Sample]:
        """Samples of the mixture, in the order of their numbers given."""
        before = [int(k * self._share) for k in numbers]
        is_general = [int((k + 1) * self._share) > n for k, n in zip(numbers, before, strict=True)]
        all_three = list(zip(numbers, before, is_general, strict=True))
        general = iter(self._general.batch([n for _, n, taken in all_three if taken]))
        own = iter(self._own.batch([k - n for k, n, taken in all_three if not taken]))
        return [next(general if taken else own) for taken in is_general]
