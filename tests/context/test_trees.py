from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document
from tests.examples import examples

from .marked import tree
from .samples import SAMPLES

LANGUAGES = sorted(SAMPLES)
PIECES = st.text(
    st.sampled_from(list("abx1 \n\t(){}[]<>;:,.='\"`/\\#$%@!?&|*+-_é漢😀")), max_size=12
) | st.sampled_from(
    ["if (x) {\n", "end\n", "<<EOF\n", "${", "#{", '"""', "/*", "*/", "<?php", "\x00"]
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_real_looking_code_parses_without_problems(language: str) -> None:
    assert tree(SAMPLES[language], language).problems().count == 0


@pytest.mark.parametrize("language", LANGUAGES)
@examples(25)
@given(data=st.data())
def test_a_tree_parsed_on_is_the_tree_of_the_whole_text(language: str, data) -> None:
    trees, text = SyntaxTrees(), SAMPLES[language]
    found = trees.parse(Document("k", "a", language, text))
    assert found is not None
    str(found.root)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 40)))
        text = text[:start] + data.draw(PIECES) + text[end:]
        found = trees.parse(Document("k", "a", language, text))
        assert found is not None
        fresh = tree(text, language)
        offset = data.draw(st.integers(0, len(text)))
        assert not (found.in_string(offset) and found.in_comment(offset))
        assert isinstance(found.node_at(offset), str)
        # How tree-sitter recovers from errors may depend on the nodes it can take over.
        assert (found.problems().count == 0) == (fresh.problems().count == 0)
        if not fresh.problems().count:
            assert str(found.root) == str(fresh.root)
            assert found.captures("definition") == fresh.captures("definition")
            assert found.in_string(offset) == fresh.in_string(offset)
            assert found.in_comment(offset) == fresh.in_comment(offset)


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("python", ["function read", "class Reader", "function __init__"]),
        ("javascript", ["function read", "class Reader", "method size"]),
        ("javascriptreact", ["function List"]),
        (
            "typescript",
            [
                "interface Options",
                "type Key",
                "enum Level",
                "class Reader",
                "method constructor",
                "method names",
            ],
        ),
        ("typescriptreact", ["type Props", "function List"]),
        ("java", ["class Reader", "method close", "enum Level"]),
        ("go", ["struct Reader", "method Read"]),
        ("rust", ["struct Reader", "impl Reader<'a>", "function read"]),
        ("c", ["struct reader", "function read_rows"]),
        ("cpp", ["module reader", "class Reader", "function Reader", "function read"]),
        ("csharp", ["module Example", "class Reader", "property Limit", "method Read"]),
        ("ruby", ["module Reading", "class Reader", "method read"]),
        ("php", ["module Example", "class Reader", "method read"]),
        ("shellscript", ["function read_rows"]),
    ],
)
def test_definitions_are_captured_with_their_bodies(language: str, names: list[str]) -> None:
    text = SAMPLES[language]
    found = tree(text, language).captures("definition")
    assert [f"{capture.kind} {capture.name}" for capture in found] == names
    for capture in found:
        assert capture.start <= capture.body <= capture.end <= len(text)
        assert capture.name in text[capture.start : capture.body]


def test_only_definitions_that_overlap_a_range_are_captured() -> None:
    text = "é = '😀'\ndef f():\n    pass\n\nclass C:\n    def g(self):\n        pass\n"
    at = text.index("self")
    assert [c.name for c in tree(text).captures("definition", at, at)] == ["C", "g"]


LONG = "".join(f"function f{i}(a) {{\n  return [a, '😀', {i}];\n}}\n\n" for i in range(4000))


@pytest.mark.parametrize("at", [0, len(LONG) // 3, len(LONG) // 2, len(LONG) - 9])
def test_a_long_text_is_looked_at_in_parts(at: int) -> None:
    found = tree(LONG, "javascript")
    start = LONG.index("return", at) if "return" in LONG[at:] else LONG.rindex("return")
    offset = LONG.index("😀", start)
    assert found.in_string(offset) and not found.in_string(start)
    (capture,) = found.captures("definition", start, start)
    assert LONG.startswith(f"function {capture.name}(a)", capture.start)
    assert LONG[capture.body] == "{" and LONG[capture.end - 1] == "}"


def test_a_part_of_a_long_class_keeps_the_headers_around_it() -> None:
    methods = "".join(f"    int f{i}(int a) {{\n        return a;\n    }}\n\n" for i in range(4000))
    text = "class A {\n" + methods + "}\n"
    near = tree(text, "java").around(len(text) // 2)
    assert near is not None
    part, origin = near
    assert part.problems().count == 0 and part.text.startswith("class A {\n")
    at = len(text) // 2
    assert part.text[at - origin : at - origin + 50] == text[at : at + 50]


def test_a_document_that_changes_its_language_is_parsed_anew() -> None:
    trees = SyntaxTrees()
    trees.parse(Document("k", "a", "javascript", "x = `a`"))
    found = trees.parse(Document("k", "a", "go", "package a\n"))
    assert found is not None and found.language.id == "go" and found.problems().count == 0
    assert trees.parse(Document("k", "a", "yaml", "a: b\n")) is None and len(trees) == 0
