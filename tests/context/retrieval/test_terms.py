"""Terms: whole identifiers and their parts, in every script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.retrieval.terms import LONGEST, Splitter, identifiers, words


@pytest.mark.parametrize(
    ("identifier", "parts"),
    [
        ("name", []),
        ("getHTTPBody", ["get", "http", "body"]),
        ("snake_case_name", ["snake", "case", "name"]),
        ("MAX_LINES", ["max", "lines"]),
        ("HTTPServer2", ["http", "server2"]),
        ("_private", ["private"]),
        ("__init__", ["init"]),
        ("parseXMLv2_fast", ["parse", "xm", "lv2", "fast"]),
        ("xY", []),
        ("größeÄndern", ["größe", "ändern"]),
        ("имяФайла", ["имя", "файла"]),
        ("変数名", []),
    ],
)
def test_an_identifier_is_a_term_and_so_are_its_parts(identifier: str, parts: list[str]):
    assert Splitter().of(identifier) == (identifier.lower(), *parts)


def test_numbers_operators_and_single_letters_are_no_terms():
    assert Splitter().terms("x = a1 + 0xff * 17 // y  # no-op") == ["a1", "no", "op"]


def test_terms_repeat_in_order():
    assert Splitter().terms("run(run, runAll)") == ["run", "run", "runall", "run", "all"]


def test_an_endless_word_is_no_identifier():
    assert not list(identifiers("a" * (LONGEST + 1)))


@given(st.text())
def test_every_term_is_in_the_text_and_none_is_short(text: str):
    splitter = Splitter()
    terms = splitter.terms(text)
    assert terms == splitter.terms(text), "what is remembered changes nothing"
    words = [match[0].lower() for match in identifiers(text)]
    assert all(len(term) > 1 and any(term in word for word in words) for term in terms)
    assert all(word in terms for word in words)


@given(st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=2, max_size=5))
def test_both_spellings_have_the_same_parts(words: list[str]):
    splitter = Splitter()
    snake, camel = "_".join(words), words[0] + "".join(w.title() for w in words[1:])
    assert splitter.of(snake)[1:] == splitter.of(camel)[1:] == tuple(words)


@given(text=st.text(alphabet="aB_1 .é\n", max_size=60))
def test_distinct_terms_are_the_terms_each_once(text: str) -> None:
    splitter = Splitter()
    assert splitter.distinct(words(text)) == list(dict.fromkeys(splitter.terms(text)))
