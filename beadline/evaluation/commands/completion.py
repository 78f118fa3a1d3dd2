"""`beadline evaluate completion REPO`: what snippets bring to completions. Completes nothing.

What an arm is, is in `evaluation.arms`; how completions are scored in `evaluation.scores`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from beadline import settings
from beadline.completion.service import Completer
from beadline.completion.snippets import Retrieves
from beadline.engine.llama.client import LlamaEngine
from beadline.errors import InputError
from beadline.evaluation import arms, results
from beadline.evaluation.cases.format import Case
from beadline.evaluation.commands import common, completing
from beadline.evaluation.indexed import indexed
from beadline.evaluation.retrieval import Replaces
from beadline.settings import Options

SCENARIOS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    common.add_repository(parser)
    common.add_cases(parser)
    common.add_drawing(parser, scenarios=SCENARIOS)
    completing.add_arguments(parser, arms.ARMS, snippets="")
    common.add_output(parser)


def main(args: argparse.Namespace) -> int:
    """Run the command and return the exit code. Raises `InputError` and what the engine raises."""
    wanted = completing.wanted(args, arms.ARMS)
    console = common.console()
    options = completing.options(args, console)
    if not options.context.snippet_tokens:
        raise InputError("There is no room for snippets.", hint="Give --snippet-tokens.")
    facts = completing.facts(options)
    with common.copied(args) as copy:
        cases, made = common.cases_of(args, copy, console)
        header = common.facts_of(copy, cases, kind="completion", **facts)
        path = args.results or common.kept("completion", header)
        console.print(f"{len(cases)} cases; outcomes go to {path}", style="dim")
        known = arms.read(path, header)
        with common.progress(console) as tell, results.Writer(path, header) as writer:
            for arm in wanted:
                if all((arm, case.id) in known for case in cases):
                    continue
                asyncio.run(_run(arm, options, cases, known, writer, copy.folder, tell))
    values = arms.summarise(wanted, cases, known)
    if args.json:
        print(json.dumps({**values, **facts, **common.about(args, made, path)}))
    else:
        print_tables(values["arms"], common.wide())
    return 0


async def _run(
    arm: str,
    options: Options,
    cases: Sequence[Case],
    known: dict[tuple[str, str], arms.Completed],
    writer: results.Writer,
    folder: Path,
    tell: Callable[[str, int, int], None],
) -> None:
    """Complete what an arm lacks, with an engine of its own."""
    with contextlib.ExitStack() as stack:
        retriever: Retrieves | None = None
        workspace: Replaces | None = None
        if arm == arms.FULL:
            retriever = workspace = stack.enter_context(indexed(folder, options.context, tell))
        elif arm == arms.BM25:
            retriever = arms.Lexical(folder)
        engine = LlamaEngine(
            options.engine,
            prefix_tokens=options.context.prefix_tokens,
            suffix_tokens=options.context.suffix_tokens,
            cache_dir=settings.user_cache_dir(),
        )
        completer = Completer(engine, options, retriever=retriever)
        try:
            await completer.ready()
            await arms.run(
                arm, completer, cases, known, writer, folder, workspace,
                lambda done: tell(f"arm {arm}", done, len(cases)),
            )  # fmt: skip
        finally:
            await completer.close()


def print_tables(found: Mapping[str, Any], console: Console) -> None:
    """All arms beside each other: over all cases, by category, by language."""
    table = Table(title="exact match [95 %] / edit similarity / identifier F1, in %",
                  title_justify="left", box=None)  # fmt: skip
    table.add_column("", no_wrap=True)
    table.add_column("cases", justify="right")
    for arm in found:
        table.add_column(arm, justify="right", no_wrap=True)
    first = next(iter(found.values()))
    _row(table, "all", list(found.values()), "bold")
    for group in ("by_category", "by_language"):
        table.add_section()
        for name in first[group]:
            _row(table, name, [arm[group][name] for arm in found.values()])
    if "total" in first["by_scenario"]:
        table.add_section()
        _row(table, "13 scenarios", [arm["by_scenario"]["total"] for arm in found.values()])
    console.print(table)
    silent = ", ".join(f"{arm} {values['silent']}" for arm, values in found.items())
    console.print(f"nothing to show: {silent}", style="dim", highlight=False)


def _row(table: Table, name: str, values: Sequence[Mapping[str, Any]], style: str = "") -> None:
    table.add_row(
        name,
        str(values[0]["cases"]),
        *(
            f"{common.with_interval(each, 'exact_match')} / "
            f"{common.percent(each['edit_similarity'])} / {common.percent(each['identifier_f1'])}"
            for each in values
        ),
        style=style,
    )
