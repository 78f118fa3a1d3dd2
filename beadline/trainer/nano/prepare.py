"""From the corpus to shards of samples, repository by repository, on several processes. No tokens.

What is done of a repository is kept. The shards are all that training needs besides a tokenizer;
`parts` lays them out for a machine that takes only so much at a time.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from beadline.errors import InputError
from beadline.trainer.corpus.storage import read_corpus
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.nano import corpus, mixture, shards
from beadline.trainer.nano.draw import Repository, is_validation
from beadline.trainer.nano.parts import MANIFEST, SHARDS
from beadline.trainer.nano.recipe import RECIPES, SEED, Recipe
from beadline.trainer.nano.shards import Record
from beadline.trainer.order import order
from beadline.trainer.samples.drawn import PLAIN
from beadline.trainer.samples.requests import Searches
from beadline.trainer.samples.snapshot import snapshot
from beadline.trainer.samples.tokens import STRETCH

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Wanted:
    """What is drawn."""

    recipe: str
    """Name of one of `recipe.RECIPES`."""
    epochs: Mapping[str, float]
    """By group of languages, of the main phase."""
    final: float
    """Of the best files, in the final phase."""
    characters: Mapping[str, int]
    """Of the corpus by language: samples of another one are not mixed in."""
    seed: int = SEED

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "recipe": RECIPES[self.recipe].as_dict(), "epochs": dict(self.epochs),
            "final": self.final, "characters_drawn_from": dict(self.characters), "seed": self.seed,
        }  # fmt: skip


def wanted(work: Path, recipe: str, epochs: float, final: float) -> Wanted:
    """What is drawn of a corpus so that Python's text is drawn `epochs` times in the main phase.

    Raises `InputError` for numbers that make no data, or more than the epochs allowed.
    """
    if epochs <= 0 or not 0 <= final <= 1:
        raise InputError("--epochs is above 0, and --final between 0 and 1.")
    if epochs + final > mixture.MOST_EPOCHS:
        raise InputError(
            f"{epochs + final:g} epochs are more than {mixture.MOST_EPOCHS:g}.",
            hint="Lower --epochs: the final phase draws the best files once more.",
        )
    counted = corpus.read_report(work)["characters"]
    by_group = mixture.epochs_by_group(counted, epochs)
    most = mixture.MOST_EPOCHS - final
    each = {group: min(most, own) for group, own in by_group.items()}
    return Wanted(recipe, each, final, counted)


def draw_all(work: Path, drawn: Wanted, tell: Tell, *, workers: int = 1) -> dict[str, Any]:
    """Draw the samples of every source that is not done yet; the manifest of all shards.

    Raises `InputError` where shards lie there that were drawn in another way.
    """
    folder = work / SHARDS
    folder.mkdir(parents=True, exist_ok=True)
    _same(folder, drawn)
    sources = list(corpus.kept_files(work))
    left = [(name, path) for name, path in sources if not _note(folder, name).exists()]
    tell("drawing samples", len(sources) - len(left), len(sources))
    if left:
        # The longest first: no process is left with it alone at the end.
        left.sort(key=lambda each: -each[1].stat().st_size)
        context = get_context("spawn")
        with ProcessPoolExecutor(min(workers, len(left)), mp_context=context) as pool:
            tasks = [pool.submit(draw_one, name, path, folder, drawn) for name, path in left]
            try:
                for done, task in enumerate(as_completed(tasks), start=1):
                    task.result()
                    tell("drawing samples", len(sources) - len(left) + done, len(sources))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return _manifest(work, [name for name, _ in sources], drawn)


def draw_one(name: str, path: Path, folder: Path, drawn: Wanted) -> None:
    """Write the shards of one source, and a note of what they hold."""
    recipe = RECIPES[drawn.recipe]
    files = order(read_corpus(path), seed=drawn.seed)
    made: list[dict[str, Any]] = []
    with ExitStack() as stack:
        search = _search(stack, files, recipe, drawn.seed)
        for number, part in enumerate(_split(files)):
            repository = Repository(part, recipe, drawn.seed, search)
            records = list(repository.records(drawn.epochs, final=drawn.final))
            target = folder / f"{_file_name(name)}-{number:02d}.xz"
            shards.write(target, files[0].repo, part, records)
            made.append(
                {
                    "file": target.name, "bytes": target.stat().st_size,
                    "sha256": shards.digest_of(target), "files": len(part),
                    "characters": sum(len(file.text) for file in part), **_counted(records),
                }
            )  # fmt: skip
    _write(_note(folder, name), {"source": name, "shards": made})


def _search(
    stack: ExitStack, files: Sequence[CorpusFile], recipe: Recipe, seed: int
) -> Searches | None:
    """The search in the files that are trained on; none where no sample has snippets."""
    if not recipe.snippets and not recipe.final_snippets:
        return None
    trained = [file for file in files if not is_validation(file, recipe.validation, seed)]
    return stack.enter_context(snapshot(trained, recipe.served))


def _split(files: Sequence[CorpusFile]) -> list[list[CorpusFile]]:
    """Files in their order, in parts of at most `shards.MOST_CHARACTERS`."""
    found: list[list[CorpusFile]] = []
    room = 0
    for file in files:
        if len(file.text) > room:
            found.append([])
            room = shards.MOST_CHARACTERS
        found[-1].append(file)
        room -= len(file.text)
    return found


def _counted(records: Sequence[Record]) -> dict[str, Any]:
    return {
        "records": len(records),
        "kinds": dict(Counter(record.kind for record in records).most_common()),
        "phases": dict(Counter(f"{r.phase} {r.epoch}" for r in records).most_common()),
        "with_snippets": sum(bool(r.pieces) for r in records if r.kind not in (PLAIN, STRETCH)),
    }


def _manifest(work: Path, names: Sequence[str], drawn: Wanted) -> dict[str, Any]:
    folder = work / SHARDS
    notes = [json.loads(_note(folder, name).read_text("utf-8")) for name in names]
    made = [{**shard, "source": note["source"]} for note in notes for shard in note["shards"]]
    manifest = {
        **drawn.as_dict(),
        "records": sum(shard["records"] for shard in made),
        "characters": sum(shard["characters"] for shard in made),
        "bytes": sum(shard["bytes"] for shard in made),
        "shards": made,
    }
    _write(folder / MANIFEST, manifest)
    return manifest


def _same(folder: Path, drawn: Wanted) -> None:
    """Note how shards are drawn; raises `InputError` where others lie there."""
    path = folder / "drawn.json"
    wanted_now = json.loads(json.dumps(drawn.as_dict()))
    if path.exists() and json.loads(path.read_text("utf-8")) != wanted_now:
        raise InputError(
            f"{folder} holds samples that were drawn in another way.",
            hint="Remove the folder, or name another --work.",
        )
    _write(path, wanted_now)


def _file_name(name: str) -> str:
    return name.replace("/", "+")


def _note(folder: Path, name: str) -> Path:
    return folder / f"{_file_name(name)}.json"


def _write(path: Path, values: dict[str, Any]) -> None:
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(json.dumps(values, indent=1), "utf-8")
    partial.replace(path)
