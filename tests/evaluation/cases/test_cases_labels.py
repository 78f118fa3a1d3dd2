"""Labels: what another file defines is found where it is, and nothing else is taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from beadline.errors import InputError
from beadline.evaluation.cases.calls import calls
from beadline.evaluation.cases.format import Symbol
from beadline.evaluation.cases.labels import Label, Labeller, Verdict
from beadline.evaluation.cases.labels_names import Names
from beadline.evaluation.cases.labels_python import PythonLabels
from beadline.evaluation.cases.labels_typescript import TypeScriptLabels, compiler
from beadline.evaluation.cases.source import Parsers
from beadline.evaluation.sources import language_at

SHAPES = '''\
"""Shapes."""


class Square:
    def __init__(self, side: float) -> None:
        self.side = side

    def area(self) -> float:
        return self.side**2


def make(side) -> Square:
    return Square(side)


def run():
    pass


scale = make
'''
MAIN = """\
import json
from json import dumps

import requests

from pkg.shapes import Square, make as build, scale
from pkg import shapes


def run():
    return 1


square = build(2)
square.area()
Square(3).area()
shapes.make(4)
scale(5)
run()
json.dumps([])
dumps([])
requests.make(1)
unknown(1)
len([])
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder.resolve()


def labels(labeller: Labeller, folder: Path, path: str) -> dict[str, Label]:
    """The label of every call of a file, by its text."""
    text = (folder / path).read_text("utf-8")
    language = language_at(path)
    return {
        text[call.start : call.end]: labeller.label(path, text, language, call)
        for call in calls(text, language, Parsers())
    }


@pytest.fixture
def python(tmp_path: Path) -> Path:
    files = {"pkg/__init__.py": "", "pkg/shapes.py": SHAPES, "main.py": MAIN}
    return write(tmp_path, files)


@pytest.mark.slow
def test_python_by_jedi(python: Path):
    labeller = PythonLabels(python, Names(python))
    assert labeller.name.startswith("jedi ")
    found = labels(labeller, python, "main.py")
    make = Symbol("make", "function", "pkg/shapes.py", 12, "def make(side) -> Square:")
    area = Symbol("area", "method", "pkg/shapes.py", 8, "def area(self) -> float:", "Square")
    assert found["build(2)"] == Label(Verdict.LABELLED, make)
    assert found["make(4)"] == Label(Verdict.LABELLED, make)
    assert found["area()"].symbol == area
    square = found["Square(3)"].symbol
    assert square is not None
    assert (square.kind, square.line, square.signature) == ("class", 4, "class Square:")
    assert found["run()"].verdict == Verdict.LOCAL
    for external in ("dumps([])", "make(1)", "unknown(1)", "len([])"):
        assert found[external] == Label(Verdict.EXTERNAL), external


def test_a_call_that_may_be_one_into_another_file_is_counted(tmp_path: Path):
    folder = write(
        tmp_path, {"pkg/shapes.py": SHAPES, "main.py": "def f(thing):\n    thing.area()\n"}
    )
    found = labels(PythonLabels(folder, Names(folder)), folder, "main.py")
    assert found["area()"] == Label(Verdict.UNLABELLED)


def test_what_is_installed_beside_it_is_not_the_repository(tmp_path: Path):
    """jedi itself is installed here, and a repository of that name is its own."""
    folder = write(
        tmp_path,
        {"src/jedi/__init__.py": "def names():\n    pass\n",
         "main.py": "import jedi\n\njedi.names()\n"},
    )  # fmt: skip
    symbol = labels(PythonLabels(folder, Names(folder)), folder, "main.py")["names()"].symbol
    assert symbol is not None
    assert symbol.path == "src/jedi/__init__.py"


GO = {
    "shape/square.go": "package shape\n\ntype Square struct{ side int }\n\n"
    "func (s *Square) Area() int { return s.side }\n\nfunc New(n int) *Square { return nil }\n",
    "shape/circle.go": "package shape\n\ntype Circle struct{}\n\nfunc (c Circle) Draw() {}\n",
    "line/line.go": "package line\n\nfunc Draw() {}\n",
    "main.go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\ts := shape.New(1)\n\ts.Area()\n'
    "\tlocal()\n\tx.Draw()\n\tfmt.Println()\n}\n\nfunc local() {}\n",
}
RUST = {
    "src/shape.rs": "pub struct Square;\nimpl Square {\n    pub fn area(&self) -> u32 { 1 }\n}\n"
    "pub enum Kind { Round(u8) }\n",
    "src/main.rs": "fn main() { s.area(); Kind::Round(1); drop(s); }\n",
}
JAVA = {
    "a/Shape.java": "package a;\nclass Shape {\n  Shape(int n) {}\n  int area() { return 1; }\n}\n",
    "b/Main.java": "package b;\nclass Main { void f() { new Shape(1).area(); hashCode(); } }\n",
}
CPP = {
    "shape.h": "struct Square { int area(); };\n",
    "shape.cpp": "int Square::area() { return 1; }\nstatic int *helper(int n) { return 0; }\n",
    "main.cpp": "int main() { s.area(); helper(1); printf(0); }\n",
}
TS = {
    "shape.ts": "export const make = (n: number) => n;\nexport class Square {\n  area() {}\n}\n"
    "export const size = 3;\n",
    "main.ts": "make(1);\nnew Square().area();\nsize(2);\n",
}


def test_names_with_exactly_one_definition(tmp_path: Path):
    folder = write(tmp_path, GO)
    found = labels(Names(folder), folder, "main.go")
    area = Symbol(
        "Area", "method", "shape/square.go", 5, "func (s *Square) Area() int { return s.side }",
        "Square",
    )  # fmt: skip
    assert found["Area()"] == Label(Verdict.LABELLED, area)
    assert found["New(1)"].verdict == Verdict.LABELLED
    assert found["local()"].verdict == Verdict.LOCAL
    assert found["Draw()"].verdict == Verdict.UNLABELLED
    assert found["Println()"].verdict == Verdict.EXTERNAL


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        (RUST, "src/main.rs", {"area()": ("method", 3, "Square"),
                               "Round(1)": ("variant", 5, "Kind"),
                               "drop(s)": None}),
        (JAVA, "b/Main.java", {"Shape(1)": ("class", 2, ""), "area()": ("method", 4, "Shape"),
                               "hashCode()": None}),
        (CPP, "main.cpp", {"area()": ("function", 1, ""), "helper(1)": ("function", 2, ""),
                           "printf(0)": None}),
        (TS, "main.ts", {"make(1)": ("function", 1, ""), "Square()": ("class", 2, ""),
                         "area()": ("method", 3, "Square"), "size(2)": None}),
    ],
)  # fmt: skip
def test_names_in_other_languages(
    tmp_path: Path,
    files: dict[str, str],
    path: str,
    expected: dict[str, tuple[str, int, str] | None],
):
    folder = write(tmp_path, files)
    found = labels(Names(folder), folder, path)
    assert set(found) == set(expected)
    for call, wanted in expected.items():
        symbol = found[call].symbol
        assert (symbol and (symbol.kind, symbol.line, symbol.cls)) == wanted, call


def test_languages_do_not_call_each_other(tmp_path: Path):
    folder = write(tmp_path, {"a.py": "def build():\n    pass\n",
                              "main.go": "package m\n\nfunc f() { build() }\n"})  # fmt: skip
    assert labels(Names(folder), folder, "main.go")["build()"].verdict == Verdict.EXTERNAL


def test_a_folder_that_is_no_compiler(tmp_path: Path):
    with pytest.raises(InputError, match="does not hold the TypeScript compiler"):
        compiler(tmp_path)


MONOREPO = {
    "tsconfig.json": '{\n  // comments are allowed\n  "compilerOptions": {"strict": true,\n'
    '    "traceResolution": true,\n'
    '    "paths": {"@lib/*": ["./packages/lib/src/*"]}}\n}\n',
    "packages/lib/package.json": '{"name": "@scope/lib", "main": "dist/index.js"}',
    "packages/lib/src/index.ts": 'export * from "./shape";\nexport { add as plus } from "./add";\n',
    "packages/lib/src/add.ts": "export function add(a: number, b: number): number {\n"
    "  return a + b;\n}\n",
    "packages/lib/src/shape.ts": "export class Square {\n  area(): number {\n    return 1;\n"
    "  }\n}\n"
    "export default function make(): Square {\n  return new Square();\n}\n",
    "packages/app/src/main.ts": 'import { Square, plus } from "@scope/lib";\n'
    'import make from "@lib/shape";\nimport * as lib from "@scope/lib";\n\n'
    "plus(1, 2);\nnew Square().area();\nmake();\nlib.plus(3, 4);\nlocal();\n[].map(String);\n"
    "function local() {}\n",
}


@pytest.mark.typescript
def test_typescript_by_its_compiler(tmp_path: Path):
    folder = write(tmp_path, MONOREPO)
    package = compiler()
    assert package is not None, "install node and TypeScript"
    labeller = TypeScriptLabels(folder, Names(folder), package)
    try:
        assert labeller.name.startswith("typescript ")
        found = labels(labeller, folder, "packages/app/src/main.ts")
    finally:
        labeller.close()
        labeller.close()
    lib = "packages/lib/src"
    add = Symbol(
        "add", "function", f"{lib}/add.ts", 1, "export function add(a: number, b: number): number {"
    )
    assert found["plus(1, 2)"] == found["plus(3, 4)"] == Label(Verdict.LABELLED, add)
    area = Symbol("area", "method", f"{lib}/shape.ts", 2, "area(): number {", "Square")
    assert found["area()"].symbol == area
    for call, line in (("Square()", 1), ("make()", 6)):
        symbol = found[call].symbol
        assert symbol is not None
        assert (symbol.path, symbol.line) == (f"{lib}/shape.ts", line)
    assert found["local()"].verdict == Verdict.LOCAL
    assert found["map(String)"].verdict == Verdict.EXTERNAL
