"""The shards and the tokenizer of a work folder, whole or in parts that travel. Draws nothing.

Nothing is imported here that a machine without grammars lacks.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from beadline.errors import InputError
from beadline.trainer.nano import shards

SHARDS = "shards"
MANIFEST = "shards.json"
TOKENIZER = "tokenizer.json"
_PART = "part-"
_HINT = "The step `prepare` makes them."


def pack(work: Path, target: Path, most_bytes: int) -> list[Path]:
    """Lay shards, manifest and tokenizer out in folders of at most so many bytes each, which can be
    taken elsewhere one after the other; put together again, they are a work folder. The folders."""
    listed = _manifest(work)["shards"]
    always = [work / TOKENIZER, work / SHARDS / MANIFEST]
    if not always[0].exists():
        raise InputError(f"There is no tokenizer in {work}.", hint=_HINT)
    room = most_bytes - sum(path.stat().st_size for path in always)
    paths = [work / SHARDS / each["file"] for each in listed]
    found: list[Path] = []
    for number, group in enumerate(shards.parts(paths, room), start=1):
        part = target / f"{_PART}{number}"
        shutil.rmtree(part, ignore_errors=True)
        (part / SHARDS).mkdir(parents=True)
        shutil.copyfile(always[0], part / TOKENIZER)
        for path in (always[1], *group):
            _link(path, part / SHARDS / path.name)
        found.append(part)
    return found


def read_manifest(work: Path) -> dict[str, Any]:
    """The manifest, once every shard is there as it says. Raises `InputError`."""
    manifest = _manifest(work)
    for each in manifest["shards"]:
        path = work / SHARDS / each["file"]
        if not path.exists():
            raise InputError(f"The shard {path} is missing.", hint="Copy all parts.")
        if shards.digest_of(path) != each["sha256"]:
            raise InputError(f"The shard {path} is damaged.", hint="Copy its part again.")
    return manifest


def paths_of(work: Path, manifest: dict[str, Any]) -> list[Path]:
    """Where the shards of a manifest lie."""
    return [work / SHARDS / each["file"] for each in manifest["shards"]]


def identity_of(work: Path) -> str:
    """Changes when the samples or the tokenizer do."""
    whole = hashlib.sha256((work / SHARDS / MANIFEST).read_bytes())
    whole.update((work / TOKENIZER).read_bytes())
    return whole.hexdigest()


def _manifest(work: Path) -> dict[str, Any]:
    try:
        return json.loads((work / SHARDS / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"There are no shards in {work}.", hint=_HINT) from exc


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:  # another file system
        shutil.copyfile(path, target)
