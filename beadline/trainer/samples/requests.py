"""A hole becomes the request that a server would make there. Knows no tokens.

The request is that of a cold document whose text lacks the middle: window, snippets and names come
from the code that serves. What typing does to a prompt is drawn: the window may rest from where the
cursor was before, and the anchor up to 8 lines above the cursor (DESIGN section 4).
"""

from __future__ import annotations

import random
from typing import Protocol

from beadline.completion.snippets import as_files, in_prompt_order, most_chars
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import CursorContext, Document, Expected, Snippet, Window
from beadline.context.window import place
from beadline.engine.protocol import ExtraFile, FimRequest, Layout
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.samples.drawn import PLAIN, Drawn
from beadline.trainer.samples.options import SampleOptions
from beadline.trainer.structured_fim.cursors import draw_anchor
from beadline.trainer.structured_fim.sampler import Hole

_RESTING = 0.5
"""Share of windows that rest from where the cursor was before."""
_FROM_START = 0.3
"""Share of plain texts that begin where the file does."""


class Searches(Protocol):
    """What finds snippets: `snapshot.Snapshot`, or a stand-in."""

    def alone(
        self,
        document: Document,
        offset: int,
        *,
        max_chars: int,
        tree: SyntaxTree | None = None,
    ) -> tuple[Snippet, ...]:
        """Snippets for a cursor in a document that is the only one open, whatever was searched
        before; never from behind the cursor. `tree`: the document's, where there is one."""
        ...


def document_of(file: CorpusFile, text: str) -> Document:
    """A document as a server has it open."""
    return Document(file.path, file.path, file.language, text, file.repo)


def of_hole(
    file: CorpusFile,
    hole: Hole,
    options: SampleOptions,
    rng: random.Random,
    trees: SyntaxTrees,
    search: Searches | None = None,
) -> Drawn:
    """The request with the cursor in a hole; what `trees` keeps of the file is dropped."""
    start, text = hole.start, file.text
    document = document_of(file, text[:start] + text[hole.end :])
    # Parsed from nothing: a tree that goes on from another one may differ from it.
    trees.forget(document.key)
    tree = trees.parse(document)
    window = _window(document, start, tree, options, rng)
    layout: Layout | None = None
    if options.layouts:
        names, shares = zip(*options.layouts, strict=True)
        layout = rng.choices(names, shares)[0]
    extra: tuple[ExtraFile, ...] = ()
    if rng.random() < options.snippet_share and search is not None:
        room = most_chars(options.context.snippet_tokens, options.sample_tokens)
        found = search.alone(document, start, max_chars=room, tree=tree)
        extra = as_files(in_prompt_order(found))
    prefix, suffix = window.split(document.text)
    request = FimRequest(
        prefix=prefix,
        suffix=suffix,
        anchor=window.anchor - window.start,
        path=file.path,
        repo=file.repo,
        extra=extra,
        layout=layout,
        max_tokens=options.answer_tokens,
    )
    end = hole.end + len(suffix)
    return Drawn(file, hole.kind, request, text[start : hole.end], window.start, end)


def plain(file: CorpusFile, options: SampleOptions, rng: random.Random) -> Drawn:
    """A stretch of a file, from the start of a line."""
    text = file.text
    start = 0 if rng.random() < _FROM_START else rng.randrange(len(text))
    start = text.rfind("\n", 0, start) + 1
    end = min(len(text), start + options.plain_chars)
    request = FimRequest(
        prefix=text[start:end],
        suffix="",
        path=file.path,
        repo=file.repo,
        layout=Layout.LEFT_TO_RIGHT,
        max_tokens=1,
    )
    return Drawn(file, PLAIN, request, "", start, end)


def _window(
    document: Document,
    offset: int,
    tree: SyntaxTree | None,
    options: SampleOptions,
    rng: random.Random,
) -> Window:
    """The window as serving places it, its anchor where typing may have left it."""
    limits = options.limits

    def placed(at: int, before: Window | None) -> Window:
        return place(
            document,
            CursorContext(at, Expected.LINE, ""),
            before,
            prefix_chars=limits.prefix,
            suffix_chars=limits.suffix,
            anchor_chars=limits.anchor,
            tree=tree,
        )

    before = None
    if rng.random() < _RESTING:
        before = placed(max(0, offset - rng.randint(1, max(1, limits.prefix // 2))), None)
    window = placed(offset, before)
    anchor = draw_anchor(document.text, offset, window.start, limits.anchor, rng)
    return Window(window.start, anchor, window.cursor, window.end)
