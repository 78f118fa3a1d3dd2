"""Which files use which, in several languages."""

from __future__ import annotations

import pytest

from beadline.context.languages import language_of
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.order.dependencies import dependencies

PYTHON = {
    "app/__init__.py": "from .core import Engine\n",
    "app/core.py": "from app import util\n\n\nclass Engine:\n    size = util.measure(1)\n",
    "app/util.py": "def measure(a):\n    return a\n",
    "main.py": "from app import Engine\nimport os\n\nprint(Engine(), Engine(), os.name)\n",
    "alone.py": "x = 1\n",
}
TYPESCRIPT = {
    "src/a.ts": "import { b } from './lib/b';\nimport fs from 'fs';\n\nb(fs);\n",
    "src/lib/b.ts": "export function b(x: unknown) {\n  return x;\n}\n",
}
GO = {
    "main.go": (
        'package main\n\nimport "example.org/m/store"\n\nfunc main() {\n\tstore.Open(helper())\n}\n'
    ),
    "help.go": "package main\n\nfunc helper() int {\n\treturn 1\n}\n",
    "store/open.go": "package store\n\nfunc Open(n int) {}\n",
    "other/open.go": "package other\n\nfunc Open(n int) {}\n",
}
JAVA = {
    "src/a/Main.java": (
        "package a;\n\nimport b.Tool;\n\nclass Main {\n  Tool tool = new Tool();\n}\n"
    ),
    "src/b/Tool.java": "package b;\n\npublic class Tool {\n}\n",
    "src/c/Tool.java": "package c;\n\npublic class Tool {\n}\n",
}


def found(texts: dict[str, str]) -> dict[str, set[str]]:
    files = [CorpusFile.of(path, language_of(path), text) for path, text in texts.items()]
    uses = dependencies(files)
    assert uses.keys() == texts.keys()
    return {path: set(used) for path, used in uses.items()}


def test_python_by_imports_to_where_a_name_is_defined():
    uses = found(PYTHON)
    assert uses["main.py"] == {"app/core.py"}
    assert uses["app/core.py"] == {"app/util.py"}
    assert uses["app/__init__.py"] == {"app/core.py"}
    assert uses["alone.py"] == uses["app/util.py"] == set()


@pytest.mark.parametrize(
    ("texts", "path", "used"),
    [
        (TYPESCRIPT, "src/a.ts", {"src/lib/b.ts"}),
        (GO, "main.go", {"store/open.go", "help.go"}),
        (GO, "help.go", set()),
        (JAVA, "src/a/Main.java", {"src/b/Tool.java"}),
    ],
)
def test_other_languages(texts: dict[str, str], path: str, used: set[str]):
    assert found(texts)[path] == used


def test_more_uses_weigh_more_up_to_a_limit():
    texts = {
        "a.py": "def often(): ...\n",
        "b.py": "def once(): ...\n",
        "c.py": "from a import often\nfrom b import once\n\n" + "often()\n" * 100 + "once()\n",
    }
    files = [CorpusFile.of(path, "python", text) for path, text in texts.items()]
    uses = dependencies(files)["c.py"]
    assert uses["a.py"] > uses["b.py"]
    assert uses["a.py"] <= 8


def test_a_name_that_many_define_says_nothing():
    texts = {f"{n}.rb": "class Common\nend\n" for n in range(6)} | {"use.rb": "Common.new\n"}
    assert found(texts)["use.rb"] == set()
    few = {"one.rb": "class Common\nend\n", "use.rb": "Common.new\n"}
    assert found(few)["use.rb"] == {"one.rb"}
