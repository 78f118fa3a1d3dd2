"""How strings and comments of a language start and end, as patterns. Reads no text itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from beadline.context.languages import Language, Prefixed

CLOSER = {"(": ")", "[": "]", "{": "}"}
OPENERS = "([{"
CLOSERS = ")]}"


@dataclass(frozen=True)
class Form:
    """How one kind of string, or a block comment, goes on and ends."""

    close: str
    raw: bool = False
    doubled: bool = False
    multiline: bool = False
    interpolation: tuple[str, ...] = ()
    delimiter: str = ""
    kind: str = "string"
    """`string`, `comment`, `regex`, or `heredoc` (ended by a line that starts with `close`)."""


@dataclass(frozen=True)
class Habits:
    """What the automaton asks of a language."""

    code: re.Pattern[str]
    newline: re.Pattern[str]
    quotes: str
    character_quotes: str
    mark_ends: str
    line_marks: tuple[str, ...]
    block_open: str
    block: Form
    nested: bool
    word_start: bool
    escapes: bool
    forms: dict[str, Form]
    multiline: tuple[str, ...]
    prefixed: tuple[tuple[re.Pattern[str], Prefixed], ...]
    regex: Form | None
    heredoc: re.Pattern[str] | None
    value_words: frozenset[str]

    @staticmethod
    def stop_of(form: Form, closing: str) -> re.Pattern[str]:
        """What has to be looked at inside a string that `closing` ends."""
        return _stop_of(form, closing)


@lru_cache(maxsize=256)
def _stop_of(form: Form, closing: str) -> re.Pattern[str]:
    if form.kind == "heredoc":
        return re.compile("\n")
    found = "\n" + closing[-1] + form.delimiter + "".join(t[-1] for t in form.interpolation)
    if form.kind == "comment":
        found += closing
    elif not form.raw:
        found += "\\"
    if form.kind == "regex":
        found += "[]*"
    return _any_of(found)


def _any_of(characters: Iterable[str]) -> re.Pattern[str]:
    return re.compile("[" + "".join(re.escape(c) for c in sorted(set(characters))) + "]")


@lru_cache(maxsize=256)
def habits(language: Language) -> Habits:
    """The habits of a language, compiled once."""
    interpolation = dict(language.interpolation)
    forms = {
        quote: Form(
            quote,
            raw=quote in language.raw_quotes,
            multiline=quote in language.multiline_quotes,
            interpolation=interpolation.get(quote, ()),
        )
        for quote in language.quotes
    }
    all_quotes = {*language.quotes, *(q for p in language.prefixed for q in p.quotes)}
    block_open, block_close = language.block_comment or ("", "")
    marks = tuple(m for m in (language.line_comment, *language.line_comments) if m)
    code = {"\n", "\\", *OPENERS, *CLOSERS, *language.character_quotes}
    code |= {quote[0] for quote in all_quotes} | {mark[-1] for mark in marks}
    code |= {block_open[-1:]} | ({"/"} if language.regex_literals else set())
    code |= {"<"} if language.heredoc else set()
    return Habits(
        code=_any_of(code - {""}),
        newline=re.compile("\n"),
        quotes="".join(sorted({quote[0] for quote in all_quotes})),
        character_quotes="".join(language.character_quotes),
        mark_ends="".join({mark[-1] for mark in marks} | {block_open[-1:]}),
        line_marks=marks,
        block_open=block_open,
        block=Form(block_close, raw=True, multiline=True, kind="comment"),
        nested=language.nested_comments,
        word_start=language.comment_at_word_start,
        escapes=language.escapes_in_code,
        forms=forms,
        multiline=language.multiline_quotes,
        prefixed=tuple((re.compile(p.before + r"\Z"), p) for p in language.prefixed),
        regex=Form("/", kind="regex") if language.regex_literals else None,
        heredoc=re.compile(language.heredoc) if language.heredoc else None,
        value_words=language.words.incomplete | language.words.jumps,
    )
