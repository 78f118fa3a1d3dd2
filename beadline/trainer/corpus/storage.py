"""Keeps a corpus in a file, so that an interrupted training goes on with the same one.

Knows no source and no filter. The file holds the user's code: it is readable by him alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from beadline.errors import InputError
from beadline.trainer.corpus.types import CorpusFile, digest_of


def write_corpus(path: Path, files: Iterable[CorpusFile]) -> None:
    """Write files as JSON lines, all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as lines:
        for each in files:
            lines.write(json.dumps([each.path, each.language, each.text, each.repo, each.digest]))
            lines.write("\n")
        lines.flush()
        os.fsync(lines.fileno())
    partial.replace(path)


def read_corpus(path: Path) -> list[CorpusFile]:
    """The files that `write_corpus` wrote. Raises `InputError` where they are damaged or gone."""
    try:
        with path.open(encoding="utf-8") as lines:
            files = [CorpusFile(*json.loads(line)) for line in lines]
        damaged = any(digest_of(each.text) != each.digest for each in files)
    except FileNotFoundError as exc:
        raise InputError(f"There is no corpus {path}.", hint="It is made by a training.") from exc
    except (OSError, ValueError, TypeError, AttributeError) as exc:
        raise _damaged(path) from exc
    if damaged:
        raise _damaged(path)
    return files


def _damaged(path: Path) -> InputError:
    return InputError(f"The corpus {path} is damaged.", hint="Remove it; it is made anew.")
