"""What the built-in model is made with: shares, sizes, phases. Draws nothing and trains nothing.

Every number that decides what the model is like stands here, so that a model card can quote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from beadline.engine.protocol import Layout
from beadline.settings import CompletionOptions, ContextOptions
from beadline.trainer.samples.options import ALL, MIDDLE, SampleOptions
from beadline.trainer.structured_fim.sampler import RANDOM, Mix

SEED = 20261121
MAIN, FINAL, VALIDATION = "main", "final", "validation"
"""Phases of the data: all of it; the best of it, for the last, linear phase of the schedule; what
is held out to watch the loss."""
MOST_EPOCHS = 4.0
"""No text is trained on more often (Muennighoff et al. 2023, arXiv 2305.16264: up to four passes
are nearly as good as fresh data)."""
CONTEXT = 4096
VOCABULARY = 16_384
SHARES: Mapping[str, float] = {
    "python": 0.70, "javascript": 0.10, "java": 0.06, "go": 0.05, "rust": 0.05, "cpp": 0.04,
}  # fmt: skip
"""Share of the tokens by group of languages (`context.retrieval.query.group_of`: TypeScript is of
the group javascript, C of cpp)."""
LANGUAGES = (
    "python", "typescript", "typescriptreact", "javascript", "javascriptreact", "java", "go",
    "rust", "cpp", "c",
)  # fmt: skip
_MIX: Mix = (
    ("rest_of_line", 0.28),
    ("inside_word", 0.06),
    ("statement", 0.14),
    ("node", 0.14),
    ("aligned", 0.06),
    ("part", 0.05),
    ("arguments", 0.07),
    ("block", 0.04),
    ("rest_of_block", 0.04),
    ("before_closer", 0.04),
    ("lines", 0.02),
    ("random", 0.02),
    ("empty", 0.04),
)
_LAYOUTS = ((Layout.ANCHORED, 0.65), (Layout.PSM, 0.15), (Layout.SPM, 0.20))
"""Anchored is the one that is served; the others let any llama.cpp server use the model."""


@dataclass(frozen=True)
class Recipe:
    """How samples are drawn from a corpus."""

    name: str = "nano"
    holes: float = 0.70
    """Share of the text that is drawn as fill-in-the-middle."""
    stretches: float = 0.25
    """As whole files of a repository one behind the other, in the order of their dependencies."""
    plain: float = 0.05
    """As parts of single files, which fill what the others leave free of a row."""
    mix: Mix = _MIX
    layouts: tuple[tuple[Layout, float], ...] = _LAYOUTS
    snippets: float = 0.5
    """Share of the holes with text of other files before them, as served."""
    final_snippets: float = 0.9
    """The same in the final phase: most of it is in the repository form."""
    wide: float = 0.15
    """Share of the holes with windows and snippets for a user who has set them larger."""
    validation: float = 0.005
    """Share of the files that are not trained on and only show how the loss goes."""
    context_tokens: int = CONTEXT
    chars_per_hole: int = 3000
    """About the text of a window: so drawn, the holes of an epoch show a file's text once."""
    served: ContextOptions = field(default_factory=ContextOptions)
    wider: ContextOptions = field(
        default_factory=lambda: ContextOptions(
            prefix_tokens=1536, suffix_tokens=384, snippet_tokens=1024
        )
    )

    def samples(self, *, wide: bool, phase: str = MAIN) -> SampleOptions:
        """How holes of a phase are drawn and rendered. In the phase `VALIDATION` the middle alone
        counts, so that the loss is of what is served."""
        return SampleOptions(
            sample_tokens=self.context_tokens,
            row_tokens=self.context_tokens,
            context=self.wider if wide else self.served,
            answer_tokens=CompletionOptions.max_tokens,
            left_to_right=0.0,
            mix=self.mix,
            layouts=self.layouts if phase != VALIDATION else (),
            snippet_share=self.final_snippets if phase == FINAL else self.snippets,
            healing=True,
            loss=MIDDLE if phase == VALIDATION else ALL,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            **asdict(self),
            "mix": [list(each) for each in self.mix],
            "layouts": [[layout.value, share] for layout, share in self.layouts],
        }


NANO = Recipe()
CONTROL = Recipe(
    name="control",
    mix=RANDOM,
    layouts=((Layout.PSM, 1.0),),
    snippets=0.0,
    final_snippets=0.0,
    wide=0.0,
)
"""PSM alone and random character spans, as most published models were trained: a control that tells
what the anchored layout does to a model that never saw it (docs/benchmarks.md)."""
TOY = Recipe(
    name="toy",
    validation=0.35,
    context_tokens=512,
    chars_per_hole=400,
    served=ContextOptions(prefix_tokens=160, suffix_tokens=48, snippet_tokens=96),
    wider=ContextOptions(prefix_tokens=220, suffix_tokens=64, snippet_tokens=160),
)
"""For trying the whole path on a few files."""
RECIPES = {recipe.name: recipe for recipe in (NANO, CONTROL, TOY)}
