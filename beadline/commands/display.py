"""Shows file text and suggestions on a terminal. Knows no files, no engine and no options."""

from __future__ import annotations

import unicodedata

from rich.console import Console
from rich.text import Text

from beadline.completion.types import CompletionItem

CURSOR = "|"
"""Stands where the cursor is when nothing is inserted."""
SUGGESTED = "bold green"
"""Style of what the model wrote."""
_BEFORE = 4
_AFTER = 3
"""Lines shown around a suggestion."""
_WIDEST = 500
"""Characters shown of a line on each side of the cursor: minified files have lines of megabytes."""
_CUT = "…"


def console() -> Console:
    """A console that prints texts as they are: no markup, no `:emoji:`, no wrapping."""
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=True)


def printable(text: str) -> str:
    """`text` with everything but newlines and tabs that a terminal would act on spelled out.

    Control and bidirectional formatting characters in somebody's file must neither move the
    cursor nor reorder what is read.
    """
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c if c in "\n\t" or not _acts(c) else _escaped(c) for c in text)


def suggestion(text: str, item: CompletionItem) -> Text:
    """A few lines of `text` with `item` in place.

    A gutter numbers the lines and marks those that the suggestion touches with `+`, so that it
    can be told apart without colours.
    """
    before, after = text[: item.start], text[item.end :]
    head = before.split("\n")[-_BEFORE - 1 :]
    tail = after.split("\n")[: _AFTER + 1]
    head = [*map(_start, head[:-1]), _end(head[-1])]
    tail = [*map(_start, tail)]
    first = before.count("\n") + 1 - (len(head) - 1)
    touched = range(len(head) - 1, len(head) + item.text.count("\n"))
    shown = Text()
    shown.append(printable("\n".join(head)))
    shown.append(printable(item.text), style=SUGGESTED)
    shown.append(printable("\n".join(tail)))
    lines = shown.split("\n", allow_blank=True)
    width = len(str(first + len(lines)))
    numbered = Text()
    for at, line in enumerate(lines):
        mark = "+" if at in touched else " "
        numbered.append(f"{first + at:>{width}} {mark} ", style="dim")
        numbered.append_text(line)
        if at < len(lines) - 1:
            numbered.append("\n")
    return numbered


def _start(line: str) -> str:
    return line if len(line) <= _WIDEST else line[:_WIDEST] + _CUT


def _end(line: str) -> str:
    return line if len(line) <= _WIDEST else _CUT + line[-_WIDEST:]


def _acts(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
