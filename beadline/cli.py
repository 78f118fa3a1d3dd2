"""The command line: finds the command, runs it, turns errors into one line and an exit code.

Does not know what the commands do; each lives in a module with `add_arguments(parser)` and
`main(args) -> int`, imported only when it is asked for (`serve` must not pay for the others).

Exit codes: 0 done (also when there is nothing to suggest), 1 the engine or a check failed,
2 bad input, model file, settings or arguments, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence

from beadline import __version__
from beadline.errors import BeadlineError, EngineError

COMMANDS = {
    "complete": ("beadline.commands.complete", "fill the hole at a position of a file"),
    "context": ("beadline.commands.context", "show what the model would be given there"),
    "serve": ("beadline.commands.serve", "run the language server on standard input and output"),
    "models": ("beadline.commands.models", "list and inspect model files"),
    "stats": ("beadline.commands.stats", "show what was suggested, accepted and kept"),
    "train": ("beadline.commands.train", "tune the model on a repository, and prove it"),
    "index": ("beadline.commands.index", "bring the index of a folder up to date, or show it"),
    "config": ("beadline.commands.config", "show or change your own settings"),
    "cache": ("beadline.commands.cache", "show or remove what is kept in the cache directory"),
    "doctor": ("beadline.doctor.command", "check this machine, the model and the settings"),
    "evaluate": ("beadline.commands.evaluate", "measure completions and retrieval on real code"),
    "bench": ("beadline.commands.bench", "measure speed: typing, layouts, decoding"),
    "demo": ("beadline.demo", "let the model fill a few holes in real code"),
}
"""Command name -> module and one-line help."""


def build_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser, with the options of those commands that `arguments` names."""
    parser = argparse.ArgumentParser(
        prog="beadline",
        description="A coding assistant backend that runs on your own machine.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"beadline {__version__}")
    parser.add_argument(
        "--debug", action="store_true", help="show the full traceback of every error"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, description=summary[0].upper() + summary[1:] + ".",
            allow_abbrev=False,
        )  # fmt: skip
        command.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
        if name in arguments:
            importlib.import_module(module).add_arguments(command)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code. Raises SystemExit on bad arguments (code 2)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character of the user's file is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    debug = "--debug" in arguments
    try:
        args = build_parser(arguments).parse_args(arguments)
        code = importlib.import_module(COMMANDS[args.command][0]).main(args)
        if sys.stdout is not None:  # None: it was closed before the start
            sys.stdout.flush()
        return code
    except BeadlineError as error:
        if debug:
            raise
        print(f"beadline: {error}", file=sys.stderr)
        return 1 if isinstance(error, EngineError) else 2
    except KeyboardInterrupt:
        if debug:
            raise
        return 130
    except OSError as error:
        # No reader any more (`| head`), a full disk: the world's fault, not worth a traceback.
        if debug:
            raise
        if not isinstance(error, BrokenPipeError):
            print(f"beadline: {error}", file=sys.stderr)
        _give_up_output()
        return 1


def _give_up_output() -> None:
    """Point an output that takes nothing any more to nowhere: Python flushes it again at exit."""
    output = sys.stdout
    if output is None:
        return
    try:
        output.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
