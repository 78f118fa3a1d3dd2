"""What the loaded model does: a golden hole, reuse of a prompt, speed. Knows no settings' sources.

A working engine cannot miss to fill the golden hole in some form: it proves the way from text to
text, not the model's quality.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from beadline.doctor.report import Check, ok, warning
from beadline.engine.protocol import Engine, FimRequest, Finished, ModelInfo, Piece, Usage
from beadline.settings import EngineOptions

GOLDEN = "def add(a, b):\n    return "
"""The golden hole: the cursor is at its end."""
FUNCTIONS = 24
"""Functions before the golden hole where speed is measured: several batches of tokens."""
LONG_HOLE = "squares = [0, 1, 4, 9, 16, 25, 36, 49, "
"""A text that models go on with for long."""
SLOW = 12.0
"""Tokens a second below which a line of code (about a dozen tokens) takes more than a second."""


@dataclass(frozen=True)
class Answer:
    """One hole, filled."""

    text: str
    usage: Usage


@dataclass(frozen=True)
class Findings:
    """What the loaded model did."""

    info: ModelInfo
    golden: Answer
    first: Answer
    """A long prompt."""
    second: Answer
    """The same again."""
    written: Answer
    """A long text."""


async def ask(engine: Engine) -> Findings:
    """Load the model and let it fill the holes. Raises `ModelError`, `EngineError`."""
    info = await engine.start()
    # As it is served: the cursor's line after the middle token, where the layout has that.
    golden = await _fill(engine, _request(GOLDEN, "golden"))
    before = "".join(
        f"def shift_{n}(value):\n    return value + {n}\n\n\n" for n in range(FUNCTIONS)
    )
    long_prompt = _request(before + GOLDEN, "reuse")
    first = await _fill(engine, long_prompt)
    second = await _fill(engine, long_prompt)
    written = await _fill(engine, _request(LONG_HOLE, "speed", max_tokens=64))
    return Findings(info, golden, first, second, written)


def _request(prefix: str, sequence: str, max_tokens: int = 16) -> FimRequest:
    return FimRequest(
        prefix=prefix, suffix="\n", path="add.py", max_tokens=max_tokens, sequence=sequence,
        anchor=prefix.rfind("\n") + 1, stop_at_newline=True, deadline_ms=60_000,
    )  # fmt: skip


async def _fill(engine: Engine, request: FimRequest) -> Answer:
    text = ""
    usage = Usage()
    async for event in engine.generate(request):
        if isinstance(event, Piece):
            text += event.text
        elif isinstance(event, Finished):
            usage = event.usage
    return Answer(text, usage)


def filled(golden: Answer) -> bool:
    """Whether the golden hole holds what a hole in code can hold."""
    if not golden.text.strip():
        return False
    try:
        ast.parse(GOLDEN + golden.text + "\n")
    except (SyntaxError, ValueError):
        return False
    return True


def checks(found: Findings, options: EngineOptions) -> Iterator[Check]:
    """What the findings mean."""
    yield ok("engine", found.info.build, build=found.info.build)
    yield from _buffers(found.info, options)
    yield _place(found.info)
    if missing := found.info.details.get("draft_model_missing"):
        yield warning(
            "drafts", missing,
            "Completions work all the same. Set engine.draft_model to a GGUF file that fits "
            "beside the model, or to nothing.", draft_model=options.draft_model,
        )  # fmt: skip
    yield _golden(found.golden)
    yield _reuse(found)
    yield _speed(found)


def _buffers(info: ModelInfo, options: EngineOptions) -> Iterator[Check]:
    if not info.safe_parameters:
        yield ok("probe", "the fast CPU buffers of this build work", safe_parameters=False)
    elif options.extra_buffers == "off":
        yield ok("probe", "the fast CPU buffers are off by your settings", safe_parameters=True)
    else:
        yield warning(
            "probe", "the fast CPU buffers (AMX) of this build crash; beadline runs without them",
            "It works, but reading prompts is slower. Install a llama-cpp-python that was built by "
            "a newer compiler, or set engine.extra_buffers to off to hear no more of it.",
            safe_parameters=True,
        )  # fmt: skip


def _place(info: ModelInfo) -> Check:
    where = f"{info.gpu_layers} layers on the GPU" if info.gpu_layers else "on the CPU"
    threads = info.details.get("threads")
    told = f"{where}{f' with {threads} threads' if threads else ''}"
    told += f", context of {info.context_tokens} tokens"
    values = {"gpu_layers": info.gpu_layers, "context_tokens": info.context_tokens}
    fallback = info.details.get("fallback")
    if fallback is None:
        return ok("place", told, **values)
    return warning(
        "place", f"{told}; {fallback}",
        "Set engine.context_tokens or engine.gpu_layers to what fits, so that loading does not "
        "fail first, or use a smaller model.", **values, fallback=fallback,
    )  # fmt: skip


def _golden(golden: Answer) -> Check:
    hole = f"{GOLDEN + '|'!r}"
    values = {"text": golden.text, "filled": filled(golden)}
    todo = (
        "If its family is wrong, set engine.family or engine.layout (`beadline models inspect` "
        "shows them); else use a model that was trained to fill in the middle."
    )
    if not golden.text.strip():
        return warning("golden", f"the model has nothing to say at {hole}", todo, **values)
    if not filled(golden):
        what = f"the model's answer at {hole} is no Python: {golden.text!r}"
        return warning("golden", what, todo, **values)
    return ok("golden", f"{hole} -> {golden.text!r}", **values)


def _reuse(found: Findings) -> Check:
    usage = found.second.usage
    told = f"{usage.reused_tokens} of {usage.prompt_tokens} tokens of a repeated prompt reused"
    partial = found.info.details.get("partial_removal", "unknown")
    values = {
        "reused_tokens": usage.reused_tokens, "prompt_tokens": usage.prompt_tokens,
        "partial_removal": partial,
    }  # fmt: skip
    # All but the last token of a prompt need not be evaluated again.
    if partial != "no" and usage.reused_tokens > usage.prompt_tokens // 2:
        return ok("reuse", told, **values)
    return warning(
        "reuse", f"the model cannot reuse a prompt while you type: {told}",
        "Every key evaluates the whole prompt. Use a model with plain attention, or lower "
        "context.prefix_tokens, context.suffix_tokens and context.snippet_tokens.", **values,
    )  # fmt: skip


def _speed(found: Findings) -> Check:
    reading = _rate(found.first.usage.evaluated_tokens, found.first.usage.prompt_ms)
    usage = found.written.usage
    # The first token comes with the prompt.
    writing = _rate(usage.generated_tokens - 1, usage.generate_ms)
    told = f"reads {_told(reading)} tokens a second, writes {_told(writing)}"
    values = {"prompt_tokens_per_second": reading, "generated_tokens_per_second": writing}
    if writing is None or writing >= SLOW:
        return ok("speed", told, **values)
    return warning(
        "speed", f"slow: {told}; a line takes more than a second",
        "Look for what else computes here; use a smaller model or one with fewer bits a weight, "
        "or a GPU build of llama-cpp-python; set engine.threads to the number of physical cores.",
        **values,
    )  # fmt: skip


def _rate(tokens: int, milliseconds: float) -> float | None:
    """Tokens a second; None when too few to tell."""
    return round(1000 * tokens / milliseconds, 1) if tokens > 3 and milliseconds > 0 else None


def _told(rate: float | None) -> str:
    return "too few" if rate is None else f"{rate:.0f}"
