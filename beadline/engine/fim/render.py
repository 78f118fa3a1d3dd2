"""The one renderer: a hole becomes token ids, for serving and for training alike.

Knows prompt forms and token budgets. Does not know files, KV state or how ids are evaluated.

Layouts (DESIGN section 4; PSM and SPM: Bavarian et al. 2022, arXiv 2207.14255):

    psm            [files] PRE P           SUF S MID
    anchored       [files] PRE P[:anchor]  SUF S MID P[anchor:]
    spm            [files] PRE             SUF S MID P
    suffix_first   [files] SUF S PRE P MID
    left_to_right  [files] P

What exactly stands where is the family's template (`families.toml`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from beadline.engine.fim import languages, template
from beadline.engine.fim.detect import Detected
from beadline.engine.fim.family import Family
from beadline.engine.fim.fit import fit_front, fit_prefix
from beadline.engine.fim.healing import Healer
from beadline.engine.fim.template import Slot, Template, Token
from beadline.engine.fim.vocabulary import Vocabulary
from beadline.engine.protocol import ExtraFile, FimRequest, Layout, RenderedPrompt

RENDERER = 1
"""Raised whenever some request gets other tokens than before. What was trained on prompts of
another number is not served: the model would be asked in a form that it was not trained on."""
EXTRA_SHARE = 0.4
"""Snippets never take more of the context (DESIGN section 2)."""


@dataclass(frozen=True)
class Budget:
    """Tokens that a prompt may take."""

    context: int
    """Prompt and answer together; the answer gets what the request says, at most a quarter."""
    prefix: int
    suffix: int


def render(
    request: FimRequest,
    form: Detected,
    vocabulary: Vocabulary,
    budget: Budget,
    healer: Healer | None = None,
    *,
    spelled: bool = True,
) -> RenderedPrompt:
    """Token ids of the prompt for `request`, never longer than the context leaves room for.

    What does not fit is dropped from the front of the prefix (in steps, so that the start stays
    put while the user types), the end of the suffix, and the last extra files. With a `healer`
    the tokens of an unfinished word at the cursor are left out, and told in `typed`. Its text is
    made if `spelled`.
    """
    family = form.family
    layout = _layout(request, form)
    prompt = _Rendering(request, family, layout, form.ids, vocabulary, budget).run(healer)
    if not spelled:
        return prompt
    text = b"".join(map(vocabulary.spell, prompt.tokens)).decode("utf-8", "replace")
    return replace(prompt, text=text)


def _layout(request: FimRequest, form: Detected) -> Layout:
    """The layout asked for if the family has it, else the one in use."""
    layout = form.layout
    if request.layout is not None and request.layout in form.family.layouts:
        layout = request.layout
    empty = form.family.empty_suffix
    return empty if empty is not None and not request.suffix else layout


class _Rendering:
    """One prompt in the making."""

    def __init__(
        self,
        request: FimRequest,
        family: Family,
        layout: Layout,
        ids: Mapping[str, int],
        vocabulary: Vocabulary,
        budget: Budget,
    ) -> None:
        self._request = request
        self._family = family
        self._layout = layout
        self._ids = ids
        self._vocabulary = vocabulary
        self._language = languages.of_path(request.path)
        self._template: Template = family.templates[layout]
        slots = template.slots(self._template)
        prefix = request.prefix
        if "tail" not in slots:
            self._anchor = len(prefix)
        elif "head" not in slots:
            self._anchor = 0
        else:
            self._anchor = min(request.anchor, len(prefix)) if request.anchor >= 0 else len(prefix)
        self._has_suffix = "suffix" in slots
        self._snippets = 0
        self._share(budget)

    def _share(self, budget: Budget) -> None:
        """Divide the context. What the template itself takes is known, and one token is spare."""
        request = self._request
        answer = min(request.max_tokens, budget.context // 4)
        fixed = len(self._fixed())
        self._room = max(8, budget.context - answer - max(5, fixed + 1))
        self._extra_room = int(budget.context * EXTRA_SHARE) if request.extra else 0
        self._header_room = self._room // 4
        free = max(0, self._room - self._extra_room - self._header_room)
        self._suffix_room = min(budget.suffix, free // 4) if self._has_suffix else 0
        self._prefix_room = min(budget.prefix, max(1, free - self._suffix_room))
        self._most_prefix = budget.prefix

    def _fixed(self) -> list[int]:
        """What the template holds whatever the request says."""
        ids: list[int] = []
        for part in self._template:
            if isinstance(part, Slot):
                ids += self._bos() if part.name == "bos" else []
            else:
                ids += self._encode_part(part)
        return ids

    def run(self, healer: Healer | None) -> RenderedPrompt:
        request, vocabulary = self._request, self._vocabulary
        front, lead = self._context()
        suffix: list[int] = []
        suffix_kept = 0
        if self._has_suffix:
            suffix, suffix_kept = fit_front(request.suffix, vocabulary, self._suffix_room)
        room = self._prefix_room
        if self._suffix_room:
            room = min(self._most_prefix, room + self._suffix_room - len(suffix))
        head, tail, dropped = self._prefix(lead, max(1, room))
        typed = b""
        if healer is not None:
            last = tail if self._anchor < len(request.prefix) else head
            typed = healer.heal(last)
        filled = {"files": front, "head": head, "tail": tail, "suffix": suffix, "bos": self._bos()}
        ids: list[int] = []
        for part in self._template:
            if isinstance(part, Slot):
                ids += filled[part.name] if part.name in filled else self._name(part.name)
            else:
                ids += self._encode_part(part)
        ids = ids or self._something()
        return RenderedPrompt(
            tokens=tuple(ids),
            text="",
            layout=self._layout.value,
            family=self._family.name,
            dropped_prefix=dropped,
            dropped_suffix=len(request.suffix) - suffix_kept,
            typed=typed,
            prefix_tokens=len(head) + len(tail),
            suffix_tokens=len(suffix),
            snippet_tokens=self._snippets,
        )

    def _prefix(self, lead: str, room: int) -> tuple[list[int], list[int], int]:
        """Ids before and after the anchor, and the characters dropped from the front.

        `lead` opens the text before the anchor, or all of it where the template has no such part;
        it is encoded together with what follows, as one text.
        """
        text, vocabulary, opening = self._request.prefix, self._vocabulary, self._family.opening
        leading = len(vocabulary.encode(lead, opening=opening)) if lead else 0
        limit = room
        while True:
            head, tail, dropped = fit_prefix(text, self._anchor, vocabulary, limit)
            if lead or opening:
                if "head" in template.slots(self._template):
                    before = text[dropped : self._anchor]
                    head = vocabulary.encode(lead + before, opening=opening)
                else:
                    tail = vocabulary.encode(lead + text[dropped:], opening=opening)
            over = len(head) + len(tail) - leading - room
            # Texts joined may take a token more than apart, and a dummy blank is one too.
            if over <= 0 or limit == 0:
                return head, tail, dropped
            limit = max(0, limit - over)

    def _context(self) -> tuple[list[int], str]:
        """Repository form: ids before the hole, and the text that opens the prefix."""
        request, form = self._request, self._family.repository
        inline = form.inline
        front: list[int] = []
        lead = ""
        used, count = 0, 0
        for extra in request.extra:
            piece = self._file(extra)
            ids = self._encode_filled(piece)
            if used + len(ids) > self._extra_room:
                break
            used += len(ids)
            self._snippets = used
            count += 1
            if inline:
                lead += "".join(part for part in piece if isinstance(part, str))
            else:
                front += ids
        room = self._header_room
        names = {"path": request.path, "repo": request.repo}
        if count or form.always:
            current = template.fill(form.current, self._file_values(request.path, ""))
            leading = template.fill(form.lead, names) if request.path else []
            size = len(self._encode_filled([*current, *leading]))
            if request.path and form.current and size <= room:
                room -= size
                if inline:
                    lead += _text(current)
                else:
                    front += self._encode_filled(current)
                lead += _text(leading)
            if request.repo and form.open:
                ids = self._encode_filled(template.fill(form.open, names))
                if len(ids) <= room:
                    room -= len(ids)
                    front = ids + front
        header = self._header()
        if header and len(self._vocabulary.encode(header)) <= room:
            lead += header
        return front, lead

    def _header(self) -> str:
        """Comment lines that name path and language; none for an unknown language."""
        form = self._family.headers.get(self._layout)
        if form is None or not self._request.path:
            return ""
        values = {"path": self._request.path, "language": self._language.name}
        return self._language.header(_text(template.fill(form, values)))

    def _file(self, extra: ExtraFile) -> list[Token | str]:
        """One other file, as the family wants it."""
        form = self._family.repository
        text = extra.text if not extra.text or extra.text.endswith("\n") else extra.text + "\n"
        values = self._file_values(extra.path, text)
        if form.file:
            return template.fill(form.file, values)
        if not form.commented:
            return []
        lines = _text(template.fill(form.commented, values))
        return [languages.of_path(self._request.path or extra.path).commented(lines)]

    def _file_values(self, path: str, text: str) -> dict[str, str]:
        comment = languages.of_path(path).tight(path)
        return {"path": path, "text": text, "repo": self._request.repo, "path_comment": comment}

    def _name(self, slot: str) -> list[int]:
        """A name inside the template: cut off entirely when it is longer than a header may be."""
        values = {
            "path": self._request.path, "repo": self._request.repo, "language": self._language.name
        }  # fmt: skip
        ids = self._vocabulary.encode(values[slot])
        return ids if len(ids) <= self._header_room // 2 else []

    def _bos(self) -> list[int]:
        vocabulary, rule = self._vocabulary, self._family.bos
        wanted = rule == "always" or (rule == "model" and vocabulary.add_bos)
        bos = self._ids.get("BOS", vocabulary.bos)
        return [bos] if wanted and bos is not None else []

    def _something(self) -> list[int]:
        """A prompt for nothing at all: no model can go on from no token."""
        vocabulary = self._vocabulary
        if vocabulary.bos is not None:
            return [vocabulary.bos]
        return [min(vocabulary.eog)] if vocabulary.eog else vocabulary.encode("\n")

    def _encode_part(self, part: Token | str) -> list[int]:
        if isinstance(part, str):
            return self._vocabulary.encode(part)
        # Optional tokens (of the repository form) may be missing in a model.
        return [self._ids[part.name]] if part.name in self._ids else []

    def _encode_filled(self, parts: list[Token | str]) -> list[int]:
        return [token for part in parts for token in self._encode_part(part)]


def _text(parts: list[Token | str]) -> str:
    return "".join(part for part in parts if isinstance(part, str))
