"""Measures the model's work a keystroke: one question at a time, on one side after the other.

Knows plans and servers; knows no tables. Nothing is cached, silenced or cut on either side: every
question evaluates a prompt and decodes the same number of tokens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from beadline.bench.client import Answer
from beadline.bench.commits import Commit, Folder
from beadline.bench.edits import apply
from beadline.bench.infill import Buffer, local, request, warm_up
from beadline.bench.ours import Ours
from beadline.bench.peer import Peer
from beadline.bench.plan import SUPPORT, Action, Episode
from beadline.bench.results import Record, Results
from beadline.bench.ring import Ring
from beadline.bench.sessions import What
from beadline.errors import EngineError

ANSWER_S = 600.0
_MOST_TRIES = 20
_DEADLINE = "deadline"
"""Reason of a generation that ended by `completion.deadline_ms`."""


class Side(Protocol):
    """A server that is driven through an episode."""

    def begin(self, commit: Commit) -> None:
        """A new episode: the folder holds the commit's parent."""
        ...

    async def act(self, action: Action, texts: dict[str, str]) -> Record | None:
        """Do a step, `texts` being the files before it; what was measured, if it was."""
        ...

    async def end(self) -> None:
        """The episode is over."""
        ...


async def measure(
    side: Side,
    episodes: Sequence[Episode],
    folder: Folder,
    results: Results,
    progress: Callable[[Record], None],
) -> None:
    """Run all episodes that `results` has not. `folder` holds the files that are edited."""
    for episode in episodes:
        commit = episode.commit
        if results.has(commit.id):
            continue
        folder.check_out(commit.parent)
        side.begin(commit)
        texts = {change.path: change.old for change in commit.changes}
        records: list[Record] = []
        for action in episode.actions:
            step = action.step
            if step.what is What.SAVE:
                folder.write(step.path, texts[step.path])
            record = await side.act(action, texts)
            if step.event is not None:
                texts[step.path] = apply(texts[step.path], step.event)
            if record is not None:
                record |= {"episode": commit.id, "number": action.number, "class": action.ask}
                records.append(record)
                progress(record)
        await side.end()
        results.add(commit.id, records)


class OurSide:
    """Our server. Its trace says what a question cost."""

    def __init__(self, server: Ours, *, tokens: int) -> None:
        """`tokens`: as many are decoded for every question."""
        self._server = server
        self._tokens = tokens
        self._languages: dict[str, str] = {}
        self._background: Record = {}

    def begin(self, commit: Commit) -> None:
        """See `Side`."""
        self._languages = {change.path: change.language for change in commit.changes}
        self._server.files_changed(list(self._languages))

    async def act(self, action: Action, texts: dict[str, str]) -> Record | None:
        """See `Side`."""
        step, text, server = action.step, texts[action.step.path], self._server
        if step.what is What.OPEN:
            server.open(step.path, text, self._languages[step.path])
        elif step.what is What.SAVE:
            server.save(step.path)
        elif step.what is What.PAUSE:
            self._note(await server.idle())
        if step.event is None:
            return None
        if step.event.start != step.event.end or step.event.text:
            server.edit(step.path, text, step.event)
        if not action.ask:
            return None
        self._note(server.traces())
        after = apply(text, step.event)
        waited, evaluated = 0.0, 0
        for _ in range(_MOST_TRIES):
            answer, trace = await self._ask(step.path, after, step.event.cursor)
            waited, evaluated = waited + answer.ms, evaluated + trace["evaluated_tokens"]
            if trace["stop_reason"] != _DEADLINE:
                break  # else the prompt is longer than the longest generation; it goes on there
        if trace["generated_tokens"] != self._tokens:
            reason = trace["stop_reason"] or trace["silent_reason"]
            raise EngineError(
                f"The server decoded {trace['generated_tokens']} tokens instead of "
                f"{self._tokens}: {reason}.",
                hint=f"See {server.log}.",
            )
        background, self._background = self._background, {}
        return {
            "evaluated": evaluated,
            "prompt": trace["prompt_tokens"],
            "prefix": trace["prefix_tokens"],
            "suffix": trace["suffix_tokens"],
            "snippets": trace["snippet_tokens"],
            "generated": trace["generated_tokens"],
            "first_ms": waited - trace["generate_ms"],
            "total_ms": waited,
            "generate_ms": trace["generate_ms"],
            "layout": trace["layout"],
            "older_snippets": trace["older_snippets"],
            "background": background,
        }

    async def end(self) -> None:
        """See `Side`."""
        self._server.close_files()
        self._note(await self._server.idle())

    async def _ask(self, path: str, text: str, offset: int) -> tuple[Answer, dict[str, Any]]:
        """The answer to a question, and its line of the trace."""
        server = self._server
        answer = await asyncio.wait_for(server.ask(path, text, offset)[1], ANSWER_S)
        trace: dict[str, Any] | None = None
        for line in server.traces():
            if line["event"] == "request":
                trace = line
            else:
                self._note([line])
        if trace is None:
            raise EngineError("The server traced no question.", hint=f"See {server.log}.")
        return answer, trace

    def _note(self, lines: Sequence[dict[str, Any]]) -> None:
        """Tokens that were evaluated beside the questions."""
        for line in lines:
            event = line["event"]
            self._background[event] = self._background.get(event, 0) + line["evaluated_tokens"]


class PeerSide:
    """llama-server asked as llama.vim asks, without the plugin's cache and limits of time."""

    def __init__(self, peer: Peer, ring: Ring, *, tokens: int, batch: int) -> None:
        """`batch` is the server's, by which it cuts prefix and suffix."""
        self._peer = peer
        self._ring = ring
        self._tokens = tokens
        self._batch = batch
        self._cursors: dict[str, int] = {}
        self._background: Record = {}

    def begin(self, commit: Commit) -> None:
        """See `Side`. The ring is the plugin's, and goes on."""
        self._cursors = {change.path: 0 for change in commit.changes}

    async def act(self, action: Action, texts: dict[str, str]) -> Record | None:
        """See `Side`."""
        step = action.step
        path, text = step.path, texts[step.path]
        if step.what in (What.OPEN, What.SWITCH, What.SAVE):
            buffer = Buffer.of(text, self._cursors[path], path)
            self._ring.pick_around(buffer.lines, buffer.y, path)
        elif step.what is What.PAUSE:
            await self._update()
        if step.event is None:
            return None
        self._cursors[path] = step.event.cursor
        if not action.ask:
            return None
        buffer = Buffer.of(apply(text, step.event), step.event.cursor, path)
        where = local(buffer)
        self._ring.drop_near(buffer.lines, buffer.y)
        extra = self._ring.extra()
        body = request(where, extra, 0) | {
            "n_predict": 1 if action.ask == SUPPORT else self._tokens,
            "n_indent": 0,
            "t_max_prompt_ms": -1,
            "t_max_predict_ms": -1,
            "ignore_eos": True,
            # The infill sampler ends the text where no token is likely, whatever is ignored.
            "samplers": ["top_k", "top_p", "temperature"],
            "stream": True,
        }
        reply = await asyncio.wait_for(self._peer.infill(body), ANSWER_S)
        if reply.generated != body["n_predict"]:
            raise EngineError(
                f"llama-server decoded {reply.generated} tokens instead of {body['n_predict']}."
            )
        self._ring.moved(buffer.lines, buffer.y, path)
        # format_prompt_infill: prefix and suffix share the batch 3 to 1, the middle is whole.
        middle = await self._peer.count(where.middle)
        prefix = min(await self._peer.count(where.prefix), 3 * (self._batch // 4))
        suffix = await self._peer.count(where.suffix)
        suffix = min(suffix, max(0, self._batch // 4 - (2 + middle)))
        background, self._background = self._background, {}
        return {
            "evaluated": reply.evaluated,
            "prompt": reply.prompt,
            "prefix": prefix + middle,
            "suffix": suffix,
            "snippets": sum(chunk.tokens for chunk in self._ring.chunks) if extra else 0,
            "generated": reply.generated,
            "first_ms": reply.first_ms,
            "total_ms": reply.total_ms,
            "generate_ms": reply.total_ms - reply.first_ms,
            "background": background,
        }

    async def end(self) -> None:
        """See `Side`."""
        await self._update()

    async def _update(self) -> None:
        """All that is queued goes into the ring, as in a pause of as many seconds."""
        while self._ring.queued:
            self._ring.update(await self._peer.count(self._ring.queued[0].text))
            reply = await asyncio.wait_for(self._peer.infill(warm_up(self._ring.extra())), ANSWER_S)
            used = self._background.get("warm", 0)
            self._background["warm"] = used + reply.evaluated
