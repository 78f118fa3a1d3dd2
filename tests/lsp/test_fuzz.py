"""The real server process against random messages: it lives, answers, and knows the texts.

A failure prints the seed; `BEADLINE_FUZZ_SEED=<seed>` runs that one alone, and
`BEADLINE_FUZZ_MESSAGES=<n>` sets how many messages the slow test sends.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

import beadline
from tests.lsp.client import Client, Message, finish, frame
from tests.lsp.fuzz_messages import Fuzzer, Sent

CHECKOUT = Path(beadline.__file__).resolve().parent.parent
LIMIT = 400_000
"""`context.max_file_bytes`: some of the random texts are above it."""
BATCH = 12
"""Messages sent before answers are waited for, on average."""
SEEDS = os.environ.get("BEADLINE_FUZZ_SEED", "").split() or ["1"]
MESSAGES = int(os.environ.get("BEADLINE_FUZZ_MESSAGES", "20000"))
ENCODINGS = ("utf-8", "utf-16", "utf-32")
FORBIDDEN = ("Traceback", "failed:", "could not be handled", "while handling a message")


class Run:
    """One server and one fuzzing client."""

    def __init__(self, client: Client, fuzzer: Fuzzer) -> None:
        self.client = client
        self.fuzzer = fuzzer
        self._open: dict[int, Sent] = {}
        self._seen = len(client.received)

    async def send(self, count: int) -> None:
        """So many messages, and a look at every text at the end."""
        while count > 0:
            size = min(1 + int(self.fuzzer.random.expovariate(1 / BATCH)), count)
            await self._batch([self.fuzzer.next() for _ in range(size)])
            count -= size
        await self._batch([self.fuzzer.ask(uri) for uri in self.fuzzer.model.buffers])

    async def _batch(self, batch: list[Sent]) -> None:
        self._open |= {sent.id: sent for sent in batch if sent.id is not None}
        self.client.send_bytes(b"".join(frame(sent.body) for sent in batch))
        for msg_id in self._open:
            await self.client.message(
                lambda m, msg_id=msg_id: "method" not in m and m.get("id") == msg_id,
                f"answer {msg_id}",
                after=self._seen,
            )
        self._check()

    def _check(self) -> None:
        for message in self.client.received[self._seen :]:
            self._seen += 1
            if "method" not in message and message["id"] is not None:
                sent = self._open.pop(message["id"], None)
                assert sent is not None, f"a second answer: {message}"
                sent.check(message)


async def fuzz(seed: str, encoding: str, count: int, home: Path, engine: str = "fake") -> Counter:
    """Run one session; what was answered, by kind."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with (home / "stderr").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "tests.lsp.fuzz_server", engine, str(LIMIT)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=environment,
            cwd=home,
        )
    assert process.stdin is not None and process.stdout is not None
    client = Client(process.stdout, process.stdin.write)
    capabilities = {
        "general": {"positionEncodings": [encoding]},
        "notebookDocument": {"synchronization": {}},
        "workspace": {"configuration": True},
    }
    try:
        options = {"completion": {"plainCompletion": True}}
        await client.initialize(capabilities=capabilities, options=options)
        await client.told("beadline/status", state="ready")
        await Run(client, Fuzzer(seed, encoding, LIMIT)).send(count)
        await finish(client)
        assert await process.wait() == 0
    except BaseException as exc:
        exc.add_note(f"seed {seed!r}, {encoding}, {count} messages, {engine} engine")
        raise
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    await client.ended()
    log = (home / "stderr").read_text("utf-8")
    for sign in FORBIDDEN:
        assert sign not in log, f"seed {seed!r}: {log[log.index(sign) - 200 :][:3000]}"
    return Counter(map(_kind, client.received))


def _kind(message: Message) -> str:
    if "method" in message:
        return message["method"]
    if "error" in message:
        return str(message["error"]["code"])
    result = message["result"]
    items = result.get("items") if isinstance(result, dict) else None
    return "items" if items else "empty" if items is not None else "result"


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_a_few_messages(encoding: str, tmp_path: Path) -> None:
    answers = await fuzz(f"few {SEEDS[0]}", encoding, 250, tmp_path)
    assert answers["items"] > 1


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("seed", SEEDS)
async def test_many_messages(seed: str, encoding: str, tmp_path: Path) -> None:
    answers = await fuzz(seed, encoding, MESSAGES // len(ENCODINGS), tmp_path)
    print(dict(answers))
    assert answers["items"] > 50
