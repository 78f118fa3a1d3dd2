"""`python -m beadline.trainer.nano STEP`: makes the built-in model, step by step or all at once.

    python -m beadline.trainer.nano make --clones DIR --work DIR --output beadline/models

What the steps are is in docs/nano.md. Every step can be interrupted and goes on where it was. Knows
arguments; each step imports what it needs, since a machine that only trains has little of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from beadline.errors import BeadlineError
from beadline.trainer.nano import steps
from beadline.trainer.nano.recipe import MOST_EPOCHS, RECIPES, VOCABULARY
from beadline.trainer.screen import Terminal

LIST = Path("docs/repositories.txt")


def main(arguments: list[str] | None = None) -> int:
    """Run a step; the exit code is that of the command line."""
    args = _parser().parse_args(arguments)
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    step: Callable[[argparse.Namespace, Terminal], None] = args.run_step
    try:
        with Terminal(console) as screen:
            step(args, screen)
    except BeadlineError as error:
        print(f"beadline: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="beadline.trainer.nano", description="Makes the built-in model (docs/nano.md)."
    )
    table = parser.add_subparsers(dest="step", required=True)

    def add(
        name: str, step: Callable[[argparse.Namespace, Terminal], None], text: str
    ) -> argparse.ArgumentParser:
        own = table.add_parser(name, help=text)
        own.add_argument("--work", type=Path, required=True, metavar="DIR")
        own.set_defaults(run_step=step)
        return own

    data = add("data", steps.data, "clean the repositories' files, and compare all of them")
    _data_arguments(data)
    prepare = add("prepare", steps.prepare, "learn the tokenizer and draw the samples")
    _prepare_arguments(prepare)
    pack = add("pack", steps.pack, "lay the samples out in parts for another machine")
    pack.add_argument("--output", type=Path, required=True, metavar="DIR")
    pack.add_argument("--part-mib", type=float, default=48.0, metavar="N")
    rows = add("rows", steps.rows, "render the samples as rows of tokens")
    rows.add_argument("--workers", type=int, default=0, metavar="N")
    train = add("train", steps.train, "train a model, or go on training")
    _train_arguments(train)
    train.add_argument("--shape", default="", help="one of those that `shapes` prints")
    scale = add("scale", steps.scale, "train several shapes for equal steps, and compare them")
    _train_arguments(scale)
    scale.add_argument("--shapes", default="", help="names with commas between (default: all)")
    add("shapes", steps.shapes, "print the shapes that fill the file, and their sizes")
    split = add("split", steps.split, "cut trained weights into pieces for another machine")
    _run_argument(split)
    split.add_argument("--output", type=Path, required=True, metavar="DIR")
    split.add_argument("--piece-mib", type=float, default=15.0, metavar="N")
    split.add_argument("--first", type=int, default=0, metavar="K", help="the first one handed out")
    split.add_argument("--count", type=int, default=0, metavar="N", help="0: all from there on")
    join = add("join", steps.join, "put pieces of weights together")
    _run_argument(join)
    join.add_argument("pieces", type=Path, nargs="+", metavar="FOLDER")
    export = add("export", steps.export, "write the GGUF, and its loss beside the weights'")
    _run_argument(export)
    _export_arguments(export)
    card = add("card", steps.card, "write the model card and the attribution")
    _run_argument(card)
    card.add_argument("--output", type=Path, required=True, metavar="DIR")
    make = add("make", steps.make, "all of it on this machine")
    for own in (_data_arguments, _prepare_arguments, _train_arguments, _export_arguments):
        own(make)
    make.add_argument("--shape", default="")
    return parser


def _data_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repositories", type=Path, default=LIST, metavar="FILE")
    parser.add_argument(
        "--clones", type=Path, nargs="+", default=[], metavar="DIR",
        help="folders with clones: `owner+name`, `owner/name` or `name`",
    )  # fmt: skip
    parser.add_argument(
        "--benchmarks", type=Path, nargs="*", default=[], metavar="PATH",
        help="files of public benchmarks, whose code must stay unseen",
    )  # fmt: skip
    parser.add_argument(
        "--repo-characters", type=int, default=0, metavar="N", help="most of one source (0: all)"
    )
    parser.add_argument("--no-installed", action="store_true", help="leave installed packages out")
    parser.add_argument(
        "--incomplete", action="store_true",
        help="go on although clones of what must stay unseen are missing",
    )  # fmt: skip
    _workers_argument(parser)


def _prepare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", default="nano", choices=sorted(RECIPES))
    parser.add_argument(
        "--epochs", type=float, default=MOST_EPOCHS - 1, metavar="X",
        help="how often Python's text is drawn before the final phase (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--final", type=float, default=1.0, metavar="X",
        help="how often the best files are drawn once more at the end (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY, metavar="N")
    _workers_argument(parser)


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    _run_argument(parser)
    parser.add_argument(
        "--minutes", type=float, default=150.0, metavar="N",
        help="of training; the number of steps follows from the speed (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument("--steps", type=int, default=0, metavar="N", help="in place of --minutes")
    parser.add_argument("--batch-tokens", type=int, default=0, metavar="N")
    parser.add_argument("--peak", type=float, default=0.0, metavar="RATE")
    parser.add_argument("--decay", type=float, default=0.2, metavar="SHARE")
    parser.add_argument("--threads", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--name", default="beadline-nano", help="of the file and `general.name`")


def _run_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", default="main", metavar="NAME", help="default: %(default)s")


def _workers_argument(parser: argparse.ArgumentParser) -> None:
    if not any("--workers" in action.option_strings for action in parser._actions):
        parser.add_argument(
            "--workers", type=int, default=0, metavar="N", help="processes (0: all)"
        )


if __name__ == "__main__":
    raise SystemExit(main())
