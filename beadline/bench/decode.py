"""`beadline bench decode`: our whole way to a token over llama.cpp's own, drafts on and off.

Everything is measured in one run, the sides in turn, and printed as a ratio; how soon a cancel is
heard is measured beside it. Knows no editor.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from beadline import __version__, settings
from beadline.bench.bare import Bare
from beadline.bench.cancel import cancels
from beadline.bench.models import SHAPES, TYPES, random_model
from beadline.completion.service import Completer
from beadline.completion.types import CompletionRequest
from beadline.context.types import Document
from beadline.engine.llama.client import LlamaEngine
from beadline.engine.protocol import FimRequest, Finished, ModelInfo, Piece, Started, Usage
from beadline.errors import InputError
from beadline.evaluation import machine
from beadline.evaluation.holes import draw
from beadline.evaluation.metrics import median
from beadline.evaluation.sources import read_repositories
from beadline.settings import Options

ROUNDS = 5
_DEADLINE_MS = 600_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--repo", metavar="PATH", type=Path, nargs="+", required=True,
                        help="code to draw holes from: checkouts, clones, directories")  # fmt: skip
    parser.add_argument("--model", metavar="PATH", help="GGUF file, or `builtin`")
    parser.add_argument("--random", choices=SHAPES, help="a model with random weights instead")
    parser.add_argument("--type", choices=TYPES, default="q8_0",
                        help="of the random weights (default: q8_0)")  # fmt: skip
    parser.add_argument("--vocabulary", metavar="FILE", type=Path,
                        help="GGUF file whose tokenizer they get (default: built-in)")  # fmt: skip
    parser.add_argument("--language", metavar="ID", nargs="+", default=[],
                        help="languages of the holes (default: all with a grammar)")  # fmt: skip
    parser.add_argument("--tokens", metavar="N", type=int, nargs="+", default=[16],
                        help="how many are decoded and compared (default: 16)")  # fmt: skip
    parser.add_argument("--prompts", metavar="N", type=int, default=5,
                        help="holes on which sides are compared (default: 5)")  # fmt: skip
    parser.add_argument("--holes", metavar="N", type=int, default=100,
                        help="holes on which drafts are counted (default: 100)")  # fmt: skip
    parser.add_argument("--cancels", metavar="N", type=int, default=20,
                        help="cancels of either kind (default: 20)")  # fmt: skip
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="default: 1")
    parser.add_argument("--commit", default="HEAD", help="what to read of git repositories")
    parser.add_argument("--threads", metavar="N", help="decoding threads (default: your settings)")
    parser.add_argument("--draft-model", metavar="PATH", default="",
                        help="smaller GGUF file that guesses as well")  # fmt: skip
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all numbers there")


def main(args: argparse.Namespace) -> int:
    """Run the benchmark and return the exit code."""
    if min(args.tokens) < 2 or min(args.prompts, args.holes, args.cancels) < 1:
        raise InputError("There is nothing to measure.", hint="Ask for 2 tokens, one hole or more.")
    model = args.model
    if args.random:
        model = str(random_model(args.random, args.type, vocabulary=args.vocabulary))
    applied = settings.load_with_flags({"engine.model": model, "engine.threads": args.threads})
    for problem in applied.problems:
        print(f"beadline: {problem}", file=sys.stderr)
    options = replace(
        applied.options,
        engine=replace(applied.options.engine, save_state=False),
        completion=replace(applied.options.completion, deadline_ms=_DEADLINE_MS),
    )
    found = asyncio.run(_measure(options, args))
    found |= {
        "version": __version__,
        "command": ["beadline", *sys.argv[1:]],
        "machine": machine.processor(),
        "seed": args.seed,
    }
    _print(found, Console())
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


async def _measure(options: Options, args: argparse.Namespace) -> dict[str, Any]:
    files = read_repositories(args.repo, commit=args.commit, languages=args.language)
    count = max(args.prompts, args.holes)
    holes = draw(files, holes=count, empty=0, seed=args.seed)
    if not holes:
        raise InputError("No holes were found.", hint="Name a repository with more code.")
    async with AsyncExitStack() as stack:

        async def engine(**changes: Any) -> tuple[LlamaEngine, ModelInfo]:
            made = LlamaEngine(
                replace(options.engine, **changes),
                prefix_tokens=options.context.prefix_tokens,
                suffix_tokens=options.context.suffix_tokens,
                cache_dir=settings.user_cache_dir(),
            )
            stack.push_async_callback(made.close)
            return made, await made.start()

        plain, info = await engine(drafts=False)
        drafting, _ = await engine(drafts=True, draft_model=args.draft_model)
        completer = Completer(plain, options)
        stack.push_async_callback(completer.close)
        requests: list[FimRequest] = []
        for hole in holes:
            document = Document(hole.id, hole.path, hole.language, hole.prefix + hole.suffix)
            asked = await completer.fim_request(CompletionRequest(document, hole.start))
            requests.append(replace(asked, sequence=hole.id, deadline_ms=_DEADLINE_MS))
            completer.closed(document.key)
        bare = await asyncio.to_thread(_bare, info, options)
        stack.callback(bare.close)
        with Progress(transient=True) as progress:
            sides = {"plain": plain, "drafting": drafting}
            task = progress.add_task("decoding", total=args.prompts * len(args.tokens) + len(holes))
            compared, widths = [], []
            for request in requests[: args.prompts]:
                for tokens in args.tokens:
                    compared.append(await _compare(bare, sides, request, tokens))
                    progress.advance(task)
                widths.append(await asyncio.to_thread(bare.widths, compared[-1].tokens, ROUNDS))
            drafted = []
            for request in requests:
                drafted.append({n: await _decode(e, request) for n, e in sides.items()})
                progress.advance(task)
            heard = await cancels(plain, requests, each=args.cancels, seed=args.seed)
        return {
            "model": {"name": info.name, "threads": info.details["threads"]},
            "over_bare": {str(n): _over_bare([c for c in compared if c.asked == n])
                          for n in args.tokens},
            "widths": {str(w): round(median([one[w] / one[1] for one in widths]), 3)
                       for w in widths[0]},
            "drafts": _drafts(drafted),
            "cancelled": heard,
        }  # fmt: skip


def _bare(info: ModelInfo, options: Options) -> Bare:
    return Bare(
        Path(info.path),
        context_tokens=info.context_tokens,
        batch_tokens=int(info.details["chunk_tokens"]),
        threads=int(info.details["threads"]),
        gpu_layers=options.engine.gpu_layers,
        extra_buffers=not info.safe_parameters,
    )


@dataclass(frozen=True)
class Decoded:
    """One request, as its client saw it."""

    text: str
    usage: Usage
    tokens_ms: float
    """From the prompt's end to the last token."""
    total_ms: float
    """From the asking, the rendering of the prompt and its last token included."""


async def _decode(engine: LlamaEngine, request: FimRequest) -> Decoded:
    began, started, text = time.perf_counter(), 0.0, ""
    async for event in engine.generate(request):
        match event:
            case Started():
                started = time.perf_counter()
            case Piece():
                text += event.text
            case Finished():
                ended = time.perf_counter()
                tokens = 1000 * (ended - started)
                return Decoded(text, event.usage, tokens, 1000 * (ended - began))
    raise AssertionError("a stream ends with Finished")


@dataclass(frozen=True)
class Compared:
    """One prompt: the times of the sides, in milliseconds, medians."""

    asked: int
    tokens: Sequence[int]
    single_ms: float
    """One decode of one token, the calibration."""
    bare_ms: float
    sides: dict[str, dict[str, float]]
    same: bool
    """Whether all sides wrote the same text."""


async def _compare(
    bare: Bare, engines: dict[str, LlamaEngine], request: FimRequest, count: int
) -> Compared:
    """`count` tokens: the first from the prompt's logits, so that one decode less follows."""
    exactly = replace(
        request, max_tokens=count, ignore_stops=True, stop_at_newline=False, require_text=False
    )
    some = next(iter(engines.values()))
    prompt = await some.render(exactly)
    await asyncio.to_thread(bare.read, prompt.tokens)
    tokens = await asyncio.to_thread(bare.greedy, count, ())
    for engine in engines.values():
        await _decode(engine, exactly)
    alone: list[float] = []
    decoded: dict[str, list[Decoded]] = {name: [] for name in engines}
    for _ in range(ROUNDS):
        alone.append(1000 * await asyncio.to_thread(bare.seconds, tokens[:-1]))
        for name, engine in engines.items():
            decoded[name].append(await _decode(engine, exactly))
    bare_ms = median(alone)
    return Compared(
        asked=count,
        tokens=tokens,
        single_ms=bare_ms / (count - 1),
        bare_ms=bare_ms,
        sides={name: _times(found) for name, found in decoded.items()},
        same=len({one.text for found in decoded.values() for one in found}) == 1,
    )


def _times(found: Sequence[Decoded]) -> dict[str, float]:
    return {
        "tokens_ms": median([one.tokens_ms for one in found]),
        "worker_ms": median([one.usage.generate_ms for one in found]),
        "total_ms": median([one.total_ms for one in found]),
        "evaluated": median([one.usage.evaluated_tokens for one in found]),
    }


def _over_bare(found: Sequence[Compared]) -> dict[str, Any]:
    """Medians over the prompts of ratios to the bare loop."""

    def over(side: str, key: str) -> float:
        return round(median([one.sides[side][key] / one.bare_ms for one in found]), 3)

    return {
        "prompts": len(found),
        "decode_ms": round(median([one.single_ms for one in found]), 3),
        "same_text": sum(one.same for one in found),
        **{
            side: {
                # A request also evaluates the prompt's last token, or more where a word is healed.
                "tokens": over(side, "tokens_ms"),
                "in_the_worker": over(side, "worker_ms"),
                "request": round(
                    median(
                        [
                            one.sides[side]["total_ms"]
                            / (one.bare_ms + one.sides[side]["evaluated"] * one.single_ms)
                            for one in found
                        ]
                    ),
                    3,
                ),
            }
            for side in found[0].sides
        },
    }


def _drafts(found: Sequence[dict[str, Decoded]]) -> dict[str, Any]:
    """Acceptance, and tokens per second behind the first token, over all holes."""

    def rate(side: str) -> float:
        tokens = sum(max(0, one[side].usage.generated_tokens - 1) for one in found)
        seconds = sum(one[side].usage.generate_ms for one in found) / 1000
        return round(tokens / seconds, 1) if seconds else 0.0

    usages = [one["drafting"].usage for one in found]
    drafted = sum(usage.drafted_tokens for usage in usages)
    accepted = sum(usage.accepted_tokens for usage in usages)
    plain, drafting = rate("plain"), rate("drafting")
    return {
        "holes": len(found),
        "generated": sum(usage.generated_tokens for usage in usages),
        "drafted": drafted,
        "accepted": accepted,
        "acceptance": round(accepted / drafted, 3) if drafted else None,
        "tokens_per_second": {"plain": plain, "drafting": drafting},
        "faster": round(drafting / plain, 3) if plain else None,
        "same_text": sum(one["plain"].text == one["drafting"].text for one in found),
    }


def _print(found: dict[str, Any], console: Console) -> None:
    model = found["model"]
    console.print(f"{model['name']}, {model['threads']} threads, {found['machine']}")
    table = Table("tokens", "one decode", "side", "tokens", "in the worker", "whole request")
    for count, over in found["over_bare"].items():
        for side in ("plain", "drafting"):
            values = [f"{over[side][key]:.3f}" for key in ("tokens", "in_the_worker", "request")]
            table.add_row(count, f"{over['decode_ms']:.2f} ms", side, *values)
    console.print(table)
    console.print(f"Ratios to llama_decode alone on the same prompts; medians of {ROUNDS}.")
    widths = ", ".join(f"{width}: {cost:.2f}" for width, cost in found["widths"].items())
    console.print(f"A decode of several tokens over one of one: {widths}")
    drafts = found["drafts"]
    rates = drafts["tokens_per_second"]
    console.print(
        f"{drafts['holes']} holes: {drafts['drafted']} tokens drafted, {drafts['accepted']} "
        f"accepted; {rates['plain']} tokens/s without drafts, {rates['drafting']} with; "
        f"the same text in {drafts['same_text']}"
    )
    for phase, heard in found["cancelled"].items():
        console.print(
            f"{heard['cancels']} cancels while {phase}: heard after {heard['p50_ms']} ms (median), "
            f"{heard['most_ms']} ms at most"
        )
