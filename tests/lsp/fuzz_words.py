"""What the fuzzer draws from: texts, names, and params that are wrong. Knows no model."""

from __future__ import annotations

from typing import Any

from tests.lsp.client import replace

FAR = 2**31 - 1
"""The largest number that a position may have."""
INLINE = "textDocument/inlineCompletion"
PLAIN = "textDocument/completion"
URIS = (
    "file:///fuzz/a.py",
    "file:///fuzz/b.js",
    "file:///fuzz/c%20d.go",
    "file:///fuzz/text.txt",
    "untitled:Untitled-1",
    "vscode-remote://host/fuzz/e.rs",
)
CALM = "file:///fuzz/calm.py"
UNSERVED = ("git:/fuzz/a.py?ref", "output:log", "vscode-scm:x")
NOTEBOOKS = ("file:///fuzz/n.ipynb", "untitled:Notebook-2")
LANGUAGES = ("python", "javascript", "go", "plaintext", "no-such-language", "rust")
NASTY = (
    "\r\n", "\r", "\n", "\n\r", "\r\r\n", "\u2028", "\u2029", "\x0c", "\x0b", "\x85", "\t",
    "😀", "👩‍👩‍👧", "é", "e\u0301", "€", "\U0010ffff", "\ufeff", "\ud83d", "\ude00", "\ud83d\ude00",
    "שלום",
)  # fmt: skip
CODE = (
    "def f(a, b):", "    return ", "x = 1", "if ", "{", "}", "(", ")", "[", "]", "'", '"', '"""',
    "#", "//", "class A:", "import os", "function g() {", "=> ", ";", "foo.bar", " ", "    ", "a",
    "0", "`",
)  # fmt: skip
BAD_CHANGES: tuple[Any, ...] = (
    None,
    5,
    "text",
    [5],
    [{}],
    [{"text": 5}],
    [{"range": 1, "text": "x"}],
    [{"range": {"start": {"line": 0, "character": 0}}, "text": "x"}],
    [replace(-1, 0, 0, 0, "")],
    [replace(0, 0, 0, 2**31, "")],
    [{"range": replace(0, 0, 0, 0, "")["range"]}],
    [{"range": {"start": {"line": "a", "character": 0}, "end": {"line": 0, "character": 0}}}],
)  # fmt: skip
JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**70, "", "text", [], [None], {}, {"uri": 5}, {"textDocument": None},
    {"textDocument": {"uri": "file:///fuzz/a.py"}}, {"position": {"line": -5}}, [[[[]]]],
)  # fmt: skip
REQUESTS = (INLINE, PLAIN, "workspace/executeCommand", "textDocument/hover", "no/such/method")
NOTICES = (
    "textDocument/didSave", "textDocument/willSave", "workspace/didChangeConfiguration",
    "workspace/didChangeWatchedFiles", "workspace/didChangeWorkspaceFolders", "$/setTrace",
    "textDocument/didShowCompletion", "textDocument/didPartiallyAcceptCompletion",
    "textDocument/didFocus", "$/progress", "$/cancelRequest", "no/such/notification",
    "window/workDoneProgress/cancel",
)  # fmt: skip
COMMANDS = (
    "beadline.accepted", "beadline.status", "beadline.toggle", "beadline.snooze", "no.such.command",
    "beadline.lastPrompt", "beadline.statistics", "beadline.indexStatus", "beadline.models",
)  # fmt: skip
GARBAGE = (b"", b"{", b"nonsense", b"\xff\xfe\x00", b"[1, 2", b'{"jsonrpc": "2.0"}', b"null", b"[]")
