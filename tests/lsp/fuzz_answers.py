"""What an answer to a fuzzed request must look like. Knows no text."""

from __future__ import annotations

from tests.lsp.client import Message


def anything(answer: Message) -> None:
    """A result, or an error that is the client's own fault or is told to the user."""
    assert ("result" in answer) != ("error" in answer)
    if "error" in answer:
        assert answer["error"]["code"] in (-32601, -32602, -32800, -32803)


def cancelled(answer: Message) -> bool:
    """Whether the request was taken back; no other error is an answer to a completion."""
    if "error" in answer:
        assert answer["error"]["code"] == -32800, answer
    return "error" in answer


def empty(answer: Message) -> None:
    """No item."""
    assert cancelled(answer) or answer["result"] == {"items": []}, answer


def items(answer: Message) -> None:
    """Items of the shape that every client takes."""
    if cancelled(answer):
        return
    for item in answer["result"]["items"]:
        start, end = item["range"]["start"], item["range"]["end"]
        assert item["insertText"]
        assert start["line"] == end["line"] and start["character"] <= end["character"]
