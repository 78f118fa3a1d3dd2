"""`beadline evaluate make-cases REPO`: cases as JSON lines. Knows arguments and files alone."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from beadline.errors import InputError
from beadline.evaluation.cases import format as case_format
from beadline.evaluation.cases.labels import Verdict
from beadline.evaluation.cases.make import Made
from beadline.evaluation.commands import common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    common.add_repository(parser)
    common.add_drawing(parser, scenarios=0)
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="where the cases go (default: standard output)"
    )
    parser.add_argument(
        "--json", action="store_true",
        help="print what was drawn as one JSON object; needs --output",
    )  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Run the command and return the exit code. Raises `InputError`."""
    if args.json and args.output is None:
        raise InputError(
            "Cases and their summary cannot both be on standard output.", hint="Give --output FILE."
        )
    console = common.console()
    with common.copied(args) as copy:
        cases, made = common.cases_of(args, copy, console)
    if args.output is None:
        sys.stdout.write(case_format.as_lines(cases))
    else:
        case_format.write(args.output, cases)
    if args.json:
        print(json.dumps({"file": str(args.output), "seed": args.seed, **made.as_dict()}))
    else:
        print_summary(made, console)
    return 0


def print_summary(made: Made, console: Console) -> None:
    """What was drawn, and what became of the calls that were sampled."""
    categories = ", ".join(
        f"{count} {category}" for category, count in made.as_dict()["by_category"].items()
    )
    console.print(f"{len(made.cases)} cases: {categories}")
    if not made.sampled:
        return
    table = Table(title="sampled calls", title_justify="left", box=None)
    for heading in ("language", *Verdict, "labels by"):
        table.add_column(heading, justify="left" if heading == "language" else "right")
    for language, counts in made.sampled.items():
        table.add_row(
            language, *(str(counts[verdict]) for verdict in Verdict), made.ways.get(language, "")
        )
    console.print(table)
