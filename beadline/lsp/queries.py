"""What a client may ask besides suggestions: commands that change nothing. Knows no editor.

The prompt behind a suggestion, the statistics, the index, the models, the doctor; the shapes of the
answers are in docs/protocol.md. What fails is answered with RequestFailed and a sentence for the
user's eyes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from beadline.completion.prompts import Behind
from beadline.context.index.state import FolderState
from beadline.engine import models
from beadline.engine.models import ModelFile
from beadline.engine.protocol import RenderedPrompt
from beadline.errors import BeadlineError, ModelError
from beadline.lsp import diagnosis
from beadline.lsp.statistics import database, summary
from beadline.settings import BUILTIN_MODEL, StatisticsOptions

if TYPE_CHECKING:
    from beadline.lsp.server import BeadlineServer

LAST_PROMPT_COMMAND = "beadline.lastPrompt"
STATISTICS_COMMAND = "beadline.statistics"
INDEX_STATUS_COMMAND = "beadline.indexStatus"
MODELS_COMMAND = "beadline.models"
DOCTOR_COMMAND = "beadline.doctor"

REQUEST_FAILED = -32803
"""LSP's error for a request that was understood and could not be done."""

FolderStates = Callable[[], Sequence[FolderState]]
"""How the indexes of the workspace's folders are. Blocks."""


def register(server: BeadlineServer) -> None:
    """Give the server the commands."""
    doctors = asyncio.Lock()

    @server.command(LAST_PROMPT_COMMAND)
    async def last_prompt(*arguments: Any) -> dict[str, Any] | None:
        uri = _optional(arguments, str, f"{LAST_PROMPT_COMMAND} takes the URI of a document.")
        found = server.completer.behind(None if uri is None else server.notebooks.key(uri))
        if found is None:
            return None
        with _told():
            return _prompt(found, await server.engine.render(found.sent.request))

    @server.command(STATISTICS_COMMAND)
    async def statistics(*arguments: Any) -> dict[str, Any]:
        rule = f"{STATISTICS_COMMAND} takes a number of days from 1 to {summary.MOST_DAYS}."
        days = _optional(arguments, int, rule)
        if days is not None and not 1 <= days <= summary.MOST_DAYS:
            raise JsonRpcInvalidParams(rule)
        with _told():
            options = server.configuration.base.statistics
            return await asyncio.to_thread(_statistics, options, days)

    @server.command(INDEX_STATUS_COMMAND)
    async def index_status(*_: Any) -> dict[str, Any]:
        with _told():
            states = await asyncio.to_thread(server.folder_states)
        return {
            "folders": [asdict(state) for state in states],
            "problems": list(dict.fromkeys(s.problem for s in states if s.problem)),
        }

    @server.command(MODELS_COMMAND)
    async def model_files(*_: Any) -> dict[str, Any]:
        with _told():
            return await asyncio.to_thread(_models, server.configuration.base.engine.model)

    @server.command(DOCTOR_COMMAND)
    async def doctor(*_: Any) -> dict[str, Any]:
        model = server.configuration.base.engine.model
        workspace = next(iter(server.documents.folders), None)
        with _told():
            async with doctors:  # each loads a model of its own
                found = await diagnosis.diagnose(_whole(model), workspace)
        return {"ok": found.ok, "text": found.text}


@contextmanager
def _told() -> Iterator[None]:
    """What fails for a reason that the user may know is told to the client as an answer."""
    try:
        yield
    except BeadlineError as exc:
        raise JsonRpcException(str(exc), code=REQUEST_FAILED) from exc


def _optional(arguments: tuple[Any, ...], kind: type, rule: str) -> Any:
    """The only argument; None where there is none. Raises `JsonRpcInvalidParams`."""
    value = arguments[0] if arguments else None
    if value is not None and type(value) is not kind:
        raise JsonRpcInvalidParams(rule)
    return value


def _prompt(found: Behind, prompt: RenderedPrompt) -> dict[str, Any]:
    request = found.sent.request
    return {
        "uri": request.sequence,
        "path": request.path,
        "suggestion": found.suggestion,
        "answeredFrom": found.answered_from,
        "prompt": prompt.text,
        "typed": prompt.typed.decode("utf-8", "backslashreplace"),
        "family": prompt.family,
        "layout": prompt.layout,
        "prefix": request.prefix,
        "suffix": request.suffix,
        "dropped": {"prefix": prompt.dropped_prefix, "suffix": prompt.dropped_suffix},
        "tokens": {
            "prompt": len(prompt.tokens),
            "prefix": prompt.prefix_tokens,
            "suffix": prompt.suffix_tokens,
            "snippets": prompt.snippet_tokens,
        },
        "snippets": [
            {"path": s.path, "source": s.source, "reason": s.reason, "text": s.text}
            for s in found.sent.snippets
        ],
    }


def _statistics(options: StatisticsOptions, days: int | None) -> dict[str, Any]:
    path = database.location(options)
    since = summary.first_day(days) if days is not None else ""
    rows = database.read(path, since)
    return {"enabled": options.enabled, "file": str(path), **summary.as_json(rows, since)}


def _models(configured: str) -> dict[str, Any]:
    """The files there are, the configured one among them wherever it lies."""
    found = models.available()
    try:
        chosen = models.resolve(configured)
        if chosen not in [model.path for model in found]:
            found.append(models.listed(chosen))
    except ModelError as exc:
        chosen = Path(configured)
        found.append(ModelFile(configured, chosen, 0, problem=str(exc)))
    return {
        "configured": configured,
        "folder": str(models.models_dir()),
        "models": [_model(model, chosen) for model in found],
    }


def _model(model: ModelFile, chosen: Path) -> dict[str, Any]:
    is_builtin = model.path == models.BUILTIN_FILE
    return {
        "name": model.name,
        "value": BUILTIN_MODEL if is_builtin else str(model.path),
        "path": str(model.path),
        "size": model.size,
        "family": model.family,
        "parameters": model.parameters,
        "quantisation": model.quantisation,
        "context": model.context,
        "problem": model.problem,
        "builtin": is_builtin,
        "configured": model.path == chosen,
    }


def _whole(model: str) -> str:
    """The model's full path: the doctor's process has another current folder."""
    if model == BUILTIN_MODEL:
        return model
    try:
        return str(models.resolve(model))
    except ModelError:
        return model
