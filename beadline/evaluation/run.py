"""Completes holes with the serving code and keeps the outcomes. Knows no model and no table.

What is measured is what is served: the same `Completer`, an automatic request, the whole file
with the hole taken out. Outcomes go to a file, one line each, so that a run can be continued.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from beadline.completion.types import CompletionRequest, CompletionResult
from beadline.context.syntax import SyntaxTrees, adds_error
from beadline.context.types import Document
from beadline.engine.protocol import FimRequest
from beadline.errors import InputError
from beadline.evaluation.baselines import BASELINES
from beadline.evaluation.checks import check_tree, first_line_right, window_is_exact
from beadline.evaluation.holes import Hole
from beadline.evaluation.sources import PYTHON, parses


class Completes(Protocol):
    """What is measured: `completion.service.Completer`, or a stand-in."""

    async def complete(self, request: CompletionRequest) -> CompletionResult: ...

    async def fim_request(self, request: CompletionRequest) -> FimRequest: ...

    def closed(self, key: str) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """What was served for one hole."""

    id: str
    category: str
    repo: str
    path: str
    truth: str
    prediction: str
    """Empty when nothing was shown."""
    silent_reason: str
    stop_reason: str
    expected: str
    adds_error: bool
    """The serving rule's own verdict (DESIGN section 2, step 7), asked again on a fresh tree."""
    python_broken: bool | None
    """The file without the hole's text parsed and with the prediction does not; None when it did
    not parse before either, or is not Python. An honest block header or open bracket at its own
    end counts here."""
    python_parses: bool | None
    """Python's own parser takes the file with the prediction in place; None for the others."""
    language: str
    window_exact: bool
    """Prefix, truth and suffix of the prompt are one range of the file."""
    tree: dict[str, bool] | None
    """`checks.TreeCheck` of what was shown; None without a grammar or when nothing was."""
    first_line_right: bool
    """The first line of what was shown is what the author has there (`checks.first_line_right`)."""
    baselines: dict[str, str]
    trace: dict[str, Any]


async def complete_hole(completer: Completes, hole: Hole, folder: Path | None = None) -> Outcome:
    """Serve one hole and check what came. `folder` holds the repository's files, for snippets."""
    text = hole.prefix + hole.suffix
    # Every hole is a document of its own: one hole's answer must not help the next one's. With a
    # folder it is a version of that file, so that the file itself, hole filled, is no snippet.
    key = hole.id if folder is None else f"{(folder / hole.path).as_uri()}#{quote(hole.id)}"
    document = Document(key, hole.path, hole.language, text, repo=hole.repo.rpartition("/")[2])
    request = CompletionRequest(document, hole.start)
    result = await completer.complete(request)
    asked = await completer.fim_request(request)
    completer.closed(document.key)
    prediction = result.items[0].text if result.items else ""
    python = hole.language == PYTHON
    after = parses(hole.prefix + prediction + hole.suffix) if python else None
    checked = check_tree(hole, prediction) if prediction else None
    return Outcome(
        id=hole.id,
        category=hole.category,
        repo=hole.repo,
        path=hole.path,
        truth=hole.truth,
        prediction=prediction,
        silent_reason=result.trace.silent_reason,
        stop_reason=result.trace.stop_reason,
        expected=result.trace.expected,
        adds_error=bool(prediction) and _adds_error(document, hole.start, prediction),
        python_broken=(not after) if python and parses(text) else None,
        python_parses=after,
        language=hole.language,
        window_exact=window_is_exact(hole, asked),
        tree=asdict(checked) if checked is not None else None,
        first_line_right=first_line_right(hole, prediction),
        baselines={name: predict(hole.prefix) for name, predict in BASELINES.items()},
        trace=result.trace.as_dict(),
    )


async def run(
    completer: Completes,
    holes: Sequence[Hole],
    results: Path,
    header: dict[str, Any],
    progress: Callable[[int, Outcome], None] | None = None,
    folders: Mapping[str, Path] | None = None,
) -> list[Outcome]:
    """Complete all holes that `results` does not hold yet, in order, and append them to it.

    `header` says what the run is (model, seed, commits, options); `InputError` when the file
    belongs to another run. `folders` holds the files of the repositories, by name.
    """
    done = load(results, header)
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("a", encoding="utf-8") as file:
        if file.tell() == 0:
            _append(file, {"header": header})
        for count, hole in enumerate(holes, start=1):
            if hole.id not in done:
                done[hole.id] = await complete_hole(completer, hole, (folders or {}).get(hole.repo))
                _append(file, asdict(done[hole.id]))
            if progress is not None:
                progress(count, done[hole.id])
    return [done[hole.id] for hole in holes]


def load(results: Path, header: dict[str, Any]) -> dict[str, Outcome]:
    """Outcomes of an interrupted run by hole id; nothing when there is no such file.

    A last line that was cut off in writing is removed from the file. Raises `InputError` for a
    file of another run, or of something else; such a file is not touched.
    """
    if not results.exists():
        return {}
    data = results.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    hint = "Name another --results file, or delete it."
    try:
        lines = [json.loads(line) for line in whole.decode("utf-8").splitlines()]
    except ValueError as exc:
        raise InputError(f"{results} is no results file, or a damaged one.", hint=hint) from exc
    if data and not (lines and isinstance(lines[0], dict) and "header" in lines[0]):
        raise InputError(f"{results} is no results file.", hint=hint)
    if lines and lines[0]["header"] != json.loads(json.dumps(header)):
        raise InputError(f"{results} holds the results of another run.", hint=hint)
    if whole != data:  # only now: until here it could be any file of the user's
        results.write_bytes(whole)
    return {line["id"]: Outcome(**line) for line in lines[1:]}


def _append(file: Any, value: dict[str, Any]) -> None:
    # ASCII: a lone U+2028 in a prediction must not become a line end for somebody's reader.
    file.write(json.dumps(value) + "\n")
    file.flush()


def _adds_error(document: Document, offset: int, prediction: str) -> bool:
    tree = SyntaxTrees().parse(document)
    return tree is not None and adds_error(tree, offset, offset, prediction)
