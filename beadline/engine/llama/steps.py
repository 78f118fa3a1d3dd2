"""The logits of one generation, token by token. Knows drafts and one KV sequence; no texts, limits.

A draft is evaluated behind the tokens that must be, in one batch, and gives a row of logits for
every token in it. Tokens are chosen from the rows exactly as they would be without drafts; the
first choice that differs from the draft makes the rest of it void (Leviathan et al. 2023, for the
special case of a draft without probabilities; REST, He et al. 2023, does the same).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile

import numpy as np

from beadline.engine.guide import Guides
from beadline.engine.llama.native import Context
from beadline.engine.llama.sequences import Sequences, Slot
from beadline.engine.llama.speculation import Speculation
from beadline.engine.protocol import Usage
from beadline.errors import EngineError

UNHEARD_S = 0.05
"""Several tokens that take longer are evaluated with an ear to cancel: it is to be heard within
50 ms or one token."""


class Steps:
    """Rows of logits behind the tokens of one slot, and the tokens chosen from them."""

    def __init__(
        self,
        context: Context,
        sequences: Sequences,
        slot: Slot,
        speculation: Speculation,
        spell: Callable[[int], bytes],
        should_abort: Callable[[], bool],
        guides: Guides | None = None,
    ) -> None:
        """`should_abort` is asked while what takes long is evaluated; `guides` are told what is
        chosen.
        """
        self._context = context
        self._sequences = sequences
        self._slot = slot
        self._speculation = speculation
        self._spell = spell
        self._should_abort = should_abort
        self.guides = guides or Guides()
        self._pending: int | None = None
        """Chosen and not evaluated yet."""
        self._ahead: list[int] = []
        """Evaluated behind the slot's tokens, not chosen yet."""
        self._proposed = 0
        self._drafted = 0
        self._accepted = 0

    @property
    def length(self) -> int:
        """Tokens of the slot, with the chosen one that is not evaluated yet."""
        return len(self._slot.tokens) + (self._pending is not None)

    def counted(self, usage: Usage) -> Usage:
        """`usage` with the drafts, and what the guides did, so far."""
        usage = replace(usage, drafted_tokens=self._drafted, accepted_tokens=self._accepted)
        return self.guides.counted(usage)

    def evaluate(self, tokens: Sequence[int], draft: Sequence[int] = ()) -> bool:
        """Evaluate tokens of the prompt, and a draft behind them as far as there is room. False
        when aborted: the slot then holds what is left of them in the memory.
        """
        return self._run(tokens, draft[: self._room(len(tokens))])

    def ready(self, most: int, *, one_line: bool = False) -> bool:
        """See that there is a row behind the last chosen token; False when aborted.

        `most`: how many tokens of a draft could be of use; `one_line`: none from a newline on is.
        """
        if self._pending is None:
            return True
        draft = self._speculation.propose(1, min(most, self._room(1)))
        if one_line:
            draft = list(takewhile(lambda token: b"\n" not in self._spell(token), draft))
        if not self._run([self._pending], draft):
            return False
        self._pending = None
        return True

    def logits(self) -> np.ndarray:
        """The row behind the last chosen token; needs `ready`. It may be written to."""
        return self._context.logits(len(self._ahead))

    def take(self, token: int) -> None:
        """`token` was chosen from the row."""
        self.guides.append([token])
        self._speculation.append([token])
        if self._ahead and self._ahead[0] == token:
            self._slot.tokens.append(self._ahead.pop(0))
            self._accepted += 1
            if not self._ahead:
                self._speculation.judged(self._proposed, self._proposed)
            return
        if self._ahead:
            self._speculation.judged(self._proposed - len(self._ahead) + 1, self._right)
            self._forget()
        self._pending = token

    def close(self) -> None:
        """Forget what was drafted and not chosen."""
        if self._ahead:
            self._speculation.judged(self._right, self._right)
            self._forget()

    @property
    def _right(self) -> int:
        """Tokens of the last draft that were chosen."""
        return self._proposed - len(self._ahead)

    def _room(self, width: int) -> int:
        """Tokens that may be drafted behind `width` others."""
        context = self._context
        left = context.context_tokens - len(self._slot.tokens) - width - 1
        return max(0, min(left, context.batch_tokens - width))

    def _run(self, tokens: Sequence[int], draft: Sequence[int]) -> bool:
        slot, context, costs = self._slot, self._context, self._speculation.costs
        width, position = len(tokens) + len(draft), len(slot.tokens)
        # Asking costs a call back into Python per node of the graph, so only where it may matter.
        listens = width > 1 and costs.of(width) > UNHEARD_S
        began = self._speculation.now()
        try:
            done = context.decode(
                [*tokens, *draft],
                position,
                slot.number,
                should_abort=self._should_abort if listens else None,
                outputs=1 + len(draft),
            )
            if done:
                # A GPU is waited for here.
                context.logits()
        except EngineError:
            self._sequences.drop(slot)
            raise
        if not done:
            self._aborted(tokens)
            return False
        costs.add(width, self._speculation.now() - began)
        slot.tokens.extend(tokens)
        self._ahead, self._proposed = list(draft), len(draft)
        self._drafted += len(draft)
        return True

    def _aborted(self, tokens: Sequence[int]) -> None:
        """Note what an aborted decode of `tokens`, and a draft behind them, left."""
        slot, context = self._slot, self._context
        if not context.partial_removal:
            # The position that the memory tells is the batch's end, and what it holds is not.
            self._sequences.drop(slot)
            return
        # What was evaluated of the tokens may stay, but nothing of the draft.
        held = context.last_position(slot.number) + 1 - len(slot.tokens)
        slot.tokens.extend(tokens[: max(0, held)])
        if held > len(tokens):
            self._forget()

    def _forget(self) -> None:
        """Drop what the memory holds beyond the slot's tokens: drafts are made only where it can
        do that.
        """
        self._ahead = []
        self._context.remove(self._slot.number, len(self._slot.tokens))
