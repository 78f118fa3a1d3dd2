"""`beadline evaluate [NAME]`: finds the evaluation. Knows none of them.

Without one of those names holes are drawn and completed (`evaluation.command`).
"""

from __future__ import annotations

import argparse
import importlib

EVALUATIONS = {
    "make-cases": (
        "beadline.evaluation.commands.make_cases",
        "draw cases with known answers, and what they need, from a repository",
    ),
    "retrieval": (
        "beadline.evaluation.commands.retrieval",
        "measure what prompts hold of the definitions that are needed",
    ),
    "completion": (
        "beadline.evaluation.commands.completion",
        "measure completions with and without the text of other files",
    ),
    "grounding": (
        "beadline.evaluation.commands.grounding",
        "measure completions with and without the repository's word while decoding",
    ),
}
"""Name -> module with `add_arguments(parser)` and `main(args) -> int`, and one line of help."""
_HOLES = "beadline.evaluation.command"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The evaluations and their options; those of drawing holes need no name."""
    importlib.import_module(_HOLES).add_arguments(parser)
    evaluations = parser.add_subparsers(dest="evaluation", metavar="EVALUATION")
    for name, (module, summary) in EVALUATIONS.items():
        evaluation = evaluations.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.",
            allow_abbrev=False,
        )  # fmt: skip
        importlib.import_module(module).add_arguments(evaluation)


def main(args: argparse.Namespace) -> int:
    """Run the evaluation."""
    name = _HOLES if args.evaluation is None else EVALUATIONS[args.evaluation][0]
    return importlib.import_module(name).main(args)
