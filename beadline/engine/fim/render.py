"""The one renderer: a hole becomes token ids, for serving and for training alike.

Knows families and token budgets. Does not know files, KV state or how ids are evaluated.

Layouts (DESIGN section 4; PSM and SPM: Bavarian et al. 2022, arXiv 2207.14255):

    psm       [header] PRE P           SUF S MID
    anchored  [header] PRE P[:anchor]  SUF S MID P[anchor:]
    spm       [header] PRE             SUF S MID P

so that PSM and SPM are the anchored layout with the anchor at the cursor and at the start.
"""

from __future__ import annotations

from dataclasses import dataclass

from beadline.engine.fim.families import Family
from beadline.engine.fim.vocabulary import Vocabulary
from beadline.engine.protocol import FimRequest, Layout, RenderedPrompt

EXTRA_SHARE = 0.4
"""Snippets never take more of the context (DESIGN section 2)."""
_HASH_COMMENTS = (".py", ".pyi", ".rb", ".sh", ".bash", ".toml", ".yaml", ".yml")


@dataclass(frozen=True)
class _Budget:
    extra: int
    header: int
    prefix: int
    suffix: int


def render(
    request: FimRequest,
    family: Family,
    vocabulary: Vocabulary,
    *,
    context_tokens: int,
    prefix_tokens: int,
    suffix_tokens: int,
) -> RenderedPrompt:
    """Token ids of the prompt for `request`, never longer than the context leaves room for.

    `context_tokens` is prompt and answer together; the answer gets `request.max_tokens`, at most
    a quarter. What does not fit is dropped from the front of the prefix (in steps, so that the
    start stays put while the user types), the end of the suffix, and the last extra files.
    """
    layout = _layout(request, family)
    anchor = len(request.prefix) if request.anchor < 0 else min(request.anchor, len(request.prefix))
    if layout is Layout.PSM:
        anchor = len(request.prefix)
    elif layout is Layout.SPM:
        anchor = 0
    budget = _budget(request, context_tokens, prefix_tokens, suffix_tokens)
    suffix, suffix_kept = _fit_front(request.suffix, vocabulary, budget.suffix)
    header, inline = _context(request, family, vocabulary, budget)
    room = max(1, budget.prefix + budget.suffix - len(suffix) if suffix_tokens else budget.prefix)
    room = min(room, prefix_tokens)
    head, tail, dropped = _fit_prefix(request.prefix, anchor, vocabulary, room)

    ids: list[int] = []
    if vocabulary.add_bos and vocabulary.bos is not None:
        ids.append(vocabulary.bos)
    ids += header
    ids.append(_id(vocabulary, family.prefix))
    ids += inline
    ids += head
    ids.append(_id(vocabulary, family.suffix))
    ids += suffix
    ids.append(_id(vocabulary, family.middle))
    ids += tail
    return RenderedPrompt(
        tokens=tuple(ids),
        text=b"".join(map(vocabulary.spell, ids)).decode("utf-8", "replace"),
        layout=layout.value,
        family=family.name,
        dropped_prefix=dropped,
        dropped_suffix=len(request.suffix) - suffix_kept,
    )


def _layout(request: FimRequest, family: Family) -> Layout:
    """The layout asked for if the family has it, else the family's own."""
    if request.layout is not None and request.layout in family.layouts:
        return request.layout
    return family.default_layout


def _id(vocabulary: Vocabulary, piece: str) -> int:
    token = vocabulary.special(piece)
    assert token is not None, f"family detected without {piece}"
    return token


def _budget(
    request: FimRequest, context_tokens: int, prefix_tokens: int, suffix_tokens: int
) -> _Budget:
    """Shares of the context. The overhead is three FIM tokens, a BOS and one spare."""
    answer = min(request.max_tokens, context_tokens // 4)
    room = max(8, context_tokens - answer - 5)
    extra = int(context_tokens * EXTRA_SHARE) if request.extra else 0
    header = room // 4
    suffix = min(suffix_tokens, max(0, room - extra - header) // 4)
    prefix = min(prefix_tokens, max(1, room - extra - header - suffix))
    return _Budget(extra=extra, header=header, prefix=prefix, suffix=suffix)


def _fit_front(text: str, vocabulary: Vocabulary, limit: int) -> tuple[list[int], int]:
    """Ids of the longest run of leading lines of `text` within `limit`, and its length.

    A first line that is too long by itself is cut inside.
    """
    if limit <= 0 or not text:
        return [], 0
    piece = text[: limit * 16]
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


def _fit_prefix(
    prefix: str, anchor: int, vocabulary: Vocabulary, limit: int
) -> tuple[list[int], list[int], int]:
    """Ids before and after the anchor, at most `limit` together, and the characters dropped.

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
    skipped = max(0, len(head_text) - limit * 16)
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


def _context(
    request: FimRequest, family: Family, vocabulary: Vocabulary, budget: _Budget
) -> tuple[list[int], list[int]]:
    """Repository form: ids before PRE, and ids that open the prefix (families without tokens)."""
    repo = vocabulary.special(family.repo_token) if family.repo_token else None
    sep = vocabulary.special(family.file_token) if family.file_token else None
    inline = sep is None
    parts: list[list[int]] = []
    used = 0
    for extra in request.extra:
        ids = _file(vocabulary, sep, extra.path, extra.text)
        if used + len(ids) > budget.extra:
            break
        parts.append(ids)
        used += len(ids)
    if inline:
        opened = [token for part in parts for token in part]
        if opened and request.path:
            opened += _file(vocabulary, None, request.path, "")
        return [], opened
    if not parts and not family.always_headed:
        return [], []
    head: list[int] = []
    if repo is not None and request.repo:
        head += [repo, *vocabulary.encode(request.repo + "\n")]
    current = [sep, *vocabulary.encode(request.path + "\n")] if request.path else []
    if len(head) + len(current) > budget.header:
        head, current = [], []
    return head + [token for part in parts for token in part] + current, []


def _file(vocabulary: Vocabulary, sep: int | None, path: str, text: str) -> list[int]:
    if text and not text.endswith("\n"):
        text += "\n"
    if sep is not None:
        return [sep, *vocabulary.encode(f"{path}\n{text}")]
    mark = "#" if path.endswith(_HASH_COMMENTS) else "//"
    return vocabulary.encode(f"{mark}{path}\n{text}")
