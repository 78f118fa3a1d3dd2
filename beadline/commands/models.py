"""`beadline models list` and `beadline models inspect PATH`. Loads no weights."""

from __future__ import annotations

import argparse

from rich.table import Table

from beadline.commands import display
from beadline.engine import models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="the built-in model and the GGUF files in your model folder")
    inspect = actions.add_parser("inspect", help="what a GGUF file says about itself")
    inspect.add_argument("model", metavar="PATH", help="a GGUF file, or `builtin`")


def main(args: argparse.Namespace) -> int:
    """Run the action. Raises `ModelError` when `inspect` is given no usable file."""
    console = display.console()
    if args.action == "inspect":
        text = models.inspect(models.resolve(args.model))
        console.print(display.printable(text))
        return 0
    found = models.available()
    if found:
        console.print(_table(found))
    else:
        console.print("no models")
    console.print(f"your model folder: {models.models_dir()}", style="dim")
    return 0


def _table(found: list[models.ModelFile]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "family", "parameters", "weights", "size", "path"):
        table.add_column(heading, overflow="fold")
    for model in found:
        if model.problem:
            details = (display.printable(model.problem), "", "")
        else:
            details = (model.family, f"{model.parameters / 1e6:.1f} M", model.quantisation)
        size = f"{model.size / 1e6:.1f} MB"
        path = display.printable(str(model.path))
        table.add_row(display.printable(model.name), *details, size, path)
    return table
