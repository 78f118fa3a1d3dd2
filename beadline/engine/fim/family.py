"""What a family of models is: plain data about its prompts. Knows no files and no token ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from beadline.engine.fim import template
from beadline.engine.fim.template import Template
from beadline.engine.protocol import Layout


@dataclass(frozen=True)
class Repository:
    """How other files stand in the prompt (reference: repo-level forms)."""

    open: Template = ()
    """Once, first, where the repository has a name."""
    file: Template = ()
    """Each file beside the current one."""
    commented: Template = ()
    """The same, every line commented out; used where `file` is empty."""
    current: Template = ()
    """Before the hole: the current file's name."""
    lead: Template = ()
    """At the start of the prefix text."""
    inline: bool = False
    """`file` and `current` open the prefix text, instead of standing before the hole."""
    always: bool = False
    """Also without files beside the current one."""


@dataclass(frozen=True)
class Detection:
    """By what a model file is recognised, besides the tokens its templates need."""

    architectures: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Regular expressions, searched in the model's names without regard to case; blanks and `_` in
    a name read as `-`."""
    tokens: tuple[str, ...] = ()
    """Texts of further tokens that must be there."""
    need: str = "tokens"
    """What must match: `tokens` (they suffice), `name`, `architecture`, `either` of the two,
    `metadata` (only `beadline.family` names it) or `nothing`."""


@dataclass(frozen=True)
class Family:
    """How one family of models wants a hole described."""

    name: str
    layouts: tuple[Layout, ...]
    """Layouts it can be asked in, the default first: those it was trained on, and `anchored` where
    that only divides the prefix of one of them in another place."""
    templates: Mapping[Layout, Template]
    tokens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name in the templates -> texts of the token, or `@key` of the metadata that holds its id."""
    bos: str = "model"
    """`always`, `never`, or `model`: as the model file says."""
    opening: bool = False
    """The prefix is encoded as a text of its own, with SentencePiece's dummy blank."""
    empty_suffix: Layout | None = None
    """Layout where nothing follows the cursor."""
    headers: Mapping[Layout, Template] = field(default_factory=dict)
    """Comment lines before the prefix, where the language is known."""
    repository: Repository = field(default_factory=Repository)
    stops: tuple[str, ...] = ()
    """Texts of further tokens that end the middle, besides the model file's own."""
    text_stops: tuple[str, ...] = ()
    """Texts that end the middle."""
    last_lines: tuple[str, ...] = ()
    """Texts that are no part of the middle where they are its whole last line."""
    drop: tuple[tuple[str, str], ...] = ()
    """Opening and closing marks of what may stand before the middle and is no part of it."""
    repeats_line: bool = False
    """The model repeats the text of the line before the cursor."""
    detect: Detection = field(default_factory=Detection)
    source: str = ""
    """Where the form is documented."""
    origin: str = ""
    """The user's file it comes from; empty for a built-in family."""

    @property
    def default_layout(self) -> Layout:
        return self.layouts[0]

    @property
    def needed(self) -> frozenset[str]:
        """Names of the tokens without which a prompt cannot be rendered."""
        return frozenset().union(*(template.tokens(self.templates[name]) for name in self.layouts))

    @property
    def token_texts(self) -> Iterator[str]:
        """Texts of all tokens it knows."""
        for texts in self.tokens.values():
            yield from (text for text in texts if not text.startswith("@"))
        yield from self.stops
        yield from self.detect.tokens
