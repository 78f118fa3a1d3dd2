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

from beadline.completion.closers import CLOSERS
from beadline.completion.confidence import Features, Part, is_word, parts_from
from beadline.context.types import Document

CAPACITY = 250
"""Answers kept, least recently used out."""
WALK_BACK = 128
"""Most characters typed since a cached answer."""
UNTRUSTED_TAIL = 10
"""The last characters of an answer that a limit cut are often half a word: not served again."""
_MOST_CLOSERS = 4
"""Most characters that an editor is thought to have inserted right of the cursor."""
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
    parts: tuple[Part, ...] = ()
    """`text`, and what may follow it, with probabilities."""
    source: str = "model"
    """`model`, `inflight`, `exact` or `prefix`: how this request came by it."""

    @property
    def logprob(self) -> float:
        """Mean natural log-probability of its tokens."""
        return sum(p.logprob for p in self.parts) / max(1, sum(p.tokens for p in self.parts))


@dataclass(frozen=True)
class Shown:
    """A suggestion that was answered: `text` in place of [offset, end) of `document`."""

    document: Document
    offset: int
    end: int
    text: str
    expected: str
    stop_reason: str
    parts: tuple[Part, ...] = ()
    """Of `text`, with probabilities."""
    features: Features | None = None

    def rest(self, document: Document, offset: int) -> Shown | None:
        """What is left of it for a user who typed along it up to `offset`, else None.

        Closers that the editor inserted to the right of the cursor count as not typed: they are
        taken off the rest's end, or replaced. Accepting the rest gives the very text that
        accepting the whole suggestion would have given.
        """
        before, after = self.document.text[: self.offset], self.document.text[self.end :]
        text, count = document.text, offset - self.offset
        if document.language != self.document.language or not 0 < count < len(self.text):
            return None
        if not text.startswith(before) or text[self.offset : offset] != self.text[:count]:
            return None
        size = len(text) - offset - len(after)
        if not 0 <= size <= _MOST_CLOSERS or not text.endswith(after):
            return None
        rest, inserted = self.text[count:], text[offset : offset + size]
        if not CLOSERS.issuperset(inserted) or not _in_order(inserted, rest):
            return None
        if rest.endswith(inserted):
            rest, size = rest[: len(rest) - size], 0
        if not rest.strip():
            return None
        parts = parts_from(self.parts, count)
        features = self.features
        if features is not None:
            mid_word = is_word(self.text[count - 1]) and is_word(rest[0])
            features = features.of_rest(rest, parts, mid_word=mid_word)
        return replace(
            self,
            document=document,
            offset=offset,
            end=offset + size,
            text=rest,
            parts=parts,
            features=features,
        )


class Ladder:
    """Remembers shown suggestions and answers. Used from the event loop only."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()
        self._shown: OrderedDict[str, tuple[Shown, ...]] = OrderedDict()

    def show(self, *shown: Shown) -> None:
        """Remember the suggestions that a document's user now sees, instead of those before."""
        key = shown[0].document.key
        self._shown[key] = shown
        self._shown.move_to_end(key)
        while len(self._shown) > _SHOWN_DOCUMENTS:
            self._shown.popitem(last=False)

    def typed(self, document: Document, offset: int) -> tuple[Shown, ...]:
        """The rests of the shown suggestions that the user typed along, best first."""
        rests = (shown.rest(document, offset) for shown in self._shown.get(document.key, ()))
        return tuple({rest.text: rest for rest in rests if rest is not None}.values())

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
                parts = parts_from(entry.parts, count)
                best = Answer(rest, entry.stop_reason, 0.0, parts, "prefix")
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


def _in_order(characters: str, text: str) -> bool:
    """Whether `text` has the characters in their order, with anything between them."""
    rest = iter(text)
    return all(character in rest for character in characters)
