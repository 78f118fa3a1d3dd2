"""Completes cases with and without other files' text, by the serving code. Knows no table.

Arms differ in what is searched for snippets, and in nothing else: `none` has none, `bm25` the best
three chunks of CrossCodeEval's BM25, `full` the search that serves. Scored is what would be shown
with the rules of silence off. While a case is completed its file holds `prefix + suffix`, in the
editor, on the disk and in the index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from beadline.completion.types import CompletionRequest, CompletionResult
from beadline.context.retrieval.query import group_of
from beadline.context.syntax import SyntaxTree
from beadline.context.types import Document, Interrupted, Snippet
from beadline.evaluation import results
from beadline.evaluation.cases.format import Case
from beadline.evaluation.lexical import BM25_TOP, Chunks
from beadline.evaluation.metrics import Interval, mean, share
from beadline.evaluation.retrieval import Replaces, texts_of
from beadline.evaluation.scenarios import SCENARIOS
from beadline.evaluation.scores import Score, score
from beadline.settings import ContextOptions, Options

NONE, BM25, FULL = "none", "bm25", "full"
ARMS = (NONE, BM25, FULL)
DEADLINE_MS = 60_000
"""Of one answer of a measurement."""


class Completes(Protocol):
    """What is measured: `completion.service.Completer`, or a stand-in."""

    def opened(self, document: Document) -> None: ...

    async def complete(self, request: CompletionRequest) -> CompletionResult: ...

    async def settled(self) -> None: ...

    def closed(self, key: str) -> None: ...


@dataclass(frozen=True)
class Completed:
    """What one arm wrote for one case."""

    arm: str
    id: str
    prediction: str
    """Empty when there is nothing to show, even with the rules of silence off."""
    silent_reason: str
    snippet_tokens: int
    prompt_tokens: int


class Lexical:
    """CrossCodeEval's BM25 in the place of the search that serves (`Retrieves`).

    Not incremental: the file with the cursor is left out, the others are as they were at first.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._chunks: dict[str, Chunks] = {}

    def search(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
        interrupted: Interrupted | None = None,
    ) -> tuple[Snippet, ...]:
        """The best three chunks."""
        del tree, interrupted
        group = group_of(document.language)
        if group not in self._chunks:
            self._chunks[group] = Chunks(texts_of(self._folder, group))
        before = document.text[:offset]
        return self._chunks[group].search(before, document.path, room=max_chars, top=BM25_TOP)

    def ready(self, timeout: float | None = None) -> bool:
        """At once."""
        del timeout
        return True

    def start(self) -> None:
        """Nothing to start."""

    def open(self, document: Document) -> None:
        """Buffers are not searched."""

    def closed(self, key: str) -> None:
        """Buffers are not searched."""

    def files_changed(self) -> None:
        """Files are read once."""

    def set_folders(self, folders: Sequence[Path]) -> None:
        """The folder is the one of the run."""

    def set_options(self, options: ContextOptions) -> None:
        """There are none."""

    def close(self) -> None:
        """Nothing to end."""


def undisturbed(options: Options) -> Options:
    """The same but that nobody is typing, that nothing is kept back, and that no state of other
    sessions is taken up."""
    completion = replace(
        options.completion,
        enabled=True,
        languages_off=(),
        debounce_ms=0,
        # A slow machine must not change what is written.
        deadline_ms=DEADLINE_MS,
        prefetch=False,
        least_confidence=0,
    )
    return replace(options, completion=completion, engine=replace(options.engine, save_state=False))


async def complete(arm: str, completer: Completes, case: Case, folder: Path) -> Completed:
    """What an arm writes. `folder` holds the repository's files; the case's own is replaced."""
    document = Document(
        (folder / case.path).as_uri(), case.path, case.language, case.text, repo=folder.name
    )
    completer.opened(document)
    request = CompletionRequest(document, len(case.prefix), silence=False)
    result = await completer.complete(request)
    await completer.settled()
    # One case's answer must not help the next one's.
    completer.closed(document.key)
    trace = result.trace
    return Completed(
        arm,
        case.id,
        result.items[0].text if result.items else "",
        trace.silent_reason,
        trace.snippet_tokens,
        trace.prompt_tokens,
    )


async def run(
    arm: str,
    completer: Completes,
    cases: Sequence[Case],
    known: dict[tuple[str, str], Completed],
    writer: results.Writer,
    folder: Path,
    workspace: Replaces | None,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Complete all cases of an arm that `known` lacks; `workspace` replaces files, if anything is
    to be searched."""
    for count, case in enumerate(cases, start=1):
        if (arm, case.id) not in known:
            if workspace is not None:
                workspace.replace(folder, case.path, case.text)
            try:
                completed = await complete(arm, completer, case, folder)
            finally:
                if workspace is not None:
                    workspace.replace(folder, case.path, None)
            known[arm, case.id] = completed
            writer.append(asdict(completed))
        progress(count)


def read(path: Path, header: Mapping[str, Any]) -> dict[tuple[str, str], Completed]:
    """What an interrupted run has. Raises `InputError` for a file of another run."""
    found = [Completed(**line) for line in results.read(path, header)]
    return {(each.arm, each.id): each for each in found}


def summarise(
    arms: Sequence[str], cases: Sequence[Case], known: Mapping[tuple[str, str], Completed]
) -> dict[str, Any]:
    """All numbers; plain JSON values."""
    found: dict[str, Any] = {}
    for arm in arms:
        scored = [(case, _score(case, known[arm, case.id])) for case in cases]
        scenarios = [(case, each) for case, each in scored if case.category in SCENARIOS]
        found[arm] = {
            **_scores([each for _, each in scored]),
            "by_category": _grouped(scored, lambda case: case.category),
            "by_language": _grouped(scored, lambda case: case.language),
            "by_scenario": {
                **_grouped(scenarios, lambda case: case.category),
                **({"total": _scores([each for _, each in scenarios])} if scenarios else {}),
            },
            "silent": sum(not known[arm, case.id].prediction for case in cases),
        }
    return {"arms": found}


def _score(case: Case, completed: Completed) -> Score:
    return score(completed.prediction, case.middle, category=case.category, language=case.language)


def _grouped(
    scored: Sequence[tuple[Case, Score]], key: Callable[[Case], str]
) -> dict[str, dict[str, Any]]:
    # Scenarios in their order, the others by name.
    order = {name: number for number, name in enumerate(SCENARIOS)}
    names = sorted({key(case) for case, _ in scored}, key=lambda n: (order.get(n, -1), n))
    return {name: _scores([each for case, each in scored if key(case) == name]) for name in names}


def _scores(scores: Sequence[Score]) -> dict[str, Any]:
    exact = share([each.exact for each in scores])
    similarity = mean([each.edit_similarity for each in scores])
    identifiers = mean([each.identifier_f1 for each in scores])
    values: dict[str, Any] = {"cases": len(scores)}
    for name, interval in (
        ("exact_match", exact), ("edit_similarity", similarity), ("identifier_f1", identifiers)
    ):  # fmt: skip
        values |= _interval(name, interval)
    return values


def _interval(name: str, interval: Interval) -> dict[str, Any]:
    plain = interval.as_dict()
    return {name: plain["value"], f"{name}_interval": [plain["low"], plain["high"]]}
