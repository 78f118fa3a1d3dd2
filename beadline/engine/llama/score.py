"""How probable a given text is as the middle of a hole. Knows tokens and logits; no prompt forms.

Teacher forcing: the text's tokens are evaluated behind the prompt, whatever the model would have
chosen, and their natural log-probabilities are summed.

With token healing the prompt lacks the typed start of a word, as in serving, and what is scored is
the canonical tokenisation of typed bytes and middle together. While typed bytes are owed, each
token's probability is taken among those tokens that serving allows there (`Spelling.constrain`).
The sum is therefore the log-probability with which serving at temperature 1 writes exactly these
tokens, and the probabilities of all ways to go on from the typed bytes add up to 1: healed and
unhealed scores are of the same kind. Other tokenisations of the same text are not counted, neither
with healing nor without.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from beadline.engine.cache_model.guide import CacheGuide
from beadline.engine.fim.healing import TokenTable
from beadline.engine.fim.vocabulary import Vocabulary
from beadline.engine.llama.native import Context
from beadline.engine.llama.sampling import log_probability, probability_of
from beadline.engine.llama.sequences import Sequences, Slot
from beadline.engine.llama.spelling import Spelling
from beadline.engine.protocol import Observation, RenderedPrompt, Score, Usage
from beadline.errors import EngineError

LEAST_PROBABILITY = 1e-300
"""What is taken for the probability of an end that float64 rounds to 0."""


def cut(middle: str, vocabulary: Vocabulary, most: int) -> str:
    """The start of `middle` that `most` tokens hold, in whole characters.

    Decided on the middle alone, so that every layout, healed or not, is asked about the same text.
    """
    ids = vocabulary.encode(middle)
    if len(ids) <= most:
        return middle
    kept = b"".join(map(vocabulary.spell, ids[:most])).decode("utf-8", "ignore")
    return middle[: len(kept)]


def tokens_of(typed: bytes, middle: str, vocabulary: Vocabulary, table: TokenTable) -> list[int]:
    """Canonical tokens of typed bytes and middle as one text.

    Where `typed` begins inside a character, its first bytes get the fewest tokens that spell them.
    Raises `EngineError` when no tokens do.
    """
    start = 0
    while start < len(typed) and typed[start] & 0xC0 == 0x80:
        start += 1
    return [
        *_fewest(typed[:start], table),
        *vocabulary.encode(typed[start:].decode("utf-8") + middle),
    ]


class Scorer:
    """Scores texts over the sequences of one context."""

    def __init__(
        self,
        context: Context,
        sequences: Sequences,
        vocabulary: Vocabulary,
        stop: frozenset[int],
        *,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """`stop`: ids that end a middle; `cancelled` is asked while a text is evaluated."""
        self._context = context
        self._sequences = sequences
        self._vocabulary = vocabulary
        self._stop = stop
        self._cancelled = cancelled

    def score(
        self,
        prompt: RenderedPrompt,
        middle: str,
        *,
        most: int,
        sequence: str,
        table: TokenTable | None,
        cache: CacheGuide | None = None,
    ) -> Score:
        """The score of the first `most` tokens of `middle` behind `prompt`.

        `table`: what `prompt.typed` is spelled with; None where nothing is owed. `cache`: what it
        says of every token that is not spelled is observed; the score is the model's alone. Raises
        `EngineError` when prompt and text do not fit the context, llama.cpp fails, or it was
        cancelled.
        """
        scored = cut(middle, self._vocabulary, most)
        spelling: Spelling | None = None
        if prompt.typed and table is not None:
            spelling = Spelling(prompt.typed, table)
            truth = tokens_of(prompt.typed, scored, self._vocabulary, table)
        else:
            truth = self._vocabulary.encode(scored)
        everything = [*prompt.tokens, *truth]
        if len(everything) > self._context.context_tokens:
            raise EngineError(
                f"A prompt of {len(prompt.tokens)} tokens and a text of {len(truth)} do not fit a "
                f"context of {self._context.context_tokens}.",
                hint="Lower context.prefix_tokens or raise engine.context_tokens.",
            )
        # The prompt's last token is always evaluated, since its logits are wanted.
        slot, reused = self._sequences.open(sequence, prompt.tokens)
        observations: list[Observation] = []
        logprob, end, ending = self._follow(
            slot, everything, len(prompt.tokens), spelling, cache, observations
        )
        return Score(
            logprob=logprob,
            end_logprob=end if scored == middle else None,
            tokens=len(truth),
            bytes=len(scored.encode("utf-8")),
            typed_bytes=len(prompt.typed),
            usage=Usage(
                prompt_tokens=len(everything),
                reused_tokens=reused,
                evaluated_tokens=len(everything) - reused,
                layout=prompt.layout,
                family=prompt.family,
            ),
            observations=tuple(observations),
            ending=ending if scored == middle else (),
        )

    def _follow(
        self,
        slot: Slot,
        ids: Sequence[int],
        prompt: int,
        spelling: Spelling | None,
        cache: CacheGuide | None,
        observations: list[Observation],
    ) -> tuple[float, float, tuple[float, ...]]:
        """Evaluate what of `ids` the slot lacks; log-probabilities of those from `prompt` on, and
        of an end behind them, and what tells such an end besides. What `cache` says of the tokens
        is added to `observations`.
        """
        if cache is not None:
            cache.begin(ids[:prompt])
        context, total, end = self._context, 0.0, 0.0
        ending: tuple[float, ...] = ()
        step = context.batch_tokens
        while (position := len(slot.tokens)) < len(ids):
            chunk = ids[position : position + step]
            behind = position + len(chunk)
            outputs = max(1, behind - max(position, prompt - 1))
            try:
                done = not self._cancelled() and context.decode(
                    chunk, position, slot.number, should_abort=self._cancelled, outputs=outputs
                )
            except EngineError:
                self._sequences.drop(slot)
                raise
            if not done:
                if not context.partial_removal:
                    self._sequences.drop(slot)  # see `Context.decode`
                raise EngineError("The text is not scored to its end: it was cancelled.")
            slot.tokens.extend(chunk)
            if behind < prompt:
                continue
            for number in range(behind - outputs, behind):
                logits = context.logits(behind - 1 - number)
                if number + 1 == len(ids):
                    end = probability_of(logits, self._stop)
                    if cache is not None and not (spelling is not None and spelling.rest):
                        ending = cache.observe(logits, -1).ending
                    continue
                token = ids[number + 1]
                if spelling is not None and spelling.rest:
                    logits = spelling.constrain(logits)
                    spelling.take(self._vocabulary.spell(token), logits)
                elif cache is not None:
                    observations.append(cache.observe(logits, token))
                if cache is not None:
                    cache.append([token])
                total += log_probability(logits, token)
        return total, math.log(max(end, LEAST_PROBABILITY)), ending


def _fewest(data: bytes, table: TokenTable) -> list[int]:
    """The fewest tokens that spell exactly `data`."""
    best: list[list[int] | None] = [[]]
    for end in range(1, len(data) + 1):
        found = [
            [*before, exact[0]]
            for start, before in enumerate(best)
            if before is not None and (exact := table.exactly(data[start:end]))
        ]
        best.append(min(found, key=len, default=None))
    chosen = best[-1]
    if chosen is None:
        raise EngineError("The model has no tokens for bytes of a character that was begun.")
    return chosen
