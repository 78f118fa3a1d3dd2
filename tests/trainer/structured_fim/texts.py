"""Texts that holes are drawn from."""

from __future__ import annotations

from hypothesis import strategies as st

from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import Document

PYTHON = (
    "import os",
    "x = {'a': [1, 2, 3], 'é': 'ü'}",
    "def f(a, b=2):\n    '''Doc.'''\n    c = a + b\n    return c",
    "class A(B):\n    def m(self):\n        if self.x:\n            return g(1, n='x')\n"
    "        pass",
    "for i in range(20):\n    if i % 5 == 0:\n        print('你好')",
    "# comment",
    "",
    "with open(p) as f:\n    data = f.read()  # all of it",
    "return",
    "broken((",
    "assert a == b, 'text'",
)
GO = (
    "package main",
    "func add(a int, b int) int {\n\treturn a + b\n}",
    "type T struct {\n\tName string\n\tSize int\n}",
    "func (t *T) show() {\n\tif t.Size > 0 {\n\t\tfmt.Println(t.Name, t.Size)\n\t}\n\tt.Size++\n}",
    "var x = []int{1, 2, 3}",
    "// comment",
    "func broken( {",
)
TYPESCRIPT = (
    "import { a } from './a';",
    "function f(x: number, y = 'é'): string {\n  const z = x + 1;\n  return g(z, y);\n}",
    "export class A {\n  m(): void {\n    if (this.x) {\n      return;\n    }\n"
    "    this.run({ a: 1 });\n  }\n}",
    "const h = (a: number) => a * 2",
    "for (const i of list) {\n  console.log(`${i} 你`);\n}",
    "/* block */",
    "let broken = {",
)
C = (
    "#include <stdio.h>",
    "int add(int a, int b) {\n    int c = a + b;\n    return c;\n}",
    "#define TWICE(x) ((x) * 2)",
    "static void show(struct t *t) {\n    while (t->n > 0) {\n"
    '        printf("%d\\n", t->n--);\n    }\n}',
    "struct t { int n; char name[8]; };",
    "// comment",
)
LANGUAGES = {"python": PYTHON, "go": GO, "typescript": TYPESCRIPT, "c": C}


def tree_of(text: str, language: str = "python") -> SyntaxTree:
    """The tree of a text."""
    tree = SyntaxTrees().parse(Document("k", "a", language, text))
    assert tree is not None
    return tree


@st.composite
def sources(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and its language."""
    language = draw(st.sampled_from(sorted(LANGUAGES)))
    parts = draw(st.lists(st.sampled_from(LANGUAGES[language]), min_size=2, max_size=12))
    return "\n".join(parts), language


def is_node_or_run(tree: SyntaxTree, start: int, end: int) -> bool:
    """Whether a span is one node, or goes from the start of a node to the end of a sibling."""

    def bounds(node: object) -> tuple[int, int]:
        low = tree.offset(node.start_byte)  # type: ignore[attr-defined]
        high = tree.offset(node.end_byte)  # type: ignore[attr-defined]
        part = tree.text[low:high]
        return low + len(part) - len(part.lstrip()), low + len(part.rstrip())

    pending = [tree.root]
    while pending:
        node = pending.pop()
        spans = [bounds(child) for child in node.children]
        starts = [number for number, span in enumerate(spans) if span[0] == start]
        ends = [number for number, span in enumerate(spans) if span[1] == end]
        if starts and ends and min(starts) <= max(ends):
            return True
        pending.extend(node.children)
    return False
