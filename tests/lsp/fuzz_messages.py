"""Random messages of a client that types, and of one that is out of its mind. Knows no server.

Everything comes from one seed. `Fuzzer.next` makes a message and keeps the model of the texts up to
date with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.lsp import fuzz_answers as answers
from tests.lsp.client import Message, inline_params
from tests.lsp.fuzz_pieces import Pieces, Sent
from tests.lsp.fuzz_server import ASK
from tests.lsp.fuzz_texts import Notebook
from tests.lsp.fuzz_words import (
    BAD_CHANGES,
    CALM,
    COMMANDS,
    GARBAGE,
    INLINE,
    JUNK,
    LANGUAGES,
    NOTEBOOKS,
    NOTICES,
    PLAIN,
    REQUESTS,
    UNSERVED,
    URIS,
)


class Fuzzer(Pieces):
    """A client with a seed."""

    def __init__(self, seed: str, encoding: str, limit: int) -> None:
        super().__init__(seed, encoding, limit)
        self._cells = 0
        self._waiting: list[Callable[[], Sent]] = []
        """What comes soon after a message that was sent."""
        self._kinds: tuple[tuple[int, Callable[[], Sent]], ...] = (
            (400, self._edit),
            (60, self._edits),
            (30, self._whole),
            (35, self._open),
            (20, self._close),
            (180, self._inline),
            (15, self._calm),
            (50, self._cancel),
            (10, self._plain),
            (20, self._command),
            (20, self._junk_request),
            (30, self._junk_notice),
            (6, self._bad_change),
            (6, self._garbage),
            (8, self._unserved),
            (10, self._open_notebook),
            (6, self._close_notebook),
            (30, self._splice_notebook),
            (15, self._retype_cell),
            (3, self._bad_notebook),
            (6, self._settings),
            (12, self._events),
            (4, self._folders),
            (80, self._ask),
        )

    def next(self) -> Sent:
        """One more message."""
        if self._waiting and self.random.random() < 0.3:
            return self._waiting.pop()()
        weights, kinds = zip(*self._kinds, strict=True)
        return self.random.choices(kinds, weights)[0]()

    # Texts

    def _open(self) -> Sent:
        uri = self.random.choice(URIS)
        language, text = self.random.choice(LANGUAGES), self._text(60)
        version = self._next_version()
        self.model.open(uri, language, version, text)
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        return self._notify("textDocument/didOpen", {"textDocument": item})

    def _close(self) -> Sent:
        uri = self.random.choice(URIS)
        self.model.buffers.pop(uri, None)
        return self._notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def _change(self, uri: str, *made: Callable[[], Message]) -> Sent:
        """Changes that each mean the text that the one before left."""
        version, changes = self._next_version(), []
        buffer = self.model.buffers.get(uri)
        for make in made:
            changes.append(make())
            if buffer is not None:
                buffer.version = version
                buffer.change(changes[-1:])
        identity = {"uri": uri, "version": version}
        params = {"textDocument": identity, "contentChanges": changes}
        home = next(
            (
                name
                for name, notebook in self.model.notebooks.items()
                if any(cell["document"] == uri for cell in notebook.cells)
            ),
            None,
        )
        if home is None:
            return self._notify("textDocument/didChange", params)
        content = {"document": identity, "changes": changes}
        return self._notebook_change(home, {"textContent": [content]})

    def _edit(self) -> Sent:
        uri = self._uri()
        return self._change(uri, lambda: self._partial(uri))

    def _edits(self) -> Sent:
        uri = self._uri()
        count = self.random.randint(0, 4)
        whole = self.random.random() < 0.1
        kinds: list[Callable[[], Message]] = [lambda: self._partial(uri)] * count
        if whole:
            kinds.insert(self.random.randint(0, count), lambda: {"text": self._text(30)})
        return self._change(uri, *kinds)

    def _whole(self) -> Sent:
        text = self._text(60)
        return self._change(self._uri(), lambda: {"text": text})

    def _bad_change(self) -> Sent:
        uri = self.random.choice(URIS)
        identity: Any = {"uri": uri, "version": self._next_version()}
        changes: Any = self.random.choice(BAD_CHANGES)
        if self.random.random() < 0.2:
            identity, changes = {"uri": uri}, []
        if (buffer := self.model.buffers.get(uri)) is not None:
            buffer.text = None
        return self._notify(
            "textDocument/didChange", {"textDocument": identity, "contentChanges": changes}
        )

    def _unserved(self) -> Sent:
        uri = self.random.choice(UNSERVED)
        match self.random.randrange(3):
            case 0:
                item = {"uri": uri, "languageId": "python", "version": 1, "text": self._text()}
                return self._notify("textDocument/didOpen", {"textDocument": item})
            case 1:
                identity = {"uri": uri, "version": 2}
                params = {"textDocument": identity, "contentChanges": [{"text": "x"}]}
                return self._notify("textDocument/didChange", params)
        return self._request(INLINE, inline_params(uri, 0, 0), answers.empty)

    # Notebooks

    def _cell(self) -> tuple[Message, Message]:
        """A new cell and its text, which is open from now on."""
        self._cells += 1
        uri = f"vscode-notebook-cell:/fuzz/n.ipynb#W{self._cells}"
        language = self.random.choice(("python", "python", "javascript", "markdown"))
        kind = 1 if language == "markdown" else 2
        text, version = self._text(20), self._next_version()
        self.model.open(uri, language, version, text)
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        return {"kind": kind, "document": uri}, item

    def _open_notebook(self) -> Sent:
        uri = self.random.choice(NOTEBOOKS)
        self._forget(uri)
        made = [self._cell() for _ in range(self.random.randint(0, 4))]
        self.model.notebooks[uri].cells = [cell for cell, _ in made]
        document = {
            "uri": uri,
            "notebookType": "jupyter-notebook",
            "version": self._next_version(),
            "cells": [cell for cell, _ in made],
        }
        params = {"notebookDocument": document, "cellTextDocuments": [item for _, item in made]}
        return self._notify("notebookDocument/didOpen", params)

    def _forget(self, uri: str) -> None:
        old = self.model.notebooks.get(uri)
        for cell in old.cells if old else ():
            self.model.buffers.pop(cell["document"], None)
        self.model.notebooks[uri] = Notebook()

    def _close_notebook(self) -> Sent:
        uri = self.random.choice(NOTEBOOKS)
        old = self.model.notebooks.get(uri)
        cells = [{"uri": cell["document"]} for cell in old.cells] if old else []
        self._forget(uri)
        del self.model.notebooks[uri]
        params = {"notebookDocument": {"uri": uri}, "cellTextDocuments": cells}
        return self._notify("notebookDocument/didClose", params)

    def _notebook_change(self, uri: str, cells: Message) -> Sent:
        params = {
            "notebookDocument": {"uri": uri, "version": self._next_version()},
            "change": {"cells": cells},
        }
        return self._notify("notebookDocument/didChange", params)

    def _splice_notebook(self) -> Sent:
        if not self.model.notebooks:
            return self._open_notebook()
        uri = self.random.choice(list(self.model.notebooks))
        cells = self.model.notebooks[uri].cells
        start = self.random.randint(0, len(cells))
        count = self.random.randint(0, min(2, len(cells) - start))
        most = 2 if len(cells) < 8 else 0
        made = [self._cell() for _ in range(self.random.randint(0, most))]
        gone = [{"uri": cell["document"]} for cell in cells[start : start + count]]
        for identity in gone:
            self.model.buffers.pop(identity["uri"], None)
        cells[start : start + count] = [cell for cell, _ in made]
        array = {"start": start, "deleteCount": count, "cells": [cell for cell, _ in made]}
        structure = {"array": array, "didOpen": [item for _, item in made], "didClose": gone}
        return self._notebook_change(uri, {"structure": structure})

    def _retype_cell(self) -> Sent:
        """A code cell becomes markdown, or the other way round."""
        found = [(uri, n) for uri, n in self.model.notebooks.items() if n.cells]
        if not found:
            return self._open_notebook()
        uri, notebook = self.random.choice(found)
        cell = self.random.choice(notebook.cells)
        cell["kind"] = 3 - cell["kind"]
        return self._notebook_change(uri, {"data": [dict(cell)]})

    def _bad_notebook(self) -> Sent:
        uri = self.random.choice(NOTEBOOKS)
        if (notebook := self.model.notebooks.get(uri)) is not None:
            notebook.lost = True
        return self._notify(
            "notebookDocument/didChange", {"notebookDocument": {"uri": uri}, "change": 5}
        )

    # Requests

    def _inline(self) -> Sent:
        uri = self._uri()
        position = self._position(uri)
        extra: Message = {"triggerKind": self.random.choice((0, 1, 2, 2, 2))}
        if self.random.random() < 0.1:
            change = self._partial(uri)
            extra["selectedCompletionInfo"] = {"range": change["range"], "text": change["text"]}
        params = inline_params(uri, position["line"], position["character"], **extra)
        buffer = self.model.buffers.get(uri)
        if self.random.random() < 0.1:
            params["textDocument"]["version"] = buffer.version if buffer else 1
        known = self.model.joined(uri) is not None
        return self._request(INLINE, params, answers.items if known else answers.empty)

    def _calm(self) -> Sent:
        """A user in his right mind: a document, and a request where something is missing."""
        text, version = f"import os\n\nvalue{self._id} = \n", self._next_version()
        self.model.open(CALM, "python", version, text)
        params = inline_params(CALM, 2, len(text) - 12, triggerKind=1)
        self._waiting.append(lambda: self._request(INLINE, params, answers.items))
        item = {"uri": CALM, "languageId": "python", "version": version, "text": text}
        return self._notify("textDocument/didOpen", {"textDocument": item})

    def _plain(self) -> Sent:
        uri = self._uri()
        params = {"textDocument": {"uri": uri}, "position": self._position(uri)}
        return self._request(PLAIN, params, answers.anything)

    def _cancel(self) -> Sent:
        msg_id = self._id - self.random.randint(-1, 3)
        return self._notify("$/cancelRequest", {"id": msg_id})

    def _ask(self) -> Sent:
        return self.ask(self._uri())

    def ask(self, uri: str) -> Sent:
        """Does the server have this text as we do?"""
        joined = self.model.joined(uri)
        expected = {
            "original": self.model.original(uri),
            "joined": joined[0] if joined else None,
            "base": joined[1] if joined else None,
        }

        def check(answer: Message) -> None:
            for name, value in expected.items():
                got = answer["result"][name]
                assert got == value, f"{uri}: {name} is {got!r}, not {value!r}"

        return self._request(ASK, {"uri": uri}, check)

    def _command(self) -> Sent:
        command = self.random.choice(COMMANDS)
        arguments = [self.random.choice((*JUNK, 1, 2, 30, 0))] * self.random.randint(0, 2)
        # Silence is not what is tested: it is ended soon.
        if command == "beadline.toggle":
            self._waiting.append(lambda: self._run(command, []))
        elif command == "beadline.snooze":
            self._waiting.append(lambda: self._run(command, [0]))
        return self._run(command, arguments)

    def _run(self, command: str, arguments: list[Any]) -> Sent:
        params = {"command": command, "arguments": arguments}
        return self._request("workspace/executeCommand", params, answers.anything)

    def _junk_request(self) -> Sent:
        method, params = self.random.choice(REQUESTS), self.random.choice(JUNK)
        return self._request(method, params, answers.anything)

    # Everything else

    def _junk_notice(self) -> Sent:
        method, params = self.random.choice(NOTICES), self.random.choice(JUNK)
        return self._notify(method, params)

    def _garbage(self) -> Sent:
        return Sent(self.random.choice(GARBAGE))

    def _settings(self) -> Sent:
        values = self.random.choice(
            (
                {"completion": {"languagesOff": ["javascript"]}},
                {"completion": {"plainCompletion": True}},
                {"completion": {"maxLines": self.random.randint(-3, 20)}},
                {"completion": {"enabled": False}},
                {"engine": {"model": "/evil"}},
                self.random.choice(JUNK),
                {},
            )
        )
        params = {"settings": {"beadline": values}}
        if self.random.random() < 0.5:
            params = {"settings": {"beadline": {"completion": {"plainCompletion": True}}}}
        return self._notify("workspace/didChangeConfiguration", params)

    def _events(self) -> Sent:
        number = self.random.choice((*JUNK, *range(1, 50)))
        item = {"insertText": "x", "command": {"command": "c", "arguments": [number]}}
        params: Message = {"item": item, "acceptedLength": self.random.choice((*JUNK, 1, 3, 10))}
        if self.random.random() < 0.3:
            params = {"textDocument": {"uri": self._uri()}}
        return self._notify(self.random.choice(NOTICES[6:9]), params)

    def _folders(self) -> Sent:
        folder = {"uri": self.random.choice(("file:///fuzz", "file:///x", "%%")), "name": "f"}
        event = {"added": [folder], "removed": []}
        if self.random.random() < 0.5:
            event = {"added": [], "removed": [folder]}
        return self._notify("workspace/didChangeWorkspaceFolders", {"event": event})
