"""What TypeScript and JavaScript files define and import."""

from __future__ import annotations

import pytest

from beadline.context.symbols.types import Definition, FileSymbols, Import, Kind, Parameter
from tests.context.symbols.workspaces import symbols

SHOP = """\
import type { Item } from "./items.js";

/** Opens a cart.
 * Twice. */
export async function open<T>(name: string, ...rest: Item[]): Promise<Cart<T>> {
  const inner = 1;
  function nested() {}
  return make(name);
}

export function pick(at: number): Item;
export function pick(at: string, strict?: boolean): Item;
export function pick(at: any): any {
  return at;
}

// eslint-disable-next-line
// Makes one.
const make = async (name: string) => new Cart(name);
export const total = items => items.length;
export const limit: number = 10, other = make("x");
const settings = { open, load(path: string): Item { return read(path); }, close: () => {} };

@Injectable()
export default abstract class Cart<T> extends Base<T> implements Sized, core.Closable {
  static count = 0;
  readonly items: Item[] = [];
  #secret?: string;

  constructor(private readonly name: string, public size = 1, plain?: Item) {
    super();
  }

  get first(): Item { return this.items[0]; }
  @logged()
  protected add(item: Item, { count = 1 }: Options = {}): this { return this; }
  abstract remove(item: Item): void;
  handle = (event: Event): boolean => true;
  private hidden() {}
}

export interface Sized extends core.Shape, Named {
  size: number;
  at?: (index: number) => Item;
  grow(by: number): void;
  (label: string): Item;
  new (size: number): Sized;
}

export type Handler = (cart: Cart<string>, item: Item) => Promise<void>;
export type Options = { count: number; inner: { deep: string }; reset(): void };
export enum Kind { Small, Large = "large" }
export namespace util {
  export function join(parts: string[]): string { return ""; }
}
declare const VERSION: string;
declare function assert(value: unknown): asserts value is Item;

describe("x", () => {
  const local = 1;
  function helper() {}
});
"""


def by_name(file: FileSymbols) -> dict[str, Definition]:
    """By qualified name; of overloads the last one."""
    return {each.qualified: each for each in file.definitions}


@pytest.fixture(scope="module", params=["shop.ts", "shop.tsx"])
def shop(request: pytest.FixtureRequest) -> dict[str, Definition]:
    return by_name(symbols(SHOP, request.param))


def test_kinds_and_owners(shop: dict[str, Definition]):
    kinds = {name: each.kind for name, each in shop.items()}
    assert kinds == {
        "open": Kind.FUNCTION,
        "pick": Kind.FUNCTION,
        "make": Kind.FUNCTION,
        "total": Kind.FUNCTION,
        "limit": Kind.CONSTANT,
        "other": Kind.CONSTANT,
        "settings": Kind.MODULE,
        "settings.open": Kind.FIELD,
        "settings.load": Kind.METHOD,
        "settings.close": Kind.METHOD,
        "Cart": Kind.CLASS,
        "Cart.count": Kind.FIELD,
        "Cart.items": Kind.FIELD,
        "Cart.#secret": Kind.FIELD,
        "Cart.constructor": Kind.METHOD,
        "Cart.name": Kind.FIELD,
        "Cart.size": Kind.FIELD,
        "Cart.first": Kind.METHOD,
        "Cart.add": Kind.METHOD,
        "Cart.remove": Kind.METHOD,
        "Cart.handle": Kind.METHOD,
        "Cart.hidden": Kind.METHOD,
        "Sized": Kind.INTERFACE,
        "Sized.size": Kind.FIELD,
        "Sized.at": Kind.FIELD,
        "Sized.grow": Kind.METHOD,
        "Sized.(": Kind.METHOD,
        "Sized.new": Kind.METHOD,
        "Handler": Kind.TYPE,
        "Options": Kind.INTERFACE,
        "Options.count": Kind.FIELD,
        "Options.inner": Kind.FIELD,
        "Options.reset": Kind.METHOD,
        "Kind": Kind.ENUM,
        "Kind.Small": Kind.FIELD,
        "Kind.Large": Kind.FIELD,
        "util": Kind.MODULE,
        "util.join": Kind.METHOD,
        "VERSION": Kind.CONSTANT,
        "assert": Kind.FUNCTION,
    }


def test_overloads_are_definitions_of_their_own():
    found = [each for each in symbols(SHOP, "shop.ts").definitions if each.name == "pick"]
    assert [each.signature for each in found] == [
        "function pick(at: number): Item;",
        "function pick(at: string, strict?: boolean): Item;",
        "function pick(at: any): any",
    ]


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("open", "async function open<T>(name: string, ...rest: Item[]): Promise<Cart<T>>"),
        ("make", "const make = async (name: string)"),
        ("total", "const total = items"),
        ("settings", "const settings"),
        (
            "Cart",
            "abstract class Cart<T> extends Base<T> implements Sized, core.Closable",
        ),
        ("Cart.add", "protected add(item: Item, { count = 1 }: Options = {}): this"),
        ("Sized.grow", "grow(by: number): void"),
        ("Handler", "type Handler = (cart: Cart<string>, item: Item) => Promise<void>;"),
    ],
)
def test_signatures(shop: dict[str, Definition], name: str, signature: str):
    assert shop[name].signature == signature


def test_types_values_and_bases(shop: dict[str, Definition]):
    assert shop["open"].type == "Promise<Cart<T>>"
    assert shop["make"].value == "new Cart(name)"
    assert (shop["limit"].type, shop["other"].value) == ("number", 'make("x")')
    assert shop["settings.open"].value == "open"
    assert shop["Cart.items"].type == "Item[]"
    assert shop["Cart.name"].type == "string"
    assert shop["Sized.at"].type == "(index: number) => Item"
    assert shop["Handler"].type == "(cart: Cart<string>, item: Item) => Promise<void>"
    assert shop["assert"].type == "asserts value is Item"
    assert shop["Cart"].bases == ("Base", "Sized", "core.Closable")
    assert shop["Sized"].bases == ("core.Shape", "Named")


def test_parameters(shop: dict[str, Definition]):
    assert shop["open"].parameters == (
        Parameter("name", "string"),
        Parameter("rest", "Item[]", optional=True),
    )
    assert shop["total"].parameters == (Parameter("items"),)
    assert shop["Cart.add"].parameters == (
        Parameter("item", "Item"),
        Parameter("{ count = 1 }", "Options", optional=True),
    )
    assert [each.name for each in shop["Cart.constructor"].parameters] == ["name", "size", "plain"]


def test_what_other_files_may_use(shop: dict[str, Definition]):
    hidden = {name for name, each in shop.items() if not each.exported}
    assert hidden == {"make", "settings", "Cart.#secret", "Cart.name", "Cart.hidden"}


def test_documentation_and_ranges(shop: dict[str, Definition]):
    assert shop["open"].doc == "Opens a cart."
    assert shop["make"].doc == "Makes one."
    assert SHOP[shop["open"].start :].startswith("/** Opens")
    assert SHOP[shop["Cart"].header :].startswith("abstract class Cart")
    assert SHOP[shop["Cart"].header_end :].startswith("{\n  static")
    assert SHOP[shop["Cart.add"].start :].startswith("@logged()")
    assert SHOP.split("\n")[shop["Cart.add"].line - 1].strip().startswith("protected add")


def taken(text: str, path: str = "a.ts") -> set[tuple[str, str, str, bool]]:
    found = symbols(text, path).imports
    return {(each.module, each.name, each.alias, each.exported) for each in found}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('import a from "./m";', {("./m", "default", "a", False)}),
        ('import * as ns from "./m";', {("./m", "", "ns", False)}),
        (
            'import d, { a, b as c, type T } from "m";',
            {
                ("m", "default", "d", False),
                ("m", "a", "a", False),
                ("m", "b", "c", False),
                ("m", "T", "T", False),
            },
        ),
        ('import type { A } from "m";', {("m", "A", "A", False)}),
        ('import "m";', set()),
        ('import fs = require("fs");', {("fs", "", "fs", False)}),
        (
            'const { a, b: c } = await import("./m");',
            {("./m", "a", "a", False), ("./m", "b", "c", False)},
        ),
        (
            'd("", () => { d("", () => { it("", async () => {\n'
            'if (x) { const { a } = await import("./m"), b = require("./n").c; f(import("./o")); }'
            "}); }); });",
            {("./m", "a", "a", False), ("./n", "c", "b", False)},
        ),
        ('export * from "./m";', {("./m", "*", "", True)}),
        ('export * as ns from "./m";', {("./m", "", "ns", True)}),
        (
            'export { a, b as default } from "m";',
            {("m", "a", "a", True), ("m", "b", "default", True)},
        ),
        ('export type { A } from "m";', {("m", "A", "A", True)}),
        ("const a = 1; export { a as b };", {("", "a", "b", True)}),
        ("const a = 1; export default a;", {("", "a", "default", True)}),
        ("export default function f() {}", {("", "f", "default", True)}),
        ("export default class {}", set()),
        ("const a = 1; export = a;", {("", "a", "export=", True)}),
    ],
)
def test_imports(text: str, expected: set[tuple[str, str, str, bool]]):
    assert taken(text) == expected


def test_the_range_of_an_import_is_its_statement():
    text = 'const é = 1;\nimport { a } from "m";\n'
    (found,) = symbols(text, "a.ts").imports
    assert text[found.start : found.end] == 'import { a } from "m";'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("export default (a) => a;", {"default": Kind.FUNCTION}),
        ("export default class { run() {} }", {"default": Kind.CLASS, "default.run": Kind.METHOD}),
        ("export default { run };", {"default": Kind.MODULE, "default.run": Kind.FIELD}),
        ("export default make({});", {"default": Kind.CONSTANT}),
        ("export const { a, b } = make();", {"a": Kind.CONSTANT, "b": Kind.CONSTANT}),
        ("export const C = class { run() {} };", {"C": Kind.CLASS, "C.run": Kind.METHOD}),
    ],
)
def test_unnamed_and_destructured_exports(text: str, expected: dict[str, Kind]):
    assert {name: each.kind for name, each in by_name(symbols(text, "a.ts")).items()} == expected


@pytest.mark.parametrize("path", ["a.ts", "a.js"])
@pytest.mark.parametrize(
    "text",
    [
        "export function make(at) {\n  const open = at;\n  return OBJECT;\n}",
        "export const make = (at) => (OBJECT);",
        "const make = function (at) { return OBJECT; };",
        "async function make(at) { return (OBJECT); }",
    ],
)
def test_the_object_that_a_function_returns(text: str, path: str):
    members = "{ open, load(name) { return 1; }, close: async (now) => {}, at: new Box(), n: 1 }"
    found = by_name(symbols(text.replace("OBJECT", members), path))
    assert {name: each.kind for name, each in found.items()} == {
        "make": Kind.FUNCTION,
        "make.open": Kind.FIELD,
        "make.load": Kind.METHOD,
        "make.close": Kind.METHOD,
        "make.at": Kind.FIELD,
        "make.n": Kind.FIELD,
    }
    assert found["make.at"].value == "new Box()"
    assert [each.name for each in found["make.close"].parameters] == ["now"]


def test_objects_that_callbacks_return_are_nobodys():
    text = "export default config(() => { return { run() {}, at: 1 }; });\nit(() => ({ go() {} }));"
    assert set(by_name(symbols(text, "a.ts"))) == {"default"}


COMMONJS = """\
const path = require("path");
const { read, write: put } = require("./files");
const Router = require("./router").Router;

function Shop(name) { this.name = name; }
Shop.prototype.open = function (at) { return new Cart(at); };

class Cart extends Shop {
  limit = 1;
  constructor() { this.items = new Map(); }
  add(item) { return this; }
}

exports.close = function close(reason) {};
exports.Shop = Shop;
exports.files = require("./files");
module.exports.late = (a) => a;
"""


def test_commonjs_definitions():
    found = by_name(symbols(COMMONJS, "shop.js"))
    assert {name for name in found if found[name].kind is not Kind.CONSTANT} == {
        "Shop",
        "Shop.open",
        "Cart",
        "Cart.limit",
        "Cart.constructor",
        "Cart.items",
        "Cart.add",
        "close",
        "late",
    }
    assert found["Cart"].bases == ("Shop",)
    assert found["Cart.items"].value == "new Map()"
    assert found["Shop.open"].value == "new Cart(at)"
    assert found["close"].exported and not found["Shop"].exported


def test_commonjs_imports():
    assert taken(COMMONJS, "shop.js") == {
        ("path", "", "path", False),
        ("./files", "read", "read", False),
        ("./files", "write", "put", False),
        ("./router", "Router", "Router", False),
        ("", "Shop", "Shop", True),
        ("./files", "", "files", True),
    }


def test_what_a_commonjs_module_is():
    assert taken("module.exports = app;", "a.js") == {("", "app", "export=", True)}
    assert taken("exports = module.exports = app;", "a.js") == {("", "app", "export=", True)}
    found = by_name(symbols("module.exports = { run, stop() {} };", "a.js"))
    assert set(found) == {"exports", "exports.run", "exports.stop"}
    assert "exports" in by_name(symbols("module.exports = class {};", "a.js"))


@pytest.mark.parametrize("path", ["a.ts", "a.tsx", "a.js", "a.jsx"])
def test_broken_code_keeps_what_is_readable(path: str):
    text = 'import { a } from "m";\nexport function before() {}\nexport function broken(x {\n  a.('
    found = symbols(text, path)
    assert Import("m", "a", "a", 0, 22) in found.imports
    assert "before" in {each.name for each in found.definitions}
