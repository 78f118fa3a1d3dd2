"""`beadline serve`: start the language server. Knows only its flags."""

from __future__ import annotations

import argparse

from beadline.commands import common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options, and those that editors add by themselves."""
    common.add_model_argument(parser)
    parser.add_argument("--trace", metavar="FILE", help="append every request's numbers to a file")
    parser.add_argument(
        "--stdio", action="store_true", help="accepted and ignored: it is the only way"
    )
    parser.add_argument(
        "--clientProcessId", metavar="N",
        help="accepted and ignored: the protocol's `initialize` says it",
    )  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Serve until the client ends it."""
    from beadline.lsp.serve import serve

    return serve(common.load_options({"engine.model": args.model, "trace.file": args.trace}))
