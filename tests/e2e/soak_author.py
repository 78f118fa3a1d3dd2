"""Someone who writes code in two documents: the texts and the edits. Knows no server.

Lines of the document are deleted and written again, as in a replay of real code, so that a text
stays about what it was however long it is worked on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.context.samples import SAMPLES
from tests.lsp.client import Message

PAIRS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'"}
UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
MOST_LINES = 4
"""Lines that are deleted and written again at once."""
COPIES = 6
"""The sample so many times: about a hundred lines."""
KEPT = 100
"""Edits that can be undone."""


def offset_of(text: str, position: Message, encoding: str) -> int:
    """Of a position, which has to be one of the text: of a line, and between characters."""
    codec, width = UNITS[encoding]
    lines = text.split("\n")
    line, units = position["line"], position["character"]
    assert 0 <= line < len(lines), position
    data = lines[line].encode(codec)
    assert 0 <= units * width <= len(data), position
    return sum(len(each) + 1 for each in lines[:line]) + len(data[: units * width].decode(codec))


@dataclass
class Text:
    """A document as its editor has it; offsets are code points."""

    uri: str
    language: str
    encoding: str
    original: str
    text: str = ""
    cursor: int = 0
    version: int = 0
    todo: str = ""
    """What is going to be typed next, at the cursor."""
    undo: list[tuple[int, str, str]] = field(default_factory=list)
    """(start, removed, inserted) of the last edits."""
    closers: list[int] = field(default_factory=list)
    """How far from the text's end closers stand that the editor put in by itself."""

    def position(self, offset: int) -> Message:
        """`offset` as the client counts."""
        codec, width = UNITS[self.encoding]
        start = self.text.rfind("\n", 0, offset) + 1
        units = len(self.text[start:offset].encode(codec)) // width
        return {"line": self.text.count("\n", 0, offset), "character": units}

    def reset(self) -> Message:
        """The change that brings back the first text."""
        self.text, self.cursor, self.todo, self.undo = self.original, 0, "", []
        self.closers = []
        self.version += 1
        return {"text": self.text}

    def edit(self, start: int, end: int, text: str, *, undoable: bool = True) -> Message:
        """The change that puts `text` in place of a range; the cursor is behind it then."""
        change = {
            "range": {"start": self.position(start), "end": self.position(end)},
            "text": text,
        }
        if undoable:
            self.undo = [*self.undo[1 - KEPT :], (start, self.text[start:end], text)]
        behind = len(self.text) - end
        self.closers = [at for at in self.closers if at <= behind]
        self.text = self.text[:start] + text + self.text[end:]
        self.cursor = start + len(text)
        self.version += 1
        return change

    def take_back(self) -> Message | None:
        """The change that undoes the last edit."""
        if not self.undo:
            return None
        start, removed, inserted = self.undo.pop()
        if self.text[start : start + len(inserted)] != inserted:
            self.undo.clear()
            return None
        self.todo = ""
        return self.edit(start, start + len(inserted), removed, undoable=False)

    def begin(self, random: Random) -> Message:
        """Delete some lines, to write them again."""
        if not len(self.original) / 2 < len(self.text) < 2 * len(self.original):
            return self.reset()
        lines = self.text.splitlines(keepends=True)
        first = random.randrange(len(lines))
        last = min(len(lines), first + random.randint(1, MOST_LINES))
        start = sum(map(len, lines[:first]))
        body = "".join(lines[first:last]).rstrip("\n")
        blanks = len(body) - len(body.lstrip(" "))
        self.todo = body[blanks:]
        return self.edit(start + blanks, start + len(body), "")

    def key(self, random: Random) -> Message | None:
        """The next key of what is being written; None where it only moves the cursor."""
        key, self.todo = self.todo[0], self.todo[1:]
        here, behind = self.cursor, len(self.text) - self.cursor
        if behind in self.closers and self.text[here : here + 1] == key:
            self.cursor += 1
            self.closers.remove(behind)
            return None
        if key == "\n":  # the editor indents
            indent = len(self.todo) - len(self.todo.lstrip(" "))
            key, self.todo = key + self.todo[:indent], self.todo[indent:]
        if key in PAIRS and random.random() < 0.3:
            change = self.edit(here, here, key + PAIRS[key])
            self.cursor -= 1
            self.closers.append(behind + 1)
            return change
        return self.edit(here, here, key)

    def jump(self, random: Random) -> None:
        """Somewhere else, near the end of a line as a rule."""
        self.todo = ""
        self.cursor = random.randrange(len(self.text) + 1)
        if random.random() < 0.7:
            end = self.text.find("\n", self.cursor)
            self.cursor = end if end >= 0 else len(self.text)

    def accept(self, start: int, end: int, text: str) -> Message:
        """The change that takes a suggestion, or its beginning."""
        typed = text[self.cursor - start :]
        here = self.cursor
        if end == here and text.startswith(self.text[start:here]):
            change = self.edit(here, here, typed)
        else:
            change = self.edit(start, end, text)
        self.todo = self.todo.removeprefix(typed) if self.todo.startswith(typed) else ""
        return change


def texts(folder: str, encoding: str) -> list[Text]:
    """The two documents, not open yet."""
    made = []
    for name, language in (("main.py", "python"), ("page.js", "javascript")):
        copies = (SAMPLES[language].replace("ead", f"ead{n}") for n in range(COPIES))
        text = "\n\n".join(copies)
        made.append(Text(f"{folder}/{name}", language, encoding, text, text))
    return made
