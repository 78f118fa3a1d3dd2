"""Which drafters a worker asks, from its options. Knows no generation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from beadline.engine import models
from beadline.engine.gguf import read_header
from beadline.engine.llama import draft_model, probe
from beadline.engine.llama.cache_drafts import CacheDrafts
from beadline.engine.llama.drafts import Drafter, PromptLookup
from beadline.engine.llama.native import Context, Model
from beadline.errors import BeadlineError


@dataclass(frozen=True)
class Drafters:
    """In order of preference, and what the user is told of them."""

    drafters: tuple[Drafter, ...]
    told: str
    """Value of `ModelInfo.details["drafts"]`."""
    missing: str = ""
    """Why the draft model asked for is not used; one clause."""
    cache: CacheDrafts | None = None
    """The one among them that looks into the cache of a generation, if it is told."""

    def details(self) -> dict[str, str]:
        """What `ModelInfo.details` says of them."""
        found = {"drafts": self.told}
        return {**found, "draft_model_missing": self.missing} if self.missing else found


def open_drafters(
    context: Context,
    *,
    wanted: bool,
    draft_path: str,
    not_text: Collection[int],
    threads: int,
    gpu_layers: int,
    probed: bool,
) -> Drafters:
    """The drafters for the model of `context`.

    A draft model that cannot be loaded is told and done without; one that reads other tokens is a
    mistake of the settings, and a `ModelError`. `probed`: decode once, see `probe`.
    """
    model = context.model
    if not wanted:
        return Drafters((), "off")
    if not model.partial_removal:
        return Drafters((), "off: this kind of model cannot take back a wrong guess")
    lookup = CacheDrafts(PromptLookup(model.vocabulary_size, not_text))
    if not draft_path:
        return Drafters((lookup,), "from the prompt", cache=lookup)
    path = Path(draft_path)
    try:
        path = models.resolve(draft_path)
        # A damaged file must never reach native code.
        read_header(path)
        draft = Model(
            model.library, path, gpu_layers=gpu_layers, use_extra_bufts=model.use_extra_bufts
        )
    except BeadlineError as exc:
        return _without(lookup, path, exc)
    draft_model.check_vocabulary(model, draft)
    try:
        own = draft_model.open_context(
            draft,
            context_tokens=context.context_tokens,
            batch_tokens=context.batch_tokens,
            threads=threads,
        )
    except BeadlineError as exc:
        draft.close()
        return _without(lookup, path, exc)
    if probed:
        probe.decode_probe(own)
    padding = range(model.vocabulary_size, draft.vocabulary_size)
    guessing = draft_model.DraftModel(own, {*not_text, *padding})
    return Drafters((lookup, guessing), f"from the prompt, then by {path.name}", cache=lookup)


def _without(lookup: CacheDrafts, path: Path, error: BeadlineError) -> Drafters:
    missing = f"the draft model {path.name} is not used: {error.message}"
    return Drafters((lookup,), "from the prompt", missing.rstrip("."), lookup)
