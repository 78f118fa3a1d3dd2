"""Decides what of an answer is shown at a cursor, and as which change. Knows no engine, no cache.

Answers are judged at every request anew: the text around the cursor may not be what it was when
the model wrote.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from beadline.completion import silence
from beadline.completion.closers import settle
from beadline.completion.confidence import describe, parts_from
from beadline.completion.ladder import Answer, Shown
from beadline.completion.postprocess import LIMITED, tidy
from beadline.completion.postprocess.fragments import parts_to_check, without_bare_header
from beadline.completion.reading import Reading
from beadline.context.steps import at_once
from beadline.context.syntax import SyntaxTree, checking
from beadline.context.types import Document


@dataclass(frozen=True)
class Verdict:
    """What may be shown, or why nothing is."""

    text: str
    silent_reason: str = ""
    replaced: int = 0
    """How many of the editor's closers right of the cursor `text` replaces."""
    whole: bool = True
    """The syntax check took nothing off."""


def judge(reading: Reading, answer: Answer, *, closers: str, automatic: bool) -> Verdict:
    """Post-process an answer at the reading's cursor and decide whether it is shown.

    `closers` are what the editor inserted behind the cursor; `reading` is of the text without
    them.
    """
    return at_once(judging(reading, answer, closers=closers, automatic=automatic))


def judging(
    reading: Reading, answer: Answer, *, closers: str, automatic: bool
) -> Generator[None, None, Verdict]:
    """`judge` in steps of a parse or two."""
    hole = reading.hole
    tidied = tidy(answer.text, hole, indent=reading.cursor.indent, stop_reason=answer.stop_reason)
    reason = silence.of_answer(tidied, answer.text, hole, stop_reason=answer.stop_reason)
    if reason:
        return Verdict("", reason)
    valid, tree = tidied, reading.tree
    if tree is not None:
        valid = yield from _longest_valid(tidied, reading, tree)
    if not valid:
        return Verdict("", silence.ADDS_ERROR)
    complete = without_bare_header(valid, hole)
    if not complete.strip():
        return Verdict("", silence.BARE_HEADER)
    if complete != tidied:
        reason = silence.of_answer(complete, answer.text, hole)
    settled = settle(complete, hole, closers)
    if not reason and not settled.text.strip():
        reason = silence.REPEATS_SUFFIX
    if not reason and automatic and silence.too_small(settled.text):
        reason = silence.TOO_SMALL
    if reason:
        return Verdict("", reason)
    return Verdict(settled.text, "", settled.replaced, whole=complete == tidied)


def _longest_valid(text: str, reading: Reading, tree: SyntaxTree) -> Generator[None, None, str]:
    offset = reading.cursor.offset
    parts = parts_to_check(text, reading.hole)
    part = next(parts)
    while True:
        adds_error = yield from checking(tree, offset, offset, part)
        yield
        try:
            part = parts.send(adds_error)
        except StopIteration as ended:
            return ended.value


def suggestion(
    document: Document,
    reading: Reading,
    answer: Answer,
    verdict: Verdict,
    *,
    attempts: int,
    healed: bool,
    acceptance: float,
) -> Shown:
    """What a verdict lets through, as a change of the editor's `document`, and what an estimate of
    it rests on."""
    offset = reading.cursor.offset
    parts = parts_from(answer.parts, max(0, answer.text.find(verdict.text)))
    features = describe(
        reading,
        verdict.text,
        parts,
        eog_probability=answer.eog_probability,
        attempts=attempts,
        whole=verdict.whole and answer.stop_reason not in LIMITED,
        healed=healed,
        acceptance=acceptance,
    )
    return Shown(
        document,
        offset,
        offset + verdict.replaced,
        verdict.text,
        str(reading.cursor.expected),
        answer.stop_reason,
        parts,
        features,
        prompt=answer.prompt,
    )
