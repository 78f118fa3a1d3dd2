"""Asks the engine about one case in every layout. Knows no statistics and no files.

The prompt is what serving would send (`Completer.fim_request`) and its answer ends by the rule of
serving (`context.stop`). The engine is asked directly, so that nothing is silent and nothing
cached; snippets are left out, which stand before the hole in every layout alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from beadline.bench.layout.cases import Case
from beadline.completion.types import CompletionRequest
from beadline.context.cursor import read_cursor
from beadline.context.stop import StopRule
from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document
from beadline.engine.protocol import Engine, FimRequest, Finished, Layout, Piece
from beadline.evaluation.checks import first_line_right
from beadline.evaluation.holes import Hole
from beadline.evaluation.metrics import exact_match
from beadline.evaluation.run import Completes

SCORED_TOKENS = 192
"""Most tokens of a middle that are scored."""
DEADLINE_MS = 60_000
"""Nobody is typing, and a slow machine must not change what is written."""
TYPED = 12
"""Most keystrokes of a replayed line."""
LEAST_TYPED = 6
"""Shorter rests of a line are not replayed."""


@dataclass(frozen=True)
class Arm:
    """One case in one layout, healed or not."""

    nll: float
    """Negative natural log-likelihood of the true middle."""
    end_nll: float | None
    """The same of an end behind it; None where the middle was cut."""
    tokens: int
    first_line: bool
    """The line of the cursor comes out as the author has it."""
    whole: bool
    """The answer is the true middle, blanks at its ends aside."""
    prediction: str


@dataclass(frozen=True)
class Outcome:
    """One case in every layout."""

    id: str
    category: str
    mid_word: bool
    language: str
    anchor_lines: int
    truth: str
    bytes: int
    """Of the middle that was scored, the same in every arm."""
    arms: dict[str, Arm]
    """By layout, as served."""
    unhealed: dict[str, Arm]
    """By layout, without token healing; only mid-word."""
    keystrokes: dict[str, list[int]]
    """By layout, evaluated tokens of each further character; only of cases that are replayed."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Outcome:
        """The inverse of `as_dict`."""
        arms = {
            key: {name: Arm(**arm) for name, arm in values[key].items()}
            for key in ("arms", "unhealed")
        }
        return cls(**{**values, **arms})


class Measure:
    """Measures cases with one engine."""

    def __init__(
        self, engine: Engine, completer: Completes, layouts: Sequence[Layout], *, max_lines: int
    ) -> None:
        """`completer` says what serving would ask of `engine`; `max_lines` is its option."""
        self._engine = engine
        self._completer = completer
        self._layouts = layouts
        self._max_lines = max_lines
        self._trees = SyntaxTrees()

    async def case(self, case: Case, *, replay: bool) -> Outcome:
        """All layouts of one case. Raises `EngineError`, and `UnicodeEncodeError` for text that no
        model can read.
        """
        hole = case.hole
        document = _document(hole, hole.prefix + hole.suffix)
        request = await self._request(document, hole.start)
        start = hole.start - len(request.prefix)
        request = replace(request, anchor=case.anchor(start) - start, sequence="layout")
        self._completer.closed(document.key)
        arms: dict[str, Arm] = {}
        unhealed: dict[str, Arm] = {}
        scored = 0
        # Layouts next to one another share what stands before the anchor.
        for layout in self._layouts:
            asked = replace(request, layout=layout)
            arms[str(layout)], scored = await self._arm(hole, document, asked)
            if case.mid_word:
                asked = replace(asked, healing=False)
                unhealed[str(layout)], _ = await self._arm(hole, document, asked)
        self._trees.forget(document.key)
        keystrokes: dict[str, list[int]] = {}
        if replay:
            keystrokes = {str(layout): await self._typed(hole, layout) for layout in self._layouts}
        return Outcome(
            id=hole.id,
            category=hole.category,
            mid_word=case.mid_word,
            language=hole.language,
            anchor_lines=case.anchor_lines,
            truth=hole.truth,
            bytes=scored,
            arms=arms,
            unhealed=unhealed,
            keystrokes=keystrokes,
        )

    async def _request(self, document: Document, offset: int) -> FimRequest:
        """What serving would ask for."""
        asked = await self._completer.fim_request(CompletionRequest(document, offset))
        return replace(asked, deadline_ms=DEADLINE_MS)

    async def _arm(self, hole: Hole, document: Document, request: FimRequest) -> tuple[Arm, int]:
        """One arm, and how many bytes of the middle were scored."""
        score = await self._engine.score(replace(request, max_tokens=SCORED_TOKENS), hole.truth)
        prediction = await self._answer(document, hole.start, request)
        arm = Arm(
            nll=-score.logprob,
            end_nll=None if score.end_logprob is None else -score.end_logprob,
            tokens=score.tokens,
            first_line=first_line_right(hole, prediction),
            whole=exact_match(prediction, hole.truth),
            prediction=prediction,
        )
        return arm, score.bytes

    async def _answer(self, document: Document, offset: int, request: FimRequest) -> str:
        """The greedy answer, cut by the stop rule that serving applies."""
        tree = self._trees.parse(document)
        cursor = read_cursor(document, offset, tree)
        rule = StopRule(document, cursor, max_lines=self._max_lines, tree=tree)
        text, keep = "", None
        stream = self._engine.generate(request)
        async for event in stream:
            if isinstance(event, Piece) and keep is None:
                text += event.text
                keep = rule.feed(event.text)
                if keep is not None:
                    stream.cancel()
        return text[: rule.finish() if keep is None else keep]

    async def _typed(self, hole: Hole, layout: Layout) -> list[int]:
        """Evaluated tokens of each keystroke while the rest of the hole's line is typed.

        The window and its anchor are those of serving. The first request, which finds nothing
        evaluated, is not counted.
        """
        line = hole.truth.partition("\n")[0][:TYPED]
        counts: list[int] = []
        if len(line) < LEAST_TYPED:
            return counts
        for count in range(len(line) + 1):
            document = _document(hole, hole.prefix + line[:count] + hole.suffix)
            request = await self._request(document, hole.start + count)
            request = replace(request, layout=layout, sequence=f"typed {layout}", max_tokens=1)
            async for event in self._engine.generate(request):
                if isinstance(event, Finished) and count:
                    counts.append(event.usage.evaluated_tokens)
        self._completer.closed(hole.id)
        return counts


def _document(hole: Hole, text: str) -> Document:
    return Document(hole.id, hole.path, hole.language, text, hole.repo.rpartition("/")[2])
