"""What docs/editors-other.md has users write starts a server that answers as their editors need."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from beadline import settings
from beadline.settings import Options
from tests.editors import repository, stdio
from tests.editors.emacs.driver import EGLOT, LSP_MODE
from tests.editors.others import snippets
from tests.editors.others.snippets import COMMAND, LISTS, Snippet, block
from tests.editors.repository import PLAIN, source
from tests.editors.server import Server
from tests.editors.stdio import Session
from tests.lsp.client import Client, insert, replace

COC = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {"inlineCompletion": {"dynamicRegistration": True}},
    "window": {"workDoneProgress": True},
    "workspace": {"configuration": True, "workspaceFolders": True},
}
"""Of coc.nvim, as far as a server of suggestions may look at it."""

Position = dict[str, int]


def test_the_code_for_emacs_is_the_one_that_is_tested() -> None:
    assert block("Emacs, lsp-mode", "elisp") == LSP_MODE.read_text("utf-8")
    assert block("Emacs, eglot", "elisp") == EGLOT.read_text("utf-8")


@pytest.mark.parametrize("path", [LSP_MODE, EGLOT], ids=lambda path: path.stem)
def test_the_code_for_emacs_is_whole_and_starts_the_server(path: Path) -> None:
    text = path.read_text("utf-8")
    assert " ".join(f'"{word}"' for word in COMMAND) in text
    code = re.sub(r'"[^"]*"|;.*', "", text)
    assert code.count("(") == code.count(")")


def test_the_keys_for_coc_call_what_it_has() -> None:
    called = re.findall(r"coc#\w+#\w+", block("Vim and Neovim, coc.nvim", "vim"))
    assert set(called) == {"coc#inline#visible", "coc#inline#accept"}


@pytest.mark.parametrize("name", [*LISTS, "coc"])
def test_the_command_is_ours_and_an_editor_may_set_the_settings(name: str) -> None:
    snippet: Snippet = getattr(snippets, name)()
    assert snippet.command == COMMAND
    applied = settings.apply(Options(), snippet.options or {}, trusted=False, source=name)
    assert (applied.refused, applied.problems) == ((), ())


Launch = Callable[[Snippet], Awaitable[Session]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of a repository."""
    return repository.make(tmp_path / "repository", source(PLAIN))


@pytest.fixture
async def launch(
    server: Server, path: Path, shared_cache: Path, own_folders: Path
) -> AsyncIterator[Launch]:
    """Starts the server as a snippet says; ends it after the test, and looks for trouble."""
    sessions: list[Session] = []

    async def start(snippet: Snippet) -> Session:
        (own_folders / "config.toml").write_text(snippet.config, "utf-8")
        session = await stdio.start(
            snippet.command, server, folder=path.parent, cache=shared_cache, environment={}
        )
        sessions.append(session)
        return session

    yield start
    for session in sessions:
        await session.end()
    await asyncio.to_thread(server.check_end)
    assert server.wire.told("window/showMessage") == []


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
async def test_the_completion_list_is_offered(name: str, launch: Launch) -> None:
    snippet: Snippet = LISTS[name]()
    session = await launch(snippet)
    result = await session.client.initialize(options=snippet.options)
    assert "." in result["capabilities"]["completionProvider"]["triggerCharacters"]


class Writer:
    """Writes in one file; offsets are of a text in one-unit characters."""

    def __init__(self, client: Client, path: Path) -> None:
        self.uri = path.as_uri()
        self.text = path.read_text("utf-8")
        self._client = client
        self._version = 1
        client.open(self.uri, self.text)

    def write(self, line: str, typed: str) -> Position:
        """Write behind the first line that is this one; where the cursor is then."""
        lines = self.text.split("\n")
        row = lines.index(line)
        lines[row] += typed
        self.text = "\n".join(lines)
        self._version += 1
        self._client.change(self.uri, self._version, insert(row, len(line), typed))
        return {"line": row, "character": len(lines[row])}

    def apply(self, span: dict[str, Position], text: str) -> None:
        """Replace a range on one line."""
        start, end = span["start"], span["end"]
        assert start["line"] == end["line"]
        lines = self.text.split("\n")
        line = lines[start["line"]]
        lines[start["line"]] = line[: start["character"]] + text + line[end["character"] :]
        self.text = "\n".join(lines)
        at = start["line"], start["character"], end["line"], end["character"]
        self._version += 1
        self._client.change(self.uri, self._version, replace(*at, text))


async def find(writer: Writer, ask: Callable[[Position], Awaitable[list[Any]]]) -> list[Any]:
    """Write at one place after the other until something is suggested."""
    for place in PLAIN:
        if found := await ask(writer.write(place.line, place.typed)):
            return found
    raise AssertionError("the model has no suggestion at any place")


@pytest.mark.slow
async def test_an_entry_of_the_list_is_the_suggestion(launch: Launch, path: Path) -> None:
    snippet = snippets.helix()
    client = (await launch(snippet)).client
    await client.initialize(options=snippet.options, root=path.parent.as_uri())
    await client.told("beadline/status", state="ready")
    writer = Writer(client, path)

    async def ask(position: Position) -> list[Any]:
        params = {"textDocument": {"uri": writer.uri}, "position": position}
        answer = await client.request("textDocument/completion", params)
        assert answer["isIncomplete"] is True
        return answer["items"]

    (entry,) = await find(writer, ask)
    before = writer.text
    writer.apply(entry["textEdit"]["range"], entry["textEdit"]["newText"])
    assert len(writer.text) > len(before)
    assert entry["detail"] == "beadline"
    assert entry["insertTextFormat"] == 1, "plain text, whatever stands in it"


@pytest.mark.slow
async def test_coc_shows_and_takes_what_the_server_answers(
    launch: Launch, path: Path, server: Server
) -> None:
    """As neoclide/coc.nvim does (src/handler/inline.ts, f45c57eb): items whose range does not hold
    the cursor are left out, an empty one would leave marks, the command is run after inserting."""
    snippet = snippets.coc()
    client = (await launch(snippet)).client
    await client.initialize(capabilities=COC, options=snippet.options, root=path.parent.as_uri())
    await client.told("beadline/status", state="ready")
    writer = Writer(client, path)

    async def ask(position: Position) -> list[Any]:
        items = await client.complete(writer.uri, position["line"], position["character"])
        assert all(item["insertText"] for item in items)
        assert all(item["range"] == {"start": position, "end": position} for item in items)
        return items

    (item,) = await find(writer, ask)
    writer.apply(item["range"], item["insertText"])
    command = {name: item["command"][name] for name in ("command", "arguments")}
    assert await client.request("workspace/executeCommand", command) is None
    assert server.wire.accepted() == [item["command"]["arguments"]]
