"""Every family in every layout on every vocabulary it can be rendered with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from beadline.engine.fim import template
from beadline.engine.fim.detect import Detected, detect
from beadline.engine.fim.families import load
from beadline.engine.fim.render import Budget, render
from beadline.engine.fim.template import Slot, Token
from beadline.engine.llama.vocabulary import LlamaVocabulary
from beadline.engine.protocol import FimRequest, Layout, RenderedPrompt
from tests.engine.fim.toy import ToyVocabulary
from tests.engine.fim.vocabularies import real

REAL = {
    "starcoder2": ("starcoder2",),
    "refact": ("refact", "starcoder", "granite-code", "granite-3", "stable-code", "mellum"),
    "deepseek-coder": ("deepseek-coder", "deepseek-v2"),
    "qwen2.5-coder": ("qwen2.5-coder", "qwen3-coder", "beadline"),
    "codellama": ("codellama",),
    "aixcoder": ("aixcoder",),
    "codestral": ("codestral",),
    "llama-spm": ("left-to-right", "minicpm"),
    "gpt-2": ("left-to-right",),
}
"""Real vocabularies, and the families whose tokens they have."""
TOY, DUMMY = "bytes", "bytes with a dummy blank"


@dataclass(frozen=True)
class Form:
    """One combination, by its names."""

    family: str
    layout: Layout
    vocabulary: str

    def __str__(self) -> str:
        return f"{self.family}-{self.layout}-{self.vocabulary}"

    @property
    def real(self) -> bool:
        return self.vocabulary not in (TOY, DUMMY)

    @property
    def words(self) -> ToyVocabulary | LlamaVocabulary:
        return _words(self.family, self.vocabulary)

    @property
    def detected(self) -> Detected:
        return _detected(self)

    @property
    def dummy(self) -> bool:
        """Whether the prefix begins with SentencePiece's blank."""
        sentencepiece = self.vocabulary in (DUMMY, "codellama", "aixcoder", "codestral",
                                            "llama-spm")  # fmt: skip
        return sentencepiece and self.detected.family.opening

    def special(self, token: int) -> bool:
        return token in _special(self.family, self.vocabulary)

    def render(self, request: FimRequest, *, context: int = 1 << 20) -> RenderedPrompt:
        return render(request, self.detected, self.words, Budget(context, context, context))

    def spelled(self, prefix: str, suffix: str, anchor: int) -> str:
        """The prompt as text, written out from the template without path, names and files."""
        detected, family = self.detected, self.detected.family
        layout = self.layout
        if not suffix and family.empty_suffix is not None:
            layout = family.empty_suffix
        form = family.templates[layout]
        slots = template.slots(form)
        cut = len(prefix) if "tail" not in slots else 0 if "head" not in slots else anchor
        parts = {"head": prefix[:cut], "tail": prefix[cut:], "suffix": suffix}
        first = next((name for name in ("head", "tail") if name in slots), "")
        if self.dummy and parts[first]:
            parts[first] = " " + parts[first]
        spell = self.words.spell
        parts["bos"] = "".join(spell(token).decode() for token in self.expected_bos())
        text = ""
        for part in form:
            if isinstance(part, Slot):
                text += parts.get(part.name, "")
            else:
                token = isinstance(part, Token)
                text += spell(detected.ids[part.name]).decode() if token else str(part)
        return text

    def expected_bos(self) -> list[int]:
        """By the family's rule and what the vocabulary says."""
        rule = self.detected.family.bos
        if rule == "never" or (rule == "model" and not self.words.add_bos):
            return []
        bos = self.detected.ids.get("BOS", self.words.bos)
        return [] if bos is None else [bos]


def forms() -> Iterator[Form]:
    """All of them, without opening a vocabulary."""
    for family in load(None).table.values():
        if family.name == "gguf-keys":
            continue  # has no texts of its own: tests/engine/fim/test_detect.py
        known = [name for name, families in REAL.items() if family.name in families]
        for layout in family.layouts:
            for vocabulary in (TOY, DUMMY, *known):
                yield Form(family.name, layout, vocabulary)


@cache
def _words(family: str, vocabulary: str) -> ToyVocabulary | LlamaVocabulary:
    if vocabulary in (TOY, DUMMY):
        return ToyVocabulary(load(None).table[family], dummy=vocabulary == DUMMY)
    return real(vocabulary)


@cache
def _special(family: str, vocabulary: str) -> frozenset[int]:
    words = _words(family, vocabulary)
    if isinstance(words, ToyVocabulary):
        return frozenset(range(256, words.size))
    return frozenset(range(words.size)) - frozenset(words.text_tokens)


@cache
def _detected(form: Form) -> Detected:
    return detect(form.words, load(None), family=form.family, layout=form.layout)
