"""`beadline complete FILE:LINE:COLUMN`: fill one hole and show it. Knows no editor protocol.

It asks as an editor does while the user types: where an editor would show nothing, nothing is
shown here either, and the trace says why.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass, field, replace

from beadline.commands import common, display
from beadline.commands.common import Cursor
from beadline.completion.adapters import Adapted
from beadline.completion.service import Completer
from beadline.completion.trace import TraceSink
from beadline.completion.types import CompletionItem, CompletionRequest, CompletionResult, Trace
from beadline.context.retrieval.retriever import Retriever
from beadline.engine.adapter_store import AdapterStore
from beadline.engine.protocol import RenderedPrompt
from beadline.settings import Options


@dataclass(frozen=True)
class Outcome:
    """What one run of the command found out."""

    result: CompletionResult
    prompt: RenderedPrompt | None
    adapted: Adapted = field(default_factory=Adapted)
    """What the file's repository is served with."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    common.add_location_argument(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--show-prompt", action="store_true",
        help="print the exact prompt as well, special tokens by name, and what is left to healing",
    )  # fmt: skip
    common.add_model_argument(parser)
    parser.add_argument(
        "--max-tokens", metavar="N", help="most tokens of the suggestion (default: your settings)"
    )
    parser.add_argument("--trace", metavar="FILE", help="append the request's numbers to this file")


def main(args: argparse.Namespace) -> int:
    """Run the command; 0 also when there is nothing to suggest."""
    options = common.load_options(
        {
            "engine.model": args.model,
            "completion.max_tokens": args.max_tokens,
            "trace.file": args.trace,
        }
    )
    # Nobody is typing: there is no keystroke to wait for, and nobody is interrupted by a guess.
    by_hand = replace(options.completion, debounce_ms=0, prefetch=False, least_confidence=0)
    options = replace(options, completion=by_hand)
    common.set_up_logging(options)
    location = common.parse_location(args.location)
    cursor = common.open_cursor(location, options)
    with common.workspace_of(location.path, options) as retriever:
        outcome = asyncio.run(run(cursor, options, retriever, show_prompt=args.show_prompt))
    if args.json:
        print(json.dumps(as_json(cursor, outcome)))
        return 0
    if outcome.prompt is not None:
        # Not by the console, which would turn tabs into blanks.
        print(display.printable(outcome.prompt.text), end="\n\n", flush=True)
        if typed := _typed(outcome.prompt):
            print(f"not in the prompt, spelled again: {typed!r}", file=sys.stderr)
    if outcome.result.items:
        item = outcome.result.items[0]
        display.console().print(display.suggestion(cursor.file.document.text, item))
    print(summary(outcome.result.trace), file=sys.stderr)
    if outcome.adapted.name:
        print(f"served with the adapter {outcome.adapted.name}", file=sys.stderr)
    if outcome.adapted.refused:
        print(f"beadline: {outcome.adapted.refused}", file=sys.stderr)
    return 0


async def run(
    cursor: Cursor,
    options: Options,
    retriever: Retriever | None = None,
    *,
    show_prompt: bool = False,
) -> Outcome:
    """Load the model, ask once, end the engine. Raises `ModelError`, `EngineError`, `FileError`."""
    sink = TraceSink(options.trace.file) if options.trace.file else None
    engine = common.make_engine(options)
    completer = Completer(
        engine,
        options,
        retriever=retriever,
        graph=retriever.graph if retriever is not None else None,
        trace=sink,
        adapters=AdapterStore(),
    )
    adapted = [Adapted()]
    completer.watch_adapter(adapted.append)
    request = CompletionRequest(cursor.file.document, cursor.offset)
    try:
        await completer.ready()
        result = await completer.complete(request)
        await completer.settled()
        common.raise_engine_failure(result, engine)
        prompt = None
        if show_prompt:
            prompt = await engine.render(await completer.fim_request(request))
        return Outcome(result, prompt, adapted[-1])
    finally:
        await completer.close()
        if sink is not None:
            sink.close()


def as_json(cursor: Cursor, outcome: Outcome) -> dict[str, object]:
    """The object that `--json` prints; positions as on the command line."""
    items = outcome.result.items
    item = items[0] if items else CompletionItem("", cursor.offset, cursor.offset)
    values: dict[str, object] = {
        "completion": cursor.file.newlines.restore(item.text, item.start),
        "range": {
            "start": cursor.user_position(item.start),
            "end": cursor.user_position(item.end),
        },
        "trace": outcome.result.trace.as_dict(),
    }
    if outcome.adapted.name:
        values["adapter"] = outcome.adapted.name
    if outcome.prompt is not None:
        values["prompt"] = outcome.prompt.text
        values["typed"] = _typed(outcome.prompt)
    return values


def _typed(prompt: RenderedPrompt) -> str:
    """The typed text that the model is made to spell again; parts of characters as `\\x..`."""
    return prompt.typed.decode("utf-8", "backslashreplace")


def summary(trace: Trace) -> str:
    """One line about time and tokens, or about the reason of the silence."""
    numbers = (
        f"{trace.total_ms:.0f} ms; {trace.prompt_tokens} prompt tokens, "
        f"{trace.evaluated_tokens} evaluated, {trace.generated_tokens} generated"
    )
    if trace.silent_reason:
        return f"no suggestion ({trace.silent_reason}); {numbers}"
    return f"{numbers}; stopped by {trace.stop_reason}"
