"""Prompts on real vocabularies, id by id, written down from the families' documentation.

The ids of the text pieces are llama.cpp's own for the pieces given beside them; the order, the
special tokens, BOS and blanks are the documented ones. Nothing here was printed by our renderer.
"""

from __future__ import annotations

import pytest

from beadline.engine.fim.detect import detect, stop_tokens
from beadline.engine.fim.families import load
from beadline.engine.fim.render import Budget, render
from beadline.engine.protocol import ExtraFile, FimRequest
from tests.engine.fim.vocabularies import NAMES, real

PREFIX, SUFFIX = "x = add(", ")\ny\n"
REQUEST = FimRequest(PREFIX, SUFFIX, path="a.py", repo="r")
BUDGET = Budget(context=4096, prefix=2000, suffix=1000)

STARCODER2_P, STARCODER2_S = [125, 299, 1035, 45], [46, 222, 126, 222]  # x| =| add|(   )|\n|y|\n
REFACT_P, REFACT_S = [106, 280, 1015, 26], [27, 203, 107, 203]
DEEPSEEK_P, DEEPSEEK_S = [87, 405, 957, 7], [8, 185, 88, 185]
QWEN_P, QWEN_S = [87, 284, 912, 7], [340, 88, 198]  # )\n|y|\n
# With SentencePiece's dummy blank in P ("▁x") and without one in S.
LLAMA_P, LLAMA_S = [921, 353, 788, 29898], [29897, 13, 29891, 13]
MISTRAL_P, MISTRAL_S = [2086, 1095, 1735, 29500], [29499, 781, 29492, 781]
# "▁# the code file is written by Python\nx = add("; the path line before it takes the blank.
AIX_LANGUAGE = [396, 278, 775, 934, 338, 3971, 491, 5132, 13]
AIX_PATH = [396, 278, 934, 2224, 338, 29901, 263, 29889, 2272, 13, 29937, *AIX_LANGUAGE[1:]]
AIX_P = [29916, 353, 788, 29898]

GOLDEN = [
    # vocabulary, family, layout, ids
    ("starcoder2", "starcoder2", "psm", [1, *STARCODER2_P, 3, *STARCODER2_S, 2]),
    ("starcoder2", "starcoder2", "spm", [1, 3, *STARCODER2_S, 2, *STARCODER2_P]),
    ("refact", "refact", "suffix_first", [0, 3, *REFACT_S, 1, *REFACT_P, 2]),
    ("refact", "starcoder", "psm", [1, *REFACT_P, 3, *REFACT_S, 2]),
    ("refact", "starcoder", "spm", [1, 3, *REFACT_S, 2, *REFACT_P]),
    ("refact", "granite-code", "psm", [1, *REFACT_P, 3, *REFACT_S, 2]),
    ("refact", "stable-code", "psm", [1, *REFACT_P, 3, *REFACT_S, 2]),
    ("refact", "mellum", "suffix_first", [3, *REFACT_S, 1, *REFACT_P, 2]),
    ("refact", "granite-3", "left_to_right", REFACT_P),
    (
        "deepseek-coder", "deepseek-coder", "psm",
        [32013, 32016, *DEEPSEEK_P, 32015, *DEEPSEEK_S, 32017],
    ),
    (
        "deepseek-coder", "deepseek-coder", "spm",
        [32013, 32016, 32015, *DEEPSEEK_S, 32017, *DEEPSEEK_P],
    ),
    ("qwen2.5-coder", "qwen2.5-coder", "psm", [151659, *QWEN_P, 151661, *QWEN_S, 151660]),
    (
        "qwen2.5-coder", "qwen3-coder", "psm",
        # <|im_start|>system\nYou are a code completion assistant.<|im_end|>\n<|im_start|>user\n...
        [151644, 8948, 198, 2610, 525, 264, 2038, 9755, 17847, 13, 151645, 198, 151644, 872, 198,
         151659, *QWEN_P, 151661, *QWEN_S, 151660, 151645, 198, 151644, 77091, 198],
    ),
    ("codellama", "codellama", "psm", [1, 32007, *LLAMA_P, 32008, *LLAMA_S, 32009]),
    ("codellama", "codellama", "spm", [1, 32007, 32008, *LLAMA_S, 32009, *LLAMA_P]),
    ("aixcoder", "aixcoder", "spm", [1, 32000, 32001, *LLAMA_S, 32002, *AIX_PATH, *AIX_P]),
    ("aixcoder", "aixcoder", "psm", [1, 32000, *AIX_LANGUAGE, *AIX_P, 32001, *LLAMA_S, 32002]),
    ("codestral", "codestral", "suffix_first", [1, 13, *MISTRAL_S, 11, *MISTRAL_P]),
    ("llama-spm", "left-to-right", "left_to_right", [1, *LLAMA_P]),
    ("llama-spm", "minicpm", "left_to_right", [1, *LLAMA_P]),
    ("gpt-2", "left-to-right", "left_to_right", [87, 796, 751, 7]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "family", "layout", "ids"), GOLDEN)
def test_the_documented_prompt(name: str, family: str, layout: str, ids: list[int]) -> None:
    form = detect(real(name), load(None), family=family, layout=layout)
    prompt = render(REQUEST, form, real(name), BUDGET)
    assert (list(prompt.tokens), prompt.layout, prompt.family) == (ids, layout, family)


def test_aixcoder_without_a_suffix_has_no_fim_tokens() -> None:
    form = detect(real("aixcoder"), load(None))
    prompt = render(FimRequest(PREFIX, "", path="a.py"), form, real("aixcoder"), BUDGET)
    assert list(prompt.tokens) == [1, *AIX_PATH, *AIX_P]
    assert prompt.layout == "left_to_right"


def test_aixcoder_has_no_header_for_a_language_it_does_not_know() -> None:
    form = detect(real("aixcoder"), load(None))
    prompt = render(FimRequest(PREFIX, SUFFIX, path="a.zzz"), form, real("aixcoder"), BUDGET)
    assert list(prompt.tokens) == [1, 32000, 32001, *LLAMA_S, 32002, *LLAMA_P]


REPOSITORY = FimRequest(
    PREFIX, SUFFIX, path="src/a.py", repo="r", extra=(ExtraFile("b.py", "z = 1"),)
)
FORMS = [
    (
        "starcoder2", "starcoder2", "psm",
        "<repo_name>r<file_sep>b.py\nz = 1\n<file_sep><fim_prefix>src/a.py\nx = add("
        "<fim_suffix>)\ny\n<fim_middle>",
    ),
    (
        "qwen2.5-coder", "qwen2.5-coder", "psm",
        "<|repo_name|>r\n<|file_sep|>b.py\nz = 1\n<|file_sep|>src/a.py\n"
        "<|fim_prefix|>x = add(<|fim_suffix|>)\ny\n<|fim_middle|>",
    ),
    (
        "deepseek-coder", "deepseek-coder", "psm",
        "<｜begin▁of▁sentence｜><｜fim▁begin｜>#b.py\nz = 1\n#src/a.py\nx = add("
        "<｜fim▁hole｜>)\ny\n<｜fim▁end｜>",
    ),
    (
        "refact", "mellum", "suffix_first",
        "<filename>b.py\nz = 1\n<filename>src/a.py\n"
        "<fim_suffix>)\ny\n<fim_prefix>x = add(<fim_middle>",
    ),
    (
        "refact", "starcoder", "psm",
        "<fim_prefix># Path: b.py\n# z = 1\nx = add(<fim_suffix>)\ny\n<fim_middle>",
    ),
    (
        "codestral", "codestral", "suffix_first",
        "<s>[SUFFIX])\ny\n[PREFIX] +++++ b.py \nz = 1\n\n+++++ src/a.py\nx = add(",
    ),
    (
        "codellama", "codellama", "psm",
        "<s>▁<PRE> # Path: b.py\n# z = 1\nx = add(▁<SUF>)\ny\n▁<MID>",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "family", "layout", "text"), FORMS)
def test_the_repository_form(name: str, family: str, layout: str, text: str) -> None:
    form = detect(real(name), load(None), family=family, layout=layout)
    prompt = render(REPOSITORY, form, real(name), BUDGET)
    assert prompt.text == text


DETECTED = {
    "starcoder2": ("starcoder2", "spm", {0, 1, 2, 3, 4, 5, 6}),
    "refact": ("refact", "suffix_first", {0, 1, 2, 3, 4, 5, 18}),
    "deepseek-coder": ("deepseek-coder", "psm", {32013, 32014, 32015, 32016, 32017, 32021}),
    "qwen2.5-coder": (
        "qwen2.5-coder", "anchored", {128247, 151643, 151644, 151645, *range(151659, 151665)}
    ),
    "codellama": ("codellama", "spm", {1, 2, 32007, 32008, 32009, 32010}),
    "aixcoder": ("aixcoder", "spm", {1, 2, 32000, 32001, 32002, 32003}),
    "codestral": ("codestral", "suffix_first", {1, 2, 11, 12, 13}),
    "llama-spm": ("left-to-right", "left_to_right", {2}),
    "gpt-2": ("left-to-right", "left_to_right", {50256}),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_real_vocabulary_is_recognised(name: str) -> None:
    form = detect(real(name), load(None))
    family, layout, stops = DETECTED[name]
    assert (form.family.name, form.layout) == (family, layout)
    assert form.origin == ("none" if family == "left-to-right" else "tokens")
    assert stop_tokens(form.family, real(name)) == stops


def test_the_vocabularies_are_what_they_are_taken_for() -> None:
    qwen, llama = real("qwen2.5-coder"), real("codellama")
    assert (qwen.size, qwen.special("<|fim_middle|>")) == (151936, 151660)
    assert (llama.size, llama.special("▁<SUF>")) == (32016, 32008)
    assert not real("aixcoder").add_bos
    assert real("starcoder2").metadata["general.architecture"] == "starcoder2"
