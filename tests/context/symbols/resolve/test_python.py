"""Which definitions cursors in Python code need, over several files."""

from __future__ import annotations

import pytest

from beadline.context.symbols.types import Needed, Reason
from tests.context.symbols.workspaces import needed_in, offered

SHOP = {
    "shop/__init__.py": "from .cart import Cart as Cart\n\n__all__ = ('Cart', 'Late')\n",
    "shop/late.py": "class Late:\n    def wait(self, seconds): ...\n",
    "shop/base.py": """\
class Base:
    def save(self, force: bool = False) -> None:
        pass

    def add(self, anything):
        pass
""",
    "shop/items.py": """\
class Price:
    def rounded(self, digits: int = 2) -> "Price":
        return self


class Item:
    def price(self, currency: str) -> Price:
        return Price()
""",
    "shop/cart.py": """\
from __future__ import annotations

import typing as t
from contextlib import contextmanager

from .base import Base
from .items import Item, Price

DEFAULT = Item()


class Cart(Base):
    gift: t.Optional["Item"] = None

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.first = items[0]
        self.backup = Cart([])

    @classmethod
    def empty(cls) -> Cart:
        return cls([])

    @property
    def total(self) -> Price:
        return Price()

    def add(self, item: Item, *, count: int = 1) -> t.Self:
        return self

    @contextmanager
    def locked(self) -> t.Iterator[Item]:
        yield self.first

    def pairs(self) -> list[tuple[str, Item]]:
        return []

    def __getitem__(self, at: int) -> Item:
        return self.items[at]
""",
    "shop/factory.py": """\
from shop.cart import Cart


def make_cart(name: str) -> Cart:
    return Cart([])


def open_shop(path):
    return path
""",
    "shop/untyped.py": """\
class Engine:
    def __init__(self, shop):
        self.shop = shop
        self._spare = Engine(shop)

    @classmethod
    def of(cls, shop):
        shop = shop or None
        return cls(shop)

    @property
    def spare(self):
        return self._spare

    def __enter__(self):
        return self


def make_engine(shop):
    return Engine(shop)


Motor = Engine
""",
}


def needed(marked: str, path: str = "main.py") -> list[Needed]:
    return needed_in({**SHOP, path: marked})


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("from shop.cart import Cart\nx = Cart(¦", "Cart.__init__"),
        ("from shop import Cart\nx = Cart(¦", "Cart.__init__"),
        ("from shop import Late\nx = Late(¦", "Late"),
        ("import shop.cart as c\nx = c.Cart(¦", "Cart.__init__"),
        ("from shop.factory import make_cart\nmake_cart(¦", "make_cart"),
        ("from shop.factory import make_cart as make\nmake(¦", "make_cart"),
        ("from shop.factory import *\nmake_cart(¦", "make_cart"),
        ("from shop import factory\nfactory.make_cart(¦", "make_cart"),
        ("import shop.factory\nshop.factory.make_cart(¦", "make_cart"),
        ("import shop.factory as f\nx = [f.make_cart('a', ¦", "make_cart"),
        ("from shop import Cart\nCart.empty().add(¦", "Cart.add"),
        ("from shop import Cart\ndef f(cart: Cart):\n    cart.total.rounded(¦", "Price.rounded"),
        ("from shop import Cart\ndef f(cart: Cart):\n    cart.gift.price(¦", "Item.price"),
        ("from shop import Cart\ndef f(cart: Cart):\n    cart.first.price(¦", "Item.price"),
        ("from shop import Cart\ndef f(cart: Cart):\n    cart[0].price(¦", "Item.price"),
        ("from shop import Cart\ndef f(c: Cart):\n    c.backup.save(¦", "Base.save"),
        ("from shop import Cart\ndef f(c: Cart):\n    c.add(1).add(2).save(¦", "Base.save"),
        ("from shop.cart import DEFAULT\nDEFAULT.price(¦", "Item.price"),
        ("from shop import Cart\nclass A(Cart):\n  def f(self):\n    self.save(¦", "Base.save"),
        ("def f(cart):\n    cart.locked(¦", "Cart.locked"),
    ],
)
def test_the_callee_comes_first(marked: str, expected: str):
    (first, *_) = needed(marked)
    assert first.reason is Reason.CALLEE
    assert expected in offered([first])


@pytest.mark.parametrize(
    "body",
    [
        "cart = Cart([])\ncart.¦",
        "cart = make_cart('a')\ncart.¦",
        "cart: Cart = anything()\ncart.¦",
        "cart = other or Cart([])\ncart.¦",
        "if (cart := make_cart('a')):\n    cart.¦",
        "def f(carts: list[Cart]):\n    for cart in carts:\n        cart.¦",
        "def f(carts: list[Cart]):\n    for i, cart in enumerate(carts):\n        cart.¦",
        "def f(carts: dict[str, Cart]):\n    for name, cart in carts.items():\n        cart.¦",
        "def f(carts: dict[str, Cart]):\n    carts['a'].¦",
        "def f(carts: dict[str, Cart]):\n    carts.get('a').¦",
        'def f(cart: "Cart | None"):\n    cart.¦',
        "async def f(cart: t.Optional[Cart] = None, *, more=1):\n    (await cart).¦",
        "def f(thing):\n    if isinstance(thing, Cart):\n        thing.¦",
        "def f(thing):\n    t.cast(Cart, thing).¦",
        "class A:\n    def __init__(self):\n        self.cart = Cart([])\n"
        "    def f(self):\n        self.cart.¦",
        "class A:\n    cart: Cart\n    def f(self):\n        self.cart.¦",
        "class A:\n    def __init__(self, cart: Cart):\n        self.cart = cart\n"
        "    def f(self):\n        self.cart.¦\n\n    def g(self):\n        pass\n",
        "class A:\n    def make(self) -> Cart: ...\n    def f(self):\n        self.make().¦",
        "class A(Cart):\n    def f(self):\n        self.¦",
        "class A(Cart):\n    def f(self):\n        super().¦",
    ],
)
def test_members_of_the_receiver(body: str):
    found = needed(f"import typing as t\nfrom shop import Cart\nfrom shop.factory import *\n{body}")
    assert [each.located.definition.name for each in found[:2]] == ["Cart", "Base"]
    assert found[0].reason is Reason.MEMBER
    assert {"Cart.add", "Cart.empty", "Base.save"} <= set(offered(found[:2]))


@pytest.mark.parametrize(
    "body",
    [
        "for item in cart.items:\n        item.¦",
        "with cart.locked() as item:\n        item.¦",
        "for name, item in cart.pairs():\n        item.¦",
        "item = next(iter(cart.items))\n    item.¦",
    ],
)
def test_elements(body: str):
    (first, *_) = needed(f"from shop import Cart\ndef f(cart: Cart):\n    {body}")
    assert (first.reason, first.located.definition.name) == (Reason.MEMBER, "Item")


@pytest.mark.parametrize(
    "body",
    [
        "engine = make_engine(1)\nengine.¦",
        "Engine.of(1).¦",
        "Engine.of(1).spare.¦",
        "with Engine(1) as engine:\n    engine.¦",
        "def f(engine):\n    engine.spare.¦",
        "def f(motor):\n    motor.¦",
    ],
)
def test_code_without_annotations(body: str):
    (first, *_) = needed(f"from shop.untyped import *\n{body}")
    assert (first.reason, first.located.definition.name) == (Reason.MEMBER, "Engine")


def test_what_can_be_awaited_comes_first_behind_await():
    body = "from shop.generic import Mixed\nasync def f(m: Mixed):\n    {}m.¦"
    mixed = "class Mixed:\n    def a(self): ...\n    async def b(self): ...\n"
    for before, members in (("", ("a", "b")), ("await ", ("b", "a")), ("x = await ", ("b", "a"))):
        files = {"shop/__init__.py": "", "shop/generic.py": mixed, "x.py": body.format(before)}
        assert needed_in(files)[0].members == members


def test_private_members_of_a_class_whose_private_members_are_used():
    mixed = "class Mixed:\n    def _a(self): ...\n    def b(self): ...\n    def _flush(self): ...\n"
    body = "from mixed import Mixed\n\ndef test_flush(m: Mixed):\n    {}\n    m.¦"
    for used, first in (("pass", "b"), ("m._a()", "_flush")):
        members = needed_in({"mixed.py": mixed, "x.py": body.format(used)})[0].members
        assert next(name for name in members if name != "_a") == first


def test_the_method_around_is_the_likeliest_of_super():
    body = "class A(Cart):\n    def add(self):\n        super().¦"
    (first, *_) = needed(f"from shop import Cart\n{body}")
    assert first.members[0] == "add"


def test_private_members_come_last():
    (first, *_) = needed("from shop import Cart\nCart([]).¦")
    assert first.members.index("__getitem__") > first.members.index("locked")


def test_members_of_a_module():
    found = needed("from shop import factory\nfactory.¦")
    assert [each.reason for each in found[:3]] == [Reason.EXPORT] * 3
    assert {"make_cart", "open_shop"} <= set(offered(found[:3]))


@pytest.mark.parametrize(
    "statement", ["from shop.factory import ¦", "from .factory import (\n    ¦"]
)
def test_what_a_module_exports(statement: str):
    found = needed(statement, "shop/extra.py")
    assert all(each.reason is Reason.EXPORT for each in found)
    assert {"make_cart", "open_shop"} <= set(offered(found))


def test_what_is_imported_and_not_yet_used_is_for_the_cursor():
    found = needed("from shop.factory import make_cart, open_shop\nopen_shop('a')\nx = ¦")
    assert offered(found)[0] == "make_cart"


def test_relative_imports():
    assert "Cart" in offered(needed("from .cart import Cart\nCart(¦", "shop/extra.py")[:1])
    assert "make_cart" in offered(
        needed("from . import factory\nfactory.make_cart(¦", "shop/extra.py")[:1]
    )


def test_imports_for_the_type_checker_only():
    marked = "if TYPE_CHECKING:\n    from shop import Cart\ndef f(thing: Cart):\n    thing.¦"
    assert "Cart.add" in offered(needed(marked)[:1])


def test_everything_behind_an_open_bracket_is_lost_and_found():
    marked = """\
from shop import Cart


class A:
    def __init__(self, cart: Cart):
        self.cart = cart

    def f(self):
        for item in self.cart.items:
            self.cart.add(item, item.price(¦

    def g(self):
        return [1, 2]


class B(A):
    pass
"""
    found = [each for each in needed(marked) if each.reason is Reason.CALLEE]
    assert [each.located.definition.qualified for each in found] == ["Item.price", "Cart.add"]


def test_a_receiver_nothing_is_known_of_is_called_like_its_class():
    found = needed("def f(late):\n    late.¦")
    assert "Late.wait" in offered(found)


def test_a_receiver_of_another_package_has_no_members_here():
    found = needed("import json\njson.¦")
    assert not [each for each in found if each.reason in (Reason.MEMBER, Reason.EXPORT)]


def test_a_callee_of_classes_in_play_goes_before_others_of_its_name():
    body = "from shop.items import Item\n\ndef f(make: Maker[Item]):\n    x = make()\n    x.price(¦"
    many = "".join(f"class A{i}:\n    def price(self): ...\n" for i in range(5))
    (first, *_) = needed_in({**SHOP, "a.py": many, "main.py": body})
    assert (first.reason, first.located.path) == (Reason.CALLEE, "shop/items.py")


def test_methods_that_the_file_calls_elsewhere():
    found = needed("def f(x, y):\n    x.rounded(1)\n    y.¦")
    assert "Price.rounded" in offered(found)


def test_nothing_of_the_own_file():
    marked = "from shop import Cart\n\ndef own(): ...\n\nclass A(Cart):\n    def f(self):\n        "
    assert "main.py" not in {each.located.path for each in needed(f"{marked}own(¦")}


def test_circles_end():
    files = {
        "a.py": "from b import *\nfrom b import x\nclass A(B): ...\n",
        "b.py": "from a import *\nfrom a import x\nclass B(A): ...\nx = x.y\n",
        "c.py": "from a import A, x\n\ndef f(node: A):\n    node = node.parent\n    node.x(x.¦",
    }
    assert "A" in offered(needed_in(files))
