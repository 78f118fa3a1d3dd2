"""Monitor and syntax guard for the requests of one loaded model. Knows no KV state and no messages.

Joins the model's prompts with `engine.monitor` and `engine.syntax_guard`.
"""

from __future__ import annotations

from beadline.engine.fim.healing import TokenTable
from beadline.engine.guide import Guide
from beadline.engine.llama.prompts import Prompts
from beadline.engine.monitor import Monitor, NameTable
from beadline.engine.protocol import FimRequest, RenderedPrompt
from beadline.engine.syntax_guard import SyntaxGuard, SyntaxTable

_LEFT_CHARS = 256
"""Of the text before the cursor; what an identifier follows is on its line or the one above."""


class Monitoring:
    """Makes the guides that know what may follow. The model's tables are made once, here."""

    def __init__(self, prompts: Prompts) -> None:
        vocabulary = prompts.vocabulary
        healer = prompts.healer
        tokens = healer.table if healer else TokenTable(vocabulary.text_tokens, vocabulary.spell)
        self._names = NameTable(tokens, vocabulary.size)
        self._syntax = SyntaxTable(tokens, self._names)
        self._spell = vocabulary.spell
        # The bytes of such a family's tokens are not those of the middle: it says the line first.
        self._apart = prompts.form.family.repeats_line

    def guides(self, request: FimRequest, prompt: RenderedPrompt) -> list[Guide]:
        """The guides of a request, the one that rules out last; none where nothing is known."""
        guidance = request.guidance
        if guidance is None or self._apart:
            return []
        guides: list[Guide] = []
        if guidance.names:
            left = request.prefix[-_LEFT_CHARS:].encode("utf-8", "replace")
            guides.append(
                Monitor(guidance.names, self._names, self._spell, left=left, typed=prompt.typed)
            )
        if guidance.syntax is not None:
            typed = len(prompt.typed)
            guides.append(SyntaxGuard(guidance.syntax, self._syntax, self._spell, typed=typed))
        return guides
