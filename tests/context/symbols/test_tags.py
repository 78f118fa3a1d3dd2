"""Definitions of languages that are read by their grammars' own tags."""

from __future__ import annotations

import pytest

from beadline.context import languages
from beadline.context.symbols.tags import tags_query
from beadline.context.symbols.types import Definition, Kind
from tests.context.samples import SAMPLES
from tests.context.symbols.workspaces import symbols

LANGUAGES = {
    "c": ("a.c", {"reader": Kind.CLASS, "read_rows": Kind.FUNCTION}),
    "cpp": ("a.cpp", {"Reader": Kind.CLASS, "read": Kind.METHOD}),
    "csharp": ("a.cs", {"Reader": Kind.CLASS, "Read": Kind.METHOD}),
    "ruby": ("a.rb", {"Reader": Kind.CLASS, "read": Kind.METHOD}),
    "php": ("a.php", {"Reader": Kind.CLASS, "read": Kind.METHOD}),
    "shellscript": ("a.sh", {"read_rows": Kind.FUNCTION}),
}


def definitions(text: str, path: str) -> dict[str, Definition]:
    return {each.qualified: each for each in symbols(text, path).definitions}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_definitions_of_real_looking_code(language: str):
    path, expected = LANGUAGES[language]
    found = {(each.name, each.kind) for each in symbols(SAMPLES[language], path).definitions}
    assert expected.items() <= found


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_only_kinds_that_we_know(language: str):
    known = languages.get(language)
    grammar = languages.grammar(known)
    assert grammar is not None
    query = tags_query(known, grammar)
    assert query is not None
    captures = {query.capture_name(index) for index in range(query.capture_count)}
    kinds = {each.removeprefix("definition.") for each in captures if "definition." in each}
    assert kinds and kinds <= set(Kind)
    assert not any(each.startswith("reference") for each in captures)


def test_a_language_without_a_grammar_has_no_symbols():
    assert symbols("some text", "a.txt").definitions == ()


def test_a_member_outside_of_its_class():
    found = definitions("double Shape::area(int scale) const {\n  return scale;\n}\n", "a.cpp")
    assert list(found) == ["Shape.area"]
    assert found["Shape.area"].signature == "double Shape::area(int scale) const"


def test_prototypes_of_headers():
    found = definitions("int util_open(const char *path, int flags);\n", "a.h")
    assert "util_open" in found


def test_a_signature_ends_where_the_body_starts():
    found = definitions("class A < B\n  def run(x, y = 1)\n    x\n  end\nend\n", "a.rb")
    assert found["A.run"].signature == "def run(x, y = 1)"
