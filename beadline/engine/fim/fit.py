"""Cutting prefix and suffix to a number of tokens. Knows no families and no prompts."""

from __future__ import annotations

from beadline.engine.fim.vocabulary import Vocabulary

_MOST_CHARACTERS = 16
"""Characters per token beyond which nothing is encoded just to be cut away again."""


def fit_front(text: str, vocabulary: Vocabulary, limit: int) -> tuple[list[int], int]:
    """Ids of the longest run of leading lines of `text` within `limit`, and its length.

    A first line that is too long by itself is cut inside.
    """
    if limit <= 0 or not text:
        return [], 0
    piece = text[: limit * _MOST_CHARACTERS]
    ids = vocabulary.encode(piece)
    while len(ids) > limit:
        kept = len(b"".join(map(vocabulary.spell, ids[:limit])).decode("utf-8", "ignore"))
        kept = min(kept, len(piece) - 1)
        line = piece.rfind("\n", 0, kept) + 1
        piece = piece[: line or kept]
        if not piece:
            return [], 0
        ids = vocabulary.encode(piece)
    return ids, len(piece)


def fit_prefix(
    prefix: str, anchor: int, vocabulary: Vocabulary, limit: int
) -> tuple[list[int], list[int], int]:
    """Ids before and after the anchor, at most `limit` together, and how many characters of
    `prefix` were dropped from its front for that.

    The cut moves in steps of a quarter of `limit`: between two steps the first token stays the
    same while text is typed at the end, and the KV cache with it.
    """
    step = max(1, limit // 4)
    tail_text = prefix[anchor:]
    tail = vocabulary.encode(tail_text)
    if len(tail) > limit:
        kept = _fit_back(tail_text, tail, vocabulary, limit, step)
        return [], vocabulary.encode(kept), len(prefix) - len(kept)
    head_text = prefix[:anchor]
    skipped = max(0, len(head_text) - limit * _MOST_CHARACTERS)
    head = vocabulary.encode(head_text[skipped:])
    if not skipped and len(head) + len(tail) <= limit:
        return head, tail, 0
    kept = _fit_back(head_text[skipped:], head, vocabulary, limit - len(tail), step)
    return vocabulary.encode(kept), tail, len(head_text) - len(kept)


def _fit_back(text: str, ids: list[int], vocabulary: Vocabulary, limit: int, step: int) -> str:
    """The end of `text` that fits into `limit` tokens, from a line start where there is one.

    A multiple of `step` tokens is dropped from the front.
    """
    drop = -(-max(0, len(ids) - limit) // step) * step
    while drop < len(ids):
        cut = len(b"".join(map(vocabulary.spell, ids[:drop])).decode("utf-8", "ignore"))
        line = text.find("\n", cut) + 1
        kept = text[line:] if 0 < line < len(text) else text[cut:]
        if len(vocabulary.encode(kept)) <= limit:
            return kept
        drop += step
    return ""
