"""Readings of documents for those who wait on the event loop. Knows no model and no answers.

Parsing and searching are done on the context thread (`reading`); here is what a request has to
say to get them.
"""

from __future__ import annotations

from beadline.completion import snippets
from beadline.completion.clock import ContextThread
from beadline.completion.closers import AutoClosed, UserText
from beadline.completion.loading import Loader
from beadline.completion.reading import Guides, Reader, Reading
from beadline.completion.snippets import Retrieves
from beadline.completion.types import CompletionRequest, Trace
from beadline.context.types import Document, Interrupted
from beadline.settings import Options


class Readings:
    """Reads documents as their users typed them. Belongs to one event loop."""

    def __init__(
        self,
        thread: ContextThread,
        loader: Loader,
        retriever: Retrieves | None,
        options: Options,
        guides: Guides | None = None,
    ) -> None:
        self._thread = thread
        self._loader = loader
        self._searches = retriever is not None
        self._options = options.context
        self._reader = Reader(retriever, guides)
        self._due: Reading | None = None
        """Its guidance is not whole."""
        self._closers = AutoClosed()
        self._closers.replaceable = options.completion.replace_closers

    def see(self, document: Document) -> None:
        """The newest text of a document."""
        self._closers.see(document)

    def edited(self, document: Document, offset: int | None) -> tuple[Document, int | None]:
        """The newest text after a change; the user's text, and the cursor as far as known."""
        self.others_changed(document.key)
        return self._closers.edited(document, offset)

    def user_text(self, request: CompletionRequest) -> UserText:
        """The request's text without closers that its editor inserted."""
        offset = min(max(request.offset, 0), len(request.document.text))
        if request.entry is not None:  # a text that nobody typed says nothing about what was
            return UserText(request.document, offset)
        return self._closers.without(request.document, offset)

    async def read(
        self, user: UserText, trace: Trace, *, imagined: bool = False, guided: bool = True
    ) -> Reading:
        """Read a text. Raises `UnicodeEncodeError` for one that no model can read. `guided`: the
        model may be asked with it."""
        options, reader = self._options, self._reader
        reading = await self._thread.run(
            trace,
            lambda: reader.read(
                user.document, user.offset, options, imagined=imagined, guided=guided
            ),
        )
        if reading.guidance_due or not guided:
            self._due = reading
        return reading

    async def guided(self, reading: Reading, trace: Trace) -> Reading:
        """A reading that the model can be asked with."""
        reading = await self._thread.run(trace, lambda: self._reader.guided(reading))
        if reading.guidance_due:
            self._due = reading
        return reading

    async def with_snippets(self, reading: Reading, trace: Trace) -> Reading:
        """The reading with the snippets that its prompt holds; searched for only while nothing of
        the document is warm."""
        if not self._searches:
            return reading
        if reading.cold:
            most, reader = self._most_chars(), self._reader
            reading = await self._thread.run(
                trace, lambda: reader.with_snippets(reading, max_chars=most)
            )
        trace.snippets = snippets.in_trace(reading.snippets)
        trace.older_snippets = reading.older_snippets
        return reading

    async def prepare(
        self, document: Document, offset: int, trace: Trace, interrupted: Interrupted
    ) -> Reading | None:
        """In idle time: the reading whose prompt should be evaluated beside the one in use.

        `interrupted`, asked by the context thread: whether idle time has ended.
        """
        user = self._closers.without(document, offset)
        options, reader, most = self._options, self._reader, self._most_chars()
        reading = await self._thread.run(
            trace,
            lambda: reader.prepare(
                user.document, user.offset, options, max_chars=most, interrupted=interrupted
            ),
        )
        if reading is not None:
            trace.snippets = snippets.in_trace(reading.snippets)
        return reading

    async def is_unsearched(self, key: str) -> bool:
        """Whether a document was asked about before its workspace could be searched."""
        return await self._thread.run(Trace(), lambda: self._reader.is_unsearched(key))

    def sent(self, reading: Reading) -> None:
        """The engine is asked with this reading."""
        self._thread.post(lambda: self._reader.sent(reading))
        self.look_ahead()

    def look_ahead(self) -> None:
        """The engine works, or the request was answered: there is time to look up what was left out
        of a reading's guidance."""
        due, self._due = self._due, None
        if due is not None:
            self._thread.post(lambda: self._reader.guide(due))

    def warmed(self, reading: Reading) -> None:
        """The prompt of a prepared reading has been evaluated."""
        self._thread.post(lambda: self._reader.warmed(reading))

    def others_changed(self, key: str) -> None:
        """Another text than the document `key` changed: the snippets of all others may be old."""
        if self._searches:
            self._thread.post(lambda: self._reader.others_changed(key))

    def forget(self, key: str) -> None:
        """The document closed."""
        self._closers.forget(key)
        self._thread.post(lambda: self._reader.forget(key))

    def reconfigure(self, options: Options) -> None:
        """New options from now on."""
        self._closers.replaceable = options.completion.replace_closers
        if options.context != self._options:
            self._options = options.context
            self._thread.post(self._reader.clear)

    def _most_chars(self) -> int:
        info = self._loader.info
        return snippets.most_chars(
            self._options.snippet_tokens, info.context_tokens if info is not None else 0
        )
