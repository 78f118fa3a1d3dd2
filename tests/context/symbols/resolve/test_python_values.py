"""Generic classes and other names of things in Python code."""

from __future__ import annotations

import pytest

from beadline.context.symbols.types import Needed, Reason
from tests.context.symbols.workspaces import needed_in, offered

SHOP = {
    "shop/__init__.py": "",
    "shop/items.py": "class Item:\n    def price(self): ...\n",
    "shop/cart.py": "class Cart:\n    def add(self, item): ...\n",
    "shop/generic.py": """\
from typing import Generic, TypeVar

from .cart import Cart
from .items import Item

K = TypeVar("K")
T = TypeVar("T")


class Shelf(Generic[K, T]):
    content: dict[K, T]
    first: T

    def take(self) -> T: ...

    def all(self) -> list[T]: ...

    async def __aenter__(self) -> T: ...

    def __await__(self) -> Generator[None, None, T]: ...

    def __iter__(self) -> Iterator[T]: ...


class Carts(Shelf[str, Cart]):
    pass


class Box[T]:
    def take(self) -> T: ...


Items = Shelf[str, Item]


def shelf(name) -> "Items":
    return Items(name)


def make_box() -> Box[Item]: ...


def _slow(path, size):
    return path


fast = _slow

try:
    from .cart import Cart as Fallback
except ImportError:
    Fallback = missing()
""",
}


def needed(marked: str) -> list[Needed]:
    return needed_in({**SHOP, "main.py": marked})


@pytest.mark.parametrize(
    "body",
    [
        "async def f(shelf: Shelf[str, Item]):\n    shelf.take().¦",
        "shelf('a').take().¦",
        "Items(1).first.¦",
        "shelf('a').content['a'].¦",
        "shelf('a').all()[0].¦",
        "list(shelf('a'))[0].¦",
        "for item in shelf('a'):\n    item.¦",
        "async def f():\n    async with shelf('a') as item:\n        item.¦",
        "async def f():\n    item = await shelf('a')\n    item.¦",
        "make_box().take().¦",
    ],
)
def test_generic_classes(body: str):
    (first, *_) = needed(f"from shop.generic import *\n{body}")
    assert (first.reason, first.located.definition.name) == (Reason.MEMBER, "Item")


def test_arguments_of_a_generic_base_class():
    (first, *_) = needed("from shop.generic import Carts\nCarts().take().¦")
    assert first.located.definition.name == "Cart"


def test_another_name_of_a_generic_class_in_the_own_file():
    body = "from shop.generic import Shelf, Item\nS = Shelf[str, Item]\ndef f(s: S):\n    s.¦"
    (first, *_) = needed(body)
    assert (first.reason, first.located.definition.name) == (Reason.MEMBER, "Shelf")


def test_what_a_variable_is_another_name_of_is_shown_with_it():
    found = offered(needed("from shop.generic import fast\nx = ¦"))
    assert found[:2] == ["fast", "_slow"]


def test_an_import_goes_before_what_is_there_without_it():
    (first, *_) = needed("from shop.generic import Fallback\nFallback.¦")
    assert first.located.definition.name == "Cart"
