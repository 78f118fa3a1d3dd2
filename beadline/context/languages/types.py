"""What is known of a language: names, lexical habits, words, node kinds. Knows no parser, no file.

The fields of `Language` are the keys of the data files (`data/*.toml`, and those of users).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

PLAINTEXT = "plaintext"

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Kinds:
    """Names of node kinds in a grammar."""

    blocks: frozenset[str] = _NONE
    """Bodies that hold statements, members, cases."""
    statements: frozenset[str] = _NONE
    """What stands in a block: statements, declarations, members, cases, directives."""
    expressions: frozenset[str] = _NONE
    strings: frozenset[str] = _NONE
    """Literals whose inside is not code, regular expressions included."""
    texts: frozenset[str] = _NONE
    """The same without delimiters: running text of JSX, heredocs."""
    interpolations: frozenset[str] = _NONE
    """Code inside strings."""
    comments: frozenset[str] = _NONE
    opaque: frozenset[str] = _NONE
    """Code that the grammar does not look into (the text of a C macro)."""
    definitions: frozenset[str] = _NONE
    """Functions, types, modules: what a scope or a chunk of a file can be."""


@dataclass(frozen=True)
class Words:
    """Keywords by what they do to the text around them; empty where the language has none."""

    headers: frozenset[str] = _NONE
    """Start a construct with a body."""
    jumps: frozenset[str] = _NONE
    """After a statement that starts with one nothing at the same depth is reached."""
    incomplete: frozenset[str] = _NONE
    """Code must follow on the line."""
    openers: frozenset[str] = _NONE
    """Open a block that one of `closers` ends."""
    closers: frozenset[str] = _NONE


@dataclass(frozen=True)
class Prefixed:
    """Strings that are told from others by what stands before their quote."""

    before: str
    """Regular expression for the characters before the quote, with groups for `close`."""
    quotes: tuple[str, ...]
    close: str = ""
    """What ends it, `\\1` being a group of `before`; empty is the quote."""
    delimiter: str = ""
    """C++: the text from the quote to this character, in `close` written as `%s`, is part of it."""
    raw: bool = False
    """A backslash is an ordinary character."""
    doubled: bool = False
    """Two quotes in a row are one in the string."""
    multiline: bool = False
    interpolation: tuple[str, ...] = ()
    """What starts code in it; the last character is a bracket."""


@dataclass(frozen=True)
class Repair:
    """How unfinished code could be finished (`context.repair`); `{indent}` is an indentation."""

    fillings: tuple[str, ...] = ()
    """What could stand at a cursor inside a statement, likeliest first. Open brackets are closed
    behind it."""
    tails: tuple[str, ...] = ()
    """What could follow then, to end the statement: a body, a separator."""
    after: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """By word: further fillings for statements that hold it."""
    headers: tuple[str, ...] = ()
    """What could stand before a `{` that a block behind the cursor lacks."""
    macro: str = ""
    """Regular expression for the names of macros, which grammars know nothing of."""
    tags: bool = False
    """Code holds tags (JSX) that are open and closed like brackets."""
    statements: tuple[str, ...] = ()
    """What could stand at a cursor where a statement or a member starts."""
    endings: tuple[str, ...] = ()
    """What a suggestion may lack at its own end without being wrong."""


@dataclass(frozen=True)
class Language:
    """One language."""

    id: str
    name: str
    extensions: tuple[str, ...] = ()
    """Lower case, with the dot."""
    filenames: tuple[str, ...] = ()
    """Whole file names, lower case."""
    aliases: tuple[str, ...] = ()
    """Other ids that editors use."""
    interpreters: tuple[str, ...] = ()
    """Programs of a `#!` line, without version numbers."""
    line_comment: str = ""
    """What starts a comment to the end of the line: the form to write."""
    line_comments: tuple[str, ...] = ()
    """Further forms of the same."""
    comment_at_word_start: bool = False
    """A line comment starts only where a word could: `$#` and `a#b` hold none."""
    escapes_in_code: bool = True
    """A backslash outside strings takes the next character with it."""
    block_comment: tuple[str, str] | None = None
    nested_comments: bool = False
    quotes: tuple[str, ...] = ()
    """Delimiters of strings: a lexical approximation, the tree knows better where there is one."""
    multiline_quotes: tuple[str, ...] = ()
    """Those of `quotes` whose strings may contain a newline."""
    raw_quotes: tuple[str, ...] = ()
    """Those of `quotes` in whose strings a backslash is an ordinary character."""
    character_quotes: tuple[str, ...] = ()
    """Quotes around one character, which also have another meaning (Rust's lifetimes)."""
    interpolation: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """By quote: what starts code in such a string; the last character is a bracket."""
    prefixed: tuple[Prefixed, ...] = ()
    regex_literals: bool = False
    """A `/` where a value is expected starts a regular expression."""
    heredoc: str = ""
    """Regular expression of what announces a heredoc; its group `label` ends it."""
    blocks: Literal["indent", "braces", "keywords", "none"] = "none"
    """What opens a block: deeper indentation after a header, `{`, a word, or nothing we know."""
    barrier: str = ""
    """Regular expression for the start of lines that cannot be inside a bracket: there an unclosed
    bracket is forgotten."""
    statement_line: str = ""
    """Regular expression for lines, behind their indentation, that cannot stand directly in a
    parenthesis or square bracket: there unclosed ones are forgotten."""
    embedded: tuple[str, str] | None = None
    """What the language stands between in texts of another one (PHP in HTML)."""
    indent: str = "    "
    """One level of indentation as the language's own formatter writes it, for texts that have none:
    blanks or a tab."""
    semicolons: bool = False
    """A simple statement is not complete without `;`."""
    grammar: str = ""
    """`module` or `module:function` of an importable tree-sitter grammar; empty: read by lines."""
    incremental: bool = True
    """Its grammar can go on from the tree of an earlier version; Bash's loses heredocs."""
    kinds: Kinds = field(default_factory=Kinds)
    words: Words = field(default_factory=Words)
    repair: Repair = field(default_factory=Repair)
    query: str = ""
    """Text of the tree-sitter query: `@definition.<kind>` with `@name` and `@body`."""

    @property
    def has_tree(self) -> bool:
        """It is parsed; else it is read by lines."""
        return bool(self.grammar)
