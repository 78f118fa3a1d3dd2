"""Which of the suggestions that could be shown are shown. Knows no text, no engine, no syntax.

What comes unasked must be likely enough to be right, and must not have been rejected here before.
A user who asks by a key gets what there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from beadline.completion import silence
from beadline.completion.confidence import Estimator, Features
from beadline.completion.history import History
from beadline.completion.ladder import Shown
from beadline.completion.types import Trace
from beadline.completion.weights import estimator_of
from beadline.engine.protocol import ModelInfo


class Gate:
    """Stands between what is found and what is shown."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.model: ModelInfo | None = None
        """The one whose weights are in use."""
        self._estimator = Estimator()

    def serve(self, model: ModelInfo | None) -> None:
        """Use the weights of a model. Reads files, so it is not for the event loop."""
        self._estimator = estimator_of(Path(model.path)) if model is not None else Estimator()
        self.model = model

    def estimate(self, features: Features) -> float:
        """Probability that a suggestion's first line is right."""
        return self._estimator.estimate(features)

    def passing(
        self, found: Sequence[Shown], trace: Trace, *, automatic: bool, least: float
    ) -> tuple[Shown, ...]:
        """Those of `found` to be remembered, in their order, each `visible` or not.

        `least` is the lowest probability that an automatic suggestion may have. What was shown
        once stays, however unlikely the rest of it becomes. Sets `trace.confidence` of the first,
        and `trace.silent_reason` where nothing is left to show.
        """
        kept: list[Shown] = []
        for number, shown in enumerate(found):
            sure = 1.0
            if shown.features is not None:
                sure = self.estimate(shown.features)
            if number == 0:
                trace.confidence = sure
            if automatic and self._history.rejected(shown):
                continue
            unsure = automatic and not shown.visible and sure < least
            kept.append(replace(shown, visible=not unsure))
        if not any(shown.visible for shown in kept):
            trace.silent_reason = silence.UNSURE if kept else silence.REJECTED
        return tuple(kept)
