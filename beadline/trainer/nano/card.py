"""The model card of the built-in model: what it is, what it was made of, whose code that was.

Every number comes from the files that the steps left behind; nothing is measured here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from beadline.errors import InputError
from beadline.trainer.nano import corpus, parts, words
from beadline.trainer.nano.shapes import Candidate

CARD, ATTRIBUTION = "beadline-nano.md", "ATTRIBUTION.md"
_PROMPT = (
    "<|repo_name|>{repo}\\n<|file_sep|>{path}\\n<|fim_prefix|>{before the anchor}"
    "<|fim_suffix|>{after the cursor}<|fim_middle|>{anchor to cursor}"
)
_SLOT = "<!-- measured: fill in from docs/benchmarks.md -->"


def write(
    work: Path, candidate: Candidate, trained: Mapping[str, Any], file: Path, target: Path
) -> list[Path]:
    """Write card and attribution beside each other in `target`; their paths. `file` is the GGUF.

    What was measured is kept from a card that is there, between its headings `## Quality` and the
    end. Raises `InputError` where a step's file is missing.
    """
    data = corpus.read_report(work)
    tokens = _read(work / words.TOKENS)
    manifest = parts.read_manifest(work)
    target.mkdir(parents=True, exist_ok=True)
    card = target / CARD
    quality = _quality(card)
    card.write_text(
        "\n\n".join(
            (
                _head(candidate, file, tokens),
                _data(data, tokens, manifest),
                _recipe(manifest, trained),
                quality,
            )
        )
        + "\n",
        "utf-8",
    )
    attribution = target / ATTRIBUTION
    attribution.write_text(_attribution(data["sources"]), "utf-8")
    return [card, attribution]


def _head(candidate: Candidate, file: Path, tokens: Mapping[str, Any]) -> str:
    shape = candidate.shape
    rows = (
        (
            "architecture",
            f"Llama (tied embeddings, grouped-query attention, RoPE), {shape.layers} layers, "
            f"hidden {shape.hidden}, {shape.heads} heads, {shape.kv_heads} KV heads, feed-forward "
            f"{shape.feed_forward}",
        ),
        ("parameters", f"{shape.parameters / 1e6:.1f} million"),
        ("file", f"GGUF, {candidate.quantisation}, {file.stat().st_size / 1e6:.1f} MB"),
        ("context", f"{shape.context:,} tokens"),
        (
            "tokenizer",
            f"byte-level BPE, {shape.vocabulary:,} ids, {tokens['characters_per_token']:g} "
            "characters a token, pre-tokenizer `qwen2`; `tokenizer.ggml.fim_*_token_id` keys set",
        ),
        ("licence", f"Apache-2.0 (weights); the code's licences are in {ATTRIBUTION}"),
    )
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return (
        "# beadline-nano\n\n"
        "The model inside the package: it makes every command work offline, and is what the tests "
        "run on.\n\n"
        f"| | |\n|---|---|\n{table}\n\n"
        "## Prompt\n\n"
        "Qwen2.5-Coder's form, with the line-anchored layout as the default (the text from a line "
        "start to the\ncursor stands after the middle token):\n\n"
        f"    {_PROMPT}\n\n"
        "Plain PSM and SPM (`PRE SUF S MID P`) were trained as well. Snippets of other files stand "
        "before the\nfile, each behind `<|file_sep|>`. The middle ends with `<|endoftext|>`."
    )


def _data(data: Mapping[str, Any], tokens: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    by_source = tokens["by_source"]
    kept = [source for source in data["sources"] if source["files"]]
    lines = [
        f"| {source['name']} | `{source['revision'][:12]}` | {source['spdx']} | "
        f"{source['files']:,} | {source['characters']:,} | {by_source.get(source['name'], 0):,} |"
        for source in kept
    ]
    out = [
        f"{source['name']} ({source['left_out'].rstrip('.')})"
        for source in data["sources"]
        if source.get("left_out")
    ]
    unseen = data["unseen"]
    held = ", ".join(f"{name}@{commit[:12]}" for name, commit in unseen["repositories"].items())
    benchmarks = ", ".join(unseen["benchmarks"]) or "none was at hand"
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in data["dropped"].items())
    languages = ", ".join(
        f"{name} {100 * count / max(1, tokens['tokens']):.1f} %"
        for name, count in tokens["by_language"].items()
    )
    return (
        "## Data\n\n"
        "Public repositories and installed packages (of the list `docs/repositories.txt` and "
        "nothing else),\nonly what stands under a permissive licence by the text of its licence "
        f"file at that commit. {tokens['tokens']:,} tokens in {sum(s['files'] for s in kept):,} "
        f"files: {languages}.\nNames, licences and notices: {ATTRIBUTION}.\n\n"
        "| source | commit or version | licence | files | characters | tokens |\n"
        "|---|---|---|---:|---:|---:|\n" + "\n".join(lines) + "\n\n"
        f"Not used: {'; '.join(out) or 'none'}.\n\n"
        f"Left out when all were compared: {dropped or 'nothing'}. Nothing shares 50 consecutive "
        f"code tokens with, or is nearly the same as, a file of: {held or 'no repository'}. "
        f"Benchmarks compared: {benchmarks}.\n\n"
        f"Samples: {manifest['records']:,}, drawn {_epochs(manifest['epochs'])} times by language, "
        f"and the best files {manifest['final']:g} times more at the end."
    )


def _recipe(manifest: Mapping[str, Any], trained: Mapping[str, Any]) -> str:
    recipe, plan = manifest["recipe"], trained["plan"]
    mix = ", ".join(f"{name} {100 * share:g} %" for name, share in recipe["mix"])
    layouts = ", ".join(f"{name} {100 * share:g} %" for name, share in recipe["layouts"])
    settings = json.dumps(trained.get("settings", {}), sort_keys=True)
    return (
        "## Recipe\n\n"
        f"`beadline/trainer/nano` (docs/nano.md). Of the text {100 * recipe['holes']:g} % "
        f"fill-in-the-middle ({mix}), {100 * recipe['stretches']:g} % whole files of a repository "
        f"in the order of their dependencies, {100 * recipe['plain']:g} % parts of files. "
        f"Orders: {layouts}. Snippets, as served, before {100 * recipe['snippets']:g} % of the "
        f"holes, at the end {100 * recipe['final_snippets']:g} %. Loss on every token; AdamW; "
        f"Abacus' WCL schedule, the last {100 * plan['decay']:g} % of the steps linear.\n\n"
        f"{trained['steps']:,} steps, {trained['tokens'] / 1e6:,.1f} million tokens in "
        f"{trained['seconds'] / 60:,.0f} minutes ({trained['tokens_per_second']:,} tokens/s); "
        f"validation loss {_number(trained['validation_loss'])} nats a token of the middles. "
        f"Settings: `{settings}`."
    )


def _attribution(sources: Sequence[Mapping[str, Any]]) -> str:
    """Whose code the model learned from, their notices, and the text of every licence once."""
    kept = [source for source in sources if source["files"]]
    written = [
        "# Attribution\n\nThe built-in model was trained on the code below. None of the code is "
        "part of beadline.\n"
    ]
    for source in kept:
        notices = "".join(f"- {notice}\n" for notice in source["notices"])
        where = source["licence_file"] or "its own metadata"
        written.append(
            f"## {source['name']}\n\n{source['revision']}, {source['spdx']} ({where})\n\n{notices}"
        )
    texts: dict[str, str] = {}
    for source in kept:
        if source["licence_text"] and source["spdx"] not in texts:
            texts[source["spdx"]] = source["licence_text"]
    for spdx, text in sorted(texts.items()):
        indented = "\n".join(f"    {line}".rstrip() for line in text.strip("\n").splitlines())
        said = "As an example, that of the first source under it."
        written.append(f"## Text of {spdx}\n\n{said}\n\n{indented}\n")
    return "\n".join(written)


def _quality(card: Path) -> str:
    """The last part of a card that is there, which people write."""
    text = card.read_text("utf-8") if card.exists() else ""
    _, heading, rest = text.partition("\n## Quality\n")
    return f"## Quality\n{rest.rstrip()}" if heading else f"## Quality\n\n{_SLOT}"


def _epochs(epochs: Mapping[str, float]) -> str:
    return ", ".join(f"{group} {each:.2f}" for group, each in epochs.items())


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(
            f"{path} is missing.", hint="The steps `data` and `prepare` make such files."
        ) from exc
