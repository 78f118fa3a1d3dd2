"""What the answers at a cursor are known again by. Knows the model that is served; no reading."""

from __future__ import annotations

from beadline.completion.adapters import Adapters
from beadline.completion.ladder import Scene
from beadline.completion.loading import Loader
from beadline.context.types import Document

Limits = tuple[int, int, int]
"""Of an answer: most tokens, most lines, and which of a request's answers it is."""


class Scenes:
    """Makes scenes of the model that is loaded, as it serves a document."""

    def __init__(self, engine: Adapters, loader: Loader) -> None:
        self._engine = engine
        self._loader = loader

    def at(self, document: Document, offset: int, limits: Limits, seen: int = 0) -> Scene:
        """The scene of a cursor in the user's text.

        Not by the window and the snippets, which change in idle time while the user looks at an
        answer that was computed with others. Who asks by a key wants the answer of now: `seen` is
        a hash of all that the model is shown then.
        """
        info = self._loader.info
        model: tuple[str, ...] = ()
        if info is not None:
            served = info.details.get("layouts", ""), self._engine.key_of(document.key)
            model = info.path, info.name, info.family, info.build, *served
        return Scene.at(document, offset, repr((model, limits)), seen)
