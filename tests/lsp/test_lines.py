"""Lines, columns and edits, against the model that counts code units."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.lsp.lines import Edit, Encoding, Lines
from tests.lsp.fuzz_texts import UnitText

ALPHABET = st.sampled_from("ab\r\n\f\u2028\x0bäß€😀\0")
TEXTS = st.text(ALPHABET, max_size=20)
PLACES = st.tuples(st.integers(0, 8), st.integers(0, 25))
ENCODINGS = st.sampled_from(("utf-8", "utf-16", "utf-32"))


@given(TEXTS, st.lists(st.tuples(PLACES, PLACES, TEXTS), max_size=4), ENCODINGS)
def test_any_edits_give_the_text_of_the_model(
    text: str, edits: list[tuple[tuple[int, int], tuple[int, int], str]], encoding: Encoding
) -> None:
    first, model = Lines.of(text), UnitText(text, encoding)
    lines, together = first, first.draft()
    for start, end, inserted in edits:
        before, draft = lines.text, lines.draft()
        edit = draft.replace(start, end, inserted, encoding)
        lines = draft.lines()
        assert together.replace(start, end, inserted, encoding) == edit
        model.replace(start, end, inserted)
        assert lines.original == model.text()
        assert lines.text == model.normal()
        assert (lines.size, lines.nuls) == (model.size(), model.text().count("\0"))
        assert lines.text == before[: edit.start] + edit.text + before[edit.start + edit.removed :]
        fresh = Lines.of(lines.original)
        assert (fresh.text, fresh.original) == (lines.text, lines.original)
        for place in (start, end):
            assert lines.offset(*place, encoding) == fresh.offset(*place, encoding)
    assert together.lines().original == lines.original
    assert first.original == text


@given(TEXTS, PLACES, ENCODINGS)
def test_positions_are_those_of_the_model(
    text: str, place: tuple[int, int], encoding: Encoding
) -> None:
    lines, model = Lines.of(text), UnitText(text, encoding)
    offset = lines.offset(*place, encoding)
    before = UnitText("", encoding)
    before.units = model.units[: model.index(*place)]
    assert lines.text[:offset] == before.normal()
    assert lines.offset(*lines.position(offset, encoding), encoding) == offset


def test_an_edit_says_what_it_did() -> None:
    edit = Lines.of("ab\r\ncd").draft().replace((0, 1), (1, 1), "x\r\ny", "utf-16")
    assert edit == Edit(1, 3, "x\ny")
    assert (edit.end, edit.moved(10)) == (4, Edit(11, 3, "x\ny"))


def test_a_long_line_of_characters_of_two_units() -> None:
    text = "😀" * 100_000
    draft = Lines.of(text).draft()
    draft.replace((0, 100_001), (0, 100_001), "x", "utf-16")
    assert draft.lines().text == text[:50_000] + "x" + text[50_000:]
