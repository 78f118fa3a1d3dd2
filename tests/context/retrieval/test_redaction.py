"""Private files and secrets are never snippets."""

from __future__ import annotations

import pytest

from beadline.context.retrieval.redaction import Redaction
from beadline.context.types import Snippet


def snippet(text: str, path: str = "a.py") -> Snippet:
    return Snippet(path, text, 0, 1.0, "similar")


@pytest.mark.parametrize(
    "path", [".env", "deploy/.env.production", "keys/id_rsa", "a/server.pem", "secrets.yaml", ""]
)
def test_files_that_hold_secrets_as_a_rule(path: str):
    assert not Redaction(()).may_leave(path)
    assert not Redaction(()).allowed(snippet("x = 1", path))


def test_the_user_s_patterns():
    rules = Redaction(("private/", "*.sql"))
    assert not rules.may_leave("private/a.py")
    assert not rules.may_leave("db/dump.sql")
    assert not rules.may_leave("folder/private/a.py"), "of a folder among several"
    assert rules.may_leave("public/a.py")
    assert rules.may_leave("public/a.py"), "asked again"


def test_texts_with_a_secret():
    rules = Redaction(())
    assert not rules.allowed(snippet("password = 'k9#fjW2x" + "Qp7!'"))
    assert not rules.allowed(snippet("def f(key='AKIA" + "QWERTYUIOPASDFGH'):"))
    assert rules.allowed(snippet("def connect(password: str, token: Token) -> None:"))
