"""Real Python files of different kinds, and documents of texts."""

from __future__ import annotations

import calendar
import fnmatch
import inspect
import queue
import shlex
import textwrap

from beadline.context.languages import language_of
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import Document

MODULES = {
    f"pkg/{module.__name__}.py": inspect.getsource(module)
    for module in (calendar, fnmatch, queue, shlex, textwrap)
}
GOOD = MODULES["pkg/textwrap.py"]


def document(text: str, path: str = "a.py") -> Document:
    return Document(path, path, language_of(path), text, "repo")


def tree_of(text: str, path: str = "a.py") -> SyntaxTree:
    tree = SyntaxTrees().parse(document(text, path))
    assert tree is not None
    return tree
