"""Which documents' states are kept and read back, and when that pays. Knows no file formats.

A state is read when the first prompt of its document comes, and only where reading its bytes is
faster than evaluating the tokens it would save. It is kept under the same rule.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from beadline.engine.llama.sequences import LEAST_GAIN, Slot
from beadline.engine.llama.state import Header, StateFiles, digest

READ_BYTES_PER_S = 100e6
"""Speed of reading a state, check and copy included: that of a hard disk. From the page cache it
is three to ten times that (1 ms a MiB for the checksum, 0.4 for the copy, on two busy cores)."""


class Memory(Protocol):
    """What is needed of `native.Context`."""

    def state_bytes(self, sequence: int) -> int: ...

    def state(self, sequence: int) -> memoryview | None: ...

    def restore(self, sequence: int, state: bytearray) -> bool: ...


class SavedStates:
    """Implements `sequences.Saved` over files. Reads nothing but headers until it is asked."""

    def __init__(
        self,
        memory: Memory,
        files: StateFiles,
        *,
        identity: str,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`tell` gets a line for the log on every decision; no text, no names of documents."""
        self._memory = memory
        self._files = files
        self._identity = identity
        self._tell = tell
        self._clock = clock
        self._headers = files.find()
        self._offered = dict(self._headers)
        """Those not restored yet."""
        self._tokens_per_s = max((h.tokens_per_s for h in self._headers.values()), default=0.0)
        """Remembered, until this run has measured."""
        self._evaluated, self._seconds = 0, 0.0

    def measured(self, tokens: int, seconds: float) -> None:
        """So many prompt tokens were evaluated in so long."""
        # A few tokens take as long as one each; a prompt's chunks do not.
        if tokens >= LEAST_GAIN and seconds > 0:
            self._evaluated += tokens
            self._seconds += seconds
            self._tokens_per_s = self._evaluated / self._seconds

    def tokens(self, key: str) -> Sequence[int]:
        header = self._offered.get(digest(key))
        return header.tokens if header else ()

    def pays(self, key: str, gain: int) -> bool:
        size = self._offered[digest(key)].payload_bytes
        pays = self._pays(size, gain)
        if not pays:
            self._tell(
                f"saved state not read: {size} bytes for {gain} tokens "
                f"at {self._tokens_per_s:.0f} tokens/s"
            )
        return pays

    def restore(self, key: str, sequence: int) -> bool:
        name = digest(key)
        header = self._offered.pop(name)
        began = self._clock()
        payload = self._files.read(name, header)
        restored = payload is not None and self._memory.restore(sequence, payload)
        self._tell(
            f"saved state {'read' if restored else 'could not be read'}: {len(header.tokens)} "
            f"tokens, {header.payload_bytes} bytes, {1000 * (self._clock() - began):.0f} ms"
        )
        return restored

    def save(self, documents: Iterable[tuple[str, Slot]], *, seconds: float) -> int:
        """Keep the states of `documents`, most recently used first, as far as there is room and
        `seconds` last; how many are kept.
        """
        deadline = self._clock() + seconds
        now, kept = time.time(), 0
        for age, (key, slot) in enumerate(documents):
            if self._clock() >= deadline:
                break
            # Files are as old as their documents: the oldest go first when there is no room.
            kept += self._save(digest(key), slot, now - age, lambda: self._clock() >= deadline)
        self._files.trim()
        return kept

    def _save(self, name: str, slot: Slot, used: float, must_stop: Callable[[], bool]) -> bool:
        known = self._headers.get(name)
        if known and known.tokens == slot.tokens and self._files.touch(name, used):
            return True
        size = self._memory.state_bytes(slot.number)
        pays = len(slot.tokens) >= LEAST_GAIN and self._pays(size, len(slot.tokens))
        if not pays or not self._files.has_room(size):
            return False
        state = self._memory.state(slot.number)
        if state is None:
            self._tell(f"saved state not written: {size} bytes that cannot be read out now")
            return False
        header = Header(
            identity=self._identity,
            key=name,
            tokens=list(slot.tokens),
            payload_bytes=len(state),
            payload_checksum=zlib.crc32(state),
            tokens_per_s=self._tokens_per_s,
        )
        if not self._files.write(header, state, used=used, must_stop=must_stop):
            return False
        self._headers[name] = header
        return True

    def _pays(self, size: int, gain: int) -> bool:
        speed = self._tokens_per_s
        return speed > 0 and gain / speed > size / READ_BYTES_PER_S
