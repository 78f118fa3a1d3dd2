"""`beadline evaluate`: holes from repositories, the serving code, a table and a JSON file.

Knows arguments and files; what is measured and how is in the modules beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import platform
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

import beadline
from beadline import __version__, settings
from beadline.completion.cache_files import CacheFiles
from beadline.completion.service import Completer
from beadline.context import languages
from beadline.engine.llama.client import LlamaEngine
from beadline.engine.models import resolve
from beadline.errors import InputError
from beadline.evaluation import cache_fits, calibrations, report
from beadline.evaluation.holes import Hole, draw
from beadline.evaluation.run import Outcome, run
from beadline.evaluation.sources import PYTHON, SourceFile, read_repositories
from beadline.evaluation.typed_holes import draw_typed
from beadline.evaluation.workspaces import Workspaces, workspaces
from beadline.settings import Options

CACHE_S = 600.0
"""Seconds that the cache model's files of all repositories may take."""
_WIDTH = 100
"""Columns that the table of languages needs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--repo", metavar="PATH", type=Path, nargs="+",
        help="checkouts, bare clones or plain directories with source files",
    )  # fmt: skip
    parser.add_argument(
        "--language", metavar="ID", nargs="+", default=[PYTHON],
        help="languages to draw holes from, or `all` that there are (default: python)",
    )  # fmt: skip
    parser.add_argument(
        "--snippet-tokens", metavar="N",
        help="most tokens of snippets from other files, 0: none (default: your settings)",
    )  # fmt: skip
    parser.add_argument(
        "--holes", metavar="N", type=int, default=200, help="holes with an answer (default: 200)"
    )
    parser.add_argument(
        "--empty", metavar="N", type=int, help="holes without one (default: half as many)"
    )
    parser.add_argument(
        "--typed", metavar="N", type=int, default=0,
        help="cursors within lines, as they are while typing (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "--calibrate", metavar="FILE", type=Path, nargs="?", const=Path(), default=None,
        help="fit the confidence of suggestions to these outcomes and write the weights to FILE "
        "(default: where your completions with this model take them from)",
    )  # fmt: skip
    parser.add_argument(
        "--fit-cache", metavar="FILE", type=Path, nargs="?", const=Path(), default=None,
        help="only fit the weights of the cache model to the texts of the holes, and write "
        "them to FILE (default: where your completions with this model take them from)",
    )  # fmt: skip
    parser.add_argument(
        "--cache-model",
        choices=("on", "off", "alone"),
        help="whether the repository is looked up while decoding, or decides alone (default: your "
        "settings)",
    )
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="default: 1")
    parser.add_argument("--commit", default="HEAD", help="what to read of git repositories")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all numbers there")
    parser.add_argument(
        "--results", metavar="FILE", type=Path,
        help="outcomes, one line a hole; a run that was interrupted goes on from there",
    )  # fmt: skip
    parser.add_argument("--model", metavar="PATH", help="GGUF file to use, or `builtin`")
    parser.add_argument("--threads", metavar="N", help="decoding threads (default: your settings)")


def main(args: argparse.Namespace) -> int:
    """Run the command and return the exit code."""
    if not args.repo:
        raise InputError("No repository is named.", hint="Give --repo PATH, or name a subcommand.")
    options = _options(args)
    empty = args.holes // 2 if args.empty is None else args.empty
    if min(args.holes, empty, args.typed) < 0 or args.holes + empty + args.typed == 0:
        raise InputError("There are no holes to draw.", hint="Give --holes a positive number.")
    console = Console(stderr=True, markup=False, emoji=False)
    files = read_repositories(args.repo, commit=args.commit, languages=languages_of(args.language))
    holes = draw(files, holes=args.holes, empty=empty, seed=args.seed)
    holes += draw_typed(files, args.typed, seed=args.seed)
    header = {
        **describe(options, files, args.seed, args.holes, empty, args.typed),
        "cache_alone": args.cache_model == "alone",
    }
    results = args.results or _default_results(header)
    console.print(f"{len(holes)} holes; outcomes go to {results}", style="dim")
    with workspaces(args.repo, args.commit, options) as (folders, retriever):
        if args.fit_cache is not None:
            target = None if args.fit_cache == Path() else args.fit_cache
            told = _fit_cache(options, holes, target, header, console, folders, retriever)
            print(asyncio.run(told))
            return 0
        run_it = _measure(options, holes, results, header, console, folders, retriever)
        outcomes = asyncio.run(run_it)
    summary = report.summarise(outcomes)
    report.print_table(summary, Console())
    wide = Console(width=max(Console().width, _WIDTH))
    report.print_languages(report.by_language(outcomes), wide)
    print(report.verdict(summary))
    measured = calibrations.report(outcomes, options, Console())
    if args.calibrate is not None:
        target = None if args.calibrate == Path() else args.calibrate
        print(calibrations.fit_and_write(outcomes, options, target, header))
    if args.json:
        _write_json(args.json, {**header, "calibration": measured}, summary, outcomes)
    return 0


def describe(
    options: Options,
    files: list[SourceFile],
    seed: int,
    holes: int,
    empty: int,
    typed: int = 0,
) -> dict[str, Any]:
    """What makes a run this run: everything that its outcomes depend on."""
    model = resolve(options.engine.model)
    with model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "version": __version__,
        "code": code_digest(),
        "model": {"name": model.name, "sha256": digest},
        "repositories": dict(sorted({f.repo: f.commit for f in files}.items())),
        "seed": seed,
        "holes": holes,
        "empty": empty,
        "typed": typed,
        "max_tokens": options.completion.max_tokens,
        "max_lines": options.completion.max_lines,
        "least_confidence": options.completion.least_confidence,
        "prefix_tokens": options.context.prefix_tokens,
        "suffix_tokens": options.context.suffix_tokens,
        "snippet_tokens": options.context.snippet_tokens,
        "cache_model": options.engine.cache_model,
        "languages": sorted({f.language for f in files}),
    }


async def _measure(
    options: Options,
    holes: list[Hole],
    results: Path,
    header: dict[str, Any],
    console: Console,
    folders: Mapping[str, Path],
    retriever: Workspaces | None,
) -> list[Outcome]:
    def progress(count: int, outcome: Outcome) -> None:
        if count % 25 == 0 or count == len(holes):
            console.print(f"{count}/{len(holes)} {outcome.category}", style="dim")

    alone = header["cache_alone"]
    async with _served(options, folders, retriever, alone=alone) as (completer, _):
        return await run(completer, holes, results, header, progress, folders)


async def _fit_cache(
    options: Options,
    holes: list[Hole],
    target: Path | None,
    header: dict[str, Any],
    console: Console,
    folders: Mapping[str, Path],
    retriever: Workspaces | None,
) -> str:
    """Fit the cache model to the texts of the holes; one sentence on what was done."""
    if not options.engine.cache_model:
        raise InputError("The cache model is off.", hint="Give --cache-model on.")

    def progress(count: int) -> None:
        if count % 25 == 0 or count == len(holes):
            console.print(f"{count}/{len(holes)}", style="dim")

    async with _served(options, folders, retriever) as (completer, engine):
        vocabulary = (await completer.ready()).vocabulary_size
        observed = await cache_fits.observe(completer, engine, holes, folders, progress)
    return cache_fits.fit_and_write(observed, options, vocabulary, target, header)


@asynccontextmanager
async def _served(
    options: Options,
    folders: Mapping[str, Path],
    retriever: Workspaces | None,
    *,
    alone: bool = False,
) -> AsyncIterator[tuple[Completer, LlamaEngine]]:
    """The serving code with the model loaded and the cache model's files built."""
    engine = LlamaEngine(
        options.engine,
        prefix_tokens=options.context.prefix_tokens,
        suffix_tokens=options.context.suffix_tokens,
        cache_dir=settings.user_cache_dir(),
    )
    # The folders are temporary, so what is made of them is as well.
    with tempfile.TemporaryDirectory(prefix="beadline-evaluate-") as root:
        cache_files = CacheFiles(options, cache_dir=Path(root), alone=alone)
        cache_files.set_folders(list(folders.values()))
        completer = Completer(
            engine,
            options,
            retriever=retriever,
            graph=retriever.graph if retriever is not None else None,
            cache_files=cache_files,
        )
        try:
            await completer.ready()
            if options.engine.cache_model and not await asyncio.to_thread(
                cache_files.ready, CACHE_S
            ):
                raise InputError("The cache model takes too long to build.", hint="Name fewer.")
            yield completer, engine
        finally:
            await completer.close()


def _options(args: argparse.Namespace) -> Options:
    applied = settings.load_with_flags(
        {
            "engine.model": args.model,
            "engine.threads": args.threads,
            "context.snippet_tokens": args.snippet_tokens,
            "engine.cache_model": args.cache_model and args.cache_model != "off",
        }
    )
    for problem in applied.problems:
        print(f"beadline: {problem}", file=sys.stderr)
    options = applied.options
    # Nobody is typing, and a slow machine must not change what is written.
    completion = replace(options.completion, debounce_ms=0, deadline_ms=60_000, prefetch=False)
    if args.calibrate is not None:  # what the weights are fitted to must not depend on weights
        completion = replace(completion, least_confidence=0)
    return replace(options, completion=completion)


def languages_of(wanted: Sequence[str]) -> list[str]:
    """Ids of languages with a grammar; none for `all`. Raises `InputError` for others."""
    if "all" in wanted:
        return []
    ids = [languages.get(name).id for name in wanted]
    for name, language_id in zip(wanted, ids, strict=True):
        if not languages.get(language_id).has_tree:
            there = ", ".join(each.id for each in languages.known() if each.has_tree)
            raise InputError(f"There is no grammar for {name!r}.", hint=f"There is: {there}.")
    return ids


def code_digest() -> str:
    """Hash of the package's own sources: an installed copy has no commit to name."""
    package = Path(beadline.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _default_results(header: dict[str, Any]) -> Path:
    name = hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest()[:16]
    return settings.user_cache_dir() / "evaluation" / f"{name}.jsonl"


def _write_json(
    path: Path, header: dict[str, Any], summary: dict[str, Any], outcomes: list[Outcome]
) -> None:
    document = {
        **header,
        "command": ["beadline", *sys.argv[1:]],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.platform()}, {platform.processor() or platform.machine()}",
        "python": platform.python_version(),
        "exact_match": "stripped texts equal",
        "edit_similarity": "1 - Indel distance / sum of lengths, of stripped texts",
        "verdict": report.verdict(summary),
        "summary": summary,
        "by_language": report.by_language(outcomes),
        "outcomes": [
            {
                "id": o.id,
                "prediction": o.prediction,
                "truth": o.truth,
                "silent_reason": o.silent_reason,
                "adds_error": o.adds_error,
            }
            for o in outcomes
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
