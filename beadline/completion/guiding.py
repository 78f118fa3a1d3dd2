"""What a request tells the decoder besides its prompt. Knows readings and symbols; no tokens.

The joint of `context.expectation` and `engine.guidance`, and where the surroundings of a hole become
lexical rules that bytes can be tested by. Everything here runs on the context thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from beadline.completion.reading import Reading
from beadline.context.expectation import expected
from beadline.context.lexer import columns
from beadline.context.stop.markup import LANGUAGES as TAGGED
from beadline.context.symbols.extract import Extractor
from beadline.context.symbols.graph import Graph
from beadline.context.symbols.types import Scene
from beadline.context.types import Expected
from beadline.engine.guidance import Cache, Guidance, Names, Syntax
from beadline.settings import CompletionOptions

_PYTHON = "python"
_DEFINITIONS = frozenset(
    "class def enum fn fun func function impl interface module namespace struct sub trait".split()
)


class Guiding:
    """Makes the guidance of requests. Not thread-safe: one thread only."""

    def __init__(
        self,
        graph: Callable[[], Graph | None] | None,
        cache: Callable[[Reading], Cache | None] | None = None,
    ) -> None:
        """`graph`: the workspace's symbols with the unsaved buffers; None while they are not known
        yet, or never; `cache`: what the cache model counts for a cursor."""
        self._graph = graph
        self._cache = cache
        self._extractor = Extractor()
        self._last: tuple[tuple[object, ...], Guidance | None] | None = None

    def of(self, reading: Reading, options: CompletionOptions) -> Guidance | None:
        """The guidance for a cursor; None where nothing is known."""
        document, cursor = reading.document, reading.cursor
        cache = self._cache(reading) if self._cache is not None else None
        key = (document, cursor.offset, options.monitor, options.syntax_guard, cache)
        # Further answers to the same question, and a prefetch that comes to nothing.
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        names = self._names(reading) if options.monitor else ()
        syntax = syntax_of(reading) if options.syntax_guard else None
        found = None
        if names or syntax is not None or cache is not None:
            found = Guidance(names, syntax, cache)
        self._last = key, found
        return found

    def _names(self, reading: Reading) -> tuple[Names, ...]:
        cursor = reading.cursor
        graph = self._graph() if self._graph is not None else None
        if graph is None or cursor.in_string or cursor.in_comment:
            return ()
        symbols = self._extractor.symbols(reading.document, reading.tree)
        scene = Scene(reading.document, cursor.offset, symbols, reading.tree)
        return tuple(Names(**asdict(each)) for each in expected(scene, graph))


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
