"""The prompt forms of the model families, as a data table. Knows no text and no token ids.

Sources: the READMEs and examples of Qwen2.5-Coder, bigcode/starcoder, deepseek-coder; the built-in
model uses Qwen2.5-Coder's form, so that any llama.cpp server detects its tokens by their text.
"""

from __future__ import annotations

from dataclasses import dataclass

from beadline.engine.fim.vocabulary import Vocabulary
from beadline.engine.protocol import Layout
from beadline.errors import ModelError

FAMILY_KEY = "beadline.family"
"""GGUF metadata key by which our own models name their family."""


@dataclass(frozen=True)
class Family:
    """How one family of models wants a hole described."""

    name: str
    prefix: str
    suffix: str
    middle: str
    """Texts of the FIM tokens."""
    default_layout: Layout
    layouts: frozenset[Layout]
    """Layouts the model was trained on."""
    stops: tuple[str, ...]
    """Texts of further tokens that end the middle, besides the model file's own."""
    repo_token: str = ""
    file_token: str = ""
    """Tokens of the repository form; empty: files are set apart by comment lines."""
    always_headed: bool = False
    """Repository form even without files beside the current one."""


BEADLINE = Family(
    name="beadline",
    prefix="<|fim_prefix|>",
    suffix="<|fim_suffix|>",
    middle="<|fim_middle|>",
    default_layout=Layout.ANCHORED,
    layouts=frozenset(Layout),
    stops=("<|endoftext|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"),
    repo_token="<|repo_name|>",
    file_token="<|file_sep|>",
    always_headed=True,
)
QWEN = Family(
    name="qwen2.5-coder",
    prefix="<|fim_prefix|>",
    suffix="<|fim_suffix|>",
    middle="<|fim_middle|>",
    default_layout=Layout.PSM,
    layouts=frozenset({Layout.PSM}),
    stops=("<|endoftext|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|im_end|>"),
    repo_token="<|repo_name|>",
    file_token="<|file_sep|>",
)
STARCODER = Family(
    name="starcoder",
    prefix="<fim_prefix>",
    suffix="<fim_suffix>",
    middle="<fim_middle>",
    # Trained on both orders; the suffix first keeps the KV cache warm while typing.
    default_layout=Layout.SPM,
    layouts=frozenset({Layout.PSM, Layout.SPM}),
    stops=("<|endoftext|>", "<fim_pad>", "<file_sep>", "<filename>", "<reponame>"),
)
DEEPSEEK = Family(
    name="deepseek-coder",
    prefix="<｜fim▁begin｜>",  # noqa: RUF001  (the tokens' own fullwidth bars)
    suffix="<｜fim▁hole｜>",  # noqa: RUF001
    middle="<｜fim▁end｜>",  # noqa: RUF001
    default_layout=Layout.PSM,
    layouts=frozenset({Layout.PSM}),
    stops=("<｜end▁of▁sentence｜>", "<|EOT|>"),  # noqa: RUF001
)
FAMILIES: tuple[Family, ...] = (BEADLINE, QWEN, STARCODER, DEEPSEEK)


def detect(vocabulary: Vocabulary) -> Family:
    """The family of a model: by its own metadata, else by the texts of its added tokens.

    Raises `ModelError` when the vocabulary has no FIM tokens that we know.
    """
    named = vocabulary.metadata.get(FAMILY_KEY)
    for family in FAMILIES:
        if named is not None and named != family.name:
            continue
        if named is None and family is BEADLINE:
            continue
        pieces = (family.prefix, family.suffix, family.middle)
        if all(vocabulary.special(piece) is not None for piece in pieces):
            return family
    raise ModelError(
        "This model has no fill-in-the-middle tokens that beadline knows.",
        hint="Use a base model trained for FIM (Qwen2.5-Coder, StarCoder, DeepSeek-Coder) "
        "or the built-in one; instruct models often lost theirs.",
    )


def stop_tokens(family: Family, vocabulary: Vocabulary) -> frozenset[int]:
    """Ids that end the middle: the model file's own, the family's, and the FIM tokens."""
    pieces = (family.prefix, family.suffix, family.middle, *family.stops)
    known = (vocabulary.special(piece) for piece in pieces)
    return vocabulary.eog | frozenset(token for token in known if token is not None)
