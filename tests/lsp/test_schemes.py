"""Buffers without a file, files of other machines, and views in which nobody writes code."""

from __future__ import annotations

import pytest

from tests.lsp.conftest import Session


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("untitled:Untitled-1", "Untitled-1"),
        ("vscode-untitled:Untitled-2", "Untitled-2"),
        ("vscode-remote://ssh-remote%2Bhost/home/u/a.py", "a.py"),
        ("vscode-vfs://github/owner/name/a.py", "a.py"),
        ("vscode-notebook-cell:/folder/n.ipynb#W0", "n.ipynb"),
        ("UNTITLED:x", "x"),
        ("a.py", "a.py"),
    ],
)
async def test_texts_that_are_written_in(session: Session, uri: str, path: str) -> None:
    client = session.client
    client.open(uri, "x = ")
    assert len(await client.complete(uri, 0, 4)) == 1
    assert session.engine.streams[0].request.path == path
    client.change(uri, 2, {"text": "yy = "})
    assert len(await client.complete(uri, 0, 5)) == 1


async def test_the_editor_says_the_language(session: Session) -> None:
    client = session.client
    client.open("untitled:Untitled-1", "def f():\n    x = 1  # ", language="python")
    await client.complete("untitled:Untitled-1", 1, 13)
    assert session.server.documents.language_ids("untitled:Untitled-1") == ("python", "python")


@pytest.mark.parametrize(
    "uri",
    [
        "git:/folder/a.py?%7B%22ref%22%3A%22HEAD%22%7D",
        "output:extension-output-1",
        "vscode-scm:git/scm0/input",
        "debug:replinput",
        "search-editor:x",
        "jar:file:///x.jar!/a.java",
        "https://host/a.py",
    ],
)
async def test_views_get_nothing_silently(
    session: Session, caplog: pytest.LogCaptureFixture, uri: str
) -> None:
    client = session.client
    for _ in range(2):
        client.open(uri, "x = ")
        assert await client.complete(uri, 0, 4, triggerKind=1) == []
        client.change(uri, 2, {"text": "y = "})
        assert await client.complete(uri, 0, 4, triggerKind=1) == []
        client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert await client.complete(uri, 0, 4) == []
    assert session.engine.streams == []
    assert client.all("window/logMessage") == []
    assert [r for r in caplog.records if r.name.startswith("beadline")] == []


async def test_a_remote_file_that_is_not_open_is_not_read(session: Session) -> None:
    assert await session.client.complete("vscode-remote://host/etc/passwd", 0, 0) == []
    (told,) = session.client.all("window/logMessage")
    assert "open" in told["message"]
