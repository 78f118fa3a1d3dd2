"""The machine that trains has torch and a tokenizer, and little else of what this project needs."""

from __future__ import annotations

import subprocess
import sys

MISSING = (
    "tree_sitter", "tree_sitter_python", "rank_bm25", "rapidfuzz", "watchfiles", "pygls",
    "lsprotocol", "llama_cpp", "gguf", "datasketch", "jedi",
)  # fmt: skip
MODULES = ("__main__", "steps", "parts", "encode", "shapes", "training", "transfer", "recipe")


def test_rendering_and_training_import_no_grammar_no_index_and_no_engine():
    code = (
        "import importlib, sys\n"
        f"for name in {MISSING!r}:\n    sys.modules[name] = None\n"
        f"for name in {MODULES!r}:\n"
        "    importlib.import_module(f'beadline.trainer.nano.{name}')\n"
        "print(*[name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
