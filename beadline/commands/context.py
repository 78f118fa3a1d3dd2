"""`beadline context FILE:LINE:COLUMN`: what the model would be given there. Loads no model.

The window is the one `complete` uses, in characters; the engine's renderer may still trim it to
its token budget (`complete --show-prompt` shows the outcome). Snippets are those of the repository
around the file, best first, by the same rule.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from rich.text import Text

from beadline.commands import common, display
from beadline.completion.frames import CHARS_PER_TOKEN
from beadline.completion.reading import Reader, Reading
from beadline.context.types import Snippet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    common.add_location_argument(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    options = common.load_options()
    location = common.parse_location(args.location)
    cursor = common.open_cursor(location, options)
    reading = Reader().read(cursor.file.document, cursor.offset, options.context)
    snippets: tuple[Snippet, ...] = ()
    with common.workspace_of(location.path, options) as retriever:
        if retriever is not None:
            snippets = retriever.search(
                reading.document,
                cursor.offset,
                max_chars=options.context.snippet_tokens * CHARS_PER_TOKEN,
            )
    if args.json:
        print(json.dumps(as_json(reading, snippets)))
        return 0
    prefix, suffix = reading.window.split(reading.document.text)
    text = Text()
    for snippet in snippets:
        text.append(f"{display.printable(snippet.path)} ({snippet.source})\n", style="bold")
        text.append(display.printable(snippet.text) + "\n\n", style="dim")
    text.append(display.printable(prefix))
    text.append(display.CURSOR, style="bold reverse")
    text.append(display.printable(suffix), style="dim")
    display.console().print(text)
    where = ".".join(scope.name for scope in reading.cursor.scopes) or "the top level"
    print(
        f"expected: {reading.cursor.expected} ({reading.cursor.reason}) in {where}; "
        f"{len(prefix)} characters before the cursor, {len(suffix)} after it; "
        f"{len(snippets)} snippets of {sum(len(s.text) for s in snippets)} characters",
        file=sys.stderr,
    )
    return 0


def as_json(reading: Reading, snippets: Sequence[Snippet]) -> dict[str, object]:
    """The object that `--json` prints."""
    prefix, suffix = reading.window.split(reading.document.text)
    return {
        "prefix": prefix,
        "suffix": suffix,
        "expected": str(reading.cursor.expected),
        "snippets": [
            {"path": s.path, "score": round(s.score, 3), "source": s.source, "text": s.text}
            for s in snippets
        ],
    }
