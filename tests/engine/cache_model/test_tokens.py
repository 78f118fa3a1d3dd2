"""Texts become tokens block by block: nothing is lost, and an edit costs a few blocks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.cache_model.array import SEPARATOR
from beadline.engine.cache_model.tokens import MOST_BLOCK, Tokens, blocks

LINES = st.lists(
    st.sampled_from(["def f(a):", "    return a", "", "class C:", "    " * 60 + "x", "# " * 80]),
    max_size=60,
).map("\n".join)
FUNCTION = "def name(first, second):\n    value = first + second\n    return value\n\n\n"


class Encoder:
    """Ids of characters, and what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, text: str) -> list[int]:
        self.asked.append(text)
        return [ord(character) for character in text]


@given(text=LINES | st.text(max_size=3000))
def test_blocks_are_the_text(text: str) -> None:
    found = list(blocks(text))
    assert "".join(found) == text
    assert all(found)
    assert all(block.endswith("\n") for block in found[:-1])
    for block in found:
        assert block.rfind("\n", 0, len(block) - 1) < MOST_BLOCK + 200


@given(parts=st.lists(LINES, max_size=4))
def test_tokens_are_those_of_the_parts(parts: list[str]) -> None:
    found = Tokens(Encoder()).of(parts).tolist()
    between = [code for code in found if code == SEPARATOR]
    assert len(between) == max(0, len(parts) - 1)
    assert "".join(chr(code) for code in found if code != SEPARATOR) == "".join(parts)


def test_an_edit_costs_a_few_blocks() -> None:
    encoder = Encoder()
    tokens = Tokens(encoder)
    text = "".join(FUNCTION.replace("name", f"name_{number}") for number in range(100))
    tokens.of([text])
    encoder.asked.clear()
    edited = text.replace("def name_50(", "def another_50(")
    found = tokens.of([edited])
    assert "".join(map(chr, found.tolist())) == edited
    assert 1 <= len(encoder.asked) <= 3


def test_who_has_no_time_gets_what_is_known() -> None:
    tokens = Tokens(Encoder())
    known = tokens.of([FUNCTION])
    late = tokens.of([FUNCTION, "x = 1\n"], go_on=lambda: False)
    assert late.tolist() == [*known.tolist(), SEPARATOR]
