"""The reuse ladder: answers that need no model. Knows texts and offsets; no engine, no syntax.

Rungs, cheapest first (after Copilot's and llama.vim's caches): typing along what is shown
(`typed`), the same window again (`exact`), a few characters further into an answer that was
computed for an earlier cursor (`prefix`). Joining a running generation is `generation`'s part.

Cached texts are what the model wrote up to the stop rule's cut, before post-processing: the
suffix overlap and the syntax check belong to the newest document, so they are done again.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace

from beadline.context.types import Document

CAPACITY = 250
"""Answers kept, least recently used out."""
WALK_BACK = 128
"""Most characters typed since a cached answer."""
UNTRUSTED_TAIL = 10
"""The last characters of an answer that a limit cut are often half a word: not served again."""
AUTO_CLOSED = ")]}\"'"
"""What editors insert by themselves to the right of the cursor."""
_LIMITED = frozenset({"length", "deadline"})
_SHOWN_DOCUMENTS = 64


@dataclass(frozen=True)
class Scene:
    """What an answer depends on: everything the model was shown."""

    key: str
    """`Document.key`."""
    language: str
    fingerprint: str
    """Model, layout and limits."""
    prefix: str
    """Text in the window before the cursor."""
    suffix: str
    """Text in the window after the cursor."""


@dataclass(frozen=True)
class Answer:
    """What the model wrote at a cursor, up to the stop rule's cut."""

    text: str
    stop_reason: str
    eog_probability: float = 0.0
    """Probability at the cursor that the hole is empty; 0 once something was typed."""
    source: str = "model"
    """`model`, `inflight`, `exact` or `prefix`: how this request came by it."""


@dataclass(frozen=True)
class Shown:
    """A suggestion that was answered, where it stood and what it said."""

    document: Document
    offset: int
    text: str
    expected: str
    stop_reason: str


class Ladder:
    """Remembers shown suggestions and answers. Used from the event loop only."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()
        self._shown: OrderedDict[str, Shown] = OrderedDict()

    def show(self, shown: Shown) -> None:
        """Remember the suggestion that a document's user now sees."""
        self._shown[shown.document.key] = shown
        self._shown.move_to_end(shown.document.key)
        while len(self._shown) > _SHOWN_DOCUMENTS:
            self._shown.popitem(last=False)

    def typed(self, document: Document, offset: int) -> Shown | None:
        """The rest of the shown suggestion when the user typed along it, else None.

        A closing bracket or quote that the editor inserted to the right of the cursor counts as
        suffix: when the suggestion ends with it, the rest is given without it. Accepting the rest
        always gives the very text that accepting the whole suggestion would have given.
        """
        shown = self._shown.get(document.key)
        if shown is None or shown.document.language != document.language:
            return None
        before = shown.document.text[: shown.offset]
        after = shown.document.text[shown.offset :]
        count = offset - shown.offset
        if not 0 < count < len(shown.text) or not document.text.startswith(before):
            return None
        if document.text[shown.offset : offset] != shown.text[:count]:
            return None
        closers = len(document.text) - offset - len(after)
        inserted = document.text[offset : offset + max(closers, 0)]
        if not 0 <= closers < 4 or not document.text.endswith(after):
            return None
        rest = shown.text[count:]
        if inserted:
            if any(c not in AUTO_CLOSED for c in inserted) or not rest.endswith(inserted):
                return None
            rest = rest[: -len(inserted)]
        if not rest.strip():
            return None
        return Shown(document, offset, rest, shown.expected, shown.stop_reason)

    def remember(self, scene: Scene, answer: Answer) -> None:
        """Cache an answer. Cancelled generations must not be given: their text is arbitrary."""
        key = _keys(scene, 0)[0]
        self._answers[key] = answer
        self._answers.move_to_end(key)
        while len(self._answers) > self._capacity:
            self._answers.popitem(last=False)

    def find(self, scene: Scene) -> Answer | None:
        """The cached answer for `scene`, or the longest rest of one for an earlier cursor."""
        keys = _keys(scene, min(WALK_BACK, len(scene.prefix)))
        exact = self._answers.get(keys[0])
        if exact is not None:
            self._answers.move_to_end(keys[0])
            return replace(exact, source="exact")
        best: Answer | None = None
        for count, key in enumerate(keys):
            entry = self._answers.get(key)
            if entry is None or not entry.text.startswith(scene.prefix[-count:]):
                continue
            rest = entry.text[count:]
            least = UNTRUSTED_TAIL if entry.stop_reason in _LIMITED else 0
            if len(rest) > least and (best is None or len(rest) > len(best.text)):
                self._answers.move_to_end(key)
                best = Answer(rest, entry.stop_reason, 0.0, "prefix")
        return best

    def forget(self, key: str) -> None:
        """A document closed: nothing of it is shown any more. Its answers age out by themselves."""
        self._shown.pop(key, None)

    def clear(self) -> None:
        """The model or the options changed: every answer is void."""
        self._answers.clear()
        self._shown.clear()


def _keys(scene: Scene, back: int) -> list[bytes]:
    """Keys of the scene with 0, 1, ... `back` characters taken off the prefix's end.

    The prefix is hashed last and only once: `back` keys cost one pass over the texts.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in (scene.key, scene.language, scene.fingerprint, scene.suffix):
        data = part.encode("utf-8", "surrogatepass")
        # Lengths keep ("a", "bc") and ("ab", "c") apart.
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    split = len(scene.prefix) - back
    digest.update(scene.prefix[:split].encode("utf-8", "surrogatepass"))
    keys = [digest.digest()]
    for character in scene.prefix[split:]:
        digest.update(character.encode("utf-8", "surrogatepass"))
        keys.append(digest.digest())
    return keys[::-1]
