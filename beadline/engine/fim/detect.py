"""Which family a model belongs to, and the token ids of its prompt form. Knows no text to complete.

The rules are data (`families.toml`, keys `tokens` and `detect`); this is how they are weighed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from beadline.engine.fim.families import AUTO, FALLBACK, FAMILY_KEY, Families
from beadline.engine.fim.family import Family
from beadline.engine.fim.vocabulary import Vocabulary
from beadline.engine.protocol import Layout
from beadline.errors import ModelError

_NAME_KEYS = ("general.name", "general.basename", "general.base_model.0.name")
_INSTRUCT = re.compile(r"instruct|chat|\bit\b|assistant|thinking", re.IGNORECASE)
_BASE = re.compile(r"\bbase\b", re.IGNORECASE)


@dataclass(frozen=True)
class Measured:
    """What a measurement of the model said: a layout, for the family it was measured with."""

    family: str
    layout: str


@dataclass(frozen=True)
class Detected:
    """A family as one model has it."""

    family: Family
    origin: str
    """What told: `metadata`, `keys`, `tokens`, `user` or `none`."""
    layout: Layout
    """The layout in use."""
    layout_from: str
    """What told: `user`, `verdict` (a measurement of this model) or `family`."""
    ids: Mapping[str, int]
    """Token ids by their names in the templates; optional tokens may be missing."""


def detect(
    vocabulary: Vocabulary,
    families: Families,
    *,
    family: str = AUTO,
    layout: str = AUTO,
    verdict: Measured | None = None,
    file_name: str = "",
) -> Detected:
    """The family of a model: the one asked for, or what metadata, keys and tokens say.

    Its layout is the one asked for, else the `verdict` of a measurement with the same family, else
    the family's default.

    Raises `ModelError` when the family or layout asked for is unknown, or the model lacks its
    tokens. A model without FIM tokens is left-to-right.
    """
    chosen, origin = _choose(vocabulary, families, family, file_name)
    ids = token_ids(chosen, vocabulary)
    missing = chosen.needed - ids.keys()
    if missing:
        texts = ", ".join(chosen.tokens[name][0] for name in sorted(missing))
        raise ModelError(
            f"The model has no tokens {texts}, which the family {chosen.name} needs.",
            hint="Set engine.family to auto, or to the family the model was trained as.",
        )
    return Detected(chosen, origin, *_layout(chosen, layout, verdict), ids)


def token_ids(family: Family, vocabulary: Vocabulary) -> dict[str, int]:
    """Ids of the family's tokens, as far as the model has them."""
    found: dict[str, int] = {}
    for name, texts in family.tokens.items():
        for text in texts:
            token = _id(text, vocabulary)
            if token is not None:
                found[name] = token
                break
    return found


def stop_tokens(family: Family, vocabulary: Vocabulary) -> frozenset[int]:
    """Ids that end the middle: the model file's own, the family's, and those of its prompt."""
    ids = token_ids(family, vocabulary)
    known = (vocabulary.special(piece) for piece in family.stops)
    return vocabulary.eog | {*ids.values(), *(token for token in known if token is not None)}


def kind(metadata: Mapping[str, str], file_name: str = "") -> str:
    """`base`, `instruct` or `unknown`: by the model's names, else by having no chat template."""
    names = " ".join(_names(metadata, file_name)) + " " + metadata.get("general.finetune", "")
    if _INSTRUCT.search(names):
        return "instruct"
    if _BASE.search(names) or "tokenizer.chat_template" not in metadata:
        return "base"
    return "unknown"


def _choose(
    vocabulary: Vocabulary, families: Families, wanted: str, file_name: str
) -> tuple[Family, str]:
    if wanted != AUTO:
        return families.get(wanted), "user"
    metadata = vocabulary.metadata
    named = families.table.get(metadata.get(FAMILY_KEY, ""))
    if named is not None and named.needed <= token_ids(named, vocabulary).keys():
        return named, "metadata"
    names = list(_names(metadata, file_name))
    architecture = metadata.get("general.architecture", "")
    best, highest = families.table[FALLBACK], -1
    for family in families.table.values():
        score = _score(family, vocabulary, names, architecture)
        if score > highest:
            best, highest = family, score
    if best.name == FALLBACK:
        return best, "none"
    keyed = any(text.startswith("@") for name in best.needed for text in best.tokens[name])
    return best, "keys" if keyed else "tokens"


def _score(family: Family, vocabulary: Vocabulary, names: Iterable[str], architecture: str) -> int:
    """How well a family fits; -1 where it does not. The architecture tells more than a name."""
    rule = family.detect
    by_architecture = architecture in rule.architectures
    by_name = any(re.search(pattern, name, re.I) for pattern in rule.names for name in names)
    satisfied = {
        "tokens": bool(family.needed or rule.tokens),
        "name": by_name,
        "architecture": by_architecture,
        "either": by_architecture or by_name,
    }.get(rule.need, False)
    if not satisfied or any(vocabulary.special(text) is None for text in rule.tokens):
        return -1
    if not family.needed <= token_ids(family, vocabulary).keys():
        return -1
    return 4 * by_architecture + 2 * by_name + bool(rule.tokens)


def _names(metadata: Mapping[str, str], file_name: str) -> Iterable[str]:
    """The model's names; the file's only where it does not say, since people rename files."""
    named = [metadata[key] for key in _NAME_KEYS if key in metadata]
    for name in named or [file_name]:
        yield name.replace("_", "-").replace(" ", "-")


def _layout(family: Family, wanted: str, verdict: Measured | None) -> tuple[Layout, str]:
    """The layout in use, and what told."""
    named = {layout.value: layout for layout in family.layouts}
    if wanted in named:
        return named[wanted], "user"
    if wanted == AUTO:
        if verdict is not None and verdict.family == family.name and verdict.layout in named:
            return named[verdict.layout], "verdict"
        return family.default_layout, "family"
    raise ModelError(
        f"The family {family.name} has no layout {wanted!r}: engine.layout is auto or one of "
        f"{', '.join(family.layouts)}.",
    )


def _id(text: str, vocabulary: Vocabulary) -> int | None:
    """The id of a token by its text, or by the metadata key after `@`."""
    if not text.startswith("@"):
        return vocabulary.special(text)
    value = vocabulary.metadata.get(text[1:], "")
    return int(value) if value.isdigit() and int(value) < vocabulary.size else None
