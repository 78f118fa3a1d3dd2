"""What of a document rests in its prompts while text is typed. Knows no tokens and no engine.

A document's *frame* is everything of its prompts but the text that is being typed: where the
window starts, the anchor, the suffix as it was last sent, the snippets. As long as the frame
rests, a keystroke appends to what is evaluated already (DESIGN section 4). One frame is in use;
at most one other is prepared, and comes into use once it has been evaluated beside it, in idle
time. Requests change a frame only where a limit forces them to.

The suffix is frozen: under small edits behind the cursor it is sent as it was (after Copilot, see
`serves`). So prefix, middle and suffix are one range of the text in every prompt of a document
that nothing was sent of before, after every jump of the cursor and after every refresh in idle
time; between those the suffix may be that range of a slightly older text. What is judged and shown
is always computed on the newest text.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from beadline.context.syntax import SyntaxTree
from beadline.context.types import CursorContext, Document, Snippet, Window
from beadline.context.window import Shift, carried, line_anchor, place
from beadline.settings import ContextOptions

CHARS_PER_TOKEN = 3
"""Budget of characters per token; code has 3 to 4, and the renderer trims what is too much."""
ANCHOR_TOKENS = 96
"""Most tokens between the anchor and the cursor (DESIGN section 4)."""
_DOCUMENTS = 64
"""Documents whose frames are remembered, least recently used out."""
_COMPARED = 50
"""Words of two suffixes that are compared, and"""
_SHARE = 0.1
"""the share of them that may differ: Copilot's MAX_EDIT_DISTANCE_LENGTH and
DEFAULT_SUFFIX_MATCH_THRESHOLD."""
_WORD = re.compile(r"\w+|[^\w\s]|\n")
Asked = tuple[str, str]
"""The expression in front of the cursor whose member is wanted, and the one that is called with the
cursor among its arguments; as written, empty where there is none."""
NOTHING_ASKED: Asked = ("", "")


@dataclass(frozen=True)
class Limits:
    """Budgets in characters."""

    prefix: int
    suffix: int
    anchor: int = ANCHOR_TOKENS * CHARS_PER_TOKEN

    @classmethod
    def of(cls, options: ContextOptions) -> Limits:
        """The budgets that the options give."""
        return cls(options.prefix_tokens * CHARS_PER_TOKEN, options.suffix_tokens * CHARS_PER_TOKEN)


@dataclass(frozen=True)
class Frame:
    """What rests of a document's prompts, for one version of its text."""

    text: str
    """The document's text that the offsets are of."""
    window: Window
    """Its cursor is where `suffix` belongs."""
    suffix: str
    """As it is sent; `text[cursor:end]` unless it is frozen."""
    snippets: tuple[Snippet, ...] = ()
    """In the order of the prompt."""
    statement: int | None = None
    """Start of the statement that the snippets were searched for; None: not searched yet, or not
    for this part of the text."""
    asked: Asked = NOTHING_ASKED
    """What the cursor asked for in that statement when they were searched for."""

    @property
    def prompt(self) -> tuple[object, ...]:
        """Equal for frames of one text that give the same prompts."""
        window = self.window
        texts = tuple((snippet.path, snippet.text) for snippet in self.snippets)
        return window.start, window.anchor, self.suffix, texts

    def carried(self, text: str, offset: int) -> Frame | None:
        """The same frame for another version of the text with the cursor at `offset`; its own
        cursor is elsewhere if the user went there. None where the window's start is gone."""
        if text == self.text:
            return self
        shift = Shift.between(self.text, text, offset)
        window = carried(self.window, shift)
        if window is None:
            return None
        statement = shift.moved(self.statement) if self.statement is not None else None
        return replace(self, text=text, window=window, statement=statement)


def fit(
    before: Frame | None,
    document: Document,
    cursor: CursorContext,
    limits: Limits,
    tree: SyntaxTree | None,
    *,
    ahead: bool = False,
) -> Frame:
    """The frame for a prompt at a cursor, as much like `before` as the limits allow.

    `before` may be of another version of the text. `ahead`, for idle time: the suffix is the
    text's own, and what would soon have to move moves now.
    """
    text, offset = document.text, cursor.offset
    base = before.carried(text, offset) if before is not None else None
    previous = base.window if base is not None else None
    window = place(
        document,
        cursor,
        previous,
        prefix_chars=limits.prefix,
        suffix_chars=limits.suffix,
        anchor_chars=limits.anchor,
        tree=tree,
        ahead=ahead,
    )
    suffix = text[offset : window.end]
    statement = base.statement if base is not None else None
    asked = base.asked if base is not None else NOTHING_ASKED
    snippets = before.snippets if before is not None else ()
    if base is not None and base.window.cursor == offset and len(base.suffix) <= limits.suffix:
        if suffix == base.suffix:
            return Frame(text, window, suffix, snippets, statement, asked)
        if not ahead and serves(base.suffix, suffix):
            return Frame(text, window, base.suffix, snippets, statement, asked)
    return anchored(Frame(text, window, suffix, snippets, statement, asked), limits)


def anchored(frame: Frame, limits: Limits) -> Frame:
    """The frame with its anchor at the cursor's line: what is behind the anchor will be evaluated
    anew in any case, so it may as well stand where it stands longest."""
    window = frame.window
    anchor = line_anchor(frame.text, window.cursor, window.start, limits.anchor)
    return replace(frame, window=replace(window, anchor=anchor))


def serves(sent: str, now: str) -> bool:
    """Whether a suffix that was sent may be sent again when the text behind the cursor is `now`.

    The cursor's line must be the same to its end, and of the first words less than a tenth may
    differ by edit distance.
    """
    if sent == now:
        return True
    if sent.partition("\n")[0] != now.partition("\n")[0]:
        return False
    words = _words(now)
    return _distance(_words(sent), words) < _SHARE * len(words)


def _words(text: str) -> list[str]:
    # 16 characters a word are enough; a regex over a large window is not free.
    return _WORD.findall(text, 0, 16 * _COMPARED)[:_COMPARED]


def _distance(first: Sequence[str], second: Sequence[str]) -> int:
    """Levenshtein distance."""
    row = list(range(len(second) + 1))
    for count, one in enumerate(first, start=1):
        last, row[0] = row[0], count
        for index, other in enumerate(second, start=1):
            last, row[index] = row[index], min(
                row[index] + 1, row[index - 1] + 1, last + (one != other)
            )  # fmt: skip
    return row[-1]


@dataclass
class Held:
    """The frames of one document."""

    in_use: Frame
    sent: bool = False
    """Whether a prompt with it went to the engine: before that nothing is warm."""
    prepared: Frame | None = None
    warm: bool = False
    """Whether the prepared one has been evaluated."""

    @property
    def candidates(self) -> tuple[Frame, ...]:
        """What a request may take, first the prepared one if it is warm."""
        if self.prepared is not None and self.warm:
            return self.prepared, self.in_use
        return (self.in_use,)


class Frames:
    """The frames of recently used documents. Not thread-safe: one thread only."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Held] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: str) -> Held | None:
        """The frames of a document, if something was read of it."""
        return self._held.get(key)

    def follow(self, document: Document, offset: int) -> Held | None:
        """The document's frames, carried into its newest text: many small steps tell better what
        has moved than one large one."""
        held = self._held.get(document.key)
        if held is not None:
            held.in_use = held.in_use.carried(document.text, offset) or held.in_use
            if held.prepared is not None:
                prepared = held.prepared.carried(document.text, offset)
                held.prepared, held.warm = prepared, held.warm and prepared is not None
        return held

    def use(self, key: str, frame: Frame, *, sent: bool) -> None:
        """`frame` is the one in use. `sent`: the engine is asked with it; a prepared frame that
        was evaluated has become this one then, or did not fit."""
        held = self._held.pop(key, None) or Held(frame)
        held.in_use = frame
        if sent:
            held.sent = True
            if held.warm:
                held.prepared, held.warm = None, False
        self._held[key] = held
        while len(self._held) > _DOCUMENTS:
            self._held.popitem(last=False)

    def outdate(self, key: str) -> None:
        """The snippets of all documents but `key` may be of texts that have changed."""
        for other, held in self._held.items():
            if other != key:
                held.in_use = replace(held.in_use, statement=None)
                if held.prepared is not None:
                    held.prepared = replace(held.prepared, statement=None)

    def forget(self, key: str) -> None:
        """The document closed."""
        self._held.pop(key, None)

    def clear(self) -> None:
        """New budgets: everything is placed anew."""
        self._held.clear()
