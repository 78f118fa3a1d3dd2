"""What a completer has of the workspace: its searches, and the texts that the cache model counts.

Knows no request and no answer; either part may be missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from beadline.completion.cache_files import CacheFiles
from beadline.completion.snippets import Retrieves
from beadline.context.types import Document
from beadline.engine.protocol import ModelInfo
from beadline.settings import Options


class Around:
    """Tells both of what happens in the editor."""

    def __init__(
        self, retriever: Retrieves | None, cache_files: CacheFiles | None, options: Options
    ) -> None:
        self._retriever = retriever
        self._cache_files = cache_files
        self._options = options

    def serve(self, info: ModelInfo | None) -> None:
        """Answers come from this model from now on."""
        if self._cache_files is not None and info is not None:
            self._cache_files.start(info)

    def open(self, document: Document) -> None:
        """A document opened or changed."""
        if self._cache_files is not None:
            self._cache_files.open(document)
        if self._retriever is not None:
            self._retriever.open(document)
            counted = self._cache_files is not None and self._options.engine.cache_model
            if counted or self._options.context.snippet_tokens:
                self._retriever.start()

    def closed(self, key: str) -> None:
        """A document closed."""
        for part in self._parts():
            part.closed(key)

    def set_folders(self, folders: Sequence[Path]) -> None:
        """The workspace has other folders now."""
        for part in self._parts():
            part.set_folders(folders)

    def files_changed(self) -> None:
        """Something on the disk changed."""
        for part in self._parts():
            part.files_changed()

    def reconfigure(self, options: Options) -> None:
        """New options from now on."""
        self._options = options
        if self._retriever is not None:
            self._retriever.set_options(options.context)
        if self._cache_files is not None:
            self._cache_files.set_options(options)

    async def close(self) -> None:
        """Stop all of it."""
        for part in self._parts():
            await asyncio.to_thread(part.close)

    def _parts(self) -> list[Retrieves | CacheFiles]:
        return [part for part in (self._retriever, self._cache_files) if part is not None]
