"""The shape of `textDocument/inlineCompletion`. Knows no document and no model.

The shape is the one every client takes: a list, never null; plain text; a range on one line that
is empty at the cursor wherever that is possible; a command under our own name as the signal that
the suggestion was accepted.
"""

from __future__ import annotations

from lsprotocol import types as lsp

from beadline.lsp.protocol import InlineParams
from beadline.lsp.suggestions import Asked, Suggestion, Suggestions

ACCEPTED_COMMAND = "beadline.accepted"
"""Run by the client after it inserted an item; its one argument is the item's number."""


async def complete(suggestions: Suggestions, params: InlineParams) -> lsp.InlineCompletionList:
    """The answer to one request. Raises `asyncio.CancelledError` and nothing else."""
    context = params.context
    found = await suggestions.ask(
        Asked(
            lsp.TEXT_DOCUMENT_INLINE_COMPLETION,
            params.text_document.uri,
            params.position,
            automatic=context.trigger_kind != lsp.InlineCompletionTriggerKind.Invoked,
            version=params.text_document.version,
            popup=context.selected_completion_info,
        )
    )
    return lsp.InlineCompletionList(
        items=[
            lsp.InlineCompletionItem(
                insert_text=item.text, range=item.range, command=accept_command(item)
            )
            for item in found
        ]
    )


def accept_command(item: Suggestion) -> lsp.Command:
    """What the client runs when the item was accepted."""
    return lsp.Command(
        title="Suggestion accepted", command=ACCEPTED_COMMAND, arguments=[item.number]
    )
