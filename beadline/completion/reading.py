"""Reads a document for one request: tree, cursor, frame, guidance. Knows no event loop.

Everything here runs on one thread of its own, because parsing a large file takes longer than a
keystroke may wait and because parser state belongs to one thread. A search for snippets takes
longer still: a request makes one only while nothing of its document is warm, else it is made in
idle time (`prepare`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from beadline.completion.frames import (
    NOTHING_ASKED,
    Asked,
    Frame,
    Frames,
    Limits,
    anchored,
    fit,
)
from beadline.completion.snippets import Retrieves, in_prompt_order
from beadline.context import languages
from beadline.context.cursor import read_cursor
from beadline.context.hole import Hole, look
from beadline.context.symbols.resolve.chains import start_of
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import (
    CursorContext,
    Document,
    Interrupted,
    SearchInterrupted,
    Snippet,
    Window,
)
from beadline.engine.guidance import Guidance
from beadline.settings import ContextOptions

_JOINT = re.compile(r"[?!]?(?:\.|::|->)\w*\Z")
"""Between a receiver and the cursor."""
_JOINT_CHARS = 100
_DEFINES = re.compile(r"\b(?:def|func|fn|fun|function|class|sub)\s+\Z")
"""What stands before the brackets of parameters, which are no call's."""


@dataclass(frozen=True)
class Reading:
    """What one request needs to know about its document; an immutable snapshot."""

    document: Document
    cursor: CursorContext
    tree: SyntaxTree | None
    frame: Frame
    """Of this text, with this cursor."""
    cold: bool = True
    """Nothing was sent of the document yet, so nothing of it is warm."""
    moves: bool = True
    """Its prompt begins otherwise than the last one: more than what was typed is evaluated."""
    older_snippets: bool = False
    """Other snippets are being evaluated, or will be searched for in the next idle time."""
    guidance: Guidance | None = None
    """What else is known of the cursor; None: nothing."""
    guidance_due: bool = False
    """The names that can follow have not been looked up for it (`Reader.guide`)."""
    guided: bool = False
    """It has its guidance, if there is any; else the model is not to be asked with it."""

    @property
    def window(self) -> Window:
        """The range of the text around the cursor that goes into the prompt."""
        return self.frame.window

    @property
    def snippets(self) -> tuple[Snippet, ...]:
        """From other files, in the order of the prompt."""
        return self.frame.snippets

    def split(self) -> tuple[str, str]:
        """Prefix and suffix as the model is shown them; the suffix may be frozen (`frames`)."""
        return self.window.split(self.document.text)[0], self.frame.suffix

    @cached_property
    def hole(self) -> Hole:
        """The text around the cursor by lines and brackets."""
        offset = self.cursor.offset
        if self.tree is not None:
            return self.tree.hole_at(offset)
        return look(self.document.text, offset, languages.get(self.document.language))

    @property
    def statement(self) -> int:
        """Where the cursor's statement starts."""
        return self.hole.scanned.start

    @cached_property
    def asked(self) -> Asked:
        """What the cursor asks for within its statement."""
        text, offset = self.document.text, self.cursor.offset
        receiver = callee = ""
        if (joint := _JOINT.search(text, max(0, offset - _JOINT_CHARS), offset)) is not None:
            receiver = text[start_of(text, joint.start()) : joint.start()]
        for bracket, at in reversed(self.hole.scanned.stack):
            if bracket == "{":
                break
            start = start_of(text, at)
            if bracket == "(" and not _DEFINES.search(text, max(0, start - _JOINT_CHARS), start):
                callee = text[start:at]
                break
        return receiver, callee

    def is_outdated(self, frame: Frame) -> bool:
        """Whether the snippets of a frame were searched for at a place that asked for less."""
        if frame.statement != self.statement:
            return True
        return self.asked not in (NOTHING_ASKED, frame.asked)


class Guides(Protocol):
    """Tells what else is known of a cursor (`guiding.Guiding`)."""

    def guided(self, reading: Reading, *, at_once: bool = True) -> Reading: ...

    def prepare(self, reading: Reading) -> None: ...

    def others_changed(self, key: str) -> None: ...


class Reader:
    """Keeps trees and frames of recently read documents. Not thread-safe: one thread only."""

    def __init__(self, retriever: Retrieves | None = None, guides: Guides | None = None) -> None:
        """`guides`: None leaves readings without guidance."""
        self._retriever = retriever
        self._guides = guides
        self._trees = SyntaxTrees()
        self._frames = Frames()

    def read(
        self,
        document: Document,
        offset: int,
        options: ContextOptions,
        *,
        imagined: bool = False,
        guided: bool = True,
    ) -> Reading:
        """Parse (incrementally), classify the cursor and fit the document's frame to it.

        `imagined`: no editor has this text, so what it moves is not remembered; `guided`: the
        model may be asked with it. Raises `UnicodeEncodeError` for lone surrogates in the window:
        no model can read them.
        """
        held = self._frames.get(document.key)
        if not imagined:
            held = self._frames.follow(document, offset)
        tree = self._trees.parse(document)
        cursor = read_cursor(document, offset, tree)
        limits = Limits.of(options)
        frame, moves = None, True
        for before in held.candidates if held is not None else ():
            base = before.carried(document.text, offset)
            frame = fit(base or before, document, cursor, limits, tree)
            moves = base is None or base.prompt != frame.prompt
            if base is not None and base.window.start == frame.window.start:
                break
        if frame is None:
            frame = fit(None, document, cursor, limits, tree)
        cold = held is None or not held.sent
        reading = Reading(document, cursor, tree, frame, cold, moves)
        _encode(reading)
        # Somebody waits, unless this is done ahead, or everything has to be read for a first time.
        if guided:
            reading = self._guided(reading, at_once=cold or imagined)
        if held is None or self._retriever is None or not options.snippet_tokens:
            return reading
        due = reading.is_outdated(frame)
        known = held.prepared is not None and held.prepared.snippets != frame.snippets
        return replace(reading, older_snippets=due or known)

    def with_snippets(self, reading: Reading, *, max_chars: int) -> Reading:
        """A cold reading with snippets of at most `max_chars` characters together; without any
        while the workspace has not been read."""
        if not reading.is_outdated(reading.frame):
            return reading
        found = self._search(reading, reading.frame, max_chars)
        self._frames.use(reading.document.key, found, sent=False)
        reading = replace(reading, frame=found, older_snippets=found.statement is None)
        # The search has read the document as well.
        return self._guided(reading)

    def sent(self, reading: Reading) -> None:
        """The engine is asked with the reading's frame."""
        self._frames.use(reading.document.key, reading.frame, sent=True)

    def prepare(
        self,
        document: Document,
        offset: int,
        options: ContextOptions,
        *,
        max_chars: int,
        interrupted: Interrupted | None = None,
    ) -> Reading | None:
        """In idle time: the frame that the document should have by now, if it is another one.

        To be told (`warmed`) when its prompt has been evaluated; requests have the old one until
        then. `interrupted`: whether somebody waits by now, for whom the search is given up; the
        next idle time begins it anew.
        """
        held = self._frames.follow(document, offset)
        if held is None or not held.sent:
            return None
        tree = self._trees.parse(document)
        cursor = read_cursor(document, offset, tree)
        limits = Limits.of(options)
        newest = held.candidates[0]
        base = newest.carried(document.text, offset)
        frame = fit(newest, document, cursor, limits, tree, ahead=True)
        reading = Reading(document, cursor, tree, frame, cold=False)
        _encode(reading)
        if reading.is_outdated(frame):
            try:
                frame = self._search(reading, frame, max_chars, interrupted)
            except SearchInterrupted:
                return None
            self._guided(reading)  # the next key of the statement finds what this looked up
        if base is not None and base.prompt != frame.prompt:
            frame = anchored(frame, limits)
        if base is not None and base.prompt == frame.prompt:
            # The same prompt: it is only known better what it is for.
            if newest is held.in_use:
                held.in_use, held.prepared = frame, None
            else:
                held.prepared = frame
            return None
        # What was evaluated beside is as warm as what was asked with, and newer.
        held.in_use, held.prepared, held.warm = newest, frame, False
        return replace(reading, frame=frame)

    def warmed(self, reading: Reading) -> None:
        """The prompt of a prepared frame has been evaluated: requests take it from now on."""
        held = self._frames.get(reading.document.key)
        if held is not None and held.prepared is not None:
            prepared = held.prepared.carried(reading.document.text, reading.cursor.offset)
            held.warm = prepared is not None and prepared.prompt == reading.frame.prompt

    def is_unsearched(self, key: str) -> bool:
        """Whether a document's newest frame has no snippets because the workspace has not been
        read yet."""
        held = self._frames.get(key)
        return held is not None and held.sent and held.candidates[0].statement is None

    def others_changed(self, key: str) -> None:
        """Another text than the document `key` changed: the other frames' snippets are searched
        for anew in idle time."""
        self._frames.outdate(key)
        if self._guides is not None:
            self._guides.others_changed(key)

    def forget(self, key: str) -> None:
        """The document closed."""
        self._frames.forget(key)
        self._trees.forget(key)

    def clear(self) -> None:
        """Other budgets hold: all frames are placed anew."""
        self._frames.clear()

    def guided(self, reading: Reading) -> Reading:
        """A reading that was made without guidance, with it; a request waits."""
        return self._guided(reading, at_once=reading.cold)

    def guide(self, reading: Reading) -> None:
        """Behind an answer: look up what was left out of its guidance, for the next key."""
        if self._guides is not None:
            self._guides.prepare(reading)

    def _guided(self, reading: Reading, *, at_once: bool = True) -> Reading:
        if self._guides is None:
            return replace(reading, guided=True)
        return self._guides.guided(reading, at_once=at_once)

    def _search(
        self,
        reading: Reading,
        frame: Frame,
        max_chars: int,
        interrupted: Interrupted | None = None,
    ) -> Frame:
        """The frame with the snippets for the reading's cursor; as it is while there are none."""
        retriever, document = self._retriever, reading.document
        if retriever is None or max_chars <= 0:
            return replace(frame, snippets=(), statement=reading.statement, asked=reading.asked)
        retriever.start()
        if not retriever.ready(0.0):
            return frame
        found = retriever.search(
            document,
            reading.cursor.offset,
            max_chars=max_chars,
            tree=reading.tree,
            interrupted=interrupted,
        )
        snippets = in_prompt_order(found, frame.snippets, max_chars=max_chars, own=document.path)
        return replace(frame, snippets=snippets, statement=reading.statement, asked=reading.asked)


def _encode(reading: Reading) -> None:
    """Raises `UnicodeEncodeError` for a text that no model can read."""
    for text in reading.split():
        text.encode("utf-8")
