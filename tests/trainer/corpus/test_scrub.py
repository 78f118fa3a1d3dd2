"""Secrets and personal data get stand-ins of their shape, and code stays code."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.trainer.corpus.scrub import Scrubber, stand_in
from tests.examples import examples
from tests.trainer.corpus.kit import MODULES, document

KEY = "\n".join("MIIEpAIBAAKCAQEA7b" + "q9Zx" * 11 for _ in range(4)) + "\nq8w7E6r5==\n"
# Put together here, so that no scanner takes this file for a leak.
SECRETS = [
    ('key = "{}"', "AKIA" + "IOSFODNN7EXAMPLE"),
    ('token = "{}"', "ghp_" + "a1B2" * 9),
    ('password = "{}"', "hunter2-and-more"),
    ("# the password is {}", "q8w7E6r5T4y3"),
    ('url = "postgres://{}@db/x"', "admin:" + "s3cretpw"),
    ('h = {{"Authorization": "Bearer {}"}}', "a8f5f167f44f4964e6c9"),
]


def clean(text: str, path: str = "a.py") -> str:
    return Scrubber().clean(document(text, path))[0]


@pytest.mark.parametrize(("line", "secret"), SECRETS)
def test_the_value_is_replaced_and_nothing_else(line: str, secret: str):
    text = "import os\n" + line.format(secret) + "\nlast = 1\n"
    after, counts = Scrubber().clean(document(text))
    assert secret not in after
    assert after == text.replace(secret, stand_in(secret))
    assert len(after) == len(text)
    assert counts["secrets"] >= 1


def test_a_stand_in_has_the_shape_of_what_it_stands_for():
    assert stand_in("aB3-x_Y.9/=") == "xX0-x_X.0/="
    assert stand_in(r"a\n\x41\u00e9\\Z") == r"x\n\x00\u0000\\X"
    assert stand_in("0x1f, 200, 7,") == "0x00, 000, 0,"


@given(st.text(st.characters(codec="utf-8")))
@examples(200)
def test_a_stand_in_stands_for_itself(value: str):
    once = stand_in(value)
    assert len(once) == len(value)
    assert stand_in(once) == once


@given(
    st.lists(
        st.sampled_from([line.format(secret) for line, secret in SECRETS])
        | st.sampled_from(["x = 1", "def f(a):\n    return a", 's = "\\u00e9 äöü"', "# jane@a.io"]),
        max_size=8,
    ).map("\n".join)
)
@examples(100)
def test_cleaning_twice_changes_nothing_and_keeps_the_syntax(text: str):
    once, _ = Scrubber().clean(document(text))
    twice, counts = Scrubber().clean(document(once))
    assert (twice, counts.total()) == (once, 0)
    assert len(once) == len(text)
    ast.parse(once)


def test_keys_line_by_line():
    text = f'KEY = """-----BEGIN RSA PRIVATE KEY-----\n{KEY}-----END RSA PRIVATE KEY-----"""\n'
    after = clean(text)
    assert KEY.split("\n")[0] not in after
    assert "q8w7E6r5" not in after
    assert after.startswith('KEY = """-----BEGIN RSA PRIVATE KEY-----\nXXXXxXXXXX')
    # Code that looks for the mark is no key.
    searching = 'if "-----BEGIN RSA PRIVATE KEY-----" in text:\n    return found(text)\n' * 2
    assert clean(searching) == searching


@pytest.mark.parametrize(
    "text",
    [
        MODULES["pkg/queue.py"],
        'token = request.headers["access_token"]\n',
        'kind = get_token("refresh_token")\n',
        "key2value3map4x = token9index8of7y\n",
        'email = "me@example.com"  # or noreply@corp.io, git@github.com:a/b\n',
        "y = x@self.weight\n",
        'version = "10.200.30.40"\nhost = "127.0.0.1"\ndns = "8.8.8.8"\nlocal = "192.168.1.77"\n',
        'path = "/home/user/x"\n',
        "# TODO(#123): later\n",
        'n = "1234 5678"\n',
    ],
    ids=lambda text: text[:20],
)
def test_what_only_looks_like_it_stays(text: str):
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "gone", "what"),
    [
        ("# written by jane.doe@corp.io\n", "jane.doe@corp", "e-mail addresses"),
        ('host = "93.184.216.34"\n', "93.184", "IP addresses"),
        ('phone = "+49 30 1234567"\n', "1234567", "telephone numbers"),
        ('card = "4539-1488-0343-6467"\n', "1488", "payment cards"),
        ("# @author Jane Doe\n", "Jane", "names of authors"),
        ('__author__ = "Jane Van Doe"\n', "Doe", "names of authors"),
        ("x = 1  # TODO(janed): later\n", "janed", "names of users"),
        ('path = "/home/janed/x"\n', "janed", "names of users"),
    ],
)  # fmt: skip
def test_personal_data(text: str, gone: str, what: str):
    after, counts = Scrubber().clean(document(text))
    assert gone not in after
    assert len(after) == len(text)
    assert counts == {what: 1}


def test_bytes_in_code_stay_numbers():
    numbers = ", ".join(["74", "151", "0x4f", "9"] * 8)
    text = f"private_key = [{numbers}]\n"
    after = clean(text)
    assert ast.parse(after)
    assert "151, 0x4f" not in after


def test_in_a_language_without_a_grammar_everything_is_looked_at():
    text = "db:\n  password: q8w7E6r5T4y3\n  admin: jane@corp.io\n"
    after = clean(text, "a.yaml")
    assert after == "db:\n  password: x0x0X0x0X0x0\n  admin: xxxx@xxxx.xx\n"


def test_in_a_shell_values_have_no_quotes():
    text = "export API_TOKEN=q8w7E6r5T4y3\necho done\n"
    after, counts = Scrubber().clean(document(text, "a.sh"))
    assert after == "export API_TOKEN=x0x0X0x0X0x0\necho done\n"
    assert counts == {"secrets": 1}
