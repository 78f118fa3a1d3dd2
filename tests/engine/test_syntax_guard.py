"""The syntax guard over a small vocabulary: what nothing behind it could mend is not written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context import languages
from beadline.context.lexer import scan
from beadline.engine.fim.healing import TokenTable
from beadline.engine.guidance import Syntax
from beadline.engine.lexical import Lexical
from beadline.engine.monitor import NameTable
from beadline.engine.syntax_guard import SyntaxGuard, SyntaxTable

TEXTS = [
    b"(", b")", b"[", b"]", b"{", b"}", b"()", b"))", b")]", b"])", b"(]", b"})", b"):\n", b":",
    b"x", b" x", b" ", b"    ", b"\t", b"\n", b"\n\n", b" \n", b"def", b" def", b"def ", b"defer",
    b"class", b"@x", b"#", b"# )", b'"', b'")', b"'", b"`", b"\\", b"/", b"return", b"    return",
    b"function", b",",
]  # fmt: skip
END = len(TEXTS)
SIZE = END + 1
UNIFORM = np.zeros(SIZE, dtype=np.float32)
PYTHON = Syntax(
    line_comments=("#",), quotes=('"""', "'''", '"', "'"), multiline_quotes=('"""', "'''"),
    indents=(0,), definitions=("class", "def"),
)  # fmt: skip
BRACES = Syntax(
    line_comments=("//",), block_comment=("/*", "*/"), quotes=('"', "'", "`"),
    multiline_quotes=("`",), opaque="/`", definitions=("class", "function"),
)  # fmt: skip
CLOSES = {")": "(", "]": "[", "}": "{"}


def spell(token: int) -> bytes:
    return b"<end>" if token == END else TEXTS[token]


@pytest.fixture(scope="module")
def table() -> SyntaxTable:
    tokens = TokenTable(range(len(TEXTS)), spell)
    return SyntaxTable(tokens, NameTable(tokens, SIZE))


def guard_of(table: SyntaxTable, syntax: Syntax, *written: bytes, typed: int = 0) -> SyntaxGuard:
    guard = SyntaxGuard(syntax, table, spell, typed=typed)
    guard.begin([])
    guard.append([TEXTS.index(each) for each in written])
    return guard


def barred(guard: SyntaxGuard) -> set[bytes]:
    return {spell(int(t)) for t in np.flatnonzero(~np.isfinite(guard.adjust(UNIFORM)))}


CLOSERS = {each for each in TEXTS if set(each) & set(b")]}") and each[:1] not in b"#\"'"}


def test_a_closer_must_fit_the_innermost_open_bracket(table: SyntaxTable) -> None:
    open_call = replace(PYTHON, brackets="([", starts_line=False)
    assert barred(guard_of(table, open_call)) == {b")", b"))", b")]", b"}", b"})", b"(]", b"):\n"}
    assert barred(guard_of(table, open_call, b"]")) == CLOSERS - {b")", b"()", b"):\n"}
    assert barred(guard_of(table, PYTHON, b"x")) == CLOSERS - {b"()"}


def test_brackets_of_the_hole_itself_are_closed_first(table: SyntaxTable) -> None:
    guard = guard_of(table, replace(PYTHON, brackets="("), b"[")
    assert {b")", b"}", b"))"} <= barred(guard)
    assert b"])" not in barred(guard)


@pytest.mark.parametrize("quote", [b'"', b"'", b"#"])
def test_in_strings_and_comments_everything_goes(table: SyntaxTable, quote: bytes) -> None:
    guard = guard_of(table, PYTHON, b"x", quote)
    assert guard.adjust(UNIFORM) is UNIFORM


def test_where_code_cannot_be_told_from_text_everything_goes(table: SyntaxTable) -> None:
    for unclear in (b"`", b"/", b"\\"):
        guard = guard_of(table, BRACES, b"x", unclear, b"x")
        assert guard.adjust(UNIFORM) is UNIFORM


def test_a_comment_is_told_from_a_slash(table: SyntaxTable) -> None:
    guard = guard_of(table, BRACES, b"x", b"/", b"/", b"x", b"\n")
    assert b")" in barred(guard)


@given(
    tokens=st.lists(st.integers(0, 27), max_size=40),
    brackets=st.text("([{", max_size=3),
    seed=st.integers(0, 1000),
)
def test_no_closer_without_its_opener_is_ever_written(
    table: SyntaxTable, tokens: list[int], brackets: str, seed: int
) -> None:
    random = np.random.default_rng(seed)
    syntax = replace(PYTHON, brackets=brackets, starts_line=False)
    guard = SyntaxGuard(syntax, table, spell)
    guard.begin([])
    stack = list(brackets)
    for wanted in tokens:
        logits = random.normal(0, 1, SIZE).astype(np.float32)
        logits[28:] = -np.inf  # no strings, comments, escapes; no end
        logits[wanted] += 4
        token = int(guard.adjust(logits).argmax())
        guard.append([token])
        for character in spell(token).decode():
            if character in "([{":
                stack.append(character)
            elif character in CLOSES:
                assert stack and stack.pop() == CLOSES[character]


def test_before_there_is_text_no_line_starts_below_the_scope(table: SyntaxTable) -> None:
    body = replace(PYTHON, indents=(4,), starts_line=True)
    assert {b"x", b" x", b"return"} <= barred(guard_of(table, body))
    assert not {b"    return", b"    ", b"\n"} & barred(guard_of(table, body))
    assert not {b"x", b"return"} & barred(guard_of(table, body, b"    "))
    assert not {b"x"} & barred(guard_of(table, replace(body, column=4)))


def test_with_text_a_line_below_the_scope_is_the_end_of_the_hole(table: SyntaxTable) -> None:
    guard = guard_of(table, replace(PYTHON, indents=(4,), starts_line=True), b"    return", b"\n")
    assert b"x" not in barred(guard)


def test_a_line_is_deeper_behind_a_colon_and_nowhere_else(table: SyntaxTable) -> None:
    guard = guard_of(table, PYTHON, b"x", b"\n")
    assert {b" x", b"    return", b"    ", b" "} <= barred(guard)
    assert b"x" not in barred(guard)
    guard = guard_of(table, PYTHON, b"x", b":", b"\n")
    assert b"x" in barred(guard)
    assert not {b" x", b"    return"} & barred(guard)


def test_a_line_goes_back_to_a_block_that_is_open(table: SyntaxTable) -> None:
    guard = guard_of(table, PYTHON, b"x", b":", b"\n", b"    return", b"\n")
    assert b" x" in barred(guard)
    assert not {b"x", b"    return"} & barred(guard)


def test_in_brackets_lines_start_anywhere(table: SyntaxTable) -> None:
    guard = guard_of(table, PYTHON, b"x", b"(", b"\n")
    assert not {b" x", b"x", b"    return"} & barred(guard)


def test_a_header_that_waits_for_its_body(table: SyntaxTable) -> None:
    waiting = replace(PYTHON, indents=(0,), deepens=True, starts_line=True)
    assert b"x" in barred(guard_of(table, waiting))
    on_its_line = replace(waiting, starts_line=False)
    assert b"x" not in barred(guard_of(table, on_its_line))
    assert b"x" in barred(guard_of(table, on_its_line, b"\n"))


def test_the_rest_of_a_line_does_not_begin_with_its_end(table: SyntaxTable) -> None:
    unfinished = replace(PYTHON, breaks=False)
    assert {b"\n", b"\n\n", b" \n"} <= barred(guard_of(table, unfinished))
    assert b"\n" not in barred(guard_of(table, unfinished, b"x"))
    assert b"\n" not in barred(guard_of(table, replace(unfinished, brackets="(")))


@pytest.mark.parametrize(("syntax", "word"), [(PYTHON, b"def"), (BRACES, b"function")])
def test_where_one_statement_was_asked_for_no_second_definition_follows(
    table: SyntaxTable, syntax: Syntax, word: bytes
) -> None:
    one = replace(syntax, one_line=True, starts_line=True)
    assert word in barred(guard_of(table, one, b"x", b"\n"))
    assert word not in barred(guard_of(table, one, b"@x", b"\n"))
    assert word not in barred(guard_of(table, one))
    assert word not in barred(guard_of(table, replace(one, one_line=False), b"x", b"\n"))
    assert b"defer" not in barred(guard_of(table, one, b"x", b"\n"))


def test_typed_bytes_that_are_spelled_again_are_not_read_twice(table: SyntaxTable) -> None:
    syntax = replace(PYTHON, brackets="(")
    guard = guard_of(table, syntax, b"(", typed=1)
    assert barred(guard) == barred(guard_of(table, syntax))


def test_when_nothing_else_is_left_everything_goes(table: SyntaxTable) -> None:
    logits = np.full(SIZE, -np.inf, dtype=np.float32)
    logits[TEXTS.index(b")")] = 0.0
    guard = guard_of(table, PYTHON, b"x")
    assert guard.adjust(logits) is logits


def test_what_is_far_from_being_chosen_costs_no_copy(table: SyntaxTable) -> None:
    logits = UNIFORM.copy()
    logits[TEXTS.index(b"x")] = 100.0
    assert guard_of(table, PYTHON, b"x").adjust(logits) is logits


@given(text=st.text("()[]{}\"'# \nxy", max_size=60))
def test_python_is_read_as_the_lexer_reads_it(text: str) -> None:
    known = scan(text, languages.get("python"))
    lexical = Lexical(PYTHON)
    lexical.feed(text.encode())
    if not known.extra_closers:
        assert lexical.in_code == (not known.string and not known.comment)
        assert lexical.stack.decode() == "".join(bracket for bracket, _ in known.stack)
