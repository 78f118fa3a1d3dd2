"""Brings trained weights from one machine to another in small pieces. Knows no training.

In half precision, which is finer than the types that the model is shipped in. Pieces may come in
any order and from several folders; what is put together is checked by its hash.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from beadline.errors import InputError

NOTE, _PIECE, _WHOLE = "weights.json", "weights-{:03d}.part", "model.safetensors"
PIECE_BYTES = 15 << 20


def split(
    weights: Path, about: dict[str, Any], target: Path, piece_bytes: int = PIECE_BYTES
) -> int:
    """Write the model in the folder `weights` to pieces in `target`, with a note of what it is;
    `about` goes into the note. Returns how many pieces there are.

    Raises `InputError` for a folder without weights, and for weights that half precision cannot
    hold.
    """
    import torch
    from safetensors.torch import load_file, save_file

    source = weights / _WHOLE
    if not source.exists():
        raise InputError(f"{weights} holds no trained weights.", hint="Finish the training first.")
    tensors = {name: tensor.to(torch.float16) for name, tensor in load_file(source).items()}
    if bad := [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]:
        raise InputError(f"The weights {bad[0]} are too large for half precision.")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    whole = target / _WHOLE
    save_file(tensors, whole, metadata={"format": "pt"})
    data = whole.read_bytes()
    whole.unlink()
    count = -(-len(data) // piece_bytes)
    for number in range(count):
        piece = data[number * piece_bytes : (number + 1) * piece_bytes]
        (target / _PIECE.format(number)).write_bytes(piece)
    note = {
        "pieces": count,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "config": json.loads((weights / "config.json").read_text("utf-8")),
        "about": about,
    }
    (target / NOTE).write_text(json.dumps(note, indent=1), "utf-8")
    return count


def hand_out(pieces: Path, target: Path, first: int, count: int) -> list[Path]:
    """Copy the note and `count` pieces from number `first` on to `target`; the files there."""
    note = _note([pieces])
    target.mkdir(parents=True, exist_ok=True)
    names = [_PIECE.format(n) for n in range(first, min(first + count, note["pieces"]))]
    return [Path(shutil.copy(pieces / name, target / name)) for name in (NOTE, *names)]


def join(folders: Sequence[Path], target: Path) -> dict[str, Any]:
    """Put the pieces that lie in some folders together to a model folder; returns what was noted
    `about` it. Raises `InputError` where pieces are missing or damaged."""
    note = _note(folders)
    digest = hashlib.sha256()
    partial = target.with_name(f"{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with (partial / _WHOLE).open("wb") as whole:
        for number in range(note["pieces"]):
            data = _found(folders, _PIECE.format(number)).read_bytes()
            digest.update(data)
            whole.write(data)
    if digest.hexdigest() != note["sha256"]:
        raise InputError("The pieces of the weights are damaged.", hint="Fetch them again.")
    (partial / "config.json").write_text(json.dumps(note["config"], indent=1), "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    partial.replace(target)
    return note["about"]


def _note(folders: Iterable[Path]) -> dict[str, Any]:
    path = _found(folders, NOTE)
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as exc:
        raise InputError(f"{path} is damaged.", hint="Fetch it again.") from exc


def _found(folders: Iterable[Path], name: str) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"{name} is in none of the folders.", hint="Fetch all pieces of the weights.")
