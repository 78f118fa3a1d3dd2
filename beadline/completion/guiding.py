"""What a request tells the decoder besides its prompt. Knows readings and symbols; no tokens.

The joint of `context.expectation` and `engine.guidance`, and where the surroundings of a hole
become lexical rules that bytes can be tested by. Runs where a document is read, on the context
thread, and in the same turn; what takes long is looked up behind a statement's first answer
(`prepare`), or before its first key in idle time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from beadline.completion.reading import Reading
from beadline.context.expectation import Expectation, Expectations
from beadline.context.lexer import columns
from beadline.context.stop.markup import LANGUAGES as TAGGED
from beadline.context.symbols.graph import Known
from beadline.context.types import Document, Expected
from beadline.engine.guidance import Cache, Guidance, Names, Syntax
from beadline.settings import CompletionOptions

_PYTHON = "python"
_DEFINITIONS = frozenset(
    (
        "class", "def", "enum", "fn", "fun", "func", "function", "impl", "interface", "module",
        "namespace", "struct", "sub", "trait",
    )
)  # fmt: skip

Graphs = Callable[[Document], Known | None]
"""What is known around a document, None while that is nothing, or never
(`context.retrieval.retriever.Retriever.graph`)."""


class Guiding:
    """Makes the guidance of readings. One thread only, but for `reconfigure`."""

    def __init__(
        self,
        options: CompletionOptions,
        graph: Graphs | None = None,
        cache: Callable[[Reading], Cache | None] | None = None,
    ) -> None:
        """`cache`: what the cache model counts for a cursor."""
        self._options = options
        self._graph = graph
        self._cache = cache
        self._expectations = Expectations()

    def reconfigure(self, options: CompletionOptions) -> None:
        """New options from now on."""
        self._options = options

    def of(self, reading: Reading) -> Guidance | None:
        """The guidance for a cursor; None where nothing is known, and for benchmarks of the model
        alone (`completion.exact_tokens`)."""
        return self.guided(reading).guidance

    def guided(self, reading: Reading, *, at_once: bool = True) -> Reading:
        """The reading with its guidance. Unless `at_once`, without the names that can follow where
        what is around the statement has not been looked up; they are due then."""
        options = self._options
        known = self._known(reading)
        due = known is not None and not at_once and not self._holds(reading, known)
        expected = self._names(reading, known) if known is not None and not due else ()
        # Without a tree the surroundings of the cursor would have to be read for this alone.
        parsed = reading.tree is not None
        syntax = syntax_of(reading) if parsed and options.syntax_guard else None
        cache = self._cache(reading) if self._cache is not None else None
        nothing = options.exact_tokens or (not expected and syntax is None and cache is None)
        guidance = None if nothing else Guidance(expected, syntax, cache)
        return replace(reading, guidance=guidance, guidance_due=due, guided=True)

    def prepare(self, reading: Reading) -> None:
        """Look up what is around the statement, for its next key, if that was not done."""
        known = self._known(reading)
        if known is not None and not self._holds(reading, known):
            self._names(reading, known)

    def others_changed(self, key: str) -> None:
        """Another text than the document `key` changed."""
        self._expectations.others_changed(key)

    def _known(self, reading: Reading) -> Known | None:
        """What is known around the document; None where no names are to be told."""
        cursor, options = reading.cursor, self._options
        if self._graph is None or reading.tree is None or not options.monitor:
            return None
        if options.exact_tokens or cursor.in_string or cursor.in_comment:
            return None
        return self._graph(reading.document)

    def _holds(self, reading: Reading, known: Known) -> bool:
        return self._expectations.holds(reading.document, reading.statement, known)

    def _names(self, reading: Reading, known: Known) -> tuple[Names, ...]:
        found = self._expectations.at(
            reading.document, reading.cursor.offset, reading.tree, reading.statement, known
        )
        return tuple(map(_names_of, found))


def _names_of(each: Expectation) -> Names:
    return Names(
        names=each.names,
        certainty=each.certainty,
        closed=each.closed,
        after=each.after,
        typed=each.typed,
        separator=each.separator,
        spaced=each.spaced,
        source=each.source,
    )


def syntax_of(reading: Reading) -> Syntax | None:
    """The lexical surroundings of a cursor; None where bytes alone do not tell code from text: in
    strings and comments, in languages with heredocs, tags, or blocks that words open."""
    cursor, hole = reading.cursor, reading.hole
    language, scanned = hole.language, hole.scanned
    python = language.id == _PYTHON
    literal = cursor.in_string or cursor.in_comment or scanned.string or scanned.comment
    if literal or scanned.escaped or scanned.state.interpolated or scanned.state.quoted:
        return None
    if not python and (language.blocks != "braces" or language.heredoc or language.embedded):
        return None
    if language.id in TAGGED:
        return None
    starts_line = hole.left_blank and not scanned.stack and not hole.statement
    unfinished = python and cursor.reason == "inside_statement" and not scanned.stack
    indents, deepens = _indents(reading) if python else (None, False)
    comments = (language.line_comment, *language.line_comments)
    return Syntax(
        brackets="".join(bracket for bracket, _ in scanned.stack),
        line_comments=tuple(mark for mark in comments if mark),
        block_comment=language.block_comment,
        quotes=language.quotes,
        multiline_quotes=language.multiline_quotes,
        opaque="" if python else _opaque(reading),
        indents=indents,
        deepens=deepens,
        starts_line=starts_line,
        column=columns(hole.left) if starts_line else 0,
        breaks=starts_line or not unfinished,
        one_line=cursor.expected is Expected.LINE,
        definitions=tuple(sorted(language.words.headers & _DEFINITIONS)),
    )


def _indents(reading: Reading) -> tuple[tuple[int, ...], bool]:
    """The column of the hole's scope, and whether the line above it waits for a deeper one."""
    cursor, hole = reading.cursor, reading.hole
    if not hole.left_blank or hole.statement:
        return (hole.statement_column,), cursor.expected is Expected.BLOCK
    if cursor.expected is Expected.BLOCK and hole.header_before:
        return (hole.scanned.lines[-1].column,), True
    return (columns(cursor.indent),), False


def _opaque(reading: Reading) -> str:
    """Quotes of strings with code, raw text or another meaning in them, and `/` where it may start
    a regular expression."""
    language = reading.hole.language
    found = {quote[0] for quote in (*language.raw_quotes, *language.character_quotes)}
    found |= {quote[0] for quote, _ in language.interpolation}
    for each in language.prefixed:
        if each.raw or each.doubled or each.delimiter or each.interpolation:
            found |= {quote[0] for quote in each.quotes}
    if language.regex_literals:
        found.add("/")
    return "".join(sorted(found))
