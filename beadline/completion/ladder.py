"""The reuse ladder: answers that need no model. Knows texts and offsets; no engine, no syntax.

Rungs, cheapest first (after Copilot's and llama.vim's caches): typing along what is shown
(`typed`), the same cursor again (`exact`: what came of it, or the answer), a few characters further
into an answer that was computed for an earlier cursor (`prefix`). Joining a running generation is
`generation`'s part.

Cached texts are what the model wrote up to the stop rule's cut, before post-processing: the
suffix overlap and the syntax check belong to the newest document, so they are done again. Where
less was shown than the model wrote, the rest is kept for the cursor behind it (Cody's hot streak).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from beadline.completion.closers import CLOSERS, UserText, in_order
from beadline.completion.confidence import Features, Part, is_word, parts_from
from beadline.completion.types import Trace
from beadline.context.types import Document

CAPACITY = 250
"""Answers kept, and decisions; least recently used out."""
BEFORE = 512
"""Characters before the cursor by which its place is known again, and"""
AFTER = 256
"""behind it. What changes further away (the window's start, snippets, another function) does not
void an answer: it was good for these lines a moment ago."""
WALK_BACK = 128
"""Most characters typed since a cached answer."""
UNTRUSTED_TAIL = 10
"""The last characters of an answer that a limit cut are often half a word: not served again."""
_MOST_CLOSERS = 4
"""Most characters that an editor is thought to have inserted right of the cursor."""
_LIMITED = frozenset({"length", "deadline"})
_ENDED = frozenset({"eog", "newline"})
"""The model ended by itself: what the stop rule left out is whole."""
_SHOWN_DOCUMENTS = 64
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True)
class Scene:
    """What an answer is known again by."""

    key: str
    """`Document.key`."""
    language: str
    fingerprint: str
    """Model, layout and limits."""
    prefix: str
    """Text before the cursor; of a longer one only the end counts."""
    suffix: str
    """Text after the cursor; of a longer one only the start counts."""
    seen: int = 0
    """A hash of all that the model is shown, where nothing else will do."""

    @classmethod
    def at(cls, document: Document, offset: int, fingerprint: str, seen: int = 0) -> Scene:
        """The scene of a cursor."""
        text = document.text
        prefix = text[max(0, offset - BEFORE - WALK_BACK) : offset]
        suffix = text[offset : offset + AFTER]
        return cls(document.key, document.language, fingerprint, prefix, suffix, seen)

    def behind(self, text: str) -> Scene:
        """The scene after `text` was inserted at the cursor."""
        return replace(self, prefix=(self.prefix + text)[-BEFORE - WALK_BACK :])


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
    beyond: str = ""
    """What the model wrote behind the cut."""
    is_rest: bool = False
    """It is what was left over of another answer; no stop rule has seen it."""
    prompt: int = field(default=0, compare=False)
    """What the model was asked with (`prompts.Prompts.sent`); 0 where that is not known."""

    @property
    def logprob(self) -> float:
        """Mean natural log-probability of its tokens."""
        return sum(p.logprob for p in self.parts) / max(1, sum(p.tokens for p in self.parts))

    def without(self, count: int) -> Answer:
        """What is left of it behind `count` characters of its text."""
        return replace(
            self,
            text=self.text[count:],
            eog_probability=0.0 if count else self.eog_probability,
            parts=parts_from(self.parts, count),
        )

    def rest(self, shown: str) -> Answer | None:
        """What the model wrote behind the part that was shown; None when nothing was left."""
        written = self.text + self.beyond
        start = written.find(shown)
        left = written[start + len(shown) :] if start >= 0 else ""
        if all(c.isspace() or c in CLOSERS for c in left):
            return None  # closers stand behind the cursor already, the editor's or the user's
        cut = bool(self.beyond) and self.stop_reason not in _ENDED
        return Answer(
            left,
            "length" if cut else self.stop_reason,
            parts=parts_from(self.parts, start + len(shown)),
            is_rest=True,
            prompt=self.prompt,
        )


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
    visible: bool = False
    """It was shown. One that was not, for want of confidence, may be when some of it was typed."""
    prompt: int = field(default=0, compare=False)
    """Its answer's."""

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
        if not CLOSERS.issuperset(inserted) or not in_order(inserted, rest):
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


@dataclass(frozen=True)
class Decision:
    """What came of an automatic request, as far as the text at its cursor decides it."""

    shown: tuple[Shown, ...]
    silent_reason: str
    expected: str
    stop_reason: str
    eog_probability: float

    @classmethod
    def of(cls, shown: Sequence[Shown], trace: Trace) -> Decision:
        """What came of the request of `trace`."""
        return cls(
            tuple(shown),
            trace.silent_reason,
            trace.expected,
            trace.stop_reason,
            trace.eog_probability,
        )

    def tell(self, trace: Trace) -> None:
        """Fill the trace of a request that is answered by it."""
        trace.answered_from = "exact" if self.stop_reason else ""  # "": no answer was asked for
        trace.silent_reason, trace.expected = self.silent_reason, self.expected
        trace.stop_reason, trace.eog_probability = self.stop_reason, self.eog_probability


class Ladder:
    """Remembers shown suggestions, decisions and answers. Used from the event loop only."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[tuple[object, str], Answer] = OrderedDict()
        self._found: tuple[Scene, Answer | None] | None = None
        """What `find` gave last, while that holds: a request looks before it reads and after."""
        self._decisions: OrderedDict[tuple[object, ...], Decision] = OrderedDict()
        self._shown: OrderedDict[str, tuple[Shown, ...]] = OrderedDict()
        self._doubted: OrderedDict[str, Shown] = OrderedDict()

    def show(self, *shown: Shown) -> None:
        """Remember the suggestions that a document's user now sees, instead of those before."""
        _put(self._shown, shown[0].document.key, shown, _SHOWN_DOCUMENTS)

    def doubt(self, unlikely: Shown) -> None:
        """Remember what the model wrote and nobody judged, because it is too unlikely."""
        _put(self._doubted, unlikely.document.key, unlikely, _SHOWN_DOCUMENTS)

    def doubted(self, document: Document, offset: int) -> Shown | None:
        """The rest of what was doubted, for a user who types along it."""
        unlikely = self._doubted.get(document.key)
        rest = unlikely.rest(document, offset) if unlikely is not None else None
        if rest is None:
            return None
        cut = rest.stop_reason in _LIMITED and len(rest.text) <= UNTRUSTED_TAIL
        return None if cut else rest

    def typed(self, document: Document, offset: int) -> tuple[Shown, ...]:
        """The rests of the shown suggestions that the user typed along, best first.

        What they are rests of stays remembered: who goes back in what he typed finds it again.
        """
        rests = (shown.rest(document, offset) for shown in self._shown.get(document.key, ()))
        return tuple({rest.text: rest for rest in rests if rest is not None}.values())

    def shows(self, document: Document) -> bool:
        """Whether what is remembered as shown is of this very text."""
        shown = self._shown.get(document.key, ())
        return bool(shown) and shown[0].document.text == document.text

    def decide(self, user: UserText, decision: Decision) -> None:
        """Remember what came of a cursor."""
        # Without the texts: hundreds of versions of a large file would be held.
        plain = tuple(replace(s, document=replace(s.document, text="")) for s in decision.shown)
        _put(self._decisions, _of_text(user), replace(decision, shown=plain), self._capacity)

    def decided(self, user: UserText, document: Document) -> Decision | None:
        """What came of the same cursor in the same text; `document` is the editor's."""
        found = self._decisions.get(_of_text(user))
        if found is None:
            return None
        return replace(found, shown=tuple(replace(s, document=document) for s in found.shown))

    def remember(self, scene: Scene, answer: Answer) -> None:
        """Cache an answer. Cancelled generations must not be given: their text is arbitrary."""
        self._keep(_key(scene), answer)

    def keep_rest(self, scene: Scene, answer: Answer, shown: str) -> None:
        """Of `answer` for `scene` only `shown` was shown: keep what is left for the cursor behind
        it, unless the model was asked there already."""
        rest = answer.rest(shown)
        if rest is not None and (key := _key(scene.behind(shown))) not in self._answers:
            self._keep(key, rest)

    def find(self, scene: Scene) -> Answer | None:
        """The cached answer for `scene`, or the longest rest of one for an earlier cursor."""
        if self._found is None or self._found[0] != scene:
            self._found = scene, self._look(scene)
        return self._found[1]

    def _keep(self, key: tuple[object, str], answer: Answer) -> None:
        self._found = None
        _put(self._answers, key, answer, self._capacity)

    def _look(self, scene: Scene) -> Answer | None:
        if not self._answers:
            return None
        place, prefix = _place(scene), scene.prefix
        best: Answer | None = None
        for count in range(min(WALK_BACK, len(prefix)) + 1):
            end = len(prefix) - count
            key = place, prefix[max(0, end - BEFORE) : end]
            entry = self._answers.get(key)
            if entry is None or not entry.text.startswith(prefix[end:]):
                continue
            least = UNTRUSTED_TAIL if entry.stop_reason in _LIMITED else 0
            if count == 0 and not (entry.is_rest and len(entry.text) <= least):
                self._answers.move_to_end(key)
                return replace(entry, source="prefix" if entry.is_rest else "exact")
            left = len(entry.text) - count
            if left > least and (best is None or left > len(best.text)):
                self._answers.move_to_end(key)
                best = replace(entry.without(count), source="prefix")
        return best

    def forget(self, key: str) -> None:
        """A document closed: nothing of it is shown any more. Its answers age out by themselves."""
        self._shown.pop(key, None)
        self._doubted.pop(key, None)

    def clear(self) -> None:
        """The model or the options changed: every answer is void."""
        self._found = None
        self._answers.clear()
        self._decisions.clear()
        self._shown.clear()
        self._doubted.clear()


def _put(entries: OrderedDict[_K, _V], key: _K, value: _V, capacity: int) -> None:
    entries[key] = value
    entries.move_to_end(key)
    while len(entries) > capacity:
        entries.popitem(last=False)


def _place(scene: Scene) -> tuple[object, ...]:
    return scene.key, scene.language, scene.fingerprint, scene.suffix[:AFTER], scene.seen


def _key(scene: Scene) -> tuple[object, str]:
    # The texts themselves: Python hashes a slice of this size in less time than a digest takes
    # to set up, and equal keys are equal texts.
    return _place(scene), scene.prefix[-BEFORE:]


def _of_text(user: UserText) -> tuple[object, ...]:
    # A text of megabytes is known by Python's own hash (64 bits, keyed by chance at every start),
    # which is computed once for a text.
    document = user.document
    text = document.text
    return document.key, document.language, user.offset, user.closers, len(text), hash(text)
