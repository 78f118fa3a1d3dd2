"""`beadline serve`: the language server on standard input and output. Knows no handler.

Nothing here imports torch or llama_cpp: the model lives in a worker process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from beadline import settings
from beadline.completion.cache_files import CacheFiles
from beadline.completion.service import Completer
from beadline.completion.trace import TraceSink
from beadline.context.index.state import state_of
from beadline.context.retrieval.retriever import Retriever
from beadline.engine.adapter_store import AdapterStore
from beadline.engine.llama.client import LlamaEngine
from beadline.engine.protocol import Engine
from beadline.lsp.server import create_server
from beadline.lsp.statistics import database
from beadline.lsp.statistics.store import Store
from beadline.lsp.transport import Output, guard_stdout, pump
from beadline.settings import Options, user_cache_dir

SWITCH_S = 0.0005
"""A thread that searches or parses keeps the event loop waiting so long at most (Python's 5 ms are
what a whole request may cost)."""


def serve(options: Options, *, trace: Path | str | None = None) -> int:
    """Serve until the client ends it; the process's exit code.

    `trace` is the file for the numbers of every request; None takes `options.trace.file`.
    Raises `FileError` when it cannot be written.
    """
    path = trace or options.trace.file
    sink = TraceSink(path) if path else None
    try:
        engine = LlamaEngine(
            options.engine,
            prefix_tokens=options.context.prefix_tokens,
            suffix_tokens=options.context.suffix_tokens,
            cache_dir=settings.user_cache_dir(),
            keep_state=True,
        )
        return serve_engine(options, engine, sink)
    finally:
        if sink is not None:
            sink.close()


def serve_engine(options: Options, engine: Engine, sink: TraceSink | None = None) -> int:
    """Serve on descriptors 0 and 1 with an engine of any kind; the exit code."""
    set_up_logging(options.trace.log_level)
    sys.setswitchinterval(SWITCH_S)
    stdout = guard_stdout()
    try:
        return asyncio.run(_serve(options, engine, sink, stdout))
    finally:
        with contextlib.suppress(OSError):  # the client went away with bytes still in the buffer
            stdout.close()


async def _serve(options: Options, engine: Engine, sink: TraceSink | None, stdout: BinaryIO) -> int:
    loop = asyncio.get_running_loop()
    retriever = Retriever(
        (),
        options.context,
        cache_dir=user_cache_dir(),
        tell=lambda problems: _soon(loop, server.remark, problems),
    )
    cache_files = CacheFiles(options, cache_dir=user_cache_dir(), listings=retriever.listing)
    completer = Completer(
        engine,
        options,
        retriever=retriever,
        graph=retriever.graph,
        cache_files=cache_files,
        trace=sink,
        adapters=AdapterStore(),
    )
    store = None
    if options.statistics.enabled:
        path = database.location(options.statistics)
        store = Store(path, lambda told: _soon(loop, server.log_to_editor, told))
    server = create_server(
        options,
        engine=engine,
        completer=completer,
        count=store.count if store else None,
        folder_states=lambda: [state_of(folder) for folder in retriever.index.folders],
    )
    reader = asyncio.StreamReader()
    pump(0, loop, reader)
    try:
        return await server.run(reader, Output(stdout, lambda: server.stop(1)))
    finally:
        if store is not None:
            await asyncio.to_thread(store.close)


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[str], None], argument: str) -> None:
    """Have the loop call it; nothing when the loop has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call, argument)


def set_up_logging(level: str) -> None:
    """Our log on standard error. pygls logs message bodies, user code among them: nothing of it."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("beadline").setLevel(level.upper())
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
