"""`beadline demo`: the model fills holes cut from real files. Knows no answers.

The holes are places in Python's standard library and in beadline itself. What is shown is what
the model wrote, next to what stood there; where it stays silent, the reason is told. Files of
beadline were never trained on; those of the standard library were, by the built-in model.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.text import Text

from beadline.commands import common, display
from beadline.commands.complete import summary
from beadline.completion.service import Completer
from beadline.completion.types import CompletionRequest, CompletionResult
from beadline.context.files import read_document
from beadline.context.types import Document
from beadline.engine.protocol import ModelInfo
from beadline.settings import Options

_LINES_BEFORE = 7
_LINES_AFTER = 3
_DEADLINE_MS = 60_000


@dataclass(frozen=True)
class Place:
    """Where a hole is cut: `cut` is taken out of the module behind `before`."""

    title: str
    module: str
    before: str
    cut: str


@dataclass(frozen=True)
class Hole:
    """A place found in a file: the document without `place.cut`, and the cursor in it."""

    place: Place
    document: Document
    offset: int
    line: int
    """Line of the cursor, from 1."""


PLACES = (
    Place("inside a call", "textwrap", "    w = TextWrapper(", "width=width, **kwargs"),
    Place(
        "a function body from its docstring", "shlex",
        '    """Return a shell-escaped string from *split_command*."""\n    ',
        "return ' '.join(quote(arg) for arg in split_command)",
    ),
    Place("an import", "statistics", "from fractions import ", "Fraction"),
    Place("mid-line, with text to the right", "bisect", "            mid = (", "lo + hi"),
    Place("a block after a condition", "shlex", "    if not s:\n        ", "return \"''\""),
    Place("inside a call", "beadline.errors", "        super().__init__(", "message"),
    Place(
        "a function body from its docstring", "beadline.context.types",
        '        """Prefix and suffix of `text` inside the window."""\n        ',
        "return text[self.start : self.cursor], text[self.cursor : self.end]",
    ),
    Place("an import", "beadline.commands.display", "from rich.text import ", "Text"),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    common.add_model_argument(parser)
    parser.add_argument(
        "--train", action="store_true",
        help="tune the model on an installed package first, prove it, and serve what won",
    )  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Fill every hole and show it; 1 when the model filled none of them."""
    if args.train:
        from beadline.commands import demo_train

        return demo_train.run(args.model)
    options = common.load_options({"engine.model": args.model})
    # Nobody is typing; and a busy machine shall show what the model says, not that it was late.
    # What it is too unsure of to interrupt somebody with is shown as well: it was asked for.
    unhurried = replace(
        options.completion,
        debounce_ms=0, deadline_ms=_DEADLINE_MS, prefetch=False, least_confidence=0,
    )  # fmt: skip
    options = replace(options, completion=unhurried)
    common.set_up_logging(options)
    console = display.console()
    return asyncio.run(_run(options, console))


def find_hole(place: Place) -> Hole | None:
    """Cut `place` out of its module's source; None when this version's source has no such place."""
    spec = find_spec(place.module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    path = Path(spec.origin)
    root = path.parents[place.module.count(".")]
    document = read_document(path, max_bytes=path.stat().st_size, root=root).document
    start = document.text.find(place.before + place.cut)
    if start < 0:
        return None
    offset = start + len(place.before)
    text = document.text[:offset] + document.text[offset + len(place.cut) :]
    line = text.count("\n", 0, offset) + 1
    return Hole(place, replace(document, text=text), offset, line)


async def _run(options: Options, console: Console) -> int:
    engine = common.make_engine(options)
    completer = Completer(engine, options)
    filled = exact = asked = 0
    try:
        _introduce(await engine.start(), console)
        for place in PLACES:
            hole = find_hole(place)
            if hole is None:
                console.print(f"\n{place.module} has no such place in this version; left out.")
                continue
            asked += 1
            result = await completer.complete(CompletionRequest(hole.document, hole.offset))
            await completer.settled()
            common.raise_engine_failure(result, engine)
            _show(hole, result, console)
            filled += bool(result.items)
            exact += bool(result.items) and result.items[0].text.strip() == place.cut.strip()
    finally:
        await completer.close()
    console.print(
        f"\n{filled} of {asked} holes filled, {exact} of them exactly as written.", style="bold"
    )
    return 0 if filled else 1


def _introduce(info: ModelInfo, console: Console) -> None:
    console.print(
        f"Model {info.name}: {info.parameters / 1e6:.1f} M parameters, family {info.family}, "
        f"{f'{info.gpu_layers} layers on the GPU' if info.gpu_layers else 'on the CPU'}.",
    )


def _show(hole: Hole, result: CompletionResult, console: Console) -> None:
    text = hole.document.text
    before = text[: hole.offset].split("\n")[-_LINES_BEFORE:]
    after = text[hole.offset :].split("\n")[:_LINES_AFTER]
    console.print()
    console.print(Text(f"{hole.place.title}: {hole.document.path}:{hole.line}", style="bold"))
    console.print(_section("prefix", before))
    if result.items:
        console.print(
            _section("suggestion", result.items[0].text.split("\n"), style=display.SUGGESTED)
        )
    else:
        console.print(_section("suggestion", [f"(silent: {result.trace.silent_reason})"]))
    console.print(_section("suffix", after))
    console.print(_section("was", hole.place.cut.split("\n"), style="dim"))
    console.print(Text(f"{'':<12}{summary(result.trace)}", style="dim"))


def _section(name: str, lines: list[str], style: str = "") -> Text:
    shown = Text()
    for number, (label, line) in enumerate(_labelled(name, lines)):
        shown.append(("\n" if number else "") + f"{label:<12}", style="cyan")
        shown.append("| ")
        shown.append(display.printable(line), style=style)
    return shown


def _labelled(name: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines):
        yield ("" if number else name), line
