"""When nothing is shown, and why. Pure rules; knows no engine, no cache and no protocol.

A suggestion that is not there costs a glance less than one that is wrong. Each rule answers with
the reason that goes into `Trace.silent_reason`, or with an empty string.
"""

from __future__ import annotations

from pathlib import Path

from beadline.completion.types import CompletionRequest
from beadline.context.files import is_ignored
from beadline.context.types import CursorContext, Expected
from beadline.settings import Options

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
REPEATS_SUFFIX = "repeats_suffix"
REPEATS_PREVIOUS = "repeats_previous_line"
ADDS_ERROR = "adds_error"
CANCELLED = "cancelled"
SUPERSEDED = "superseded"

NEVER = 1.1
"""A threshold that no probability reaches."""
_SHORT = 4
"""Texts below this many characters may repeat a neighbouring line: `)`, `x`, `}`."""


def of_document(request: CompletionRequest, options: Options) -> str:
    """Reasons that need neither syntax nor model."""
    document = request.document
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


def of_cursor(cursor: CursorContext, request: CompletionRequest, options: Options) -> str:
    """Reasons that the syntax at the cursor gives. An Invoked request overrules `expected`."""
    if cursor.in_comment and not options.completion.in_comments:
        return IN_COMMENT
    if cursor.in_string and not options.completion.in_comments:
        return IN_STRING
    if cursor.expected is Expected.NOTHING and request.automatic:
        return EXPECTED_NOTHING
    return ""


def empty_threshold(cursor: CursorContext, request: CompletionRequest) -> float:
    """Probability of an empty hole from which nothing is shown.

    Where syntax leaves it open whether anything follows, a suggestion must be likelier; where the
    syntax cries for text (an open block, an unfinished statement) the model's doubt counts less.
    """
    if not request.automatic or requires_text(cursor, request):
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


def of_answer(text: str, raw: str, before: str, after: str, *, stop_reason: str = "") -> str:
    """Reasons that the texts give. `raw` is the model's text, `text` what post-processing left."""
    if not raw:
        return REPEATS_SUFFIX if stop_reason == "suffix" else EMPTY_ANSWER
    if not raw.strip():
        return WHITESPACE
    if not text.strip():
        return REPEATS_SUFFIX
    rest, _, following = after.partition("\n")
    said = text.strip()
    following_line = next((ln.strip() for ln in following.split("\n", 50)[:50] if ln.strip()), "")
    line_prefix = before[before.rfind("\n") + 1 :]
    if len(said) >= _SHORT and said in (rest.strip(), following_line):
        return REPEATS_SUFFIX
    first_line = (line_prefix + text.partition("\n")[0]).strip()
    if len(first_line) >= _SHORT and first_line == following_line and not rest.strip():
        return REPEATS_SUFFIX
    previous = next(
        (ln.strip() for ln in reversed(before[-4000:].split("\n")[:-1]) if ln.strip()), ""
    )
    if len(first_line) >= _SHORT and first_line == previous and "\n" not in said:
        return REPEATS_PREVIOUS
    return ""
