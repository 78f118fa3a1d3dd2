"""Reads the data files of languages and finds languages by name. Knows no file but those.

A file that cannot be used costs its own language alone, and leaves a sentence in `problems()`.
"""

from __future__ import annotations

import functools
import re
import threading
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Any

from beadline.context.languages import grammars
from beadline.context.languages.grammars import Grammar, LanguageError
from beadline.context.languages.types import PLAINTEXT, Language

_PLAIN = Language(PLAINTEXT, "Plain text", (".txt",))
_BASE = "base"
"""Key of a data file: the id of a language whose values hold where the file has none."""
_QUERY = "query"
"""Key of a data file: name of the query file beside it; `<id>.scm` when it is missing."""
_LINES = "lines.toml"
"""The shipped file with one table each for the languages without a grammar."""
_INTERPRETER = re.compile(r"#!\s*(?:\S*/)?([^/\s]+)(?:\s+(?:-\S+\s+)*([^\s=/-][^\s=]*))?")


class Registry:
    """All languages. Thread-safe; grammars are loaded when first asked for."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` holds the user's own languages, which win over the shipped ones."""
        self._problems: list[str] = []
        self._languages: dict[str, Language] = {}
        self._grammars: dict[str, Grammar | None] = {}
        self._lock = threading.Lock()
        shipped = resources.files("beadline.context.languages").joinpath("data")
        for source, text in _files(shipped):
            if source == _LINES:
                for name, table in tomllib.loads(text).items():
                    self._languages[name] = _language({"id": name, **table}, None)
            else:
                self._add(text, shipped)
        for path in sorted(folder.glob("*.toml")) if folder else ():
            self._add_users(path)
        self._aliases = {
            alias: language.id
            for language in self._languages.values()
            for alias in (*language.aliases, language.id)
        }

    def language_of(self, path: str, first_line: str = "") -> str:
        """Language id of a path, by its name, else by a `#!` line; `plaintext` when unknown."""
        name = PurePosixPath(path.replace("\\", "/")).name.lower()
        suffix = PurePosixPath(name).suffix
        # The user's own languages come last and win.
        for language in reversed(self._languages.values()):
            if name in language.filenames:
                return language.id
        for language in reversed(self._languages.values()):
            if suffix and suffix in language.extensions:
                return language.id
        if match := _INTERPRETER.match(first_line):
            program = match.group(2) if match.group(1) == "env" else match.group(1)
            program = re.sub(r"[\d.]+$", "", program or "")
            for language in reversed(self._languages.values()):
                if program in language.interpreters:
                    return language.id
        return PLAINTEXT

    def get(self, language_id: str) -> Language:
        """The language of an id or an alias; plain text for ids nobody knows."""
        wanted = language_id.lower()
        return self._languages.get(self._aliases.get(wanted, wanted), _PLAIN)

    def known(self) -> tuple[Language, ...]:
        """All languages, and plain text last."""
        return (*self._languages.values(), _PLAIN)

    def grammar(self, language: Language) -> Grammar | None:
        """The grammar of a language, None where it has none or it cannot be used."""
        if not language.has_tree:
            return None
        with self._lock:
            if language.id not in self._grammars:
                try:
                    self._grammars[language.id] = grammars.load(language)
                except LanguageError as exc:
                    self._grammars[language.id] = None
                    self._problems.append(f"{exc} {language.name} is read by lines.")
            return self._grammars[language.id]

    def problems(self) -> tuple[str, ...]:
        """What was found wrong so far, one sentence or two each."""
        with self._lock:
            return tuple(self._problems)

    def _add(self, text: str, folder: Traversable) -> Language:
        table = tomllib.loads(text)
        base = table.pop(_BASE, "")
        if not isinstance(base, str):
            raise LanguageError(f"Its {_BASE} must be the id of a language.")
        if base and base not in self._languages:
            raise LanguageError(f"Its base {base!r} is no language known here.")
        query = table.pop(_QUERY, "")
        if not isinstance(query, str):
            raise LanguageError(f"Its {_QUERY} must be the name of a file.")
        language = _language(table, self._languages.get(base))
        if language.has_tree:
            found = folder.joinpath(query or f"{language.id}.scm")
            if found.is_file():
                language = replace(language, query=found.read_text("utf-8"))
            elif query:
                raise LanguageError(f"Its query file {query} is missing.")
        # Taken out first: the newest is the last, and wins where two have the same extension.
        self._languages.pop(language.id, None)
        self._languages[language.id] = language
        return language

    def _add_users(self, path: Path) -> None:
        before = dict(self._languages)
        try:
            if not path.is_file():  # a pipe would be waited for
                raise LanguageError("It is no file.")
            language = self._add(path.read_text("utf-8"), path.parent)
        except (OSError, ValueError, RecursionError, LanguageError) as exc:
            self._languages = before
            self._problems.append(f"The language file {path} cannot be used: {exc}")
            return
        if not language.has_tree:
            return
        # The user's own grammar may be anything: checked now, so that it falls back to lines.
        try:
            grammar = grammars.load(language)
            if unknown := grammars.unknown_kinds(language, grammar):
                raise LanguageError(f"Its grammar has no node kinds {', '.join(unknown)}.")
        except LanguageError as exc:
            self._languages[language.id] = replace(language, grammar="", query="")
            self._problems.append(
                f"The language file {path} names a grammar that cannot be used: {exc} "
                f"{language.name} is read by lines."
            )
        else:
            self._grammars[language.id] = grammar


def _files(folder: Traversable) -> Iterator[tuple[str, str]]:
    """The data files, languages that others are based on first."""
    texts = {f.name: f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".toml")}
    yield from sorted(texts.items(), key=lambda item: (f"\n{_BASE} =" in item[1], item[0]))


def _language(table: Mapping[str, Any], base: Language | None) -> Language:
    given = _values(Language, table, "")
    for key in ("id", "name"):
        if base is None and not given.get(key):
            raise LanguageError(f"It has no {key}.")
    if not re.fullmatch(r" +|\t", given.get("indent", " ")):
        raise LanguageError("indent must be blanks or a tab.")
    for pattern in (
        given.get("heredoc", ""),
        given.get("barrier", ""),
        given.get("statement_line", ""),
        *(p.before for p in given.get("prefixed", ())),
    ):
        try:
            re.compile(pattern)
        except re.error as exc:
            raise LanguageError(f"{pattern!r} is no regular expression: {exc}.") from exc
    if base is None:
        return Language(**given)
    for key, value in given.items():
        if is_dataclass(value):
            parts = _values(type(value), table[key], f"{key}.")
            given[key] = replace(getattr(base, key), **parts)
    # A language of its own has no names in common with its base.
    names = dict.fromkeys(("extensions", "filenames", "aliases", "interpreters"), ())
    own = {} if given.get("id", base.id) == base.id else names
    return replace(base, **{**own, **given})


_hints = functools.cache(typing.get_type_hints)


def _values(owner: type, table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The values of a table for the fields of a dataclass. Raises `LanguageError`."""
    hints = _hints(owner)
    names = {each.name for each in fields(owner)}
    if unknown := sorted(set(table) - names):
        raise LanguageError(
            f"It has an unknown key {where}{unknown[0]} (known: {', '.join(sorted(names))})."
        )
    return {key: _value(hints[key], table[key], where + key) for key in table}


def _value(hint: Any, value: Any, where: str) -> Any:
    """`value` as a field of type `hint`; tables become tuples of pairs."""
    if is_dataclass(hint) and isinstance(hint, type):
        if isinstance(value, dict):
            return hint(**_values(hint, value, f"{where}."))
    elif hint in (str, bool):
        if isinstance(value, hint):
            return value
    elif isinstance(hint, types.UnionType):
        return _value(typing.get_args(hint)[0], value, where)
    elif typing.get_origin(hint) is typing.Literal:
        if value in typing.get_args(hint):
            return value
        raise LanguageError(f"{where} must be one of {', '.join(typing.get_args(hint))}.")
    elif typing.get_origin(hint) is frozenset:
        return frozenset(_strings(value, where))
    elif typing.get_origin(hint) is tuple:
        return _tuple(typing.get_args(hint), value, where)
    raise LanguageError(f"{where} is of the wrong type ({type(value).__name__}).")


def _tuple(parts: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    first = parts[0]
    if parts == (str, str):
        found = _strings(value, where)
        if len(found) != 2:
            raise LanguageError(f"{where} must have two parts.")
        return found
    if first is str:
        return _strings(value, where)
    if is_dataclass(first) and isinstance(value, list):
        return tuple(_value(first, each, where) for each in value)
    if isinstance(value, dict):
        return tuple((key, _strings(each, f"{where}.{key}")) for key, each in value.items())
    raise LanguageError(f"{where} is of the wrong type ({type(value).__name__}).")


def _strings(value: Any, where: str) -> tuple[str, ...]:
    """A list of strings; one string of words separated by blanks is taken as well."""
    if isinstance(value, str):
        return tuple(value.split())
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise LanguageError(f"{where} must be a list of strings.")
