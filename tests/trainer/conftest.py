"""Toy tokenizers and texts for the trainer's tests."""

from __future__ import annotations

import ast
import inspect
import textwrap

import pytest

MODULES = (ast, inspect, textwrap)


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Real Python files: three modules of the standard library."""
    return [inspect.getsource(module) for module in MODULES]


@pytest.fixture(scope="session")
def tokenizer(texts: list[str]):
    from beadline.trainer.tokenizer import train_tokenizer

    return train_tokenizer(texts, 1024)
