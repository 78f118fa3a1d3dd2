"""A cold start: what is imported, what happens on standard output."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.lsp.client import TIMEOUT, frame, request


def run(code: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-P", "-c", code], input=stdin, capture_output=True, timeout=TIMEOUT
    )


def test_no_heavy_library_is_imported() -> None:
    code = (
        "import sys, json, beadline.lsp.serve\n"
        "heavy = {'torch', 'llama_cpp', 'transformers', 'gguf', 'onnxruntime', 'tokenizers'}\n"
        "print(json.dumps(sorted(heavy & set(sys.modules))))"
    )
    result = run(code)
    assert json.loads(result.stdout) == [], result.stderr


@pytest.mark.slow
def test_no_server_exists_before_it_is_created() -> None:
    code = (
        "import gc, beadline.lsp.serve\n"
        "from pygls.lsp.server import LanguageServer\n"
        "print(sum(isinstance(o, LanguageServer) for o in gc.get_objects()))"
    )
    assert run(code).stdout.strip() == b"0"


def test_prints_do_not_reach_the_client() -> None:
    code = (
        "import os, subprocess, sys\n"
        "from beadline.lsp.transport import guard_stdout\n"
        "out = guard_stdout()\n"
        "print('python print')\n"
        "os.write(1, b'native print\\n')\n"
        "subprocess.run([sys.executable, '-c', 'print(\"child print\")'])\n"
        "out.write(b'protocol'); out.flush()"
    )
    result = run(code)
    assert result.stdout == b"protocol"
    for text in (b"python print", b"native print", b"child print"):
        assert text in result.stderr


@pytest.mark.slow
def test_source_text_is_not_logged() -> None:
    code = (
        "import sys\n"
        "from tests.lsp.engine import FakeEngine\n"
        "from beadline.lsp.serve import serve_engine\n"
        "from beadline.settings import Options\n"
        "sys.exit(serve_engine(Options(), FakeEngine()))"
    )
    item = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": "secret_name = "}
    messages = [
        request(1, "initialize", {"processId": None, "capabilities": {}}),
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}},
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": [item]}},
        request(2, "shutdown", None),
        {"jsonrpc": "2.0", "method": "exit"},
    ]
    result = run(code, b"".join(frame(message) for message in messages))
    assert result.returncode == 0, result.stderr
    assert b"malformed" in result.stderr
    assert b"secret_name" not in result.stderr
