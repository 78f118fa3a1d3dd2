"""Copies, near copies, and what shares code with what must stay unseen."""

from __future__ import annotations

import inspect

from beadline.trainer.corpus.duplicates import HELD_OUT, Duplicates, SharedRuns, code_tokens
from tests.trainer.corpus.kit import GOOD, MODULES


def test_copies_in_another_layout_and_near_copies():
    found = Duplicates(0.8)
    assert found.reason(GOOD) == ""
    assert found.reason(GOOD.replace("    ", "\t")) == "exact duplicate"
    assert found.reason(GOOD.replace("def _split", "def split")) == "near duplicate"
    assert [found.reason(text) for text in MODULES.values() if text != GOOD] == [""] * 4


def test_what_is_like_a_held_out_file():
    found = Duplicates(0.8)
    found.hold(GOOD)
    assert found.reason(GOOD) == HELD_OUT
    assert found.reason(GOOD.replace("def _split", "def split")) == HELD_OUT
    assert found.reason(MODULES["pkg/queue.py"]) == ""


def test_short_files_are_alike_without_being_copies():
    found = Duplicates(0.8)
    assert found.reason("from .a import b\n") == ""
    assert found.reason("from .a import c\n") == ""


def test_shared_runs_of_tokens():
    unseen = SharedRuns([inspect.getsource(inspect.getmodule)])
    assert unseen.has(inspect.getsource(inspect), "python")
    assert not unseen.has(GOOD, "python")
    assert not SharedRuns([]).has(GOOD, "python")


def test_comments_and_layout_hide_no_shared_run():
    code = "".join(f"value_{i} = compute({i}, other={i})\n" for i in range(20))
    hidden = "".join(f"{line}  # {i}\n\n" for i, line in enumerate(code.splitlines()))
    assert SharedRuns([code]).has(hidden, "python")


C_CODE = "".join(f"int value_{i} = compute({i}, other[{i}]);\n" for i in range(20))
LICENCE = "/* Licensed under terms that are long. " + "Every word of it counts. " * 40 + "*/\n"


def test_comments_of_other_languages_are_no_code():
    unseen = SharedRuns([LICENCE + C_CODE], "java")
    assert unseen.has("// one\n" + C_CODE.replace(";\n", "; // as it was\n"), "java")
    assert not unseen.has(LICENCE + "class Other { int x = 1; }\n" * 30, "java")


def test_a_fragment_that_does_not_parse_is_found_in_a_whole_file():
    body = GOOD[GOOD.index("def _munge_whitespace") :]
    fragment = body[: body.index("def _fix_sentence_endings(")] + "    (\n"
    unseen = SharedRuns([fragment])
    assert unseen.has(GOOD, "python")
    unseen.add(C_CODE, "java")
    assert unseen.has(GOOD, "python")
    assert unseen.has(C_CODE, "java")


def test_strings_are_one_token_whatever_stands_in_them():
    assert code_tokens("x = '# no comment'  # one\n", "python") == ["x", "=", "'# no comment'"]
    assert code_tokens('f("//", `a /* b`) // c\n', "typescript") == [
        "f", "(", '"//"', ",", "`a /* b`", ")",
    ]  # fmt: skip
    assert code_tokens('"""a # b\nc"""\n', "python") == ['"""a # b\nc"""']
