"""Replaces secrets and personal data by stand-ins of the same shape. Knows no file and no report.

What looks like a secret is found as for snippets (`context.retrieval.secrets`); personal data are
e-mail addresses, telephone numbers, public IP addresses, payment cards, names of authors and of
users. A stand-in has the length, the separators and the escapes of what it stands for, small
letters are `x`, capitals `X`, digits `0`: it says nothing more, and it is never searched for again.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from beadline.context.retrieval.secrets import secret_values
from beadline.context.syntax import SyntaxTree, SyntaxTrees
from beadline.context.types import Document

SECRETS = "secrets"
_BARE_VALUES = frozenset({"shellscript"})
"""Languages with a grammar whose strings need no quotes: code and values look alike."""
_ESCAPE = re.compile(
    r"\\(?:x[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f]+\}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|.)", re.S
)
_BYTE = r"(?:0x[0-9a-f]{1,2}|[0-9]{1,3})"
_NUMBERS = re.compile(rf"{_BYTE}(?:[\s,]+{_BYTE})+[\s,]*", re.I)
_NUMBER = re.compile(r"(0x)?([0-9a-f]+)", re.I)
_KEY_LINE = re.compile(r"[\s\"'`*#/+,]*([A-Za-z0-9+/=]+)(?:\\n)?[\s\"'`+,\\;)]*")
_LEAST_KEY_LINE = 16
_LONGEST_KEY_LINE = 200
_WORDS = re.compile(r"[a-z]{2,14}(?:[_.:/-][a-z]{2,14})+|[A-Z]{2,14}(?:_[A-Z]{2,14})+")
_WORD = re.compile(r"[a-z]+")
_NAMES_OF_SECRETS = frozenset(
    {
        "access", "account", "admin", "api", "app", "auth", "authorization", "bearer", "bot",
        "client", "cookie", "credential", "credentials", "csrf", "default", "device", "env",
        "field", "file", "grant", "hash", "header", "id", "invalid", "jwt", "key", "keys", "kind",
        "login", "missing", "name", "oauth", "param", "pass", "password", "passwd", "path",
        "private", "prompt", "public", "refresh", "request", "required", "reset", "secret",
        "secrets", "server", "session", "ssh", "sso", "state", "storage", "store", "token",
        "tokens", "type", "url", "user", "username", "value", "var", "verify", "xsrf",
    }
)  # fmt: skip
"""One of them in a quoted value of several words says that the value is a name (`access_token`)."""
_VERSION = re.compile(r"(?i)\b(?:v|ver|version|release|build)\W{0,4}\Z")
_KNOWN_ADDRESSES = frozenset({"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "1.2.3.4"})
_KNOWN_USERS = frozenset(
    {
        "admin", "alice", "app", "bob", "circleci", "default", "foo", "git", "guest", "jenkins",
        "johndoe", "me", "name", "node", "postgres", "public", "root", "runner", "shared",
        "somebody", "test", "travis", "ubuntu", "user", "username", "vagrant", "vscode", "www",
        "you", "your",
    }
)  # fmt: skip
_RESERVED = re.compile(r"(?i)(?:^|[@.])(?:example(?:\.\w+)?|test|invalid|localhost|local)\Z")


def stand_in(value: str) -> str:
    """What a secret is replaced by; `stand_in(stand_in(v)) == stand_in(v)`."""
    if _NUMBERS.fullmatch(value):  # bytes, in code: they must stay numbers
        return _NUMBER.sub(_number, value)
    parts: list[str] = []
    at = 0
    for escape in _ESCAPE.finditer(value):
        parts.append(_blank(value[at : escape.start()]))
        sign, code = escape[0][:2], escape[0][2:]
        digits = sign[1].isdigit()
        parts.append("\\" + _zeros(escape[0][1:]) if digits else sign + _zeros(code))
        at = escape.end()
    return "".join(parts) + _blank(value[at:])


class Scrubber:
    """Cleans texts. Keeps parsers, so it belongs to one thread at a time."""

    def __init__(self) -> None:
        self._trees = SyntaxTrees(limit=1)

    def clean(self, document: Document) -> tuple[str, Counter[str]]:
        """The text with stand-ins, as long as it was, and how many of what were put in.

        In a language with a grammar only strings and comments hold secrets, and lists of bytes; in
        a shell every word may be one.
        """
        text = document.text
        found = list(_found(text))
        counts: Counter[str] = Counter()
        if not found:
            return text, counts
        tree = None if document.language in _BARE_VALUES else self._trees.parse(document)
        characters = list(text)
        covered = 0
        for what, start, end in sorted(found, key=lambda each: (each[1], -each[2])):
            value = text[start:end]
            if tree is not None and not _NUMBERS.fullmatch(value) and _in_code(tree, start, end):
                continue
            if (put := stand_in(value)) != value:
                characters[start:end] = put
                if start >= covered:  # several rules find the same
                    counts[what] += 1
                covered = max(covered, end)
        return "".join(characters), counts


@dataclass(frozen=True)
class _Personal:
    """A kind of personal data."""

    what: str
    pattern: re.Pattern[str]
    """Its group `value` is what is replaced."""
    meant: Callable[[re.Match[str]], bool]
    """Whether a match is one."""


def _found(text: str) -> Iterator[tuple[str, int, int]]:
    """What, start and end; they may overlap."""
    for start, end in secret_values(text):
        value = text[start:end]
        if "\n" in value:
            for first, last in _key_lines(text, start, end):
                yield SECRETS, first, last
        elif not _is_name(value):
            yield SECRETS, start, end
    for kind in _PERSONAL:
        for match in kind.pattern.finditer(text):
            if kind.meant(match):
                yield kind.what, *match.span("value")


def _key_lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines of a key between its marks: the marks may as well stand in code that looks for
    them, with other code behind. A key's last line may be short."""
    inside = False
    for line in re.finditer(r"[^\n]+", text[start:end]):
        match = _KEY_LINE.fullmatch(line[0]) if len(line[0]) <= _LONGEST_KEY_LINE else None
        inside = match is not None and (inside or len(match[1]) >= _LEAST_KEY_LINE)
        if match is not None and inside:
            yield start + line.start() + match.start(1), start + line.start() + match.end(1)


def _is_name(value: str) -> bool:
    """Words that name a secret and are none."""
    if not _WORDS.fullmatch(value):
        return False
    return not _NAMES_OF_SECRETS.isdisjoint(_WORD.findall(value.lower()))


def _in_code(tree: SyntaxTree, start: int, end: int) -> bool:
    """Whether a range is neither in a string nor in a comment, nor where nothing could be read."""
    kinds = tree.language.kinds
    literal = kinds.strings | kinds.texts | kinds.comments | kinds.opaque
    first, last = tree.byte_offset(start), tree.byte_offset(end)
    node = tree.root.named_descendant_for_byte_range(first, last)
    while node is not None:
        if node.is_error or node.type in literal:
            return False
        if node.type in kinds.interpolations:
            return True
        node = node.parent
    return True


def _blank(text: str) -> str:
    return "".join(
        "0" if c.isdigit() else "X" if c.isupper() else "x" if c.isalpha() else c for c in text
    )


def _zeros(text: str) -> str:
    return re.sub(r"[0-9A-Fa-f]", "0", text)


def _number(match: re.Match[str]) -> str:
    return (match[1] or "") + "0" * len(match[2])


def _is_address(match: re.Match[str]) -> bool:
    value = match["value"]
    start = match.start()
    if value in _KNOWN_ADDRESSES or _VERSION.search(match.string, max(0, start - 16), start):
        return False
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        return False
    # What has small parts only is the number of a version as a rule.
    return address.is_global and max(address.packed) >= 32


def _is_mail(match: re.Match[str]) -> bool:
    local, _, domain = match["value"].rpartition("@")
    return not (
        _RESERVED.search(domain)
        or local.lower() in ("git", "hg", "svn", "noreply", "no-reply")
        or "noreply" in domain
    )


def _is_card(match: re.Match[str]) -> bool:
    """Luhn's check."""
    digits = [int(c) for c in match["value"] if c.isdigit()]
    doubled = (2 * d - 9 if d > 4 else 2 * d for d in digits[-2::-2])
    total = sum(digits[-1::-2]) + sum(doubled)
    return total % 10 == 0 and len(set(digits)) > 2


def _is_number(match: re.Match[str]) -> bool:
    return 8 <= sum(c.isdigit() for c in match["value"]) <= 15


def _is_user(match: re.Match[str]) -> bool:
    return match["value"].lower() not in _KNOWN_USERS


def _always(match: re.Match[str]) -> bool:
    return True


_NAME = r"(?P<value>[^\W\d_a-z][\w'\u2019.-]+(?: [^\W\d_a-z][\w'\u2019.-]*){1,3})"
_PERSONAL = (
    _Personal(
        "e-mail addresses",
        re.compile(
            r"(?<![\w.+/@:-])(?P<value>[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,24})(?![\w@])"
        ),
        _is_mail,
    ),
    _Personal(
        "IP addresses",
        re.compile(r"(?<![\w.])(?P<value>(?:\d{1,3}\.){3}\d{1,3})(?![\w]|\.\d)"),
        _is_address,
    ),
    _Personal(
        "telephone numbers",
        re.compile(r"(?<![\w+.-])(?P<value>\+\d{1,3}(?:[ .()/-]{1,2}\d{1,8}){1,5})(?!\w)"),
        _is_number,
    ),
    _Personal(
        "telephone numbers",
        re.compile(r"(?<![\w.-])(?P<value>\(\d{3}\) ?\d{3}-\d{4})(?!\w)"),
        _is_number,
    ),
    _Personal(
        "payment cards",
        re.compile(r"(?<![\w.-])(?P<value>[3-6]\d{3}([ -]?)\d{4}\2\d{4}\2\d{3,4})(?![\w.-])"),
        _is_card,
    ),
    _Personal(
        "names of authors",
        re.compile(r"(?:[@\\]author\b|__author__\s*=|\b[Aa]uthors?\s*[:=])[\s:\"'*{]*" + _NAME),
        _always,
    ),
    _Personal(
        "names of users",
        re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\((?P<value>[A-Za-z][\w.-]{2,})\)"),
        _is_user,
    ),
    _Personal(
        "names of users",
        re.compile(
            r"(?:(?<![\w.])/home/|(?<![\w.])/Users/|\b[A-Za-z]:\\{1,2}Users\\{1,2})"
            r"(?P<value>[A-Za-z][\w.-]{2,})"
        ),
        _is_user,
    ),
)
