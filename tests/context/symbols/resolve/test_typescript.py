"""Which definitions cursors in TypeScript and JavaScript code need, over several files."""

from __future__ import annotations

import pytest

from beadline.context.symbols.types import Needed, Reason
from tests.context.symbols.workspaces import needed_in, offered

_MEMBERS = (Reason.MEMBER, Reason.RECEIVER, Reason.EXPORT)
SHOP = {
    "src/index.ts": """\
export * from "./cart.js";
export * as util from "./util";
export { Item as Product, default as store } from "./items";
""",
    "src/util.ts": """\
export function join(parts: string[]): string { return ""; }
export const twice = join;
function secret() {}
""",
    "src/items.ts": """\
import type { Cart } from "./cart";

export class Price {
  rounded(digits = 2): this { return this; }
}
export interface Named { label(short: boolean): string }
export class Item implements Named {
  constructor(public readonly cost: Price, name?: string) {}
  price(currency: string): Promise<Price> { return load(currency); }
  label(short: boolean): string { return ""; }
  cart!: Cart;
}
class Store { open(at: number): Item { return new Item(at); } }
export default new Store();
""",
    "src/cart.ts": """\
import { Item, type Named } from "./items";

export type Visit = (item: Item, at: number) => void;
export interface Options { count: number; strict?: boolean }
export class Base { save(force?: boolean): void {} }
export class Cart<T = unknown> extends Base {
  items: Item[] = [];
  first = new Item(null);
  static empty(): Cart { return new Cart(); }
  add(item: Item, options?: Options): this { return this; }
  each(visit: Visit): void {}
  with(visit: (named: Named) => void): void {}
  get size(): number { return 0; }
}
export const make = (name: string): Cart => new Cart();
export function open(at: number): Cart;
export function open(at: string): Cart;
export function open(at: any): Cart { return make(at); }
export const handler: Visit = () => {};
export const api = { list(all: boolean): Item { return null; }, make };
export enum Level { Low, High }
""",
}


def at(code: str, path: str = "src/app.ts", **others: str) -> list[Needed]:
    """What the cursor in a file of the shop needs."""
    return needed_in({**SHOP, **others, path: code})


HEAD = """\
import * as shop from ".";
import { Product, store, util } from "./index";
import { Cart, Level, api, handler, make, open, open as start } from "./cart";
import another, { Item } from "./items";
import { twice } from "./util";
"""
RECEIVERS = [
    ("const c = new Cart();\nc.¦", "Cart.add"),
    ("const c = new Cart();\nc\n  .¦", "Base.save"),
    ("Cart.¦", "Cart.empty"),
    ("Cart.empty().add(x).¦", "Cart.add"),
    ('make("x").¦', "Cart.add"),
    ("const c = open(1);\nc?.¦", "Cart.add"),
    ("shop.¦", "open"),
    ("shop.util.¦", "join"),
    ("util.¦", "join"),
    ("function f(p: Product) {\n  p.¦\n}\n", "Item.price"),
    ("another.¦", "Store.open"),
    ("store.open(1).¦", "Item.price"),
    ("const f = (c: Cart) => c.first.¦", "Item.price"),
    ("const f = (c: Cart) => c.items[0]!.¦", "Item.price"),
    ('async function f(i: Item) {\n  const p = await i.price("x");\n  p.¦\n}', "Price.rounded"),
    ('async function f(i: Item) {\n  (await i.price("x")).¦\n}', "Price.rounded"),
    ("function f(i: Item) {\n  i.cost.rounded().¦\n}", "Price.rounded"),
    ("function f(i: Item | undefined) {\n  i?.cart.¦\n}", "Cart.add"),
    ("for (const i of new Cart().items) {\n  i.¦\n}", "Item.price"),
    ("const { first } = new Cart();\nfirst.¦", "Item.price"),
    ("function f({ first: one }: Cart) {\n  one.¦\n}", "Item.price"),
    ("new Cart().items.map((i) => i.¦", "Item.price"),
    ("new Cart().each((i, n) => {\n  i.¦\n});", "Item.price"),
    ("new Cart().with(async n => n.¦", "Named.label"),
    ('const all = new Map<string, Item>();\nall.get("x")!.¦', "Item.price"),
    ("const i = read() as Item;\ni.¦", "Item.price"),
    ("function f(c: ReturnType<typeof make>) {\n  c.¦\n}", "Cart.add"),
    ('function f(i: Cart["items"]) {\n  i[0].¦\n}', "Item.price"),
    ('function f(c: import("./cart").Cart) {\n  c.¦\n}', "Cart.add"),
    ("api.¦", "api.list"),
    ("api.list(true).¦", "Item.price"),
    ("Level.¦", "Level.High"),
    ("class A extends Cart {\n  run() {\n    this.¦\n  }\n}", "Cart.add"),
    ("class A extends Cart {\n  run() {\n    super.¦\n  }\n}", "Base.save"),
    (
        "class A {\n  constructor(private c: Cart) {}\n  run() {\n    this.c.¦\n  }\n}",
        "Cart.add",
    ),
    ("class A {\n  c = new Cart();\n  run() {\n    this.c.first.¦\n  }\n}", "Item.price"),
]


@pytest.mark.parametrize(("code", "name"), RECEIVERS)
def test_members_of_a_receiver(code: str, name: str):
    found = [each for each in at(HEAD + code) if each.reason in _MEMBERS]
    assert name in offered(found)
    assert found[0].weight >= 0.9, "guessed"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (f"{HEAD}make(¦", "make"),
        (f"{HEAD}open(¦)", "open"),
        (f"{HEAD}start(¦)", "open"),
        (f"{HEAD}shop.util.join([¦", "join"),
        (f"{HEAD}twice(¦", "join"),
        (f"{HEAD}new Item(¦", "Item.constructor"),
        (f"{HEAD}function f(i: Item) {{ i.price(¦", "Item.price"),
        (f"{HEAD}handler(¦", "Visit"),
        (f"{HEAD}api.make(¦", "make"),
        (f"{HEAD}class A extends Cart {{\n  run() {{\n    super.add(¦", "Cart.add"),
        # Nothing says what these are: the name does.
        ("function f(x) {\n  x.price(¦", "Item.price"),
        ("make(¦", "make"),
    ],
)
def test_the_callee(code: str, name: str):
    callees = [each for each in at(code) if each.reason is Reason.CALLEE]
    assert name in [each.located.definition.qualified for each in callees]


def test_all_overloads_of_a_callee_come_first():
    found = at('import { open } from "./cart";\nopen(¦)')
    assert [each.located.definition.signature for each in found[:3]] == [
        "function open(at: number): Cart;",
        "function open(at: string): Cart;",
        "function open(at: any): Cart",
    ]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("const store = useStore(1);\nstore.¦", "useStore.save"),
        ("useStore(1).¦", "useStore.load"),
        ("const { load } = useStore(1);\nload(¦", "useStore.load"),
        ("useStore(1).first.¦", "Item.price"),
        ("const s: ReturnType<typeof useStore> = x;\ns.¦", "useStore.load"),
    ],
)
def test_the_object_that_a_function_returns(code: str, name: str):
    store = """\
import { Item } from "./items";
export function useStore(at: number) {
  return { first: new Item(at), load(key: string): void {}, save: (force: boolean) => {} };
}
"""
    found = at(f'import {{ useStore }} from "./store";\n{code}', **{"src/store.ts": store})
    assert found[0].reason in (*_MEMBERS, Reason.CALLEE)
    assert name in offered(found[:3])


def test_the_types_of_the_parameters_of_a_callee():
    found = at('import { Cart } from "./cart";\nnew Cart().add(item, { ¦')
    reasons = {each.located.definition.name: each.reason for each in found}
    assert reasons["add"] is Reason.CALLEE
    assert reasons["Options"] is Reason.TYPE


def test_what_an_import_may_name():
    found = at('import { ¦ } from "./index";\n')
    names = offered([each for each in found if each.reason is Reason.EXPORT])
    assert {"Cart", "make", "open", "Item", "Level"} <= set(names)
    assert "secret" not in names


def test_what_a_module_offers_comes_before_what_that_stands_for():
    order = offered(at('import * as util from "./util";\nutil.¦'))
    assert set(order) == {"join", "twice"}
    files = {
        "a.ts": "class Box { static create = (size: number) => new Box(); }\n"
        "const made = Box.create;\nconst other = Box.create;\nexport { made as box, other };\n",
        "b.ts": 'import * as a from "./a";\na.¦',
    }
    assert offered(needed_in(files)) == ["other", "made", "Box.create"]


def test_an_import_whose_module_is_not_written_yet():
    found = at("import { ¦\n\nconst cart = make('x');\n")
    assert "make" in offered([each for each in found if each.reason is Reason.EXPORT])


def test_unused_imports_come_before_used_ones():
    found = at('import { make, handler } from "./cart";\nmake("a");\nfunction f() {\n  ¦\n}\n')
    order = offered(found)
    assert order.index("handler") < order.index("make")


def test_nothing_is_guessed_behind_a_library():
    found = at('import { expect } from "vitest";\nexpect(1).¦')
    assert not [each for each in found if each.reason in _MEMBERS]


def test_guesses_for_a_receiver_of_unknown_type():
    by_name = at("function f(cart) {\n  cart.¦\n}\n")
    assert "Cart.add" in offered(by_name)
    by_use = at("function f(a, b) {\n  a.rounded(1);\n  b.¦\n}\n")
    assert "Price.rounded" in offered(by_use)


def test_definitions_of_the_own_file_are_left_out():
    found = at("export function own() {}\nown(¦")
    assert "src/app.ts" not in [each.located.path for each in found]


def test_the_class_around_shows_what_it_derives_from():
    found = at('import { Cart } from "./cart";\nclass A extends Cart {\n  ¦\n}\n')
    bases = offered([each for each in found if each.reason in (Reason.BASE, Reason.NAME)])
    assert {"Cart", "Base"} <= set(bases)


def test_circular_re_exports_end():
    files = {
        "a.ts": 'export * from "./b";\nexport { x } from "./b";\n',
        "b.ts": 'export * from "./a";\nexport { x } from "./a";\n',
        "c.ts": 'import { x, y } from "./a";\nx(¦',
    }
    assert needed_in(files) == []


@pytest.mark.parametrize(
    "unfinished",
    [
        'import { api } from "";',
        "import { api } from ;",
        "import api = api;",
        "import one = two;\nimport two = one;\nconst api = one;",
    ],
)
def test_names_that_stand_for_themselves_end(unfinished: str):
    offered(at(f"{unfinished}\napi.two(one, ¦"))
    assert "Cart" in offered(at(f'{unfinished}\nimport {{ Cart }} from "./cart";\nnew Cart(api, ¦'))


def test_values_that_are_themselves_end():
    files = {
        "a.ts": "export let one = two;\nexport let two = one;\nexport let three = three();\n",
        "b.ts": 'import { one, three } from "./a";\nlet four = four;\nlet five = six;\n'
        "let six = five();\none.a(three, four, five, six);\none.¦\n",
    }
    assert {"one", "three"} <= set(offered(needed_in(files)))


def test_types_that_refer_to_themselves_end():
    files = {
        "a.ts": "export type Two = One | Two;\nexport type One = Two[];\n"
        "export interface Three extends Three {}\n",
        "b.ts": 'import type { Three, Two } from "./a";\n'
        "function f(a: Two, c: Three) {\n  c.d(a.b.¦\n}\n",
    }
    assert {"Two", "Three"} <= set(offered(needed_in(files)))


COMMONJS = {
    "lib/app.js": """\
exports.start = function start(port) {};
""",
    "lib/router.js": """\
class Router { use(path, fn) { return this; } }
module.exports = Router;
""",
    "lib/utils.js": """\
function merge(a, b) {}
module.exports = { merge, flat(list) {} };
""",
    "lib/default.js": "function isArray(x) {}\nexport default { isArray };\n",
}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ('const { start } = require("./app");\nstart(¦', "start"),
        ('const app = require("./app");\napp.start(¦', "start"),
        ('const Router = require("./router");\nnew Router().use(¦', "Router.use"),
        ('const utils = require("./utils");\nutils.merge(¦', "merge"),
        ('const { flat } = require("./utils");\nflat(¦', "exports.flat"),
        ('import utils from "./default.js";\nutils.isArray(¦', "isArray"),
    ],
)
def test_commonjs(code: str, name: str):
    found = needed_in({**COMMONJS, "lib/index.js": code})
    callees = [each for each in found if each.reason is Reason.CALLEE]
    assert name in [each.located.definition.qualified for each in callees]
