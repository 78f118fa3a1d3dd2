"""What commands that complete in several arms share: arguments, options, facts. Writes nothing."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from beadline import settings
from beadline.engine.models import resolve
from beadline.errors import InputError
from beadline.evaluation import arms
from beadline.settings import Options


def add_arguments(parser: argparse.ArgumentParser, names: Sequence[str], *, snippets: str) -> None:
    """Which arms, and what all of them complete with. `snippets`: a word on `--snippet-tokens`."""
    parser.add_argument(
        "--arms", metavar="NAMES", default=",".join(names),
        help=f"which of {', '.join(names)} to run, with commas between (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--snippet-tokens", metavar="N",
        help=f"most tokens of snippets from other files{snippets} (default: your settings)",
    )  # fmt: skip
    parser.add_argument("--model", metavar="PATH", help="GGUF file to use, or `builtin`")
    parser.add_argument("--threads", metavar="N", help="decoding threads (default: your settings)")


def wanted(args: argparse.Namespace, names: Sequence[str]) -> list[str]:
    """The arms that were asked for, each once. Raises `InputError` for others than `names`."""
    found = list(dict.fromkeys(name.strip() for name in args.arms.split(",") if name.strip()))
    if not found or not set(found) <= set(names):
        raise InputError(
            f"--arms {args.arms!r} is no list of arms.", hint=f"There are {', '.join(names)}."
        )
    return found


def options(args: argparse.Namespace, console: Console) -> Options:
    """The user's own, but that nobody is typing, and that nothing is kept back."""
    applied = settings.load_with_flags(
        {
            "engine.model": args.model,
            "engine.threads": args.threads,
            "context.snippet_tokens": args.snippet_tokens,
        }
    )
    for problem in applied.problems:
        console.print(f"beadline: {problem}")
    return arms.undisturbed(applied.options)


def facts(options: Options) -> dict[str, Any]:
    """What completions depend on, the cases and the arm apart."""
    model = resolve(options.engine.model)
    with model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "model": {"name": model.name, "sha256": digest},
        "layout": options.engine.layout,
        "context_tokens": options.engine.context_tokens,
        "max_tokens": options.completion.max_tokens,
        "max_lines": options.completion.max_lines,
        "syntax_guard": options.completion.syntax_guard,
        "context": asdict(options.context),
    }
