"""What samples are like: sizes, shares, and what serving is set to. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from beadline.completion.frames import CHARS_PER_TOKEN, Limits
from beadline.engine.protocol import Layout
from beadline.settings import CompletionOptions, ContextOptions
from beadline.trainer.structured_fim.sampler import STRUCTURED, Mix, SamplerOptions

MIDDLE, ALL = "middle", "all"
"""What the loss is taken on: middle and end token (of plain text: the text), or every token."""


@dataclass(frozen=True)
class SampleOptions:
    """How samples are drawn and rendered."""

    sample_tokens: int = 1024
    """Most tokens of a sample, and the context that its prompt is rendered for: best the one that
    is served."""
    row_tokens: int = 2048
    """Tokens of a packed row, no less than those of a sample."""
    context: ContextOptions = field(default_factory=ContextOptions)
    """Budgets of window and snippets, as served."""
    answer_tokens: int = CompletionOptions.max_tokens
    """Tokens that prompts leave room for, as served. A longer middle is cut and has no end."""
    left_to_right: float = 0.3
    """Share of samples that are plain text after the file's header."""
    mix: Mix = STRUCTURED
    """Kinds of holes and their shares."""
    layouts: tuple[tuple[Layout, float], ...] = ()
    """Orders and their shares; none: the one the model is served in."""
    snippet_share: float = 0.5
    """Share of holes that have snippets of other files, where there is a search."""
    healing: bool = True
    """The tokens of a word that is half typed are left to be spelled, as served."""
    loss: str = MIDDLE
    chars_per_sample: int = 900
    """One sample is drawn per so many characters of a file, in an epoch."""
    pool_samples: int = 0
    """Samples that are shuffled together. 0: those of a whole epoch, so that the order of the files
    counts for nothing; a small pool keeps neighbours near each other."""

    @property
    def limits(self) -> Limits:
        """Budgets of the window, in characters."""
        return Limits.of(self.context)

    @property
    def sampler(self) -> SamplerOptions:
        """How holes are drawn."""
        return SamplerOptions(self.mix, stretch=self.limits.prefix + self.limits.suffix)

    @property
    def plain_chars(self) -> int:
        """Most characters of plain text: few texts of so many take more tokens than a sample may,
        and a quarter is left for the header."""
        return self.sample_tokens * CHARS_PER_TOKEN * 3 // 4
