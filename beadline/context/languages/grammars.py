"""Loads the grammar of a language from its wheel, and checks what is said about it. Parses nothing.

The one place that imports grammar wheels, each when it is first needed.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from beadline.context.languages.types import Kinds, Language
from beadline.errors import BeadlineError

if TYPE_CHECKING:
    import tree_sitter


class LanguageError(BeadlineError):
    """A data file, a query or a grammar of a language cannot be used."""


@dataclass(frozen=True)
class Grammar:
    """What a parser needs of a language."""

    language: tree_sitter.Language
    query: tree_sitter.Query


def load(language: Language) -> Grammar:
    """Import the grammar and compile the query. Raises `LanguageError`."""
    import tree_sitter

    module, _, function = language.grammar.partition(":")
    try:
        found = getattr(importlib.import_module(module), function or "language")
    except ImportError as exc:
        raise LanguageError(
            f"{language.name}: the grammar {module} is not installed ({exc}).",
            hint=f"Install it (pip install {module.replace('_', '-')}).",
        ) from exc
    except AttributeError as exc:
        raise LanguageError(
            f"{language.name}: the grammar {module} has no function {function or 'language'}().",
            hint="Name it in `grammar` as module:function.",
        ) from exc
    try:
        parser_language = tree_sitter.Language(found())
    except (TypeError, ValueError) as exc:
        raise LanguageError(
            f"{language.name}: the grammar {language.grammar} does not fit this tree-sitter: {exc}."
        ) from exc
    try:
        query = tree_sitter.Query(parser_language, language.query)
    except (tree_sitter.QueryError, ValueError) as exc:
        raise LanguageError(
            f"{language.name}: its query does not compile: {exc}.",
            hint="Correct its .scm file.",
        ) from exc
    return Grammar(parser_language, query)


def unknown_kinds(language: Language, grammar: Grammar) -> list[str]:
    """Node kinds that the data name and the grammar does not have."""
    named: set[str] = set()
    for each in fields(Kinds):
        named |= getattr(language.kinds, each.name)
    of = grammar.language
    return sorted(named - {of.node_kind_for_id(i) for i in range(of.node_kind_count)})
