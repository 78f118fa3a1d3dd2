"""`beadline evaluate grounding REPO`: what the repository brings while decoding. Completes nothing.

What an arm is, and how it is scored, is in `evaluation.grounded`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from beadline import settings
from beadline.completion.cache_files import CacheFiles
from beadline.completion.service import Completer
from beadline.engine.llama.client import LlamaEngine
from beadline.errors import InputError
from beadline.evaluation import grounded, results
from beadline.evaluation.cases.format import Case
from beadline.evaluation.commands import common, completing
from beadline.evaluation.indexed import indexed
from beadline.settings import Options

_WIDTH = 160
"""Columns that the tables need."""
_BUILDING_S = 3600.0
"""That the cache model may take for all of a repository."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    common.add_repository(parser)
    common.add_cases(parser)
    common.add_drawing(parser, scenarios=0)
    completing.add_arguments(parser, grounded.ARMS, snippets=", 0: none")
    common.add_output(parser)


def main(args: argparse.Namespace) -> int:
    """Run the command and return the exit code. Raises `InputError` and what the engine raises."""
    wanted = completing.wanted(args, grounded.ARMS)
    console = common.console()
    options = completing.options(args, console)
    with common.copied(args) as copy:
        cases, made = common.cases_of(args, copy, console)
        facts = completing.facts(options)
        header = common.facts_of(copy, cases, kind="grounding", **facts)
        path = args.results or common.kept("grounding", header)
        console.print(f"{len(cases)} cases; outcomes go to {path}", style="dim")
        known = grounded.read(path, header)
        with (
            common.progress(console) as tell,
            results.Writer(path, header) as writer,
            # The copy is temporary, so what is made of it is as well.
            tempfile.TemporaryDirectory(prefix="beadline-evaluate-") as stores,
        ):
            for arm in wanted:
                if any((arm, case.id) not in known for case in cases):
                    runs = _run(arm, options, cases, known, writer, copy.folder, Path(stores), tell)
                    asyncio.run(runs)
    values = grounded.summarise(wanted, cases, known)
    if args.json:
        print(json.dumps({**values, **facts, **common.about(args, made, path)}))
    else:
        print_tables(values, Console(width=max(Console().width, _WIDTH)))
    return 0


async def _run(
    arm: str,
    options: Options,
    cases: Sequence[Case],
    known: dict[tuple[str, str], grounded.Grounded],
    writer: results.Writer,
    folder: Path,
    stores: Path,
    tell: Callable[[str, int, int], None],
) -> None:
    """Complete what an arm lacks, with an engine of its own. `stores`: where the cache model's
    files are, which are built once for all arms; a case's own file never counts."""
    own = grounded.options_of(arm, options)
    with indexed(folder, options.context, tell) as files:
        cache_files = CacheFiles(own, cache_dir=stores)
        cache_files.set_folders([folder])
        engine = LlamaEngine(
            own.engine,
            prefix_tokens=own.context.prefix_tokens,
            suffix_tokens=own.context.suffix_tokens,
            cache_dir=settings.user_cache_dir(),
        )
        completer = Completer(
            grounded.CacheAlone(engine) if arm == grounded.ALONE else engine,
            own,
            retriever=files,
            graph=files.graph,
            cache_files=cache_files,
        )
        try:
            await completer.ready()
            if own.engine.cache_model and not await asyncio.to_thread(
                cache_files.ready, _BUILDING_S
            ):
                raise InputError("The cache model was not built in time.")
            await grounded.run(
                arm, completer, cases, known, writer, folder, files,
                lambda done: tell(f"arm {arm}", done, len(cases)),
            )  # fmt: skip
        finally:
            await completer.close()


def print_tables(values: Mapping[str, Any], console: Console) -> None:
    """All arms beside each other, over all cases and in groups; then each against the model."""
    arms = values["arms"]
    table = Table(title="exact match [95 %] / identifier F1 / first identifier, in %",
                  title_justify="left", box=None)  # fmt: skip
    table.add_column("", no_wrap=True)
    for arm in arms:
        table.add_column(arm, justify="right", no_wrap=True)
    table.add_row("all", *(_cell(each) for each in arms.values()), style="bold")
    for group in ("by_category", "by_language", "by_match", "by_scope"):
        table.add_section()
        names = sorted({name for each in arms.values() for name in each[group]})
        for name in names:
            table.add_row(name, *(_cell(each[group].get(name)) for each in arms.values()))
    console.print(table)
    for name, compared in values["against"].items():
        found = compared["all"]
        console.print(
            f"{name}: exact match x {_range(found['exact_match_ratio'])}, "
            f"first identifier x {_range(found['first_identifier_ratio'])}, "
            f"identifier F1 {_range(found['identifier_f1_difference'])}",
            highlight=False,
        )


def _cell(values: Mapping[str, Any] | None) -> str:
    if values is None:
        return "-"
    exact = values["exact_match"]
    return (
        f"{common.percent(exact['value'])} "
        f"[{common.percent(exact['low'])}-{common.percent(exact['high'])}] / "
        f"{common.percent(values['identifier_f1']['value'])} / "
        f"{common.percent(values['first_identifier']['value'])}"
    )


def _range(values: Mapping[str, Any]) -> str:
    if values["value"] is None or values["low"] is None:
        return "-"
    return f"{values['value']:.3f} [{values['low']:.3f}, {values['high']:.3f}]"
