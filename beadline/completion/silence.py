"""When nothing is shown, and why. Pure rules; knows no engine, no cache and no protocol.

A suggestion that is not there costs a glance less than one that is wrong. Each rule answers with
the reason that goes into `Trace.silent_reason`, or with an empty string.
"""

from __future__ import annotations

from pathlib import Path

from beadline.completion.postprocess import overlap
from beadline.completion.reading import Reading
from beadline.completion.types import CompletionRequest
from beadline.context.files import is_ignored
from beadline.context.hole import Hole
from beadline.context.types import CursorContext, Expected
from beadline.settings import Options

DISABLED = "disabled"
LANGUAGE_OFF = "language_off"
TOO_LARGE = "file_too_large"
IGNORED = "ignored_file"
INVALID_TEXT = "invalid_text"
EXPECTED_NOTHING = "expected_nothing"
IN_COMMENT = "comment_off"
IN_STRING = "string_off"
LOADING = "loading"
UNAVAILABLE = "engine_unavailable"
CRASHED = "engine_crashed"
EMPTY_LIKELY = "eog_probability"
EMPTY_ANSWER = "empty_answer"
WHITESPACE = "whitespace_only"
BROKEN_CHARACTERS = "broken_characters"
REPEATS_SUFFIX = "repeats_suffix"
REPEATS_PREVIOUS = "repeats_previous_line"
ADDS_ERROR = "adds_error"
BARE_HEADER = "bare_header"
UNCHECKED = "too_long_to_check"
TOO_SMALL = "too_small"
LONGER_ENTRY = "longer_entry"
CANCELLED = "cancelled"
SUPERSEDED = "superseded"
MEASURED = "measured"
UNSURE = "low_confidence"
REJECTED = "rejected_before"

RETRIED = frozenset({ADDS_ERROR, BARE_HEADER, BROKEN_CHARACTERS})
"""Where another answer of the model may do better."""
LASTING = RETRIED | {
    EXPECTED_NOTHING, IN_COMMENT, IN_STRING, UNCHECKED, EMPTY_LIKELY, EMPTY_ANSWER, WHITESPACE,
    REPEATS_SUFFIX, REPEATS_PREVIOUS, TOO_SMALL,
}  # fmt: skip
"""What holds for a cursor as long as the text stays the same."""
NEVER = 1.1
"""A threshold that no probability reaches."""
_REPLACEMENT = "\ufffd"
_LEAST_SIGNS = 2
"""Least signs of an automatic suggestion without a letter or digit. Users of Tabby complained of
tiny suggestions (TabbyML/tabby#2953) and it drops everything below 4 characters; here that would
drop arguments and names that are right."""


def of_document(request: CompletionRequest, options: Options) -> str:
    """Reasons that need neither syntax nor model."""
    document = request.document
    if not options.completion.enabled:
        return DISABLED
    if document.language in options.completion.languages_off:
        return LANGUAGE_OFF
    limit = options.context.max_file_bytes
    if options.context.ignore and is_ignored(Path(document.path), Path(), options.context.ignore):
        return IGNORED
    length = len(document.text)
    if length > limit:
        return TOO_LARGE
    if length * 4 <= limit or document.text.isascii():
        return ""
    return TOO_LARGE if len(document.text.encode("utf-8", "surrogatepass")) > limit else ""


def of_cursor(reading: Reading, request: CompletionRequest, options: Options) -> str:
    """Reasons that the syntax at the cursor gives.

    An Invoked request overrules all of them but the last: the user has asked, here, for text;
    `in_comments` and `in_strings` are about what comes unasked. A docstring, a string that is a
    statement by itself, is prose as a comment is, and goes with comments.
    """
    cursor, hole, completion = reading.cursor, reading.hole, options.completion
    if request.may_be_silent:
        docstring = cursor.in_string and is_docstring(hole)
        if (cursor.in_comment or docstring) and not completion.in_comments:
            return IN_COMMENT
        if cursor.in_string and not docstring and not completion.in_strings:
            return IN_STRING
        if cursor.expected is Expected.NOTHING:
            return EXPECTED_NOTHING
    if reading.tree is not None and reading.tree.around(cursor.offset) is None:
        return UNCHECKED  # nothing said here could be checked, so nothing is asked
    return ""


def is_docstring(hole: Hole) -> bool:
    """Whether the string that is open at the hole starts a statement."""
    before = hole.text[hole.scanned.start : hole.scanned.string_start].strip()
    return (
        hole.scanned.string in hole.language.quotes
        and len(before) < 3
        and (not before or before.isalpha())
    )


def empty_threshold(cursor: CursorContext, request: CompletionRequest) -> float:
    """Probability of an empty hole from which nothing is shown.

    Where syntax leaves it open whether anything follows, a suggestion must be likelier; where the
    syntax cries for text (an open block, an unfinished statement) the model's doubt counts less.
    """
    if not request.may_be_silent or requires_text(cursor, request):
        return NEVER
    match cursor.reason:
        case "inside_brackets":
            return 0.9
        case "ambiguous_end" | "comment":
            return 0.3
        case _:
            return 0.5


def requires_text(cursor: CursorContext, request: CompletionRequest) -> bool:
    """Whether an empty hole is out of the question: the syntax is unfinished, or the user asked."""
    unfinished = ("open_block", "body_after_docstring", "inside_statement")
    return not request.automatic or cursor.reason in unfinished


def of_answer(text: str, raw: str, hole: Hole, *, stop_reason: str = "") -> str:
    """Reasons that the texts give. `raw` is the model's text, `text` what post-processing left."""
    if not raw:
        return REPEATS_SUFFIX if stop_reason == "suffix" else EMPTY_ANSWER
    if not raw.strip():
        return WHITESPACE
    if _REPLACEMENT in text and _REPLACEMENT not in hole.text:
        return BROKEN_CHARACTERS  # tokens that are bytes made no UTF-8
    if not text.strip() or overlap.repeats_following(text, hole):
        return REPEATS_SUFFIX
    return REPEATS_PREVIOUS if overlap.repeats_previous(text, hole) else ""


def lengthens_entry(text: str, request: CompletionRequest) -> bool:
    """Whether `text` goes on with the word that the selected entry of a popup ends with.

    The entry is a whole name: who takes it does not want a longer one.
    """
    before = request.document.text[max(0, request.offset - 1) : request.offset]
    return request.entry is not None and all(
        c.isalnum() or c == "_" for c in (before or " ", text[:1] or " ")
    )


def too_small(text: str) -> bool:
    """Whether a text nobody asked for is sooner typed than read: signs without a word."""
    said = "".join(text.split())
    return len(said) < _LEAST_SIGNS and not any(c.isalnum() for c in said)
