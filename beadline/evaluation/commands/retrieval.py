"""`beadline evaluate retrieval REPO`: what prompts hold of what is needed. Measures nothing.

What is measured and how is in `evaluation.retrieval`, how it is counted in `evaluation.recall`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from rich.console import Console
from rich.table import Table

from beadline import settings
from beadline.completion.frames import CHARS_PER_TOKEN
from beadline.errors import InputError
from beadline.evaluation import recall, retrieval
from beadline.evaluation.commands import common
from beadline.evaluation.indexed import indexed
from beadline.settings import ContextOptions

BUDGET_CHARS = 6000
_MOST_CHARS = 16_384 * CHARS_PER_TOKEN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    common.add_repository(parser)
    common.add_cases(parser)
    common.add_drawing(parser, scenarios=0)
    parser.add_argument(
        "--budget-chars", metavar="N", type=int, default=BUDGET_CHARS,
        help=f"characters that the prompt has for snippets (default: {BUDGET_CHARS})",
    )  # fmt: skip
    common.add_output(parser)


def main(args: argparse.Namespace) -> int:
    """Run the command and return the exit code. Raises `InputError`."""
    if not 1 <= args.budget_chars <= _MOST_CHARS:
        raise InputError(f"--budget-chars must be from 1 to {_MOST_CHARS:,}.")
    console = common.console()
    options = _options(args.budget_chars, console)
    with common.copied(args) as copy:
        cases, made = common.cases_of(args, copy, console)
        header = common.facts_of(
            copy, cases, kind="retrieval", budget_chars=args.budget_chars, context=asdict(options)
        )
        path = args.results or common.kept("retrieval", header)
        console.print(f"{len(cases)} cases; outcomes go to {path}", style="dim")
        with (
            common.progress(console) as tell,
            indexed(copy.folder, options, tell) as workspace,
        ):
            measurer = retrieval.Measurer(copy.folder, workspace, options, args.budget_chars)
            measured = retrieval.run(
                measurer, cases, path, header, lambda done: tell("cases", done, len(cases))
            )
    values = recall.summarise(measured)
    if args.json:
        values |= {"budget_chars": args.budget_chars, **common.about(args, made, path)}
        print(json.dumps(values))
    else:
        print_tables(values, common.wide())
    return 0


def _options(budget: int, console: Console) -> ContextOptions:
    applied = settings.load_with_flags({})
    for problem in applied.problems:
        console.print(f"beadline: {problem}")
    return replace(applied.options.context, snippet_tokens=-(-budget // CHARS_PER_TOKEN))


def print_tables(values: Mapping[str, Any], console: Console) -> None:
    """Recall of every way, then that of ours by language, category and source."""
    table = Table(title="share of needed definitions in the prompt, in %", title_justify="left",
                  box=None)  # fmt: skip
    for heading in (
        "", "signature [95 %]", "name [95 %]", "of all calls", "precision", "p50 ms", "p95 ms"
    ):  # fmt: skip
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    ways = {"cold": values, "while typing": values["typed"], **values["baselines"]}
    for name, way in ways.items():
        table.add_row(
            name,
            common.with_interval(way, "signature_recall"),
            common.with_interval(way, "name_recall"),
            common.percent(way["signature_recall_all_calls"]),
            common.percent(way["precision"]),
            *("-" if way[key] is None else f"{way[key]:.1f}" for key in ("p50_ms", "p95_ms")),
        )
    console.print(table)
    for title in ("by_language", "by_category"):
        console.print(_groups(title.replace("_", " "), values[title]))
    console.print(_sources(values["by_source"]))
    older = common.percent(values["typed"]["older_snippets"])
    console.print(
        f"{values['labelled']} of {values['cases']} cases need definitions that are known. While "
        f"typing {older} % of the prompts hold snippets that the next pause replaces. Times are "
        "of the context of a cold request after an unsaved edit, and per key while typing.",
        highlight=False,
    )


def _groups(title: str, groups: Mapping[str, Any]) -> Table:
    table = Table(title=f"{title}, cold", title_justify="left", box=None)
    for heading in ("", "cases", "labelled", "signature [95 %]", "name [95 %]", "precision"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for name, group in groups.items():
        table.add_row(
            name,
            str(group["cases"]),
            str(group["labelled"]),
            common.with_interval(group, "signature_recall"),
            common.with_interval(group, "name_recall"),
            common.percent(group["precision"]),
        )
    return table


def _sources(sources: Mapping[str, Any]) -> Table:
    table = Table(title="by source, cold", title_justify="left", box=None)
    for heading in ("", "snippets", "signature", "name", "only here", "precision"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for name, source in sources.items():
        shares = ("signature_recall", "name_recall", "only_here", "precision")
        table.add_row(
            name, str(source["snippets"]), *(common.percent(source[key]) for key in shares)
        )
    return table
