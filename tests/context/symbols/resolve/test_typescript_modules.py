"""Where module specifiers of TypeScript and JavaScript lead."""

from __future__ import annotations

import json

import pytest

from beadline.context.symbols.graph import MemoryGraph
from beadline.context.symbols.resolve.typescript_modules import Modules
from beadline.context.symbols.types import FileSymbols

SOURCES = (
    "src/index.ts", "src/util.ts", "src/util/index.ts", "src/view.tsx", "src/types.d.ts",
    "src/old.js", "src/new.mts", "src/a.b.ts", "src/app/main.ts", "src/Widget.vue",
    "packages/core/src/index.ts", "packages/core/src/deep/part.ts", "packages/core/src/node.ts",
    "packages/kit/lib/main.js", "packages/kit/package.json", "packages/core/package.json",
    "packages/core/test/core.test.ts", "shared/colors.ts",
)  # fmt: skip
CONFIGURATION = {
    "package.json": json.dumps({"name": "root", "workspaces": ["packages/*"]}),
    "tsconfig.base.json": """{
  // where things are
  "compilerOptions": {
    "baseUrl": ".",
    "paths": {
      "@/*": ["src/*"], /* a comment, } */ "@app": ["src/app/main.ts"],
      "@app/*": ["no/*", "src/app/*"],
    },
  },
}""",
    "tsconfig.json": '{"extends": "./tsconfig.base"}',
    "packages/core/tsconfig.json": '{"extends": ["../../tsconfig.base.json"]}',
    "packages/core/package.json": json.dumps({
        "name": "@shop/core",
        "exports": {
            ".": {"import": {"types": "./dist/index.d.mts", "default": "./dist/index.mjs"}},
            "./deep/*": "./dist/deep/*.js",
            "./node": ["./missing.js", {"default": "./dist/node.cjs"}],
        },
        "imports": {"#part": "./src/deep/part.ts"},
    }),
    "packages/kit/package.json": json.dumps({"name": "kit", "main": "lib/main.js"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def modules() -> Modules:
    files = [FileSymbols(path, "typescript") for path in SOURCES]
    return Modules(MemoryGraph(files, CONFIGURATION))


@pytest.mark.parametrize(
    ("module", "importer", "path"),
    [
        ("./util", "src/index.ts", "src/util.ts"),
        ("./util.js", "src/index.ts", "src/util.ts"),
        ("./util/", "src/app/main.ts", ""),
        ("../util", "src/app/main.ts", "src/util.ts"),
        ("./view.jsx", "src/index.ts", "src/view.tsx"),
        ("./types", "src/index.ts", "src/types.d.ts"),
        ("./old.js", "src/index.ts", "src/old.js"),
        ("./new.mjs", "src/index.ts", "src/new.mts"),
        ("./a.b", "src/index.ts", "src/a.b.ts"),
        ("./Widget.vue", "src/index.ts", "src/Widget.vue"),
        (".", "src/app.ts", "src/index.ts"),
        ("..", "src/app/main.ts", "src/index.ts"),
        ("../..", "src/app/main.ts", ""),
        ("../../../../x", "src/app/main.ts", ""),
        ("./nothing", "src/index.ts", ""),
        ("@/view", "src/app/main.ts", "src/view.tsx"),
        ("@app", "src/index.ts", "src/app/main.ts"),
        ("@app/main", "packages/core/src/index.ts", "src/app/main.ts"),
        ("shared/colors", "src/index.ts", "shared/colors.ts"),
        ("@shop/core", "src/index.ts", "packages/core/src/index.ts"),
        ("@shop/core", "packages/core/test/core.test.ts", "packages/core/src/index.ts"),
        ("@shop/core/deep/part", "src/index.ts", "packages/core/src/deep/part.ts"),
        ("@shop/core/node", "src/index.ts", "packages/core/src/node.ts"),
        ("#part", "packages/core/src/index.ts", "packages/core/src/deep/part.ts"),
        ("#part", "src/index.ts", ""),
        ("kit", "src/index.ts", "packages/kit/lib/main.js"),
        ("react", "src/index.ts", ""),
        ("node:fs", "src/index.ts", ""),
        ("", "src/index.ts", ""),
    ],
)
def test_modules(modules: Modules, module: str, importer: str, path: str):
    assert modules.path(module, importer) == path


@pytest.mark.parametrize("config", ["", "{", "[]", '{"extends": "./tsconfig.json"}', "[" * 10_000])
def test_bad_configuration_maps_nothing(config: str):
    files = [FileSymbols("src/a.ts", "typescript")]
    graph = MemoryGraph(files, {"tsconfig.json": config, "package.json": config})
    assert Modules(graph).path("a", "src/b.ts") == ""
    assert Modules(graph).path("./a", "src/b.ts") == "src/a.ts"


def test_the_root_of_the_workspace_can_be_imported():
    graph = MemoryGraph([FileSymbols("index.ts", "typescript")])
    assert Modules(graph).path(".", "a.ts") == "index.ts"
    assert Modules(graph).path("..", "test/a.ts") == "index.ts"
