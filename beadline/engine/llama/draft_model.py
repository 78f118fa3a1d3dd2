"""A smaller model that guesses what the larger one will write. Knows no prompts and no requests.

Speculative decoding (Leviathan et al. 2023) with greedy drafts: both models must read and write the
same tokens. The smaller one has a context and one KV sequence of its own, which follows whatever
prompt is drafted for; only what differs from the last one is evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from beadline.engine.llama.native import Context, Model
from beadline.engine.llama.sampling import Sampler
from beadline.engine.llama.sequences import shared_length
from beadline.errors import EngineError, ModelError

LEAST_LOGPROB = -0.7
"""A draft ends before a token that the draft model itself gives less (a chance of one half)."""
PADDING = 128
"""Rows by which the vocabularies of one family's models may differ in length (llama.cpp,
common/speculative.cpp): sizes of embeddings are rounded up differently."""


class DraftModel:
    """Implements `drafts.Drafter`. A prompt that is new to it is read one batch a proposal, so that
    the first token never waits for more than that.
    """

    chance = 0.7
    """At first; what is measured counts soon."""

    def __init__(self, context: Context, not_text: Collection[int]) -> None:
        """`not_text`: ids that are never proposed."""
        self._context = context
        self._not_text = frozenset(not_text)
        self._must_end: Callable[[], bool] = lambda: False
        self._sampler = Sampler(0.0, 0)
        self._tokens: list[int] = []
        self._held: list[int] = []
        """What the KV sequence holds."""
        self._same = 0
        """Leading tokens that both share."""

    def begin(self, tokens: Sequence[int], must_end: Callable[[], bool]) -> None:
        self._tokens = list(tokens)
        self._must_end = must_end
        self._same = shared_length(self._held, self._tokens)

    def append(self, tokens: Sequence[int]) -> None:
        for token in tokens:
            at = len(self._tokens)
            if self._same == at < len(self._held) and self._held[at] == token:
                self._same += 1
            self._tokens.append(token)

    def propose(self, most: int) -> list[int] | None:
        if not 0 < len(self._tokens) < self._context.context_tokens:
            return []
        if not self._follow():
            # Nothing is held where llama.cpp failed: that is to count, so that it is seldom tried.
            return None if self._held else []
        draft: list[int] = []
        while len(draft) < most:
            if self._must_end():
                return []
            choice = self._sampler.choose(self._context.logits())
            if choice.logprob < LEAST_LOGPROB or choice.token in self._not_text:
                break
            draft.append(choice.token)
            full = len(self._held) + 1 >= self._context.context_tokens
            if len(draft) == most or full or not self._evaluate([choice.token]):
                break
        return draft

    def _follow(self) -> bool:
        """Evaluate what the sequence lacks, a batch of it at most; False when it must end, or lacks
        more.
        """
        context, tokens = self._context, self._tokens
        # The last token always, because its logits are wanted.
        kept = min(self._same, len(tokens) - 1)
        if kept < len(self._held):
            if not context.remove(0, kept):
                context.clear(0)
                kept = 0
            del self._held[kept:]
        lacking = tokens[kept : kept + context.batch_tokens]
        if self._must_end() or not self._evaluate(lacking):
            return False
        self._same = len(self._held)
        return self._same == len(tokens)

    def _evaluate(self, tokens: Sequence[int]) -> bool:
        position = len(self._held)
        listens = self._must_end if len(tokens) > 1 else None
        try:
            done = self._context.decode(tokens, position, 0, should_abort=listens)
        except EngineError:
            # Only a guess is lost: what is wrong with the machine, the model itself will tell.
            done = False
            self._context.clear(0)
        self._held.extend(tokens)
        del self._held[self._context.last_position(0) + 1 :]
        self._same = min(self._same, len(self._held))
        return done


def check_vocabulary(model: Model, draft: Model) -> None:
    """Raise `ModelError` unless both models mean the same by every id."""
    shorter = min(model.vocabulary_size, draft.vocabulary_size)
    differ = abs(model.vocabulary_size - draft.vocabulary_size) > PADDING
    if differ or any(model.token_text(i) != draft.token_text(i) for i in range(shorter)):
        raise ModelError(
            f"The draft model's vocabulary differs: {_name(draft.path)} has other tokens than "
            f"{_name(model.path)}.",
            hint="Set engine.draft_model to a smaller model of the same family, or to nothing.",
        )


def open_context(draft: Model, *, context_tokens: int, batch_tokens: int, threads: int) -> Context:
    """A context for drafts. Raises `OutOfMemory`, `EngineError`, and `ModelError` for a model whose
    memory cannot forget a wrong guess.
    """
    if not draft.partial_removal:
        raise ModelError(f"{_name(draft.path)} cannot take back what it guessed wrong")
    return Context(
        draft,
        context_tokens=context_tokens,
        sequences=1,
        batch_tokens=batch_tokens,
        threads=threads,
        batch_threads=threads,
    )


def _name(path: Path) -> str:
    return path.name
