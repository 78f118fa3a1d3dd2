"""Which family a model file is taken for."""

from __future__ import annotations

import pytest

from beadline.engine.fim.detect import detect, kind, stop_tokens
from beadline.engine.fim.families import FAMILY_KEY, load
from beadline.engine.fim.render import Budget, render
from beadline.engine.protocol import FimRequest
from beadline.errors import ModelError
from tests.engine.fim.toy import ToyVocabulary

TABLE = load(None)
NAME, ARCHITECTURE = "general.name", "general.architecture"
MODELS = [
    # tokens of, architecture, name -> family
    ("starcoder", "starcoder", "StarCoderBase", "starcoder"),
    ("starcoder2", "starcoder2", "starcoder2-3b", "starcoder2"),
    ("starcoder2", "starcoder2", "", "starcoder2"),
    ("starcoder", "starcoder", "granite-20b-code-base", "granite-code"),
    ("starcoder", "llama", "granite-3b-code-base-2k", "granite-code"),
    ("granite-3", "granite", "granite-3.1-8b-base", "granite-3"),
    ("stable-code", "stablelm", "stable-code-3b", "stable-code"),
    ("codeqwen1.5", "qwen2", "CodeQwen1.5-7B", "codeqwen1.5"),
    ("refact", "refact", "Refact", "refact"),
    ("refact", "llama", "Refact-1_6B-fim", "refact"),
    ("mellum", "llama", "Mellum-4b-base", "mellum"),
    ("starcoder", "llama", "somebody's tune", "starcoder"),
    ("santacoder", "starcoder", "santacoder", "santacoder"),
    ("qwen2.5-coder", "qwen2", "Qwen2.5 Coder 7B", "qwen2.5-coder"),
    ("qwen2.5-coder", "llama", "a tune", "qwen2.5-coder"),
    ("qwen3-coder", "qwen3moe", "Qwen3 Coder 30B A3B Instruct", "qwen3-coder"),
    ("qwen3-coder", "qwen3moe", "Qwen3-30B-A3B", "qwen2.5-coder"),
    ("granite-4", "granitehybrid", "Granite 4.0 H Tiny", "granite-4"),
    ("granite-4", "granite", "Granite-4.0-350m", "granite-4"),
    ("codegemma", "gemma", "codegemma-2b", "codegemma"),
    ("deepseek-coder", "llama", "deepseek-coder-6.7b-base", "deepseek-coder"),
    ("deepseek-v2", "deepseek2", "DeepSeek-Coder-V2-Lite-Base", "deepseek-v2"),
    ("codellama", "llama", "CodeLlama-7b-hf", "codellama"),
    ("aixcoder", "llama", "aixcoder-7b-base", "aixcoder"),
    ("codestral", "llama", "Codestral-22B-v0.1", "codestral"),
    ("codestral", "llama", "Mistral-Nemo-Instruct-2407", "left-to-right"),
    ("seed-coder", "llama", "Seed-Coder-8B-Base", "seed-coder"),
    ("codegeex4", "chatglm", "codegeex4-all-9b", "codegeex4"),
    ("minicpm", "minicpm", "MiniCPM-2B", "minicpm"),
    ("minicpm", "llama", "Abacus", "minicpm"),
    ("left-to-right", "phi3", "Phi 3", "left-to-right"),
    ("beadline", "llama", "beadline-nano", "qwen2.5-coder"),
]


@pytest.mark.parametrize(("tokens", "architecture", "name", "family"), MODELS)
def test_a_model_is_recognised(tokens: str, architecture: str, name: str, family: str) -> None:
    metadata = {ARCHITECTURE: architecture, **({NAME: name} if name else {})}
    words = ToyVocabulary(TABLE.table[tokens], metadata=metadata)
    form = detect(words, TABLE)
    assert form.family.name == family
    assert form.origin == ("none" if family == "left-to-right" else "tokens")
    assert form.layout is form.family.default_layout


def test_every_family_is_recognised_by_something() -> None:
    told = {family for *_, family in MODELS} | {"beadline", "gguf-keys"}
    assert told == set(TABLE.table)


def test_the_file_name_helps_where_the_file_names_nothing() -> None:
    words = ToyVocabulary(TABLE.table["codestral"], metadata={ARCHITECTURE: "llama"})
    assert detect(words, TABLE, file_name="codestral-22b-q4").family.name == "codestral"
    assert detect(words, TABLE, file_name="mistral").family.name == "left-to-right"


def test_a_models_own_metadata_comes_first() -> None:
    family = TABLE.table["beadline"]
    words = ToyVocabulary(family, metadata={FAMILY_KEY: "beadline", ARCHITECTURE: "qwen2"})
    form = detect(words, TABLE)
    assert (form.family.name, form.origin, form.layout) == ("beadline", "metadata", "anchored")


def test_keys_of_the_file_are_enough() -> None:
    metadata = {
        "tokenizer.ggml.fim_pre_token_id": "97",
        "tokenizer.ggml.suffix_token_id": "98",
        "tokenizer.ggml.fim_mid_token_id": "99",
        "tokenizer.ggml.fim_sep_token_id": "nonsense",
    }
    words = ToyVocabulary(TABLE.table["left-to-right"], metadata=metadata)
    form = detect(words, TABLE)
    assert (form.family.name, form.origin) == ("gguf-keys", "keys")
    prompt = render(FimRequest("P", "S"), form, words, Budget(500, 100, 100))
    assert bytes(prompt.tokens) == b"aPbSc"
    assert stop_tokens(form.family, words) == {97, 98, 99}
    metadata["tokenizer.ggml.fim_pre_token_id"] = "99999"
    beyond = ToyVocabulary(TABLE.table["left-to-right"], metadata=metadata)
    assert detect(beyond, TABLE).family.name == "left-to-right"


def test_the_users_choice_of_family_and_layout() -> None:
    words = ToyVocabulary(TABLE.table["starcoder"], metadata={NAME: "StarCoder"})
    form = detect(words, TABLE, family="starcoder", layout="psm")
    assert (form.origin, form.layout) == ("user", "psm")
    with pytest.raises(ModelError, match=r"no family 'star'.*starcoder2"):
        detect(words, TABLE, family="star")
    with pytest.raises(ModelError, match=r"no layout 'anchored'.*spm, psm"):
        detect(words, TABLE, layout="anchored")
    with pytest.raises(ModelError, match=r"no tokens .*fim_prefix\|>.* qwen2\.5-coder needs"):
        detect(words, TABLE, family="qwen2.5-coder")


def test_left_to_right_can_be_chosen_for_any_model() -> None:
    words = ToyVocabulary(TABLE.table["starcoder"])
    prompt = render(
        FimRequest("P", "S"), detect(words, TABLE, family="left-to-right"), words,
        Budget(500, 100, 100),
    )  # fmt: skip
    assert bytes(prompt.tokens) == b"P"


@pytest.mark.parametrize(
    ("metadata", "file_name", "expected"),
    [
        ({NAME: "Qwen2.5 Coder 7B Instruct", "tokenizer.chat_template": "x"}, "", "instruct"),
        ({NAME: "codegemma-7b-it", "tokenizer.chat_template": "x"}, "", "instruct"),
        ({NAME: "Mellum-4b-base", "tokenizer.chat_template": "x"}, "", "base"),
        ({NAME: "Qwen2.5 Coder 7B", "tokenizer.chat_template": "x"}, "", "unknown"),
        ({NAME: "Qwen2.5 Coder", "general.finetune": "Instruct"}, "", "instruct"),
        ({NAME: "starcoder2-3b"}, "", "base"),
        ({}, "deepseek-coder-6.7b-instruct.Q4", "instruct"),
    ],
)
def test_base_or_instruct(metadata: dict[str, str], file_name: str, expected: str) -> None:
    assert kind(metadata, file_name) == expected
