"""`beadline bench typing|decode|layout`: finds the benchmark. Knows none of them."""

from __future__ import annotations

import argparse
import importlib

BENCHMARKS = {
    "typing": ("beadline.bench.typing", "replay real edits through the server, and through a peer"),
    "decode": ("beadline.bench.decode", "our way to a token, with and without drafts, over bare"),
    "layout": ("beadline.bench.layout", "which layout of the prompt suits a model and its code"),
}
"""Name -> module with `add_arguments(parser)` and `main(args) -> int`, and one line of help."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The benchmarks and their options."""
    benchmarks = parser.add_subparsers(dest="benchmark", metavar="BENCHMARK", required=True)
    for name, (module, summary) in BENCHMARKS.items():
        benchmark = benchmarks.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.",
            allow_abbrev=False,
        )  # fmt: skip
        importlib.import_module(module).add_arguments(benchmark)


def main(args: argparse.Namespace) -> int:
    """Run the benchmark."""
    return importlib.import_module(BENCHMARKS[args.benchmark][0]).main(args)
