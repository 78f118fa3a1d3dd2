"""Definitions of the names in play: what a cursor needs most. Knows no language and no index.

Most of the room goes to many signatures rather than to few bodies: a call needs the one signature
that is meant, and which one that is, is not known before the callee's name is typed. What the
cursor is among the arguments of gets its documentation, and its body where there is room left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from beadline.context.retrieval.sources import Candidate, Files
from beadline.context.retrieval.sources.texts import line_range
from beadline.context.retrieval.weights import Weights
from beadline.context.symbols.resolve import found
from beadline.context.symbols.skeleton import Rendered, render
from beadline.context.symbols.types import Definition, Kind, Needed, Reason, Scene
from beadline.context.types import Snippet

MOST = 160
"""Definitions that are asked for; at 70 characters a signature they fill 11,000."""
_OWNER_CHARS = 160
"""Room for the header of the class around a method, above its own."""
_LEAST_CHARS = 24
"""No signature is shorter."""
_CONTAINERS = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.ENUM, Kind.MODULE})
_STABLE = frozenset({Reason.NAME, Reason.TYPE, Reason.BASE, Reason.IMPORT})
"""Reasons that last as long as the file's imports do; the others change with the statement."""


@dataclass
class _Piece:
    """One definition as it will be shown."""

    needed: Needed
    text: str
    """Of its whole file."""
    definitions: tuple[Definition, ...]
    """Of its whole file."""
    shown: Rendered


class Definitions:
    """What resolution finds, as signatures and skeletons."""

    name = "definition"

    def __init__(self, files: Files, weights: Weights) -> None:
        self._files, self._weights = files, weights

    def search(self, scene: Scene, room: int) -> list[Candidate]:
        """See `Source`."""
        if room < _LEAST_CHARS:
            return []
        known: dict[str, tuple[str | None, tuple[Definition, ...]]] = {}
        pieces: list[_Piece] = []
        left = room
        for each in islice(found(scene, self._files), MOST):
            path = each.located.path
            if path not in known:
                file = self._files.file(path)
                definitions = file.definitions if file is not None else ()
                known[path] = self._files.read(path), definitions
            text, definitions = known[path]
            if text is None:
                continue
            shown = _rendered(each, text, definitions, min(left, self._first(each, room)))
            if shown is not None:
                pieces.append(_Piece(each, text, definitions, shown))
                left -= len(shown.text) + 1
                if left < _LEAST_CHARS:
                    break
        _complete(pieces, self._grow(pieces, room, left))
        imported = {name for each in scene.symbols.imports for name in (each.alias, each.name)}
        return [_candidate(piece, imported) for piece in pieces]

    def _first(self, each: Needed, room: int) -> int:
        """Characters that a definition may take before the next one gets any."""
        definition = each.located.definition
        header = definition.header_end - definition.header + _OWNER_CHARS
        if definition.kind not in _CONTAINERS and each.reason is not Reason.CALLEE:
            return header
        return max(header, _share(self._weights.first, each, room))

    def _grow(self, pieces: list[_Piece], room: int, left: int) -> int:
        """Show more of the best ones, with what all of them left; what is left then."""
        for piece in pieces:
            if left < _LEAST_CHARS:
                break
            size = len(piece.shown.text)
            most = min(_share(self._weights.grown, piece.needed, room), size + left)
            if most <= size:
                continue
            grown = _rendered(piece.needed, piece.text, piece.definitions, most)
            if grown is not None and len(grown.text) > size:
                left -= len(grown.text) - size
                piece.shown = grown
        return left


def _share(shares: Mapping[str, float], each: Needed, room: int) -> int:
    return int(room * shares.get(each.reason, 0.0) * min(1.0, each.weight))


def _rendered(
    each: Needed, text: str, definitions: Sequence[Definition], room: int
) -> Rendered | None:
    """A definition in at most `room` characters, without its last newline."""
    shown = render(each, text, definitions, room=room + 1)
    return None if shown is None else Rendered(shown.text.removesuffix("\n"), shown.start)


def _complete(pieces: list[_Piece], left: int) -> None:
    """Show the whole of the function that the cursor is among the arguments of, if that fits."""
    if not pieces or pieces[0].needed.reason is not Reason.CALLEE:
        return
    piece, definition = pieces[0], pieces[0].needed.located.definition
    if definition.kind in _CONTAINERS:
        return
    shown = piece.shown
    start, end = line_range(piece.text, definition.start, definition.end)
    whole = piece.text[start:end]
    if shown.start < start:  # the header of its class
        start = shown.start
        whole = piece.text[start : piece.text.find("\n", start)] + "\n" + whole
    if len(shown.text) < len(whole) <= len(shown.text) + left:
        piece.shown = Rendered(whole, start)


def _candidate(piece: _Piece, imported: set[str]) -> Candidate:
    located, reason = piece.needed.located, piece.needed.reason
    definition = located.definition
    outermost = definition.qualified.split(".", 1)[0]
    stable = reason in _STABLE and (outermost in imported or reason is Reason.BASE)
    snippet = Snippet(
        located.path, piece.shown.text, piece.shown.start, piece.needed.weight,
        Definitions.name, volatile=not stable,
    )  # fmt: skip
    key = located.path, definition.start, definition.end
    return Candidate(snippet, key, stable, reason)
