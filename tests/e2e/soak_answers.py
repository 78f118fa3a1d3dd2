"""What an answer to a request of the soak must look like. Knows no server."""

from __future__ import annotations

from dataclasses import dataclass

from tests.e2e.soak_author import offset_of
from tests.lsp.client import Message
from tests.lsp.fuzz_answers import cancelled


@dataclass(frozen=True)
class Sent:
    """A request, and the text that it was asked about."""

    number: int
    method: str
    encoding: str
    text: str
    cursor: int


def check(sent: Sent, answer: Message) -> tuple[str, list[Message]]:
    """The kind of an answer, and its items; each of them fits the text of the request.

    An item replaces a range of one line around the cursor. It begins with what stands in the
    range before the cursor, and holds what stands behind it, in that order: nothing of the
    user's is contradicted or lost.
    """
    if cancelled(answer):
        return "cancelled", []
    if sent.method == "workspace/executeCommand":
        assert answer["result"] is None, answer
        return "command", []
    items = answer["result"]["items"]
    told = answer, f"{sent.text[: sent.cursor][-60:]}¦{sent.text[sent.cursor :][:60]}"
    for item in items:
        start, end = (
            offset_of(sent.text, item["range"][s], sent.encoding) for s in ("start", "end")
        )
        new = item["insertText"]
        assert start <= sent.cursor <= end, told
        before, behind = sent.text[start : sent.cursor], sent.text[sent.cursor : end]
        assert "\n" not in before + behind, told
        assert new.startswith(before) and len(new) > len(before), told
        assert _is_subsequence(behind, new[len(before) :]), told
        assert not set(new) & {"\r", "\0", "\ufffd"}, told
        assert sent.text[:start] + new + sent.text[end:] != sent.text, told
    assert len({item["insertText"] for item in items}) == len(items), told
    return "items" if items else "empty", items


def _is_subsequence(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(character in rest for character in part)
