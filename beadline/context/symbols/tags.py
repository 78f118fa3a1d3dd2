"""Queries for definitions in languages without one of ours. Knows no nodes and no text.

Two sources: the language's query for scopes (`data/<id>.scm`), which knows bodies, and the
`tags.scm` that grammars bring along for code navigation, which knows more kinds. What both find is
told by the first.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from beadline.context.languages import Grammar, Language
from beadline.context.symbols.types import Kind

if TYPE_CHECKING:
    import tree_sitter

_KINDS = {
    "struct": Kind.CLASS, "union": Kind.CLASS, "object": Kind.CLASS, "record": Kind.CLASS,
    "trait": Kind.INTERFACE, "protocol": Kind.INTERFACE,
    "constructor": Kind.METHOD,
    "property": Kind.FIELD,
    "namespace": Kind.MODULE,
}  # fmt: skip
"""What definitions are called in queries, besides our own names."""
_NAMES = frozenset(Kind)
_CAPTURE = re.compile(r"@definition\.([\w.]+)")
_OTHER = re.compile(r"[ \t]*@(?:doc|local\.\w+|ignore)\b")
_DIRECTIVE = re.compile(r'\(#[\w-]+!(?:[^()"]|"(?:\\.|[^"\\])*")*\)')
"""`#strip!`, `#select-adjacent!`: what is done with comments, not what matches."""
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|;[^\n]*|[()\[\]]')


def tags_query(language: Language, grammar: Grammar) -> tree_sitter.Query | None:
    """The query for a language's definitions; None where nothing is known of them.

    A `tags.scm` that does not compile is left out.
    """
    import tree_sitter

    own = "\n".join(_definitions(language.query))
    tags = "\n".join(_definitions(_tags(language)))
    if tags:
        try:
            return tree_sitter.Query(grammar.language, f"{own}\n{tags}")
        except (tree_sitter.QueryError, ValueError):
            pass  # written for another version of the grammar
    return tree_sitter.Query(grammar.language, own) if own else None


def _tags(language: Language) -> str:
    """Text of the `tags.scm` in a grammar's wheel; empty where there is none."""
    module = importlib.import_module(language.grammar.partition(":")[0])
    try:
        return getattr(module, "TAGS_QUERY", None) or ""
    except OSError:
        return ""  # named, but not in the wheel


def _definitions(query: str) -> Iterator[str]:
    """The patterns of a query that find definitions of a kind we know, in our words."""
    for pattern in _patterns(query):
        kinds = _CAPTURE.findall(pattern)
        if kinds and "@name" in pattern and all(_kind(each) is not None for each in kinds):
            pattern = _OTHER.sub("", _DIRECTIVE.sub("", pattern))
            yield _CAPTURE.sub(lambda match: f"@definition.{_kind(match[1])}", pattern)


def _kind(name: str) -> Kind | None:
    return _KINDS.get(name) or (Kind(name) if name in _NAMES else None)


def _patterns(query: str) -> Iterator[str]:
    """The patterns at the outermost level, each with the captures behind it."""
    depth, start = 0, 0
    for match in _TOKEN.finditer(query):
        if match[0] in "([":
            if depth == 0:
                if query[start : match.start()].strip():
                    yield query[start : match.start()]
                start = match.start()
            depth += 1
        elif match[0] in ")]":
            depth -= 1
    yield query[start:]
