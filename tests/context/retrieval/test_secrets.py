"""Secrets: names of files, well-known tokens, assignments; and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.context.retrieval.secrets import secret_name, secret_spans, secret_values

# Put together here, so that no scanner takes this file for a leak.
TOKENS = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 12,
    "glpat-" + "a1B2c" * 4,
    "xoxb-" + "123456789012-abcdef",
    "sk_live_" + "a1B2" * 6,
    "AIza" + "a1B2c" * 7,
    "npm_" + "a1B2" * 9,
    "sk-ant-" + "a1B2" * 9,
    "hf_" + "aBcD" * 9,
    "ey" + "J0eXAiOiJKV1QiLCJh" + ".ey" + "JzdWIiOiIxMjM0NTY3ODkw" + ".dozjgNryP4J3jVmNHl0w5N",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "postgres://admin:" + "s3cretpw" + "@db/x",
    "postgres://admin:" + "p@sscretpw" + "@db/x",
    "redis://:" + "s3cretpw" + "@db/0",
    "https://" + "a1B2" * 9 + "@example.org/x.git",
    "prefix_ghp_" + "a1B2" * 9,
    "Private-Lines: 14\nAAAA",
    "AccountKey=" + "a1B2" * 10,
]


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token[:12])
@pytest.mark.parametrize("line", ['value = "{}"', "x: {}", "// see {} there", "İ {}"])
def test_well_known_tokens(token: str, line: str):
    text = "first\n" + line.format(token) + "\nlast\n"
    at = text.index(token)
    assert any(at <= start and end <= len(text) for start, end in secret_spans(text))


@pytest.mark.parametrize(
    "line",
    [
        'password = "hunter2-and-more"',
        "DB_PASSWORD: 'k9#fjW2x'",
        '"client_secret": "0a1b2c3d4e5f6a7b"',
        'apiKey := "q8w7e6r5t4y3u2"',
        'headers["X-Auth-Token"] = "9f8e7d6c5b4a"',
        'set_token("Zm9vYmFyYmF6cXV4")',
        'const accessKey: string = "Zm9vYmFyYmF6cXV4"',
        "export SECRET_KEY=a8f5f167f44f4964e6c998dee827110c",
        "  api_key: a8f5f167f44f4964e6c998dee827110c",
        "Authorization: Bearer a8f5f167f44f4964e6c9",
        'PASSWORD = (\n    "k9#fjW2xpp31"',
        "password: hunter2Xy!z",
        'const apiKey string = "q8w7E6r5T4y3U2"',
        'const API_KEY: &\'static str = "q8w7E6r5T4y3U2";',
        'SECRET_KEY = """\nq8w7E6r5T4y3U2\n"""',
        '#define WIFI_PASSWORD "q8w7E6r5T4y3"',
        'std::string password{"q8w7E6r5T4y3"};',
        "<password>q8w7E6r5T4y3</password>",
        '<add key="ApiSecret" value="q8w7E6r5T4y3"/>',
        "deploy --password q8w7E6r5T4y3",
        "curl -u admin:q8w7E6r5 https://example.org",
        "# the password is q8w7E6r5T4y3",
        '"Server=x;Uid=sa;Pwd=q8w7E6r5T4y3;"',
        "//registry.example/:_authToken=q8w7E6r5T4y3",
        'pw = "q8w7E6r5T4y3"',
        'ENCRYPTION_KEY = bytes.fromhex("1861914d8d2f76233092d8fe89157f54")',
        "private_key = [" + ", ".join(["74", "151", "0x40"] * 11) + "]",
    ],
)
def test_assignments_to_telling_names(line: str):
    assert secret_spans(f"a = 1\n{line}\nb = 2\n")


@pytest.mark.parametrize(
    "line",
    [
        "password = get_password(user)",
        "token = tokens[position + 1]",
        'password = os.environ["PASSWORD"]',
        'secret = "${SECRET_FROM_VAULT}"',
        "def check(password: str, token: Token) -> None:",
        'key = "name"',
        'tokenizer = "aaaaaaaaaaaa"',
        "self.secret_key = options.secret_key",
        "class TokenError(ValueError):",
        "token: string;",
        "if (password.length < 8) throw new Error('too short');",
        "https://example.org/path:80@version",
        "https://example.org/user@version",
        "token = sha256_of_file(other_host_key2)",
        "def test_rfc9110_token_delim(): ...",
        "pass",
    ],
)
def test_code_about_secrets_holds_none(line: str):
    assert not secret_spans(f"a = 1\n{line}\nb = 2\n")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('password = "hunter2-and-more"', "hunter2-and-more"),
        ("export SECRET_KEY=a8f5f167f44f4964e6c998dee827110c", "a8f5f167f44f4964e6c998dee827110c"),
        ("Authorization: Bearer a8f5f167f44f4964e6c9", "a8f5f167f44f4964e6c9"),
        ("curl -u admin:q8w7E6r5 https://example.org", "admin:q8w7E6r5"),
        ("postgres://admin:" + "s3cretpw" + "@db/x", "admin:s3cretpw"),
        ("AccountKey=" + "a1B2" * 10, "a1B2" * 10),
        ("<password>q8w7E6r5T4y3</password>", "q8w7E6r5T4y3"),
    ],
)
def test_values_are_what_is_secret_alone(line: str, value: str):
    text = f"a = 1\n{line}\nb = 2\n"
    assert {text[start:end] for start, end in secret_values(text)} == {value}


def test_the_value_of_a_key_lies_between_its_marks():
    marks = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"
    text = "\nMIIEvQ\nIBADAN\n".join(marks)
    ((start, end),) = secret_values(text)
    assert text[start:end] == "\nMIIEvQ\nIBADAN\n"


@given(st.text(max_size=300), st.sampled_from(TOKENS))
def test_values_lie_in_spans(text: str, token: str):
    spans = secret_spans(text + token)
    for start, end in secret_values(text + token):
        assert any(first <= start <= end <= last for first, last in spans)


@pytest.mark.parametrize(
    "name",
    [".env", ".env.local", "prod.env", "server.pem", "Server.KEY", "id_rsa", "id_ed25519.pub",
     "credentials.json", "aws_credentials", "prod.tfvars", ".npmrc", ".netrc", "secrets.yml",
     "app-secrets.yaml", "terraform.tfstate"],
)  # fmt: skip
def test_names_of_files_that_hold_secrets(name: str):
    assert secret_name(name)


@pytest.mark.parametrize("name", ["secrets_test.go.txt", "environment.py", "keys.py", "key.ts"])
def test_names_that_are_only_near(name: str):
    assert not secret_name(name)


@given(st.text(max_size=300))
def test_any_text_gives_ranges_inside_it(text: str):
    for start, end in secret_spans(text):
        assert 0 <= start < end <= len(text)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=80), st.sampled_from(TOKENS))
def test_a_token_is_found_on_a_line_of_its_own_in_any_text(text: str, token: str):
    whole = f"{text}\n{token}\n{text}"
    at = len(text) + 1
    assert any(start < at + len(token) and end > at for start, end in secret_spans(whole))


@pytest.mark.parametrize(
    "piece",
    ["a", "password", "key=", "ey", "://", "a.", "\n ", "-----BEGIN ", "curl ", "1, ", "://:@"],
)
def test_hostile_texts_take_linear_time(piece: str):
    # 200,000 characters; what is quadratic would not come back within the test's time-out.
    secret_spans(piece * (200_000 // len(piece)))
