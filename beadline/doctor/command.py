"""`beadline doctor`: runs all checks and prints them. Knows no check's meaning."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from beadline import settings
from beadline.commands import common, display
from beadline.doctor import configuration, engine, machine, model
from beadline.doctor.report import Check, Status, failure
from beadline.engine import models
from beadline.errors import BeadlineError
from beadline.settings import Applied, Options

_MARKS = {
    Status.OK: ("ok", "green"),
    Status.WARNING: ("warn", "yellow"),
    Status.ERROR: ("FAIL", "bold red"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    common.add_model_argument(parser)
    parser.add_argument(
        "--workspace", metavar="FOLDER", type=Path,
        help="folder whose editor settings are looked at (default: here)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def main(args: argparse.Namespace) -> int:
    """Print the report; 1 when something that is needed does not work."""
    console = display.console()
    found = []
    for check in run(args.model, args.workspace):
        found.append(check)
        if not args.json:
            _show(console, check)
    failed = sum(check.status is Status.ERROR for check in found)
    if args.json:
        report = {"ok": not failed, "checks": [check.to_json() for check in found]}
        print(json.dumps(report, indent=2))
    elif failed:
        console.print(f"\nbeadline does not work here: {failed} check(s) failed.", style="bold red")
    else:
        console.print("\nbeadline works here.", style="bold green")
    return 1 if failed else 0


def run(model_name: str | None, workspace: Path | None = None) -> Iterator[Check]:
    """All checks, in order; those that need something that failed are left out. `workspace`: whose
    editor settings are looked at, the current folder without it."""
    yield from machine.checks()
    try:
        applied = settings.load(flags={"engine.model": model_name} if model_name else {})
    except BeadlineError as error:
        yield failure("settings", error)
        return
    yield from _settings(applied, workspace or Path.cwd())
    yield from _model(applied.options)


def _settings(applied: Applied, workspace: Path) -> Iterator[Check]:
    yield from configuration.own(applied)
    yield configuration.kept(applied.options.engine)
    yield from configuration.environment(os.environ)
    yield from configuration.workspace(workspace, applied.options)
    yield from configuration.own_languages()
    yield from configuration.own_families()


def _model(options: Options) -> Iterator[Check]:
    try:
        yield model.file(options.engine)
        path = models.resolve(options.engine.model)
        weights, rest = model.needed_bytes(path, options.engine)
    except BeadlineError as error:
        yield failure("model", error, model.advice_for(error))
        return
    before = machine.memory()
    try:
        found = asyncio.run(_ask(options))
    except BeadlineError as error:
        yield model.memory(weights, rest, before, layers_on_gpu=0)
        yield failure("engine", error)
        return
    yield model.memory(weights, rest, before, layers_on_gpu=found.info.gpu_layers)
    yield from model.prompts(found.info, filled=engine.filled(found.golden))
    yield from engine.checks(found, options.engine)


async def _ask(options: Options) -> engine.Findings:
    made = common.make_engine(options)
    try:
        return await engine.ask(made)
    finally:
        await made.close()


def _show(console: Console, check: Check) -> None:
    mark, style = _MARKS[check.status]
    console.print(f"{mark:<5}", style=style, end="")
    console.print(display.printable(f"{check.name:<12}{check.what}"))
    if check.todo:
        console.print(display.printable(f"{'':<17}{check.todo}"))
