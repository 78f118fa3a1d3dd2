"""What is shown of a definition, and how much of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.context.symbols.skeleton import render
from beadline.context.symbols.types import Located, Needed, Reason
from tests.context.symbols.workspaces import symbols

TEXT = '''\
import os

LIMITS = {
    "a": 1,
    "b": 2,
    "c": 3,
}


class Cart(Base):
    """A cart."""

    size = 1

    def add(self, item):
        """Add one.

        And more.
        And more.
        And more.
        And more.
        """
        self.items.append(item)

    @property
    def total(
        self,
    ) -> int:
        # Counted.
        return 1

    def remove(self, item): return None
'''
DEFINITIONS = symbols(TEXT).definitions
MEMBERS = {each.qualified: each for each in DEFINITIONS}


def shown(name: str, reason: Reason, *members: str, room: int = 1000) -> str | None:
    needed = Needed(Located("a.py", MEMBERS[name]), reason, 1.0, members)
    found = render(needed, TEXT, DEFINITIONS, room=room)
    return found.text if found is not None else None


def test_a_class_by_the_headers_of_its_members():
    assert shown("Cart", Reason.MEMBER) == (
        "class Cart(Base):\n"
        "    size = 1\n"
        "    def add(self, item):\n"
        "    @property\n"
        "    def total(\n"
        "        self,\n"
        "    ) -> int:\n"
        "    def remove(self, item): return None\n"
    )


def test_the_likeliest_member_goes_first_where_room_is_short():
    header, total = "class Cart(Base):\n", "    def total(\n        self,\n    ) -> int:\n"
    room = len(header) + len(total)
    assert shown("Cart", Reason.MEMBER, "total", room=room) == header + total
    assert shown("Cart", Reason.MEMBER, "size", room=len(header) + 13) == header + "    size = 1\n"
    assert shown("Cart", Reason.MEMBER, room=len(header) - 1) is None


def test_documentation_where_a_call_needs_it():
    assert shown("Cart", Reason.CALLEE, room=40) == 'class Cart(Base):\n    """A cart."""\n'
    assert "Add one." not in (shown("Cart.add", Reason.CALLEE) or ""), "it is long"


def test_a_member_below_its_class():
    assert shown("Cart.total", Reason.CALLEE) == (
        "class Cart(Base):\n    @property\n    def total(\n        self,\n    ) -> int:\n"
    )
    assert shown("Cart.add", Reason.NAME, room=30) == "    def add(self, item):\n"


def test_of_data_the_first_line():
    assert shown("LIMITS", Reason.NAME) == "LIMITS = {\n"


def test_where_it_starts():
    needed = Needed(Located("a.py", MEMBERS["Cart.remove"]), Reason.NAME, 1.0)
    found = render(needed, TEXT, room=1000)
    assert found is not None
    assert TEXT[found.start :].startswith(found.text)


def test_a_file_that_has_changed_shows_nothing_wrong():
    needed = Needed(Located("a.py", MEMBERS["Cart.remove"]), Reason.NAME, 1.0)
    assert render(needed, "", DEFINITIONS, room=1000) is None


@given(
    st.sampled_from(sorted(MEMBERS)),
    st.sampled_from(list(Reason)),
    st.permutations(["size", "add", "total", "remove"]),
    st.integers(0, 400),
)
def test_whole_lines_of_the_file_in_order_and_within_the_room(
    name: str, reason: Reason, members: list[str], room: int
):
    found = shown(name, reason, *members, room=room)
    if found is None:
        assert room < len(TEXT)
        return
    assert 0 < len(found) <= room
    lines = iter(TEXT.splitlines(keepends=True))
    for line in found.splitlines(keepends=True):
        assert any(line == other for other in lines), "a subsequence"


def test_one_of_many_is_its_header():
    assert shown("Cart", Reason.EXPORT) == "class Cart(Base):\n"
    long = "def f(\n" + "".join(f"    parameter_{i}: str,\n" for i in range(30)) + "): ...\n"
    (definition,) = symbols(long).definitions
    found = render(Needed(Located("a.py", definition), Reason.EXPORT, 1.0), long, room=5000)
    assert found is not None
    assert long.startswith(found.text)
    assert 0 < len(found.text) < 300


def test_overloads_and_setters_come_where_there_is_room():
    text = (
        "class A:\n"
        "    @overload\n    def f(self, a: int) -> int: ...\n"
        "    @t.overload\n    def f(self, a: str) -> str: ...\n"
        "    def f(self, a):\n        return a\n"
        "    @property\n    def g(self):\n        return 1\n"
        "    @g.setter\n    def g(self, value):\n        pass\n"
    )
    definitions = symbols(text).definitions
    needed = Needed(Located("a.py", definitions[0]), Reason.MEMBER, 1.0, ("f", "g"))
    short = render(needed, text, definitions, room=80)
    assert short is not None
    assert short.text == ("class A:\n    def f(self, a):\n    @property\n    def g(self):\n")
    whole = render(needed, text, definitions, room=1000)
    assert whole is not None
    assert whole.text.count("def f") == 3
    assert "def g(self, value)" in whole.text
