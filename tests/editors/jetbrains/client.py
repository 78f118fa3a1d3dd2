"""What LSP4IJ 0.20 makes of a template, of what is typed and of a server's suggestions. Knows no
server.

It cannot be run here; this is written after reading it (repository redhat-developer/lsp4ij, below
src/main, each with its commit):

- a command line is cut into words: server/definition/launching/CommandUtils.java (002d652c);
- capabilities: internal/capabilities/ClientCapabilitiesFactory.java (0330bf8d);
- settings are pushed when the server has started: server/definition/launching/
  UserDefinedLanguageClient.java (0b8414ca); asked for a section, it looks for members of objects,
  not for names with dots: client/LanguageClientImpl.java (00fc0818);
- requests: features/inlineCompletion/LSPInlineCompletionSupport.java (69ea2336): always automatic,
  no version; the one before is cancelled when the caret is elsewhere;
- what is shown: features/inlineCompletion/LSPInlineCompletionProvider.kt (57b367f5): answers are
  cut by length and not compared, no command of an item is run;
- inserting: the caret jumps over an InlineCompletionSkipTextElement, which is text that is there
  and stays (IntelliJ's SimpleInlineCompletionTest: `(|)` with the elements `1`, skip `)`, ` + (2)`
  becomes `(1) + (2)`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lsp.client import Client, Message, replace

CAPABILITIES = {
    "general": {
        # LSP4J's class of it begins with an empty list.
        "staleRequestSupport": {"cancel": True, "retryOnContentModified": []},
        "positionEncodings": ["utf-16"],
    },
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "executeCommand": {"dynamicRegistration": True},
        "workspaceFolders": True,
    },
    "textDocument": {
        "completion": {
            "dynamicRegistration": True,
            "completionItem": {
                "snippetSupport": True,
                "insertTextModeSupport": {"valueSet": [1, 2]},
            },
        },
        "inlineCompletion": {"dynamicRegistration": True},
        "synchronization": {"willSave": True, "willSaveWaitUntil": True, "didSave": True},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}, "showMessage": {}},
}
"""As far as a server of suggestions may look at them."""

CLOSERS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'"}
"""What the IDE closes by itself."""


@dataclass(frozen=True)
class Template:
    """What is taken from a template's folder."""

    command: list[str]
    initialization: Any
    settings: Mapping[str, Any]


def read_template(folder: Path) -> Template:
    """The template as the dialog *New Language Server* takes it, on a system like this one."""
    described = json.loads((folder / "template.json").read_text("utf-8"))
    settings = _object(folder / "settings.json")
    return Template(
        words(described["programArgs"]["default"]),
        _object(folder / "initializationOptions.json"),
        nested(settings) if described.get("expandConfiguration") else settings,
    )


def _object(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def words(command: str) -> list[str]:
    """A command line cut at blanks outside double quotes, which are left out."""
    found, word, quoted = [], "", False
    for character in command:
        if character == '"':
            quoted = not quoted
        elif character == " " and not quoted:
            found.append(word.strip())
            word = ""
        else:
            word += character
    return [each for each in (*found, word.strip()) if each]


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What `expandConfiguration` does: names with dots become objects in objects."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        *parents, last = name.split(".")
        place = found
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return found


@dataclass(frozen=True)
class Element:
    """A part of a suggestion, in the order of the text."""

    text: str
    is_new: bool
    """Shown in grey and inserted; else it is in the text already and the caret jumps over it."""


@dataclass(frozen=True)
class Variant:
    """One suggestion as the IDE has it."""

    item: Message
    elements: tuple[Element, ...]

    @property
    def new(self) -> str:
        """What is shown in grey."""
        return "".join(element.text for element in self.elements if element.is_new)


def variants(result: Any, text: str, caret: int) -> list[Variant]:
    """What of an answer for `caret` is offered; offsets are code points."""
    if result is None:
        return []
    found = []
    for item in result if isinstance(result, list) else result["items"]:
        inserted = item["insertText"]
        inserted = inserted if isinstance(inserted, str) else inserted["value"]
        if not inserted.strip():
            continue
        shown, elements = inserted, []
        if item.get("range") is not None:
            start, end = (offset_of(text, item["range"][side]) for side in ("start", "end"))
            if start < caret <= end and 0 < (typed := units(text[start:caret])) < units(inserted):
                shown = inserted.encode("utf-16-le")[2 * typed :].decode("utf-16-le")
            if end > caret:
                elements.append(Element(text[caret:end], is_new=False))
        found.append(Variant(item, (*elements, Element(shown, is_new=True))))
    return found


def inserted_by(variant: Variant, text: str, caret: int) -> str:
    """The text after the suggestion was taken."""
    for element in variant.elements:
        if element.is_new:
            text = text[:caret] + element.text + text[caret:]
        caret += len(element.text)
    return text


def meant_by(item: Message, text: str) -> str:
    """The text after an item was taken as the protocol says it."""
    start, end = (offset_of(text, item["range"][side]) for side in ("start", "end"))
    return text[:start] + item["insertText"] + text[end:]


def units(text: str) -> int:
    """Length in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def position_of(text: str, offset: int) -> tuple[int, int]:
    """Line and character of an offset in code points."""
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset), units(text[start:offset])


def offset_of(text: str, position: Message) -> int:
    """The offset in code points of a position."""
    lines = text.split("\n")[: position["line"] + 1]
    before = lines[-1].encode("utf-16-le")[: 2 * position["character"]].decode("utf-16-le")
    return sum(len(line) + 1 for line in lines[:-1]) + len(before)


class Editor:
    """An editor with one file open; behaves as the IDE with LSP4IJ does."""

    def __init__(self, client: Client, uri: str, text: str, language: str = "python") -> None:
        self.text = text
        self.caret = 0
        self._client = client
        self._uri = uri
        self._language = language
        self._version = 1
        self._waiting: tuple[int, int] | None = None
        """Id and caret of a request that is not answered yet."""

    async def start(self, template: Template, root: str) -> None:
        """Greet the server, hand over the settings and open the file."""
        # Of a section that is no object there is nothing; ours is the only one asked for.
        self._client.configuration = template.settings.get("beadline")
        await self._client.initialize(
            capabilities=CAPABILITIES,
            options=template.initialization,
            root=root,
            process_id=os.getpid(),
        )
        settings = {"settings": dict(template.settings)}
        self._client.notify("workspace/didChangeConfiguration", settings)
        self._client.open(self._uri, self.text, self._language)

    def go_behind(self, line: str) -> None:
        """Put the caret behind a line that is in the text; behind the first one of several."""
        self.caret = self.text.index(f"\n{line}\n") + 1 + len(line)

    def type(self, keys: str) -> None:
        """Press keys; brackets and quotes are closed, closers that are there are jumped over."""
        for key in keys:
            if key in CLOSERS.values() and self.text.startswith(key, self.caret):
                self.caret += 1
                continue
            self._insert(key)
            if key in CLOSERS:
                self._insert(CLOSERS[key])
                self.caret -= 1

    def ask(self) -> int:
        """What happens 300 ms after a key, or at once by the key for it; the request's id."""
        if self._waiting is not None and self._waiting[1] != self.caret:
            self._client.notify("$/cancelRequest", {"id": self._waiting[0]})
        number = self._client.complete_begin(self._uri, *position_of(self.text, self.caret))
        self._waiting = number, self.caret
        return number

    async def suggestions(self) -> list[Variant]:
        """Ask, and what is offered."""
        answer = await self._client.answer(self.ask())
        self._waiting = None
        assert "error" not in answer, answer
        return variants(answer["result"], self.text, self.caret)

    def take(self, variant: Variant) -> None:
        """Press Tab. The server is told of the changed text, and of nothing else."""
        for element in variant.elements:
            if element.is_new:
                self._insert(element.text)
            else:
                self.caret += len(element.text)

    def _insert(self, text: str) -> None:
        self._version += 1
        at = position_of(self.text, self.caret)
        self._client.change(self._uri, self._version, replace(*at, *at, text))
        self.text = self.text[: self.caret] + text + self.text[self.caret :]
        self.caret += len(text)
