"""The worker process by its pipes alone, as a client of any kind would drive it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from beadline.engine.llama import messages
from beadline.engine.llama.messages import AHEAD, Message
from beadline.engine.llama.process import default_command
from beadline.engine.protocol import FimRequest

TIMEOUT_S = 60
REQUEST = FimRequest(prefix="def f(a):\n    return ", suffix="\n", max_tokens=200)


class RawWorker:
    """A worker process and its messages."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def send(self, **message: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(messages.encode(message))

    def generate(self, job: int, request: FimRequest = REQUEST) -> None:
        self.send(op="generate", id=job, request=messages.request_values(request))

    async def receive(self) -> Message:
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), TIMEOUT_S)
        message = messages.decode(line)
        assert message is not None, line
        return message

    async def until(self, op: str, job: int | None = None) -> list[Message]:
        """Messages up to and including the next `op` (of `job`)."""
        seen: list[Message] = []
        while not seen or seen[-1]["op"] != op or (job is not None and seen[-1].get("id") != job):
            seen.append(await self.receive())
        return seen

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), TIMEOUT_S)


@pytest.fixture
async def raw_worker(
    model_path: Path,
) -> AsyncIterator[Callable[[list[str]], Awaitable[RawWorker]]]:
    """Starts workers and loads the model; they are killed after the test."""
    started: list[asyncio.subprocess.Process] = []

    async def start(command: list[str], cwd: str = sys.prefix) -> RawWorker:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=cwd,
        )
        started.append(process)
        worker = RawWorker(process)
        await worker.until("hello")
        worker.send(
            op="load",
            path=str(model_path),
            gpu_layers=0,
            context_tokens=512,
            sequences=2,
            threads=1,
            use_extra_bufts=True,
            probe=False,
            prefix_tokens=128,
            suffix_tokens=32,
            prompts={"healing": False},
            kv_bytes=1 << 30,
            adapter=None,
            state="",
            state_bytes=0,
            drafts=True,
            draft_model="",
            cache=None,
        )
        await worker.until("ready")
        return worker

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_without_credit_it_stops_four_tokens_ahead(raw_worker, worker_script) -> None:
    worker = await raw_worker(worker_script("endless"))
    worker.generate(1, FimRequest(prefix="x = ", suffix="", max_tokens=50, deadline_ms=1500))
    seen = await worker.until("finished")
    assert seen[-1]["reason"] == "deadline"
    assert sum(message["tokens"] for message in seen if message["op"] == "piece") <= AHEAD
    assert seen[-1]["usage"]["generated_tokens"] <= AHEAD


async def test_credit_lets_it_go_on(raw_worker, worker_script) -> None:
    worker = await raw_worker(worker_script("endless"))
    worker.generate(1, FimRequest(prefix="x = ", suffix="", max_tokens=20, deadline_ms=60_000))
    while (message := await worker.receive())["op"] != "finished":
        if message["op"] == "piece":
            worker.send(op="credit", id=1, tokens=message["tokens"])
    assert message["reason"] == "length"
    assert message["usage"]["generated_tokens"] == 20


async def test_cancel_is_heard_while_it_waits_for_credit(raw_worker, worker_script) -> None:
    worker = await raw_worker(worker_script("endless"))
    worker.generate(1, FimRequest(prefix="x = ", suffix="", max_tokens=50, deadline_ms=600_000))
    await worker.until("piece")
    worker.send(op="cancel", id=1)
    assert (await worker.until("finished"))[-1]["reason"] == "cancelled"


async def test_late_cancel_and_credit_do_not_touch_the_next_job(raw_worker, worker_script) -> None:
    worker = await raw_worker(worker_script("endless"))
    worker.generate(1, FimRequest(prefix="x = ", suffix="", max_tokens=2))
    await worker.until("finished", 1)
    worker.send(op="cancel", id=1)
    worker.send(op="credit", id=1, tokens=100)
    worker.generate(2, FimRequest(prefix="x = ", suffix="", max_tokens=3))
    worker.send(op="nonsense")
    finished = (await worker.until("finished", 2))[-1]
    assert (finished["reason"], finished["usage"]["generated_tokens"]) == ("length", 3)


async def test_a_queued_job_can_be_cancelled(raw_worker, worker_script) -> None:
    worker = await raw_worker(worker_script("endless"))
    worker.generate(1, FimRequest(prefix="x = ", suffix="", max_tokens=50, deadline_ms=600_000))
    worker.generate(2)
    worker.send(op="cancel", id=2)
    worker.send(op="cancel", id=1)
    await worker.until("finished", 1)
    assert (await worker.until("finished", 2))[-1]["reason"] == "cancelled"


async def test_the_end_of_stdin_ends_it_at_once_in_the_middle_of_a_decode(
    raw_worker, worker_script
) -> None:
    worker = await raw_worker(worker_script("stuck"))
    worker.generate(1)
    assert worker.process.stderr is not None
    line = await asyncio.wait_for(worker.process.stderr.readline(), TIMEOUT_S)
    assert line == b"decoding\n"
    worker.process.stdin.close()
    assert await worker.ended() == 0


async def test_the_end_of_stdin_ends_an_idle_worker(raw_worker) -> None:
    worker = await raw_worker(default_command())
    worker.process.stdin.close()
    assert await worker.ended() == 0


async def test_what_native_code_prints_does_not_reach_the_protocol(
    raw_worker, worker_script
) -> None:
    worker = await raw_worker(worker_script("noisy"))
    worker.generate(1, FimRequest(prefix="x = ", suffix="", max_tokens=3))
    finished = (await worker.until("finished"))[-1]
    assert finished["id"] == 1


async def test_nothing_is_imported_from_the_directory_it_starts_in(raw_worker, tmp_path) -> None:
    for name in ("json", "llama_cpp", "numpy", "beadline", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    worker = await raw_worker(default_command(), cwd=str(tmp_path))
    worker.generate(1, FimRequest(prefix="x = ", suffix="", max_tokens=1))
    await worker.until("finished")


async def test_special_text_in_a_request_stays_text(raw_worker, vocabulary) -> None:
    worker = await raw_worker(default_command())
    request = FimRequest(
        prefix='a = "<|fim_middle|><|fim_prefix|>"\nb = ',
        suffix="\n# <|endoftext|><|fim_suffix|>\n",
        path="<|file_sep|>.py",
        repo="<|repo_name|>",
    )
    worker.send(op="render", id=1, request=messages.request_values(request))
    prompt = messages.prompt_from((await worker.until("rendered"))[-1]["prompt"])
    for name in ("fim_prefix", "fim_suffix", "fim_middle"):
        assert prompt.text.count(f"<|{name}|>") == 2
        assert prompt.tokens.count(vocabulary.special(f"<|{name}|>")) == 1
    assert not vocabulary.eog & set(prompt.tokens) - {
        vocabulary.special("<|file_sep|>"),
        vocabulary.special("<|repo_name|>"),
    }


async def test_a_message_of_an_unknown_kind_is_answered(raw_worker) -> None:
    worker = await raw_worker(default_command())
    worker.send(op="dance", id=5)
    error = (await worker.until("error"))[-1]
    assert (error["id"], error["kind"]) == (5, "engine")
