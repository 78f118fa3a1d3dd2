"""How likely a suggestion's first line is right. Knows numbers and weights; no engine, no editor.

A logistic model over what is known when a suggestion could be shown: the model's own
probabilities, the suggestion's size, the kind of hole, and how many of the last suggestions were
taken. The weights are fitted by `beadline evaluate --calibrate` (docs/calibration.md).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import NamedTuple

from beadline.completion.reading import Reading

_WORD = re.compile(r"[^\W\d]\w*")
_BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)*")
_MOST_WORDS = 8
"""Words of a suggestion that are looked up; a line seldom has more."""


class Part(NamedTuple):
    """A stretch of a model's text that came as one."""

    length: int
    """Characters."""
    tokens: int
    logprob: float
    """Sum of the natural log-probabilities of its tokens."""
    agreed: float = 0.0
    """Of its tokens, those that the cache model expected too; of a part, a share of them."""


def parts_from(parts: Iterable[Part], start: int) -> tuple[Part, ...]:
    """What is left of `parts` behind their first `start` characters.

    Of a part that is cut within, the log-probability is shared by length.
    """
    left: list[Part] = []
    for part in parts:
        if start >= part.length:
            start -= part.length
            continue
        share = (part.length - start) / part.length
        left.append(
            Part(part.length - start, part.tokens, part.logprob * share, part.agreed * share)
        )
        start = 0
    return tuple(left)


@dataclass(frozen=True)
class Features:
    """What an estimate rests on; plain numbers, truths as 0 and 1.

    "The line" is the suggestion's first line that says something.
    """

    line_logprob: float
    """Sum of the natural log-probabilities of the line's tokens."""
    mean_logprob: float
    least_logprob: float
    first_logprob: float
    tokens: float
    characters: float
    lines: float
    """Of the whole suggestion."""
    eog_probability: float
    """The model's probability that nothing belongs at the cursor."""
    attempts: float
    whole: float
    """Neither a limit nor the syntax check cut it."""
    known_words: float
    """Share of the line's words that stand in the window around the cursor; 1 without words."""
    signs_only: float
    """The line has neither letters nor digits."""
    in_string: float
    in_comment: float
    mid_word: float
    """The suggestion goes on with the word before the cursor."""
    at_line_start: float
    """Nothing but blanks stands before the cursor on its line."""
    text_behind: float
    """Something stands behind the cursor on its line."""
    next_line: float
    """The suggestion begins with a line end."""
    in_statement: float
    in_brackets: float
    open_block: float
    ambiguous_end: float
    healed: float
    """The layout spells the unfinished word before the cursor anew."""
    acceptance: float
    """Recent share of suggestions that were taken."""
    agreement: float = 0.0
    """Share of the line's tokens that the cache model expected too (`engine.cache_model`)."""

    def as_dict(self) -> dict[str, float]:
        """Rounded to 4 digits."""
        return {name: round(float(value), 4) for name, value in asdict(self).items()}

    def of_rest(self, text: str, parts: Sequence[Part], *, mid_word: bool) -> Features:
        """The features of what is left, `text`, for a user who typed along."""
        return replace(
            self, **of_line(text, parts), eog_probability=0.0, mid_word=mid_word, at_line_start=0.0
        )


def first_line(text: str) -> tuple[int, int]:
    """[start, end) of the first line of `text` that says something."""
    match = _BLANK_LINES.match(text)
    start = match.end() if match is not None else 0
    end = text.find("\n", start)
    return start, len(text) if end < 0 else end


def of_line(text: str, parts: Sequence[Part]) -> dict[str, float]:
    """The features that a suggestion and its probabilities give. `parts` begin where `text` does.

    A text without parts (an engine that tells none) counts as certain: nothing speaks against it.
    """
    start, end = first_line(text)
    line = text[start:end]
    spoken: list[Part] = []
    at = 0
    for part in parts:
        if at >= end:
            break
        if at + part.length > start or start == 0:
            spoken.append(part)
        at += part.length
    tokens = sum(part.tokens for part in spoken)
    total = sum(part.logprob for part in spoken)
    return {
        "line_logprob": total,
        "mean_logprob": total / max(1, tokens),
        "least_logprob": min((part.logprob for part in spoken), default=0.0),
        "first_logprob": spoken[0].logprob if spoken else 0.0,
        "tokens": tokens,
        "characters": len(line),
        "lines": text.strip("\n").count("\n") + 1,
        "signs_only": not any(c.isalnum() for c in line),
        "next_line": start > 0,
        "agreement": sum(part.agreed for part in spoken) / max(1, tokens),
    }


def describe(
    reading: Reading,
    text: str,
    parts: Sequence[Part],
    *,
    eog_probability: float,
    attempts: int,
    whole: bool,
    healed: bool,
    acceptance: float,
) -> Features:
    """The features of `text` at the cursor of `reading`."""
    hole, cursor, window = reading.hole, reading.cursor, reading.window
    prefix, suffix = window.split(reading.document.text)
    left = hole.left
    start, end = first_line(text)
    words = [match.group() for match in _WORD.finditer(text, start, end)][:_MOST_WORDS]
    before = is_word(left[-1:]) and is_word(text[:1])
    if before and words:  # the first one begins before the cursor
        word = re.search(r"\w+\Z", left)
        words[0] = (word.group() if word is not None else "") + words[0]
    known = sum(word in prefix or word in suffix for word in words)
    return Features(
        **of_line(text, parts),
        eog_probability=eog_probability,
        attempts=attempts,
        whole=whole,
        known_words=known / len(words) if words else 1.0,
        in_string=cursor.in_string,
        in_comment=cursor.in_comment,
        mid_word=before,
        at_line_start=not left.strip(),
        text_behind=bool(hole.rest.strip()),
        in_statement=cursor.reason == "inside_statement",
        in_brackets=cursor.reason == "inside_brackets",
        open_block=cursor.reason in ("open_block", "body_after_docstring"),
        ambiguous_end=cursor.reason == "ambiguous_end",
        healed=healed,
        acceptance=acceptance,
    )


def is_word(character: str) -> bool:
    """Whether a word may hold the character; false for none."""
    return character.isalnum() or character == "_"


def terms(features: Features) -> dict[str, float]:
    """The features as a linear model takes them: bounded, counts as logarithms."""
    return {
        "line_logprob": max(-16.0, features.line_logprob),
        "mean_logprob": max(-4.0, features.mean_logprob),
        "least_logprob": max(-6.0, features.least_logprob),
        "first_logprob": max(-5.0, features.first_logprob),
        "log_tokens": math.log1p(max(0.0, features.tokens)),
        "log_characters": math.log1p(max(0.0, features.characters)),
        "several_lines": float(features.lines > 1),
        "eog_probability": features.eog_probability,
        "retried": float(features.attempts > 1),
        "whole": float(features.whole),
        "known_words": features.known_words,
        "signs_only": float(features.signs_only),
        "in_string": float(features.in_string),
        "in_comment": float(features.in_comment),
        "mid_word": float(features.mid_word),
        "at_line_start": float(features.at_line_start),
        "text_behind": float(features.text_behind),
        "next_line": float(features.next_line),
        "in_statement": float(features.in_statement),
        "in_brackets": float(features.in_brackets),
        "open_block": float(features.open_block),
        "ambiguous_end": float(features.ambiguous_end),
        "healed": float(features.healed),
        "acceptance": features.acceptance,
        "agreement": features.agreement,
    }


@dataclass(frozen=True)
class Estimator:
    """A logistic model. Without weights everything is certain, so nothing is silenced by it."""

    weights: Mapping[str, float] = field(default_factory=dict)
    """By the names of `terms`."""
    intercept: float = 0.0

    def estimate(self, features: Features) -> float:
        """Probability that the suggestion's first line is exactly what the author has there."""
        if not self.weights:
            return 1.0
        values = terms(features)
        total = self.intercept + sum(w * values[name] for name, w in self.weights.items())
        # Of the two forms the one whose exponential cannot overflow.
        if total >= 0:
            return 1 / (1 + math.exp(-total))
        return math.exp(total) / (1 + math.exp(total))


TERMS = frozenset(terms(Features(**dict.fromkeys((f.name for f in fields(Features)), 0.0))))
"""Names of all terms."""
