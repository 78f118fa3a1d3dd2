"""`beadline bench layout`: arguments, the run, the verdict that is kept. Knows no statistics."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from beadline import settings
from beadline.bench.layout import report, verdict
from beadline.bench.layout.cases import Case, draw_cases
from beadline.bench.layout.measure import LEAST_TYPED, Measure, Outcome
from beadline.completion.service import Completer
from beadline.engine.fim import families
from beadline.engine.llama.client import LlamaEngine
from beadline.engine.models import resolve
from beadline.engine.protocol import Layout, ModelInfo
from beadline.engine.verdicts import LayoutVerdicts, Verdict
from beadline.errors import InputError
from beadline.evaluation import results
from beadline.evaluation.command import describe
from beadline.evaluation.sources import PYTHON, SourceFile, read_repositories
from beadline.settings import Options

BASELINE = Layout.PSM
ORDER = (Layout.PSM, Layout.ANCHORED, Layout.SPM, Layout.SUFFIX_FIRST)
"""In which layouts are measured: the first two share most. One without the suffix is no choice."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--repo", metavar="PATH", type=Path, nargs="+", default=[],
        help="your code: checkouts, bare clones or plain directories",
    )  # fmt: skip
    parser.add_argument("--model", metavar="PATH", help="GGUF file, or `builtin`")
    parser.add_argument(
        "--language", metavar="ID", nargs="+", default=[PYTHON],
        help="languages to draw holes from (default: python)",
    )  # fmt: skip
    parser.add_argument(
        "--holes", metavar="N", type=int, default=3000,
        help="holes, a third of them in the middle of a word (default: 3000)",
    )  # fmt: skip
    parser.add_argument(
        "--typed", metavar="N", type=int, default=60,
        help="lines that are typed again to count tokens a keystroke (default: 60)",
    )  # fmt: skip
    parser.add_argument(
        "--layouts", metavar="NAME", nargs="+", choices=list(ORDER),
        help=f"compare these with {BASELINE} only (default: all that the model's family has)",
    )  # fmt: skip
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="default: 1")
    parser.add_argument("--commit", default="HEAD", help="what to read of git repositories")
    parser.add_argument("--threads", metavar="N", help="decoding threads (default: your settings)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all numbers there")
    parser.add_argument(
        "--results", metavar="FILE", type=Path,
        help="outcomes, one line a hole; a run that was interrupted goes on from there",
    )  # fmt: skip
    parser.add_argument(
        "--keep", action=argparse.BooleanOptionalAction, default=True,
        help="ask this model in the layout that won from now on (default: yes)",
    )  # fmt: skip
    parser.add_argument(
        "--forget", action="store_true", help="drop what was kept for this model, measure nothing"
    )


def main(args: argparse.Namespace) -> int:
    """Run the command and return the exit code."""
    applied = settings.load_with_flags({"engine.model": args.model, "engine.threads": args.threads})
    for problem in applied.problems:
        print(f"beadline: {problem}", file=sys.stderr)
    options = applied.options
    model = resolve(options.engine.model)
    if args.forget:
        return _forget(model)
    if not args.repo:
        raise InputError("No code is named.", hint="Name repositories with --repo.")
    if args.holes < 1 or args.typed < 0:
        raise InputError("There are no holes to draw.", hint="Give --holes a positive number.")
    files = read_repositories(args.repo, commit=args.commit, languages=args.language)
    cases = draw_cases(files, holes=args.holes, seed=args.seed)
    if not cases:
        raise InputError("The code has no place for a hole.", hint="Name more of it with --repo.")
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    info, outcomes, header = asyncio.run(_run(args, options, files, cases, console))
    found = verdict.rows(outcomes, BASELINE)
    default = families.load(families.user_folder()).get(info.family).default_layout
    chosen = verdict.choose(found, outcomes, default)
    out = Console(width=max(Console().width, report.WIDTH), markup=False, highlight=False)
    report.print_rows(found, outcomes, out)
    out.print(report.sentence(chosen, found))
    document = _document(header, info, found, chosen, outcomes)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if args.keep:
        _keep(model, info, header, found, chosen, out)
    return 0


async def _run(
    args: argparse.Namespace,
    options: Options,
    files: list[SourceFile],
    cases: Sequence[Case],
    console: Console,
) -> tuple[ModelInfo, list[Outcome], dict[str, Any]]:
    """Measure what the results file does not hold yet."""
    engine = LlamaEngine(
        options.engine,
        prefix_tokens=options.context.prefix_tokens,
        suffix_tokens=options.context.suffix_tokens,
        cache_dir=settings.user_cache_dir(),
    )
    completer = Completer(engine, options)
    try:
        info = await completer.ready()
        layouts = layouts_of(info, args.layouts)
        header = {
            **describe(options, files, args.seed, args.holes, 0),
            "bench": "layout",
            "family": info.family,
            "layouts": [str(layout) for layout in layouts],
            "healing": info.details["healing"],
            "typed": args.typed,
        }
        path = args.results or _default_results(header)
        console.print(f"{len(cases)} holes; outcomes go to {path}", style="dim")
        max_lines = options.completion.max_lines
        measure = Measure(engine, completer, layouts, max_lines=max_lines)
        outcomes = await _measured(measure, cases, args.typed, path, header, console)
    finally:
        await completer.close()
    return info, outcomes, header


async def _measured(
    measure: Measure,
    cases: Sequence[Case],
    typed: int,
    path: Path,
    header: Mapping[str, Any],
    console: Console,
) -> list[Outcome]:
    done = {line["id"]: Outcome.from_dict(line) for line in results.read(path, header)}
    replayed = _replayed(cases, typed)
    with results.Writer(path, header) as writer, Progress(console=console) as progress:
        task = progress.add_task("holes", total=len(cases), completed=0)
        for case in cases:
            if case.hole.id not in done:
                outcome = await measure.case(case, replay=case.hole.id in replayed)
                done[case.hole.id] = outcome
                writer.append(outcome.as_dict())
            progress.advance(task)
    return [done[case.hole.id] for case in cases]


def _replayed(cases: Sequence[Case], most: int) -> set[str]:
    """The first cases whose rest of a line is long enough to be typed, by their ids."""
    long = [
        case.hole.id
        for case in cases
        if not case.mid_word and len(case.hole.truth.partition("\n")[0]) >= LEAST_TYPED
    ]
    return set(long[:most])


def layouts_of(info: ModelInfo, wanted: Sequence[str] | None = None) -> list[Layout]:
    """The layouts of the model's family that can be compared, `wanted` ones and the baseline
    only. Raises `InputError` when there is no choice.
    """
    named = info.details["layouts"].split(", ")
    found = [layout for layout in ORDER if layout in named]
    if wanted:
        found = [layout for layout in found if layout in wanted or layout is BASELINE]
    if BASELINE not in found or len(found) < 2:
        raise InputError(
            f"The family {info.family} leaves no choice of a layout: it has {', '.join(named)}.",
            hint="engine.family (docs/families.md) says how the model is asked.",
        )
    return found


def _document(
    header: Mapping[str, Any],
    info: ModelInfo,
    found: Sequence[verdict.Row],
    chosen: verdict.Row,
    outcomes: Sequence[Outcome],
) -> dict[str, Any]:
    """Everything there is to say, as JSON values."""
    groups = report.groups(outcomes)
    return {
        **header,
        "command": ["beadline", *sys.argv[1:]],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.platform()}, {platform.processor() or platform.machine()}",
        "engine": info.build,
        "rule": report.RULE,
        "chosen": chosen.layout,
        "rows": [row.as_dict() for row in found],
        "by_group": {
            name: [row.as_dict() for row in verdict.rows(group, BASELINE)]
            for name, group in groups.items()
        },
        "healing_on_mid_word": [row.as_dict() for row in verdict.healing_rows(outcomes)],
    }


def _keep(
    model: Path,
    info: ModelInfo,
    header: Mapping[str, Any],
    found: Sequence[verdict.Row],
    chosen: verdict.Row,
    out: Console,
) -> None:
    """Write the verdict down, unless it rests on too little."""
    if chosen.cases < verdict.LEAST_CASES:
        out.print(
            f"Not kept: {chosen.cases} holes say too little, a verdict needs {verdict.LEAST_CASES}."
        )
        return
    named = ("seed", "holes", "repositories", "languages", "prefix_tokens", "suffix_tokens")
    kept = LayoutVerdicts()
    kept.keep(
        model,
        Verdict(
            layout=chosen.layout,
            family=info.family,
            model=model.name,
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            cases={name: header[name] for name in named},
            rows=[row.as_dict() for row in found],
        ),
    )
    out.print(f"Kept in {kept.file}; `beadline bench layout --forget` drops it.")


def _forget(model: Path) -> int:
    kept = LayoutVerdicts()
    forgotten = kept.forget(model)
    if kept.problem:
        print(f"beadline: {kept.problem}", file=sys.stderr)
    print(f"{'Forgotten' if forgotten else 'There was nothing to forget'}: {model}")
    return 0


def _default_results(header: Mapping[str, Any]) -> Path:
    name = hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest()[:16]
    return settings.user_cache_dir() / "bench" / f"layout-{name}.jsonl"
