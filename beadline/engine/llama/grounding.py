"""The cache model for the requests of one loaded model. Knows no KV state and no messages.

Joins the model's vocabulary with `engine.cache_model`: texts of requests become tokens, stores are
mapped, and both the scopes of one generation.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from beadline.engine.cache_model.array import DEPTH, SEPARATOR
from beadline.engine.cache_model.distribution import Scope
from beadline.engine.cache_model.ending import Behind, Openings
from beadline.engine.cache_model.guide import CacheGuide
from beadline.engine.cache_model.interpolation import Weights
from beadline.engine.cache_model.ranges import Ranges
from beadline.engine.cache_model.scopes import Cursor, Scopes
from beadline.engine.cache_model.seam import Seam, split
from beadline.engine.cache_model.sources import IndexSource, Source, TextSource
from beadline.engine.cache_model.store import Arrays, Store
from beadline.engine.cache_model.tokens import Tokens
from beadline.engine.guidance import Cache, CacheText
from beadline.engine.llama.prompts import Prompts
from beadline.engine.protocol import FimRequest, RenderedPrompt

OPEN_S = 0.02
"""Seconds that a request may wait for open files' tokens; the next one has more of them."""
BEHIND = 64
"""Characters behind the cursor that tell whether a token may be their beginning."""
_STORES = 4
"""Repositories that are kept mapped."""


class Grounding:
    """Makes the guide that knows the repository. Remembers tokens and maps from one to the next."""

    def __init__(
        self,
        prompts: Prompts,
        weights: Weights,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._weights = weights
        self._clock = clock
        self._vocabulary = prompts.vocabulary
        self._openings = Openings(self._vocabulary.spell)
        self._tokens = Tokens(self._vocabulary.encode_anew)
        ends = prompts.stop | self._vocabulary.control
        self._ends = np.array(sorted(ends), dtype=np.int64)
        # The tokens of such a family are not those of the middle: it says the line first.
        self._apart = prompts.form.family.repeats_line
        self._stores: OrderedDict[str, tuple[tuple[int, ...], Arrays]] = OrderedDict()
        self._opened: tuple[tuple[CacheText, ...], np.ndarray] = (), np.zeros(0, dtype=np.uint32)
        """The open files that were asked about last, all of their tokens known."""
        self._ranges: tuple[tuple[Arrays, frozenset[str], str] | None, list[Ranges]] = None, []
        """What was looked up in last, and what of it did not count and what was near."""

    def guide(self, request: FimRequest, prompt: RenderedPrompt) -> CacheGuide | None:
        """The guide of a request; None where its guidance holds no cache."""
        cache = request.guidance.cache if request.guidance is not None else None
        if cache is None or self._apart:
            return None
        before, seam = self._before(cache.prefix, prompt.typed)
        behind = self._tokens.of([cache.suffix])
        separator = np.array([SEPARATOR], dtype=np.uint32)
        buffer, opened = np.concatenate([before, separator, behind]), self._open(cache.open)

        def scopes(cursor: Cursor | None = None) -> Scopes:
            sources: list[Source] = [TextSource(buffer, Scope.BUFFER)]
            if len(opened):
                sources.append(TextSource(opened, Scope.OPEN))
            return Scopes([*sources, *self._indexes(cache)], cursor)

        if seam is None:
            seam = Seam(b"", self._vocabulary.encode_anew, self._vocabulary.spell)
        cursor = Cursor(seam, tuple(seam.tokens()), scopes())
        return CacheGuide(
            scopes(cursor),
            before[-DEPTH:].tolist(),
            self._weights,
            self._ends,
            behind=Behind(cache.suffix[:BEHIND], self._openings),
            alone=cache.alone,
        )

    def _before(self, prefix: str, typed: bytes) -> tuple[np.ndarray, Seam | None]:
        """Tokens of what stands before the cursor, less what decoding spells, and what is left
        between them and the cursor.
        """
        if typed:
            return self._tokens.of([_untyped(prefix, typed)]), None
        start = prefix.rfind("\n") + 1
        line, seam = split(prefix[start:], self._vocabulary.encode_anew, self._vocabulary.spell)
        whole = self._tokens.of([prefix[:start]])
        return np.append(whole, np.array(line, dtype=np.uint32)), seam

    def _open(self, texts: tuple[CacheText, ...]) -> np.ndarray:
        """Tokens of open files, as far as there is time."""
        known, tokens = self._opened
        if texts == known:
            return tokens
        deadline = self._clock() + OPEN_S
        late = False

        def go_on() -> bool:
            nonlocal late
            late = late or self._clock() >= deadline
            return not late

        found: list[np.ndarray] = []
        for text in texts:
            found += [
                self._tokens.of(text.parts, go_on=go_on),
                np.array([SEPARATOR], dtype=np.uint32),
            ]
        tokens = np.concatenate(found) if found else np.zeros(0, dtype=np.uint32)
        if not late:
            self._opened = texts, tokens
        return tokens

    def _indexes(self, cache: Cache) -> list[Source]:
        arrays = self._arrays(cache.store) if cache.store else Arrays()
        folder = cache.path.rpartition("/")[0]
        # Their buffers are the truth; of the current file above all, which has the hole filled.
        buffers = frozenset({cache.path, *(text.path for text in cache.open)})
        known, ranges = self._ranges
        seen_from = arrays, buffers, folder
        if known is None or known[0] is not arrays or known[1:] != seen_from[1:]:
            ranges = []
            if arrays.overlay is not None:
                ranges.append(Ranges(arrays.overlay, buffers, folder))
            if arrays.base is not None:
                ranges.append(Ranges(arrays.base, buffers | arrays.dead, folder))
            self._ranges = seen_from, ranges
        return [IndexSource(each) for each in ranges]

    def _arrays(self, folder: str) -> Arrays:
        """What is in a store now."""
        store = Store(Path(folder))
        stamp = store.stamp()
        known = self._stores.pop(folder, None)
        if known is None or known[0] != stamp:
            known = stamp, store.arrays(known[1] if known is not None else None)
        self._stores[folder] = known
        if len(self._stores) > _STORES:
            self._stores.popitem(last=False)
        return known[1]


def _untyped(prefix: str, typed: bytes) -> str:
    """`prefix` without the bytes that decoding spells."""
    if not typed:
        return prefix
    data = prefix.encode("utf-8", "replace")
    return data[: len(data) - len(typed)].decode("utf-8", "ignore")
