"""Which paths are left out, and that it is said why."""

from __future__ import annotations

import pytest

from beadline.trainer.corpus.paths import NO_LANGUAGE, PathRules


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("src/a.py", ""),
        ("a.ts", ""),
        ("docs/index.md", ""),
        ("Makefile", ""),
        ("bin/tool", ""),  # its first line may say what it is
        ("vendor/x/a.go", "in a vendored or hidden folder"),
        ("a/node_modules/b/c.js", "in a vendored or hidden folder"),
        (".github/workflows/a.yml", "in a vendored or hidden folder"),
        (".env", "named like a file of secrets"),
        ("deploy/id_rsa", "named like a file of secrets"),
        ("logo.png", NO_LANGUAGE),
        ("notes.txt", NO_LANGUAGE),
        (".pylintrc", NO_LANGUAGE),
        ("api_pb2.py", "generated, by its name"),
        ("static/jquery.min.js", "generated, by its name"),
        ("data.json", "in a language that is left out"),
    ],
)
def test_names(path: str, reason: str):
    assert PathRules().reason(path) == reason


def test_languages_that_the_user_names():
    rules = PathRules(languages=["go", "json"])
    assert rules.reason("a.go") == rules.reason("a.json") == ""
    assert rules.reason("a.py") == "in a language that is left out"
    assert rules.reason_of_language("python") == "in a language that is left out"
    assert rules.reason_of_language("plaintext") == NO_LANGUAGE


def test_patterns_of_the_user():
    rules = PathRules(include=["/src/"], exclude=["*_test.py", "/src/private/"])
    assert rules.reason("src/a.py") == ""
    assert rules.reason("lib/a.py") == "not among what is to be included"
    assert rules.reason("src/a_test.py") == rules.reason("src/private/a.py") == "ignored"


def test_ignore_files_of_the_tree_at_every_level():
    rules = PathRules(
        rules={".beadlineignore": "*.gen.py\n/old/\n", "new/.beadlineignore": "!a.gen.py\n"}
    )
    assert rules.reason("x/b.gen.py") == rules.reason("old/a.py") == "ignored"
    assert rules.reason("new/a.gen.py") == rules.reason("new/old/a.py") == ""
    assert rules.reason("new/b.gen.py") == "ignored"


def test_attributes_of_the_tree():
    attributes = (
        "# comment\n"
        "*.gen.go linguist-generated=true -diff\n"
        "third/** linguist-vendored\n"
        "third/own/** -linguist-vendored\n"
        "plain.go linguist-generated=false\n"
    )
    rules = PathRules(rules={"sub/.gitattributes": attributes})
    assert rules.reason("sub/x/a.gen.go") == "generated, by .gitattributes"
    assert rules.reason("sub/third/a.go") == "vendored, by .gitattributes"
    assert rules.reason("sub/third/own/a.go") == rules.reason("sub/plain.go") == ""
    assert rules.reason("a.gen.go") == ""
