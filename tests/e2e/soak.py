"""The real server under a long day's work: random edits, cancels and killed workers.

`python -m tests.e2e.soak --requests 10000 --seed 1` prints how far it is and a summary. All
choices come from the seed; what the server has ready in time is up to the machine. Checked are
every answer (`soak_answers`), that there is exactly one to each request, that a killed worker is
replaced, that no process is left, and that memory does not grow (`soak_memory`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections import Counter, deque
from pathlib import Path
from random import Random
from typing import Any

import psutil

from beadline.engine import models
from tests.e2e.conftest import (
    TIMEOUT,
    Server,
    assert_clean,
    command_of,
    start_server,
    until,
)
from tests.e2e.soak_answers import Sent, check
from tests.e2e.soak_author import Text, offset_of, texts
from tests.e2e.soak_memory import Memory
from tests.e2e.soak_trace import Summary, Trace
from tests.lsp.client import Client, Message, finish, inline_params

SESSIONS = (0.1, 0.8, 0.1)
"""Shares of the requests: the server ends and starts again between, with what it kept."""
KILLS = 0.6
"""Workers are killed in this first part of a session alone, so that the last one grows old."""
OPEN = 4
"""Requests under way at most."""
STEPS = (
    ("type", 50), ("typo", 6), ("accept", 14), ("jump", 8), ("switch", 8), ("undo", 5),
    ("pause", 5), ("invoke", 5), ("disk", 3), ("reopen", 1), ("configure", 1), ("kill", 3),
)  # fmt: skip
PAUSE_S = 1.0
"""An idle pause ends with the first line about it in the trace, or after this time."""
HELPERS = """\
def helper_{n}(path, limit):
    rows = [line.strip() for line in read_{n}(path) if line]
    if not rows:
        raise ValueError(f"{{path!r}}: {{limit}} rows")
    return rows[:limit]
"""


class Session:
    """One server from its start to its end."""

    def __init__(self, server: Server, workspace: Path, random: Random, summary: Summary) -> None:
        self.server = server
        self.client: Client = server.client
        self.random = random
        self.summary = summary
        self.trace = Trace(server.trace, summary)
        self.memory = Memory()
        self.log: deque[str] = deque(maxlen=40)
        """The last messages, for a failure."""
        self._workspace = workspace
        self._texts: list[Text] = []
        self._open: dict[int, Sent] = {}
        self._shown: Sent | None = None
        """The newest request, when its answer has items."""
        self._items: list[Message] = []
        self._seen = 0
        self._asked = 0
        self._wanted = 0
        self._pids: set[int] = set()
        self._models_at_kill = 0

    async def run(self, count: int, encoding: str) -> None:
        """So many requests, and the end of the server."""
        self._wanted = count
        await self.server.ready(
            root=self._workspace.as_uri(),
            options={"completion": {"debounceMs": 5, "maxTokens": 16}},
            capabilities={"general": {"positionEncodings": [encoding]}},
        )
        self._seen = len(self.client.received)
        self._texts = texts(self._workspace.as_uri(), encoding)
        for text in self._texts:
            self._open_document(text)
        names, weights = zip(*STEPS, strict=True)
        while self._asked < count:
            step = self.random.choices(names, weights)[0]
            self.summary.steps[step] += 1
            await getattr(self, f"_{step}")()
            if len(self._open) > OPEN or self.random.random() < 0.5:
                await self._answered()
        await self._answered()
        await self._end()

    @property
    def _text(self) -> Text:
        return self._texts[0]

    # What is done

    async def _type(self) -> None:
        text = self._text
        if not text.todo:
            self._change(text.begin(self.random))
        for _ in range(min(len(text.todo), self.random.randint(1, 8))):
            if not text.todo:
                return
            change = text.key(self.random)
            if change is not None:
                self._change(change)
            await self._ask(wait=self.random.random() < 0.6)

    async def _typo(self) -> None:
        text = self._text
        todo, here = text.todo, text.cursor
        self._change(text.edit(here, here, self.random.choice("xq;)é😀\n")))
        await self._ask(wait=self.random.random() < 0.5)
        self._change(text.edit(here, text.cursor, ""))
        text.todo = todo
        await self._ask(wait=self.random.random() < 0.5)

    async def _accept(self) -> None:
        await self._ask(wait=True)
        if not self._items:
            return
        text, item = self._text, self.random.choice(self._items)
        ends = (item["range"][side] for side in ("start", "end"))
        start, end = (offset_of(text.text, each, text.encoding) for each in ends)
        whole = item["insertText"]
        new = whole[text.cursor - start :]
        parts = (new, new.split("\n")[0] or "\n", new.split(" ")[0] or " ")
        part = self.random.choices(parts, (6, 2, 2))[0]
        if part == new:
            self._send("workspace/executeCommand", item["command"])
        self._change(text.accept(start, end, whole[: text.cursor - start] + part))
        await self._ask(wait=self.random.random() < 0.7)
        if not text.todo and self.random.random() < 0.6:
            await self._undo()

    async def _undo(self) -> None:
        change = self._text.take_back()
        if change is not None:
            self._change(change)
        await self._ask(wait=self.random.random() < 0.7)

    async def _jump(self) -> None:
        self._text.jump(self.random)
        await self._ask(wait=self.random.random() < 0.7)

    async def _switch(self) -> None:
        self._texts.reverse()
        await self._ask(wait=self.random.random() < 0.7)

    async def _invoke(self) -> None:
        await self._ask(wait=self.random.random() < 0.7, kind=1)

    async def _pause(self) -> None:
        """Nobody types until the server has used that, if it has a use for it."""
        await self._ask(wait=True)
        await self._answered()
        self.trace.look()
        before, end = self.trace.background, time.monotonic() + PAUSE_S

        def over() -> bool:
            self.trace.look()
            return self.trace.background > before or time.monotonic() > end

        await until(over, "the pause is over", every=0.02)

    async def _disk(self) -> None:
        path = self._workspace / f"helper_{self.random.randrange(5)}.py"
        if path.exists() and self.random.random() < 0.3:
            path.unlink()
            kind = 3
        else:
            kind = 2 if path.exists() else 1
            path.write_text(HELPERS.format(n=self.random.randrange(100)), "utf-8")
        if self.random.random() < 0.7:
            changes = [{"uri": path.as_uri(), "type": kind}]
            self._notify("workspace/didChangeWatchedFiles", {"changes": changes})
        await self._ask(wait=False)

    async def _reopen(self) -> None:
        text = self._text
        self._notify("textDocument/didClose", {"textDocument": {"uri": text.uri}})
        self._open_document(text)
        await self._ask(wait=True)

    async def _configure(self) -> None:
        most = self.random.randint(8, 24)
        settings = {"beadline": {"completion": {"debounceMs": 5, "maxTokens": most}}}
        self._notify("workspace/didChangeConfiguration", {"settings": settings})
        await self._ask(wait=True)

    async def _kill(self) -> None:
        """The worker dies, with or without work; the next requests get another one."""
        self.trace.look()
        allowed = self._asked < KILLS * self._wanted and self.trace.models > self._models_at_kill
        worker = self._worker() if allowed else None
        if worker is None:
            return
        if self.random.random() < 0.7:
            await self._ask(wait=False, kind=1)
        self.summary.kills += 1
        self.log.append(f"kill {worker.pid}")
        worker.kill()
        self._models_at_kill = self.trace.models
        await self._answered()
        end = time.monotonic() + TIMEOUT
        while self.trace.models == self._models_at_kill:
            assert time.monotonic() < end, "no request reached a model again"
            await self._type()
            await self._ask(wait=True, kind=1)
            self.trace.look()
        replaced = self._worker()
        assert replaced is None or replaced.pid != worker.pid

    # Messages

    def _open_document(self, text: Text) -> None:
        text.version += 1
        item = {"uri": text.uri, "languageId": text.language, "version": text.version}
        self._notify("textDocument/didOpen", {"textDocument": {**item, "text": text.text}})

    def _change(self, change: Message) -> None:
        text = self._text
        identity = {"uri": text.uri, "version": text.version}
        params = {"textDocument": identity, "contentChanges": [change]}
        self._notify("textDocument/didChange", params)

    async def _ask(self, *, wait: bool, kind: int = 2) -> None:
        text = self._text
        place = text.position(text.cursor)
        params = inline_params(text.uri, place["line"], place["character"], triggerKind=kind)
        self._asked += 1
        self.summary.asked += 1
        self._items = []
        self._shown = self._send("textDocument/inlineCompletion", params)
        if self.random.random() < 0.05:
            self._notify("$/cancelRequest", {"id": self._shown.number})
        if wait:
            await self._answered()
        if self._asked % 25 == 0:
            await self._answered()
            self.memory.look(self.server.process.pid, self._worker())

    def _send(self, method: str, params: Any) -> Sent:
        text = self._text
        number = self.client.begin(method, params)
        sent = Sent(number, method, text.encoding, text.text, text.cursor)
        self._open[number] = sent
        self.log.append(f"-> {number} {method} {json.dumps(params)}")
        return sent

    def _notify(self, method: str, params: Any) -> None:
        self.log.append(f"-> {method} {json.dumps(params)[:300]}")
        self.client.notify(method, params)

    async def _answered(self) -> None:
        """Every request has its answer, and each is as it should be."""
        for number in list(self._open):
            await self.client.message(
                lambda m, number=number: "method" not in m and m.get("id") == number,
                f"answer {number}",
                after=self._seen,
            )
        for message in self.client.received[self._seen :]:
            self._seen += 1
            if "method" in message:
                continue
            self.log.append(f"<- {json.dumps(message)[:500]}")
            sent = self._open.pop(message["id"], None)
            assert sent is not None, f"a second answer: {message}"
            kind, items = check(sent, message)
            self.summary.answers[kind] += 1
            if sent is self._shown:
                self._items = items

    def _worker(self) -> psutil.Process | None:
        children = psutil.Process(self.server.process.pid).children(recursive=True)
        self._pids |= {child.pid for child in children}
        own = command_of(psutil.Process(self.server.process.pid))
        alive = [(child, command_of(child)) for child in children]
        # Between its start and its first instruction a child has its parent's command line.
        alive = [(child, command) for child, command in alive if command not in ("", own)]
        indexers = [child for child, command in alive if "context.index" in command]
        builders = [child for child, command in alive if "cache_model.builder" in command]
        workers = [child for child, command in alive if "llama.worker" in command]
        assert max(map(len, (indexers, builders, workers))) <= 1, alive
        # For a moment, whenever a folder's files are listed.
        listing = [child for child, command in alive if " ls-files " in command]
        assert len(indexers) + len(builders) + len(workers) + len(listing) == len(alive), alive
        return workers[0] if workers else None

    async def _end(self) -> None:
        self._worker()
        await finish(self.client)
        assert await self.server.exit_code() == 0
        await self.client.ended()
        assert_clean(self.server)
        await until(lambda: not any(map(psutil.pid_exists, self._pids)), "no process is left")
        self.trace.look()
        assert not self._open
        answers = Counter(m["id"] for m in self.client.received if "method" not in m)
        assert max(answers.values()) == 1


async def soak(folder: Path, *, requests: int, seed: str, model: Path) -> Summary:
    """Run it; raises on the first thing that is not as it should be."""
    summary, random, workspace = Summary(), Random(seed), folder / "workspace"
    (workspace / ".git").mkdir(parents=True)
    for n in range(5):
        (workspace / f"helper_{n}.py").write_text(HELPERS.format(n=n), "utf-8")
    session, server = None, None
    try:
        for number, share in enumerate(SESSIONS):
            server = await start_server(
                folder / f"home{number}",
                folder / "cache",
                environment={"BEADLINE_ENGINE__MODEL": str(model)},
            )
            session = Session(server, workspace, random, summary)
            progress = asyncio.create_task(_tell(summary, session.memory, requests))
            try:
                await session.run(int(requests * share), ("utf-8", "utf-16", "utf-32")[number])
            finally:
                progress.cancel()
            if share == max(SESSIONS):
                summary.memory = session.memory.checked()
    except BaseException as exc:
        exc.add_note(f"seed {seed!r}, {requests} requests, after {summary.asked}\n{summary}")
        if session is not None:
            exc.add_note("the last messages:\n" + "\n".join(session.log))
        raise
    finally:
        if server is not None and server.process.returncode is None:
            server.process.kill()
            await server.process.wait()
    return summary


async def _tell(summary: Summary, memory: Memory, requests: int) -> None:
    """Say now and then how far it is."""
    while True:
        await asyncio.sleep(10)
        answers = ", ".join(f"{key} {n}" for key, n in summary.answers.most_common(4))
        print(f"{summary.asked} of {requests}: {answers}; {memory}", flush=True)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--model", default="builtin")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="beadline-soak-"))
    try:
        print(f"seed {arguments.seed}, {folder}")
        running = soak(
            folder,
            requests=arguments.requests,
            seed=arguments.seed,
            model=models.resolve(arguments.model),
        )
        print(asyncio.run(running))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
