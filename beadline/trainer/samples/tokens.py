"""Samples as token ids, by the one renderer, and which of them are learned. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from beadline.engine.fim.detect import Detected
from beadline.engine.fim.families import FALLBACK, load
from beadline.engine.fim.healing import Healer, TokenTable
from beadline.engine.fim.render import Budget, render
from beadline.engine.llama.score import tokens_of
from beadline.engine.protocol import ExtraFile, FimRequest, Layout, RenderedPrompt
from beadline.trainer.samples.drawn import Drawn
from beadline.trainer.samples.options import ALL, SampleOptions
from beadline.trainer.vocabulary import TrainingVocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

IGNORED = -100
"""Label of a token that is not learned; what torch's cross entropy leaves out."""
STRETCH = "repository"
"""Kind of samples of several whole files."""
_STRETCH_ROOM = 16
"""Of the renderer, in samples: other files take at most a share of what a prompt may be long, and
one that does not fit would be left out whole."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One sample."""

    ids: NDArray[np.int32]
    labels: NDArray[np.int32]
    """`labels[t]` is `ids[t]`, or `IGNORED`. The first one always is: nothing predicts it."""
    kind: str
    is_plain: bool = False
    """It may be cut anywhere: both parts are plain text."""
    learned: int | None = None
    """Tokens that are learned of the sample that this is a part of; None: it is a whole one."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def whole(self) -> int:
        """Tokens that are learned of the whole sample."""
        if self.learned is not None:
            return self.learned
        return int(np.count_nonzero(self.labels != IGNORED))

    def cut(self, at: int) -> tuple[Sample, Sample]:
        """The tokens before a place, and those from it on."""
        whole = self.whole
        first = replace(self, ids=self.ids[:at], labels=self.labels[:at], learned=whole)
        rest = replace(self, ids=self.ids[at:], labels=_unled(self.labels[at:]), learned=whole)
        return first, rest


def plain_form(form: Detected) -> Detected:
    """The form in which a model reads plain text: after its file's header, with no FIM token."""
    family, layout = form.family, Layout.LEFT_TO_RIGHT
    if layout not in family.templates:
        template = load(None).table[FALLBACK].templates[layout]
        family = replace(
            family,
            layouts=(*family.layouts, layout),
            templates={**family.templates, layout: template},
        )
    return replace(form, family=family, layout=layout)


class Encoder:
    """Renders what was drawn for one model."""

    def __init__(self, vocabulary: TrainingVocabulary, options: SampleOptions) -> None:
        self._vocabulary = vocabulary
        self._options = options
        self._form = vocabulary.form
        self._plain = plain_form(vocabulary.form)
        self._healer: Healer | None = None
        # A model that repeats the line anyway spells the typed word itself.
        if options.healing and not self._form.family.repeats_line:
            table = TokenTable(vocabulary.text_tokens, vocabulary.spell)
            self._healer = Healer(table, vocabulary.spell)

    def encode(self, drawn: Drawn) -> Sample:
        """Prompt, middle and end token, at most `sample_tokens`; what is cut for that has no end.

        With a healed prompt the middle begins with the typed bytes that it spells first, as the
        tokenizer writes both together.
        """
        prompt = self.prompt(drawn)
        if drawn.is_plain:
            return self._plain_text(drawn, prompt)
        ids = [*prompt.tokens, *self._middle(drawn, prompt), self._vocabulary.end]
        return self._sample(ids, len(prompt.tokens), drawn)

    def stretch(self, repo: str, files: Sequence[ExtraFile], *, ends: bool) -> Sample:
        """Files of a repository one behind the other, as other files stand in a prompt, cut where a
        sample ends. All of it is learned. `ends`: nothing of the repository follows."""
        most = self._options.sample_tokens
        request = FimRequest(
            "", "", repo=repo, extra=tuple(files), layout=Layout.LEFT_TO_RIGHT, max_tokens=1
        )
        budget = Budget(context=_STRETCH_ROOM * most, prefix=1, suffix=0)
        prompt = render(request, self._plain, self._vocabulary, budget)
        ids = [*prompt.tokens, *([self._vocabulary.end] if ends else [])]
        kept = np.asarray(ids[:most], dtype=np.int32)
        return Sample(kept, _unled(kept), STRETCH)

    def prompt(self, drawn: Drawn) -> RenderedPrompt:
        """The prompt that a server would evaluate; of plain text, all of it."""
        options, most = self._options, self._options.sample_tokens
        if drawn.is_plain:
            budget = Budget(context=most, prefix=most, suffix=0)
            return render(drawn.request, self._plain, self._vocabulary, budget)
        budget = Budget(most, options.context.prefix_tokens, options.context.suffix_tokens)
        return render(drawn.request, self._form, self._vocabulary, budget, self._healer)

    def text(self, drawn: Drawn) -> str:
        """The whole sample spelled out, special tokens by their names: for people."""
        spell = self._vocabulary.spell
        return b"".join(spell(token) for token in self.encode(drawn).ids.tolist()).decode(
            "utf-8", "replace"
        )

    def _middle(self, drawn: Drawn, prompt: RenderedPrompt) -> list[int]:
        if prompt.typed and self._healer is not None:
            table = self._healer.table
            return tokens_of(prompt.typed, drawn.middle, self._vocabulary, table)
        return self._vocabulary.encode(drawn.middle)

    def _plain_text(self, drawn: Drawn, prompt: RenderedPrompt) -> Sample:
        ids = [*prompt.tokens, *([self._vocabulary.end] if drawn.ends else [])]
        return self._sample(ids, len(prompt.tokens) - prompt.prefix_tokens, drawn)

    def _sample(self, ids: list[int], prompt: int, drawn: Drawn) -> Sample:
        kept = np.asarray(ids[: self._options.sample_tokens], dtype=np.int32)
        labels = kept.copy()
        if self._options.loss != ALL:
            labels[:prompt] = IGNORED
        return Sample(kept, _unled(labels), drawn.kind, drawn.is_plain)


def _unled(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Labels of a sequence by itself, whose first token nothing predicts."""
    own = labels.copy()
    own[:1] = IGNORED
    return own
