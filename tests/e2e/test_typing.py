"""A user types into the real server: what it costs, what is joined, what is stopped."""

from __future__ import annotations

import signal
import statistics
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import Launch, Server, until
from tests.lsp.client import insert

pytestmark = pytest.mark.slow

HEAD = '''\
"""Count the words of a file."""

import argparse
import collections
import pathlib


def read_words(path: pathlib.Path) -> list[str]:
    """All words of the file, in lower case."""
    text = path.read_text(encoding="utf-8")
    return [word.strip(".,;:!?").lower() for word in text.split()]


def most_common(words: list[str], count: int) -> list[tuple[str, int]]:
    """The `count` most frequent words."""
    counter = collections.Counter(words)
    return counter.most_common(count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=10)
    arguments = parser.parse_args()
'''
TAIL = """

if __name__ == "__main__":
    main()
"""
TYPED = (
    "    words = read_words(arguments.path)",
    "    for word, number in most_common(words, arguments.count):",
    '        print(f"{word}: {number}")',
)
LINE = HEAD.count("\n")
CANCELLED = -32800


async def opened(server: Server, folder: Path, text: str, name: str = "words.py") -> str:
    uri = (folder / name).as_uri()
    server.client.open(uri, text)
    return uri


HELPERS = """\
def read_words(path):
    return [word.strip(PUNCTUATION) for word in path.read_text().split()]


def most_common(words, count):
    return collections.Counter(words).most_common(count)


def print_table(words, arguments):
    for word, number in most_common(words, arguments.count):
        print(f"{word:>20} {number}")
"""


async def typed(server: Server, uri: str) -> list[dict[str, Any]]:
    """Type `TYPED` character by character; the traces of requests that the model answered and
    that were not the first ones of their lines."""
    client = server.client
    version, within_a_line, asked = 1, [], []
    for number, line in enumerate(TYPED):
        for column, character in enumerate(line):
            version += 1
            client.change(uri, version, insert(LINE + number, column, character))
            before = len(server.traces(event="request"))
            msg_id = client.complete_begin(uri, LINE + number, column + 1)
            asked.append(msg_id)
            if column % 7 == 3:  # as an editor does when the next key comes at once
                client.notify("$/cancelRequest", {"id": msg_id})
            answer = await client.answer(msg_id)
            if "error" in answer:
                assert answer["error"]["code"] == CANCELLED
            else:
                (record,) = await server.traced(before)
                if record["answered_from"] == "model" and column:
                    within_a_line.append(record)
        version += 1
        client.change(uri, version, insert(LINE + number, len(line), "\n"))
    answers = [await client.answer(msg_id) for msg_id in asked]
    assert sum("result" in answer for answer in answers) > len(answers) / 2
    for record in server.traces(event="request"):
        assert record["prompt_tokens"] == record["reused_tokens"] + record["evaluated_tokens"]
    return within_a_line


async def test_typing_costs_few_tokens_and_every_request_is_answered(
    launch: Launch, tmp_path: Path
) -> None:
    server = await launch()
    await server.ready(options={"completion": {"debounceMs": 0, "maxTokens": 8}})
    records = await typed(server, await opened(server, tmp_path, HEAD + TAIL))
    assert len(records) >= 20, "too few requests reached the model to say anything"
    evaluated = [record["evaluated_tokens"] for record in records]
    assert statistics.median(evaluated) <= 3, evaluated


async def test_snippets_do_not_make_typing_dearer(launch: Launch, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    (workspace / ".git").mkdir(parents=True)
    (workspace / "helpers.py").write_text(HELPERS)
    server = await launch()
    await server.ready(
        root=workspace.as_uri(), options={"completion": {"debounceMs": 0, "maxTokens": 8}}
    )
    uri = await opened(server, workspace, HEAD + TAIL)
    await server.client.complete(uri, LINE, 0, triggerKind=1)
    # The first scan runs in the background; what it finds comes into use in idle time.
    await until(
        lambda: any(
            record["snippets"]
            for event in ("request", "warm")
            for record in server.traces(event=event)
        ),
        "snippets are in a prompt",
    )
    records = await typed(server, uri)
    assert {s["path"] for r in records for s in r["snippets"]} == {"helpers.py"}
    evaluated = [record["evaluated_tokens"] for record in records]
    assert statistics.median(evaluated) <= 3, evaluated


def activity(worker: psutil.Process) -> float:
    """A number that rises when the worker reads a message."""
    if hasattr(worker, "io_counters"):
        return worker.io_counters().read_chars
    return sum(worker.cpu_times()[:2])


async def begun(server: Server, uri: str, line: int, column: int) -> int | None:
    """A request whose generation is in the worker, which is halted then; None if it is over."""
    worker = server.worker()
    before = activity(worker)
    msg_id = server.client.complete_begin(uri, line, column, triggerKind=1)
    answered = [False]

    def seen() -> bool:
        answered[0] = any(m.get("id") == msg_id for m in server.client.received)
        return activity(worker) > before or answered[0]

    await until(seen, "the worker has the request")
    worker.suspend()
    await server.round_trip()
    if any(m.get("id") == msg_id for m in server.client.received):
        worker.resume()
        return None
    return msg_id


HOLES = (
    "    parser.add_argument(",
    "    print(",
    "    words = read_words(",
    "    return collections.Counter(",
    "    for word in ",
    "    if len(",
    "    counter = ",
    "    values = [",
)


async def fresh(server: Server, attempt: int) -> None:
    """Forget what was answered: other limits, other answers."""
    settings = {"completion": {"debounceMs": 0, "maxTokens": 32 + attempt}}
    server.client.notify("workspace/didChangeConfiguration", {"settings": {"beadline": settings}})


async def test_an_agreeing_keystroke_joins_the_running_generation(
    launch: Launch, tmp_path: Path
) -> None:
    server = await launch()
    await server.ready()
    client = server.client
    joined = []
    for attempt in range(40):
        hole = HOLES[attempt % len(HOLES)]
        uri = await opened(server, tmp_path, HEAD + hole + TAIL)
        await fresh(server, 2 * attempt)
        items = await client.complete(uri, LINE, len(hole), triggerKind=1)
        text = items[0]["insertText"] if items else ""
        if len(text) < 3 or text[0].isspace():
            continue
        await fresh(server, 2 * attempt + 1)
        older = await begun(server, uri, LINE, len(hole))
        if older is None:
            continue  # the model was faster than we could look
        before = len(server.traces(event="request"))
        client.change(uri, 2, insert(LINE, len(hole), text[0]))
        newer = client.complete_begin(uri, LINE, len(hole) + 1, triggerKind=1)
        assert (await client.answer(older))["error"]["code"] == CANCELLED
        server.worker().resume()
        answer = await client.answer(newer)
        *_, record = await server.traced(before)
        if record["answered_from"] == "inflight":
            assert answer["result"]["items"][0]["insertText"] == text[1:]
            joined.append(hole)
            break
    assert joined


async def test_a_contradicting_keystroke_stops_the_generation(
    launch: Launch, tmp_path: Path
) -> None:
    server = await launch()
    await server.ready()
    client = server.client
    for attempt in range(40):
        hole = HOLES[attempt % len(HOLES)]
        uri = await opened(server, tmp_path, HEAD + hole + TAIL)
        await fresh(server, attempt)
        older = await begun(server, uri, LINE, len(hole))
        if older is None:
            continue
        stopped = len(server.traces(event="abandoned", stop_reason="contradicted"))
        client.change(uri, 2, insert(0, 0, "# another first line\n"))
        newer = client.complete_begin(uri, LINE + 1, len(hole), triggerKind=1)
        answer = await client.answer(older)
        assert answer.get("result") == {"items": []} or answer["error"]["code"] == CANCELLED
        server.worker().resume()
        assert "result" in await client.answer(newer)
        if len(server.traces(event="abandoned", stop_reason="contradicted")) > stopped:
            return
    raise AssertionError("no generation was stopped")


async def test_a_worker_killed_in_mid_generation_costs_one_answer(
    launch: Launch, tmp_path: Path
) -> None:
    server = await launch()
    await server.ready()
    client = server.client
    for attempt in range(40):
        hole = HOLES[attempt % len(HOLES)]
        uri = await opened(server, tmp_path, HEAD + hole + TAIL)
        await fresh(server, attempt)
        killed = await begun(server, uri, LINE, len(hole))
        if killed is None:
            continue
        victim = server.worker()
        victim.kill()  # SIGKILL, which reaches a halted process too
        assert (await client.answer(killed))["result"] == {"items": []}
        before = len(server.traces(event="request"))
        assert "result" in await client.answer(
            client.complete_begin(uri, LINE, len(hole), triggerKind=1)
        )
        (record,) = await server.traced(before)
        assert record["answered_from"] == "model"
        assert record["prompt_tokens"] > 0
        assert server.worker().pid != victim.pid
        return
    raise AssertionError("no generation was under way when it was looked for")


@pytest.mark.parametrize("end", ["eof", "exit", "signal"])
async def test_the_worker_ends_with_the_server(launch: Launch, tmp_path: Path, end: str) -> None:
    server = await launch()
    await server.ready()
    worker = server.worker()
    if end == "eof":
        server.process.stdin.close()
    elif end == "exit":
        server.client.notify("exit")
    else:
        server.process.send_signal(signal.SIGKILL)
    code = await server.exit_code()
    assert code == {"eof": 0, "exit": 1, "signal": -signal.SIGKILL}[end]
    await until(lambda: not worker.is_running(), "the worker is gone")
