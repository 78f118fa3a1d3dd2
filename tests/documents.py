"""Reads the documentation: links, code, and the command lines in it. Judges none of them."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```[ ]*$", re.M | re.S)
_INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_ENDS = frozenset({"|", "||", "&&", ";", ">", ">>", "<", "->", "→"})
"""What ends a command of a shell's line, or of a sentence about it."""
_PLACEHOLDER = re.compile(r"[A-Z_]+|\.\.\.|…")


def pages() -> list[Path]:
    """All that users read, without what others wrote."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    found += [*ROOT.glob("packaging/*/README.md"), *ROOT.glob("packaging/*/*/README.md")]
    return sorted(path for path in found if "node_modules" not in path.parts)


def fenced(text: str) -> list[tuple[str, str]]:
    """Language and content of the code blocks."""
    return [(found[2], found[3]) for found in _FENCE.finditer(text)]


def inline(text: str) -> list[str]:
    """Pieces of code in running text; those over the end of a line are in one."""
    return [" ".join(found[1].split()) for found in _INLINE.finditer(_FENCE.sub("", text))]


def links(text: str) -> list[str]:
    """Targets of links and pictures that are files of ours, with their anchors."""
    plain = _INLINE.sub("", _FENCE.sub("", text))
    return [target for target in _LINK.findall(plain) if "://" not in target]


def anchors(text: str) -> set[str]:
    """What links to headings may say, as the site and code hosts make it of them."""
    plain = _FENCE.sub("", text)
    titles = re.findall(r"^#+ +(.+?)[ #]*$", plain, re.M)
    words = (re.sub(r"[^\w\s-]", "", title).strip().lower() for title in titles)
    return {re.sub(r"[-\s]+", "-", title) for title in words}


def command_lines(text: str, program: str) -> Iterator[list[str]]:
    """Arguments of every command in code, in blocks and between the words, that runs `program`
    (its words in a row, such as `python -m`)."""
    lines = [line for _, block in fenced(text) for line in block.replace("\\\n", " ").split("\n")]
    outside = _FENCE.sub("", text)
    lines += [line for line in outside.split("\n") if line.startswith("    ")]
    start = re.compile(rf"(?:\$ |\w+=(?:\"[^\"]*\"|\S+) )*{re.escape(program)}(?: |$)")
    for line in [*map(str.strip, lines), *inline(text)]:
        if found := start.match(line):
            yield _arguments(line[found.end() :])


def _arguments(line: str) -> list[str]:
    """Words of a shell's line up to the end of the command; brackets around optional ones go."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # an apostrophe of a sentence behind the command
        words = line.partition(" #")[0].split()
    kept: list[str] = []
    for word in words:
        if word in _ENDS:
            break
        kept.append(word.strip("[]"))
    return kept


def problem_of(arguments: Sequence[str], parser: argparse.ArgumentParser) -> str:
    """What of a command line `parser` does not know, a name or a flag; empty for nothing.

    Values are not looked at, nor is whether something is missing: documents name commands in part.
    """
    known = dict(parser._option_string_actions)
    choices = _subcommands(parser)
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word.startswith("--") or re.fullmatch(r"-[a-zA-Z]", word):
            name, has_value, _ = word.partition("=")
            if name not in known:
                return f"{parser.prog} has no {name}"
            del rest[: 0 if has_value else _values(known[name], rest)]
        elif choices and not _PLACEHOLDER.fullmatch(word):
            names = word.split("|")
            for name in names:
                if name not in choices:
                    return f"{parser.prog} has no {name}"
                if problem := problem_of(rest, choices[name]):
                    return problem
            return ""
    return ""


def _values(action: argparse.Action, rest: Sequence[str]) -> int:
    """How many of the words behind a flag are its own."""
    if isinstance(action.nargs, int):
        return action.nargs
    until = next((n for n, word in enumerate(rest) if word.startswith("-")), len(rest))
    if action.nargs in ("*", "+"):
        return until
    return min(1, until)


def _subcommands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}
