"""A small repository with places where its author would go on writing. Knows no editor."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

NAME = "words.py"
_README = "# words\n\nCounts the words of a file.\n"
_SOURCE = '''\
"""Count the words of a file."""

import argparse
import collections
import pathlib


def read_words(path: pathlib.Path) -> list[str]:
    """All words of the file, in lower case."""
    text = path.read_text(encoding="utf-8")
    return [word.strip(".,;:!?").lower() for word in text.split()]


def most_common(words: list[str], count: int) -> list[tuple[str, int]]:
    """The `count` most frequent words."""
    counter = collections.Counter(words)
    return counter.most_common(count)
'''
_FUNCTION = """

def {name}(arguments: argparse.Namespace) -> None:
    words = read_words(arguments.path)
{line}
"""


@dataclasses.dataclass(frozen=True)
class Place:
    """A line that ends where the author goes on, and what the author types there."""

    line: str
    typed: str


PLAIN = (
    Place("    ", "if arguments.p"),
    Place("    ", "counts = collections.C"),
    Place("    ", "for word in w"),
    Place("    ", "return a"),
)
BLOCK = (
    Place("    ", "for word in w"),
    Place("    ", "if not arguments.p"),
    Place("    ", "while w"),
)
"""Where more than a line is to be written."""
EMOJI = (
    Place('    label = "🎉"; ', "return r"),
    Place('    label = "🎉"; ', "text = l"),
    Place('    label = "🎉"; ', "counts = collections.C"),
)
"""Behind a character of four bytes in UTF-8 and two units in UTF-16."""


def source(places: tuple[Place, ...]) -> str:
    """A module with a function for each place."""
    functions = (
        _FUNCTION.format(name=f"part{number}", line=place.line)
        for number, place in enumerate(places, start=1)
    )
    return _SOURCE + "".join(functions)


def make(folder: Path, text: str) -> Path:
    """A git repository with this module, committed; the module's path."""
    folder.mkdir()
    path = folder / NAME
    path.write_bytes(text.encode())
    (folder / "README.md").write_text(_README, "utf-8")
    for command in (
        ("init", "--quiet"),
        ("add", "."),
        ("-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "Words"),
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return path
