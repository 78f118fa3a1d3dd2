"""The real server in a process of its own, with one request more: what it thinks a text is.

`python -m tests.lsp.fuzz_server fake|real LIMIT`; LIMIT is `context.max_file_bytes`.
"""

from __future__ import annotations

import dataclasses
import random
import sys
from collections.abc import Sequence
from typing import Any

from beadline import settings
from beadline.completion.trace import TraceSink
from beadline.engine.protocol import FimRequest
from beadline.errors import FileError
from beadline.lsp import serve as serving
from beadline.lsp.server import BeadlineServer, create_server
from tests.lsp.engine import FakeEngine

ASK = "test/text"
"""`{uri}` -> `{original, joined, base}`; each None where it is not known."""
PIECES = ("x", "1", "(a, b)", ")", "\n    ", "\n", "return ", "😀", "'s'", ": ", "foo.bar", "]")


def server_that_tells(*args: Any, **kwargs: Any) -> BeadlineServer:
    server = create_server(*args, **kwargs)

    @server.feature(ASK)
    def ask(params: Any) -> dict[str, Any]:
        uri = params["uri"]
        current = server.documents._open.get(uri)
        known = current is not None and not current.dropped
        answer: dict[str, Any] = {
            "original": current.lines.original if known and current else None,
            "joined": None,
            "base": None,
        }
        try:
            snapshot = server.notebooks.snapshot(uri) if current is not None else None
        except FileError:
            snapshot = None
        if snapshot is not None:
            answer |= {"joined": snapshot.document.text, "base": snapshot.base}
        return answer

    return server


def script(request: FimRequest) -> Sequence[str]:
    """Some answer, the same for the same request."""
    chance = random.Random(f"{request.prefix[-40:]}|{request.suffix[:40]}|{request.seed}")
    return chance.choices(PIECES, k=chance.randint(0, 6))


def main() -> int:
    kind, limit = sys.argv[1:]
    options = settings.load().options
    context = dataclasses.replace(options.context, max_file_bytes=int(limit))
    completion = dataclasses.replace(options.completion, debounce_ms=0)
    options = dataclasses.replace(options, context=context, completion=completion)
    serving.create_server = server_that_tells  # type: ignore[assignment]
    if kind == "real":
        return serving.serve(options)
    sink = TraceSink(options.trace.file) if options.trace.file else None
    return serving.serve_engine(options, FakeEngine(script), sink)


if __name__ == "__main__":
    sys.exit(main())
