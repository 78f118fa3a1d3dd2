"""Finds what looks like a secret, in file names and in text. Knows no files and no index.

A secret never leaves its file as a snippet (DESIGN section 3), so a wrong alarm is cheap (some
lines are not offered) and a miss is not. Token forms follow gitleaks' rule set (MIT,
config/gitleaks.toml) and the issuers' own documentation; names of files follow GitHub's
Git.gitignore-style collections and detect-secrets (Yelp, Apache-2.0).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase

FILE_NAMES = (
    ".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p8", "*.p12", "*.pfx", "*.jks",
    "*.keystore", "*.kdbx", "*.ppk", "*.asc", "*.gpg", "id_rsa*", "id_dsa*", "id_ecdsa*",
    "id_ed25519*", "credentials", "credentials.*", "*.credentials", "*_credentials",
    "*_credentials.*",
    "*-credentials.*", "secrets", "secrets.*", "secret.*", "*.secret", "*.secrets",
    "*_secrets.*", "*-secrets.*", "*.tfvars", "*.tfvars.json", "*.tfstate", "*.tfstate.backup",
    ".npmrc", ".yarnrc", ".yarnrc.yml", ".netrc", "_netrc", ".pypirc", ".pgpass", ".my.cnf",
    ".htpasswd", ".dockercfg", ".dockerconfigjson", ".git-credentials", ".gitcookies",
    ".boto", ".s3cfg", "kubeconfig", "*.kubeconfig", "service-account*.json",
    "service_account*.json", "*.ovpn", "*_history", ".vault-token", "authorized_keys",
)  # fmt: skip
"""Names, in lower case, of files that hold secrets as a rule."""

_KEY_BEGINS = re.compile(
    r"-----BEGIN[A-Z0-9 ]{0,60}PRIVATE KEY(?: BLOCK)?-----|\bPrivate-Lines: \d+"
)
"""The second is PuTTY's, whose keys have no end mark."""
_KEY_WORDS = ("PRIVATE KEY", "Private-Lines")
"""One of them is in whatever `_KEY_BEGINS` matches."""
_KEY_ENDS = re.compile(r"-----END[A-Z0-9 ]{0,60}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINES = 120
"""Lines of a key whose end mark is missing; an RSA key of 8192 bits has 100."""

_TOKENS = re.compile(
    r"""(?<![0-9A-Za-z])(?:
    (?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b       # AWS access key
    |gh[pousr]_[0-9A-Za-z]{36}|github_pat_\w{40,}           # GitHub
    |gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent)-[\w-]{20}        # GitLab
    |xox[abeoprs]-[\w-]{10,}|xapp-\d-[\w-]{10,}             # Slack
    |hooks\.slack\.com/(?:services|workflows|triggers)/[\w/+]{30,}
    |(?:sk|rk|pk)_(?:test|live|prod)_[0-9A-Za-z]{10,}       # Stripe
    |AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}       # Google
    |npm_[0-9A-Za-z]{36}|pypi-AgEIcHlwaS5vcmc[\w-]{40,}     # npm, PyPI
    |rubygems_[0-9a-f]{48}|dckr_pat_[\w-]{20,}
    |sk-(?:ant|proj|svcacct|admin|or)-[\w-]{20,}|sk-[0-9A-Za-z]{32,}
    |hf_[A-Za-z]{30,}|r8_[0-9A-Za-z]{30,}|gsk_[0-9A-Za-z]{40,}
    |SG\.[\w-]{16,}\.[\w-]{16,}|SK[0-9a-f]{32}\b|AC[0-9a-f]{32}\b   # SendGrid, Twilio
    |key-[0-9a-f]{32}\b|do[opr]_v1_[0-9a-f]{64}             # Mailgun, DigitalOcean
    |shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}|EAA[0-9A-Za-z]{60,} # Shopify, Facebook
    |(?:hv[sbr]|s)\.(?=\w*\d)[\w-]{24,}                     # HashiCorp Vault
    |sq0[a-z]{3}-[\w-]{22,}|EAAA[\w-]{60}                   # Square
    |AGE-SECRET-KEY-1[0-9A-Z]{50,}
    |ey[0-9A-Za-z]{17,}\.ey[\w-]{17,}\.[\w-]{10,}           # JSON web token
    )""",
    re.X,
)
_SHORTEST_TOKEN = 15
"""Characters of the shortest match of `_TOKENS`; none holds a blank."""
_IN_URL = re.compile(
    r"\b[a-z][a-z0-9+.-]*://(?P<value>[^\s/:@'\"{}<>$%]*:[^\s/:'\"{}<>$%]{3,}|[\w-]{20,})@", re.I
)
"""Name and password, or a token alone. A password may hold an `@` itself."""
_CURL = re.compile(
    r"\bcurl\b.{0,200}?[ \t](?:-u|--user)[ =]?[\"']?(?P<value>[^\s:\"'$]+:[^\s\"'$]{4,})"
)
_AZURE = re.compile(
    r"(?:AccountKey|SharedAccessKey|SharedAccessSignature)\s*=\s*(?P<value>[\w+/%=]{16,})"
)
_BEARER = re.compile(r"\b(?:bearer|basic)\s+(?=[\w.~+/-]*\d)(?P<value>[\w.~+/-]{16,}=*)", re.I)

_NAME = (
    r"(?:\b(?:pass|pw)(?=[\"'\]\s]*[:=])|passw(?:or)?d|passwd|passphrase|pwd|secret|token"
    r"|credential|api[_.-]?key"
    r"|apikey|access[_.-]?key|auth[_.-]?key|private[_.-]?key|encryption[_.-]?key"
    r"|signing[_.-]?key|client[_.-]?key)[\w.-]{0,40}"
)
_VALUE = re.compile(r"[\"'`\d]")
"""Quotes or a digit are in whatever is found on a line with one of `_WORDS`."""
_WORDS = ("pass", "pw", "secret", "token", "credential", "key")
"""One of them, in lower case, is in whatever `_NAME` matches."""
_QUOTED = re.compile(
    rf"{_NAME}[\"'\]\s]*(?::\s*[\w\[\]|. ]{{1,40}})?(?::=|=>|==?|:|,|\()\s*\(?\s*"
    r"(?:[rbfu]{0,2}|@|\$)([\"'`])(?P<value>[^\s\"'`]{8,})\1",
    re.I,
)
_LONG_STRING = re.compile(r"([\"'`])[^\s\"'`]{8,}\1")
"""What `_QUOTED` ends with: few lines have one."""
_BARE = re.compile(
    rf"^[ \t]*(?:-[ \t]+)?(?:(?:export|set|ENV|ARG)[ \t]+)?[\"']?[\w.-]{{0,60}}?{_NAME}[\"']?"
    r"[ \t]*[:=][ \t]*(?P<value>[^\s\"'`,;(){}<>]{8,})[ \t]*$",
    re.I | re.M,
)
_WORD = re.compile(r"(?<![\w+/-])[\w+/-]{12,}")
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_LONGEST_PIECE = 2.6
"""Mean length of such pieces that a random word stays below: base 64 has 1.8, words that people
join, `sha256_of_file` say, have 3 and more."""
_HEXADECIMAL = re.compile(r"[0-9a-f-]{16,}", re.I)
_NUMBERS = re.compile(r"(?:\b(?:0x[0-9a-f]{1,2}|[0-9]{1,3})\b[\s,]{1,8}){15}", re.I)
"""Sixteen bytes, written as numbers."""
_PLACEHOLDER = re.compile(r"[$%{}<>]|\*\*\*|x{4,}|\.\.\.", re.I)
_LEAST_ENTROPY = 2.75
"""Bits a character of a quoted value; eight different letters have 3, a word like `password` has
2.75. Names say already that a secret is meant, so less is asked than gitleaks' 3.5."""
_LEAST_BARE_ENTROPY = 3.2
_LONG_BARE = 12
"""Without quotes it may be an expression; digits are asked for as well, or a jumble."""


def secret_name(name: str) -> bool:
    """Whether a file's name (without folders) says that it holds secrets."""
    lower = name.lower()
    return any(fnmatchcase(lower, pattern) for pattern in FILE_NAMES)


def secret_spans(text: str) -> list[tuple[int, int]]:
    """Ranges of a text that look like secrets, in order of their starts; they may overlap."""
    return sorted(span for span, _ in _spans(text))


def secret_values(text: str) -> list[tuple[int, int]]:
    """As `secret_spans`, of each only what is secret: not the name in front, not the quotes, not
    the lines around a key."""
    return sorted(value for _, value in _spans(text))


_Span = tuple[int, int]


def _spans(text: str) -> Iterator[tuple[_Span, _Span]]:
    """What looks like a secret, and what of it is secret."""
    for begin in _KEY_BEGINS.finditer(text) if _holds(text, _KEY_WORDS) else ():
        end = _KEY_ENDS.search(text, begin.end())
        last = _lines_on(text, begin.end(), _KEY_LINES)
        span = begin.start(), end.end() if end else last
        yield span, (begin.end(), end.start() if end else last)
    # The longest part of most texts is words too short for one, or the same word again.
    long = {word for word in text.split() if len(word) >= _SHORTEST_TOKEN}
    if _TOKENS.search("\n".join(long)):
        for match in _TOKENS.finditer(text):
            yield match.span(), match.span()
    # Most lines hold none of the words, and searching for words runs at memory speed.
    lower = text.lower()
    if len(lower) != len(text):  # some letters become two; offsets must stay
        lower = "".join(c.lower() if c.isascii() else c for c in text)
    words = ("://", "accountkey", "sharedaccess", "bearer", "basic", "curl")
    for start, end in _lines_with(lower, words):
        for pattern in (_IN_URL, _AZURE, _BEARER, _CURL):
            for match in pattern.finditer(text, start, end):
                yield match.span(), match.span("value")
    for start, end in _lines_with(lower, _WORDS):
        if not _VALUE.search(text, start, end):
            continue
        if _LONG_STRING.search(text, start, end):
            for match in _QUOTED.finditer(text, start, end):
                if _random(match["value"], _LEAST_ENTROPY):
                    yield match.span(), match.span("value")
        if match := _BARE.match(text, start, end):
            value = match["value"]
            long = len(value) >= _LONG_BARE and _mixed(value) and "." not in value.strip(".")
            if _jumbled(value) or (long and _random(value, _LEAST_BARE_ENTROPY)):
                yield match.span(), match.span("value")
        # However the name and the value are joined: by a tag, an option, an attribute, a sentence.
        for match in _WORD.finditer(text, start, end):
            if _jumbled(match[0]):
                yield match.span(), match.span()
        for match in _NUMBERS.finditer(text, start, end):
            yield match.span(), match.span()


def _jumbled(word: str) -> bool:
    """Whether letters and digits follow each other as nobody would write them."""
    if not _mixed(word):
        return False
    pieces = _PIECE.findall(word)
    jumps = sum(map(len, pieces)) < _LONGEST_PIECE * len(pieces)
    return (jumps or bool(_HEXADECIMAL.fullmatch(word))) and _random(word, _LEAST_BARE_ENTROPY)


def _mixed(word: str) -> bool:
    return any(c.isdigit() for c in word) and any(c.isalpha() for c in word)


def _holds(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def _lines_with(text: str, words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Starts and ends of the lines, and the line behind each, that contain one of the words."""
    found: set[tuple[int, int]] = set()
    for word in words:
        at = text.find(word)
        while at >= 0:
            end = text.find("\n", at)
            # A value may stand on the line after its name.
            behind = text.find("\n", end + 1) if end >= 0 else -1
            found.add((text.rfind("\n", 0, at) + 1, behind if behind >= 0 else len(text)))
            if end < 0:
                break
            at = text.find(word, end)
    return sorted(found)


def _random(value: str, least: float) -> bool:
    if _PLACEHOLDER.search(value):
        return False
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy >= least


def _lines_on(text: str, offset: int, lines: int) -> int:
    for _ in range(lines):
        newline = text.find("\n", offset)
        if newline < 0:
            return len(text)
        offset = newline + 1
    return offset
