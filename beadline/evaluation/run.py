"""Completes holes with the serving code and keeps the outcomes. Knows no model and no table.

What is measured is what is served: the same `Completer`, an automatic request, the whole file
with the hole taken out. Outcomes go to a file, one line each, so that a run can be continued.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from beadline.completion.types import CompletionRequest, CompletionResult
from beadline.context.syntax import SyntaxTrees, adds_error
from beadline.context.types import Document
from beadline.engine.protocol import FimRequest
from beadline.evaluation import results
from beadline.evaluation.baselines import BASELINES
from beadline.evaluation.checks import check_tree, first_line_right, window_is_exact
from beadline.evaluation.holes import Hole
from beadline.evaluation.sources import PYTHON, parses


class Completes(Protocol):
    """What is measured: `completion.service.Completer`, or a stand-in."""

    def opened(self, document: Document) -> None: ...

    async def complete(self, request: CompletionRequest) -> CompletionResult: ...

    async def fim_request(self, request: CompletionRequest) -> FimRequest: ...

    async def settled(self) -> None: ...

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


def document_of(hole: Hole, folder: Path | None = None) -> Document:
    """The file with the hole taken out. Every hole is a document of its own: one hole's answer must
    not help the next one's. With a `folder`, which holds the repository's files, it is a version of
    that file, so that the file itself, hole filled, is no snippet and is not counted.
    """
    key = hole.id if folder is None else f"{(folder / hole.path).as_uri()}#{quote(hole.id)}"
    text = hole.prefix + hole.suffix
    return Document(key, hole.path, hole.language, text, repo=hole.repo.rpartition("/")[2])


async def complete_hole(completer: Completes, hole: Hole, folder: Path | None = None) -> Outcome:
    """Serve one hole and check what came. `folder` holds the repository's files, for snippets."""
    document = document_of(hole, folder)
    request = CompletionRequest(document, hole.start)
    completer.opened(document)
    result = await completer.complete(request)
    await completer.settled()
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
        python_broken=(not after) if python and parses(document.text) else None,
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
    path: Path,
    header: dict[str, Any],
    progress: Callable[[int, Outcome], None] | None = None,
    folders: Mapping[str, Path] | None = None,
) -> list[Outcome]:
    """Complete all holes that the file at `path` does not hold yet, in order, and append them.

    `header` says what the run is (model, seed, commits, options); `InputError` when the file
    belongs to another run. `folders` holds the files of the repositories, by name.
    """
    done = load(path, header)
    with results.Writer(path, header) as writer:
        for count, hole in enumerate(holes, start=1):
            if hole.id not in done:
                done[hole.id] = await complete_hole(completer, hole, (folders or {}).get(hole.repo))
                writer.append(asdict(done[hole.id]))
            if progress is not None:
                progress(count, done[hole.id])
    return [done[hole.id] for hole in holes]


def load(path: Path, header: dict[str, Any]) -> dict[str, Outcome]:
    """Outcomes of an interrupted run by hole id; nothing when there is no such file.

    A last line that was cut off in writing is removed from the file. Raises `InputError` for a
    file of another run, or of something else; such a file is not touched.
    """
    return {line["id"]: Outcome(**line) for line in results.read(path, header)}


def _adds_error(document: Document, offset: int, prediction: str) -> bool:
    tree = SyntaxTrees().parse(document)
    return tree is not None and adds_error(tree, offset, offset, prediction)
