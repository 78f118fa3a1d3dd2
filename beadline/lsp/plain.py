"""Suggestions as entries of the ordinary completion list, for clients without inline completion.

Off unless `completion.plain_completion` is set. Knows no document and no model. One entry: the word
before the cursor and the suggestion, so that clients that match entries with the word that is
being typed keep it.
"""

from __future__ import annotations

from lsprotocol import types as lsp

from beadline.lsp.inline import accept_command
from beadline.lsp.suggestions import Asked, Suggestion, Suggestions

TRIGGERS = (".", "(", "[", "{", "=", ":", ",", " ")
"""Characters after which clients ask, besides those of words."""

_FIRST = "0"
"""Servers number their entries; a lone zero comes before all of them."""
_LONGEST_LABEL = 80


async def complete(
    suggestions: Suggestions, params: lsp.CompletionParams, *, as_is: bool
) -> lsp.CompletionList:
    """The answer to one request; `as_is` when the client can be told not to indent anew."""
    found = await suggestions.ask(
        Asked(lsp.TEXT_DOCUMENT_COMPLETION, params.text_document.uri, params.position)
    )
    items = [_item(suggestion, as_is=as_is) for suggestion in found[:1]]
    # Incomplete: with every character the client has to ask again.
    return lsp.CompletionList(is_incomplete=True, items=items)


def _item(suggestion: Suggestion, *, as_is: bool) -> lsp.CompletionItem:
    text = suggestion.word + suggestion.text
    first, *others = [line.strip() for line in text.splitlines() if line.strip()] or [text]
    label = first[:_LONGEST_LABEL]
    if others or label != first:
        label += "…"
    return lsp.CompletionItem(
        label=label,
        kind=lsp.CompletionItemKind.Snippet,
        detail="beadline",
        documentation=lsp.MarkupContent(kind=lsp.MarkupKind.PlainText, value=text),
        filter_text=first,
        sort_text=_FIRST,
        text_edit=lsp.TextEdit(
            range=lsp.Range(start=suggestion.word_start, end=suggestion.range.end), new_text=text
        ),
        insert_text_format=lsp.InsertTextFormat.PlainText,
        insert_text_mode=lsp.InsertTextMode.AsIs if as_is else None,
        command=accept_command(suggestion),
    )
