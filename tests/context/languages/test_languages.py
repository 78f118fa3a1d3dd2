from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from beadline.context import languages
from beadline.context.languages import Registry, grammars

from ..samples import SAMPLES

PARSED = [language for language in languages.known() if language.has_tree]
TOML = """\
id = "tiny"
name = "Tiny"
extensions = [".tiny"]
aliases = ["tn"]
line_comment = ";;"
blocks = "braces"
grammar = "tree_sitter_c"

[kinds]
blocks = ["compound_statement"]
"""


def test_the_languages_of_the_issue_have_trees() -> None:
    assert {language.id for language in PARSED} == set(SAMPLES)


@pytest.mark.parametrize("language", PARSED, ids=lambda language: language.id)
def test_data_and_grammar_agree(language: languages.Language) -> None:
    grammar = grammars.load(language)
    assert grammars.unknown_kinds(language, grammar) == []
    assert grammar.query.pattern_count > 0
    names = {grammar.query.capture_name(i) for i in range(grammar.query.capture_count)}
    assert "name" in names and any(name.startswith("definition.") for name in names)
    kinds = language.kinds
    for each in (kinds.blocks, kinds.statements, kinds.expressions, kinds.strings):
        assert each
    assert kinds.comments and kinds.definitions
    assert language.line_comment and language.words.headers and language.words.jumps


def test_ids_names_and_extensions_are_told_apart() -> None:
    known = languages.known()
    names = [alias for language in known for alias in (language.id, *language.aliases)]
    assert len(names) == len(set(names))
    extensions = [extension for language in known for extension in language.extensions]
    assert len(extensions) == len(set(extensions))
    assert all(e == e.lower() and e.startswith(".") for e in extensions)


@pytest.mark.parametrize(
    ("path", "first_line", "expected"),
    [
        ("a/b.PY", "", "python"),
        ("a\\b.tsx", "", "typescriptreact"),
        ("x.h", "", "c"),
        ("Makefile", "", "makefile"),
        ("Gemfile", "", "ruby"),
        (".bashrc", "", "shellscript"),
        ("run", "#!/bin/bash -e", "shellscript"),
        ("run", "#!/usr/bin/env -S python3.12 -u", "python"),
        ("run", "#! /usr/bin/env node", "javascript"),
        ("run", "#!/opt/none", "plaintext"),
        ("run", "", "plaintext"),
        (".py", "", "plaintext"),
        ("", "", "plaintext"),
    ],
)
def test_languages_are_told_by_name_then_by_the_first_line(
    path: str, first_line: str, expected: str
) -> None:
    assert languages.language_of(path, first_line) == expected


def test_ids_and_aliases_are_found_whatever_their_case() -> None:
    assert languages.get("C++").id == "cpp"
    assert languages.get("Bash").id == "shellscript"
    assert languages.get("jsonc").id == "json"
    assert languages.get("nothing").id == "plaintext"


def user(folder: Path, toml: str, query: str = "", name: str = "tiny") -> Registry:
    (folder / f"{name}.toml").write_text(toml, "utf-8")
    if query:
        (folder / f"{name}.scm").write_text(query, "utf-8")
    return Registry(folder)


def test_a_user_adds_a_language(tmp_path: Path) -> None:
    found = user(
        tmp_path,
        TOML,
        "(struct_specifier name: (_) @name body: (_) @body) @definition.struct\n",
    )
    assert found.problems() == ()
    language = found.get("TN")
    assert (language.id, language.line_comment, language.has_tree) == ("tiny", ";;", True)
    assert found.language_of("a.tiny") == "tiny"
    grammar = found.grammar(language)
    assert grammar is not None and grammar.query.capture_count == 3
    assert found.known()[-1].id == "plaintext"


def test_a_user_changes_a_shipped_language(tmp_path: Path) -> None:
    found = user(tmp_path, 'base = "c"\nid = "c"\nextensions = [".c"]\n[words]\njumps = ["x"]\n')
    assert found.problems() == ()
    language, shipped = found.get("c"), languages.get("c")
    assert found.language_of("a.h") == "plaintext"
    assert language.words.jumps == {"x"}
    assert language.words.headers == shipped.words.headers
    assert (language.query, language.kinds) == (shipped.query, shipped.kinds)
    assert found.get("cpp").words.jumps == languages.get("cpp").words.jumps


def test_a_level_of_indentation_is_that_of_the_language_or_its_base(tmp_path: Path) -> None:
    found = user(tmp_path, 'base = "go"\nid = "goo"\nname = "Goo"\nindent = "  "\n')
    assert found.problems() == ()
    ids = ("python", "go", "goo", "typescriptreact", "ruby", "json", "makefile")
    indents = [found.get(name).indent for name in ids]
    assert indents == ["    ", "\t", "  ", "  ", "  ", "  ", "\t"]


def test_a_language_on_a_base_has_names_of_its_own(tmp_path: Path) -> None:
    found = user(
        tmp_path, 'base = "python"\nid = "snake"\nname = "Snake"\nextensions = [".snake"]\n'
    )
    assert found.problems() == ()
    assert found.get("snake").has_tree and found.get("py").id == "python"
    assert found.language_of("a.py") == "python"


@pytest.mark.parametrize(
    ("toml", "query", "words"),
    [
        ("id = ", "", ("cannot be used", "tiny.toml")),
        ('base = ["c"]\n' + TOML, "", ("base must be the id",)),
        ("query = 1\n" + TOML, "", ("query must be the name",)),
        ("id = " + "[" * 5000, "", ("cannot be used", "tiny.toml")),
        ('name = "Tiny"', "", ("no id",)),
        ('id = "tiny"\nname = "Tiny"\ncolour = 3', "", ("unknown key colour",)),
        ('id = "tiny"\nname = "Tiny"\n[words]\njump = []', "", ("unknown key words.jump",)),
        ('id = "tiny"\nname = "Tiny"\nsemicolons = "yes"', "", ("semicolons", "wrong type")),
        ('id = "tiny"\nname = "Tiny"\nblocks = "round"', "", ("blocks must be one of",)),
        ('id = "tiny"\nname = "Tiny"\nquotes = 3', "", ("quotes must be a list",)),
        ('id = "tiny"\nname = "Tiny"\nblock_comment = ["a"]', "", ("must have two parts",)),
        ('id = "tiny"\nname = "Tiny"\nindent = "-"', "", ("indent must be blanks",)),
        ('id = "tiny"\nname = "Tiny"\nheredoc = "("', "", ("no regular expression",)),
        ('id = "tiny"\nname = "Tiny"\nbase = "none"', "", ("base 'none'",)),
        (TOML + "[repair]\nafter = 3", "", ("repair.after", "wrong type")),
        (
            'query = "none.scm"\n' + TOML,
            "",
            ("none.scm is missing",),
        ),
    ],
)
def test_a_broken_file_costs_its_own_language_alone(
    tmp_path: Path, toml: str, query: str, words: tuple[str, ...]
) -> None:
    found = user(tmp_path, toml, query)
    (problem,) = found.problems()
    assert all(word in problem for word in words), problem
    assert found.get("tiny").id == "plaintext"
    assert {language.id for language in found.known()} == {
        language.id for language in languages.known()
    }


@pytest.mark.parametrize(
    ("toml", "query", "words"),
    [
        (
            TOML.replace("tree_sitter_c", "tree_sitter_none"),
            "",
            ("tree_sitter_none is not installed", "pip install tree-sitter-none"),
        ),
        (TOML.replace('c"\n\n', 'c:none"\n\n'), "", ("no function none()",)),
        (TOML.replace("compound_statement", "no_such_kind"), "", ("no_such_kind",)),
        (TOML, "(no_such_kind) @definition.x", ("query does not compile",)),
        (TOML, "(((", ("query does not compile",)),
        (TOML.replace("tree_sitter_c", "json:dumps"), "", ("does not fit",)),
    ],
)
def test_a_language_whose_grammar_cannot_be_used_is_read_by_lines(
    tmp_path: Path, toml: str, query: str, words: tuple[str, ...]
) -> None:
    found = user(tmp_path, toml, query)
    (problem,) = found.problems()
    assert all(word in problem for word in (*words, "read by lines", "tiny.toml")), problem
    language = found.get("tiny")
    assert language.line_comment == ";;" and not language.has_tree
    assert found.grammar(language) is None
    assert found.get("python").has_tree


def test_a_file_that_cannot_be_read_is_a_problem_too(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "b.toml").mkdir()
    assert len(Registry(tmp_path).problems()) == 2


def test_grammars_are_loaded_when_they_are_needed() -> None:
    code = (
        "import sys, beadline.lsp.serve\n"
        "from beadline.context import languages\n"
        "languages.known()\n"
        "grammars = [m for m in sys.modules if m.startswith('tree_sitter')]\n"
        "languages.grammar(languages.get('go'))\n"
        "print(grammars, 'tree_sitter_go' in sys.modules, 'tree_sitter_c' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "[] True False"
