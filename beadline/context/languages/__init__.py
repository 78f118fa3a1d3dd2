"""Which language a file is in, and what is known of it. Knows no file contents but a first line.

The knowledge is data: `data/*.toml` and `data/*.scm`, one of each a language with a grammar,
`data/lines.toml` for the languages that are read by lines, and what users put into `languages/`
beside their own configuration file (never anything from a workspace).
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from beadline import settings
from beadline.context.languages.grammars import Grammar
from beadline.context.languages.registry import Registry
from beadline.context.languages.types import PLAINTEXT, Kinds, Language, Prefixed, Repair, Words

__all__ = [
    "PLAINTEXT",
    "Grammar",
    "Kinds",
    "Language",
    "Prefixed",
    "Registry",
    "Repair",
    "Words",
    "get",
    "grammar",
    "known",
    "language_of",
    "problems",
    "query_text",
    "registry",
    "user_folder",
]


@cache
def registry() -> Registry:
    """The shipped languages and the user's own, read once."""
    return Registry(user_folder())


def user_folder() -> Path:
    """Where users put languages of their own: `languages/` beside their configuration file."""
    return settings.user_config_file().parent / "languages"


def language_of(path: str, first_line: str = "") -> str:
    """Language id of a path (either kind of slash), by name, else by a `#!` line."""
    return registry().language_of(path, first_line)


def get(language_id: str) -> Language:
    """The language of an id or one of its editor aliases; plain text for ids nobody knows."""
    return registry().get(language_id)


def known() -> tuple[Language, ...]:
    """All languages, and plain text last."""
    return registry().known()


def grammar(language: Language) -> Grammar | None:
    """The parser's side of a language, loaded when first asked for; None where there is none."""
    return registry().grammar(language)


def problems() -> tuple[str, ...]:
    """What is wrong with data files and grammars, a sentence each, as far as noticed by now."""
    return registry().problems()


def query_text(name: str) -> str:
    """Text of the shipped query `data/<name>.scm`. Raises `FileNotFoundError`."""
    folder = resources.files("beadline.context.languages").joinpath("data")
    return folder.joinpath(f"{name}.scm").read_text("utf-8")
