"""The prompts of one loaded model: its family, how it is healed, and where its middles end.

Joins the vocabulary with `engine.fim`; knows no KV state and no messages.
"""

from __future__ import annotations

from pathlib import Path

from beadline.engine.fim import detect, families
from beadline.engine.fim.clean import Cleaner
from beadline.engine.fim.detect import Measured
from beadline.engine.fim.healing import Healer, TokenTable
from beadline.engine.fim.render import Budget, render
from beadline.engine.llama.messages import PromptOptions
from beadline.engine.llama.native import Model
from beadline.engine.llama.vocabulary import LlamaVocabulary
from beadline.engine.protocol import FimRequest, RenderedPrompt


class Prompts:
    """Renders requests for one model."""

    def __init__(self, model: Model, path: Path, options: PromptOptions) -> None:
        """Raises `ModelError` when the family or layout asked for cannot be had."""
        folder = Path(options.families_folder) if options.families_folder else None
        table = families.load(folder)
        self.vocabulary = LlamaVocabulary(model, table.token_texts())
        self.form = detect.detect(
            self.vocabulary, table, family=options.family, layout=options.layout,
            verdict=Measured(options.verdict_family, options.verdict_layout), file_name=path.stem,
        )  # fmt: skip
        self.stop = detect.stop_tokens(self.form.family, self.vocabulary)
        self.healer: Healer | None = None
        # A model that repeats the line anyway spells the typed word itself.
        if options.healing and not self.form.family.repeats_line:
            spell = self.vocabulary.spell
            self.healer = Healer(TokenTable(self.vocabulary.text_tokens, spell), spell)
        self._path = path

    @property
    def identity(self) -> str:
        """Changes when prompts of the same requests do; the same in every process."""
        return repr((self.form.family, self.form.layout, self.healer is not None))

    def render(
        self, request: FimRequest, budget: Budget, *, spelled: bool = False
    ) -> RenderedPrompt:
        """The prompt of a request; `spelled`: with its text."""
        healer = self.healer if request.healing else None
        return render(request, self.form, self.vocabulary, budget, healer, spelled=spelled)

    def cleaner(self, request: FimRequest) -> Cleaner | None:
        """What filters the model's output; None where it writes nothing but the middle."""
        family = self.form.family
        if not Cleaner.needed(family):
            return None
        return Cleaner(family, request.prefix[request.prefix.rfind("\n") + 1 :])

    def details(self) -> dict[str, str]:
        """What `ModelInfo.details` says about prompts."""
        family = self.form.family
        layouts = sorted(family.layouts, key=lambda layout: layout is not self.form.layout)
        return {
            "family_from": self.form.origin,
            "layouts": ", ".join(layouts),
            "layout_from": self.form.layout_from,
            "kind": detect.kind(self.vocabulary.metadata, self._path.stem),
            "healing": "on" if self.healer else "off",
        }
