"""Which adapter an engine's requests are served with, whatever becomes of its workers.

Knows what was asked for and what the worker has; sends nothing.
"""

from __future__ import annotations

from pathlib import Path

from beadline.engine.llama.messages import NO_ADAPTER
from beadline.engine.llama.stream import Adapter, AdapterJob
from beadline.engine.protocol import ModelInfo, adapter_key


class Adapting:
    """The adapter of the requests that are queued now, and the worker's."""

    def __init__(self) -> None:
        self._wanted: Adapter | None = None
        self.applied: Adapter | None = None
        """What the worker has in use, and the next one begins with."""

    @property
    def key(self) -> str:
        """Of what is wanted: see `engine.protocol.adapter_key`."""
        return adapter_key(Path(self._wanted[0]), self._wanted[1]) if self._wanted else ""

    def job(self, number: int, path: Path | None, scale: float) -> AdapterJob:
        """What has the requests after it served with an adapter, or with none."""
        self._wanted = (str(path.absolute()), scale) if path is not None else None
        job = AdapterJob(number, self._wanted, self._ended)
        # Nobody has to wait for it.
        job.result.add_done_callback(lambda done: done.cancelled() or done.exception())
        return job

    def opened(self, info: ModelInfo) -> None:
        """A worker was started with `applied`."""
        if NO_ADAPTER in info.details:
            if self._wanted == self.applied:
                self._wanted = None
            self.applied = None

    def _ended(self, job: AdapterJob, done: bool) -> None:
        self.applied = job.adapter if done else None
        if not done and self._wanted == job.adapter:
            self._wanted = None
