"""The frozen values that `context` hands out. Knows no parser and no model.

Offsets are Unicode code points into LF-normalised text, the unit of Python's `str`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

Interrupted = Callable[[], bool]
"""Whether what was begun in idle time should be given up; asked from the thread that does it."""


class SearchInterrupted(Exception):
    """A search was given up, as was asked for; nobody is told of it."""


class Expected(StrEnum):
    """What the syntax around the cursor asks for."""

    NOTHING = "nothing"
    """The statement is complete; any text here would be noise."""
    LINE = "line"
    """The rest of this line."""
    BLOCK = "block"
    """A body of one or more lines."""


@dataclass(frozen=True)
class Document:
    """A snapshot of one text: what was open in the editor, or read from the disk."""

    key: str
    """Identity across versions: the URI, or the absolute path."""
    path: str
    """Path relative to the workspace, forward slashes; the file name when there is none."""
    language: str
    """Language id (`python`, `plaintext`, ...)."""
    text: str
    """Whole text, LF line ends."""
    repo: str = ""
    """Name of the workspace folder."""


@dataclass(frozen=True)
class Scope:
    """One enclosing definition, outermost first in `CursorContext.scopes`."""

    kind: str
    name: str
    start: int
    """Offset of the definition's first character."""
    body: int
    """Offset where its body starts; equals the end of the header when there is no body yet."""


@dataclass(frozen=True)
class CursorContext:
    """What `context.cursor` read off the tree."""

    offset: int
    expected: Expected
    reason: str
    """Why: `complete_statement`, `open_block`, `inside_statement`, `comment`, `string`, ..."""
    scopes: tuple[Scope, ...] = ()
    node: str = ""
    """Kind of the smallest node at the cursor."""
    in_comment: bool = False
    in_string: bool = False
    indent: str = ""
    """White space a new statement at the cursor's scope starts with."""


@dataclass(frozen=True)
class Window:
    """The part of a document that goes into the prompt; a contiguous range around the cursor."""

    start: int
    anchor: int
    cursor: int
    end: int
    """Offsets into the document, start <= anchor <= cursor <= end."""

    def split(self, text: str) -> tuple[str, str]:
        """Prefix and suffix of `text` inside the window."""
        return text[self.start : self.cursor], text[self.cursor : self.end]


@dataclass(frozen=True)
class Snippet:
    """Text of another file, or of a far part of the current one, that may help at the cursor."""

    path: str
    """Relative to the workspace, forward slashes."""
    text: str
    """Whole lines, LF line ends, as in the file or in its unsaved buffer."""
    start: int
    """Offset of the first character in its file."""
    score: float
    """Comparable within one source only; higher is better."""
    source: str
    """What found it: `definition`, `similar`, `live`, `edit`, `pair` or `dense`."""
    volatile: bool = True
    """False for what stays the same while the user types (then it goes first in the prompt)."""
    reason: str = field(default="", compare=False)
    """Why a definition is needed (`symbols.types.Reason`), several with commas between; for the
    user's eyes."""
