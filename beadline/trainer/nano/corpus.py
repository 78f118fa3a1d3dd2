"""From the list of repositories to the files that are trained on. Knows no tokens and no samples.

First each source by itself: its licence by the text at the commit that is read, then the corpus
pipeline (`trainer.corpus`). Then all of them together: nothing that is measured on, nothing twice.
What is done of the first part is kept, source by source; several processes share it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from beadline.errors import InputError
from beadline.trainer.corpus.build import CorpusOptions, build
from beadline.trainer.corpus.filters import decode
from beadline.trainer.corpus.installed import Installed, StandardLibrary, licence_of
from beadline.trainer.corpus.licences import (
    LONGEST_FILE,
    UNKNOWN,
    Licence,
    decide,
    is_licence,
    refused_folders,
)
from beadline.trainer.corpus.sources import Source
from beadline.trainer.corpus.storage import read_corpus, write_corpus
from beadline.trainer.corpus.types import CorpusFile
from beadline.trainer.nano.recipe import LANGUAGES, SEED
from beadline.trainer.nano.repositories import PACKAGES, Public
from beadline.trainer.nano.unseen import Unseen

CLEAN, DATA = "clean", "data"
"""Folders of the sources' files: cleaned, and those of them that are trained on."""
REPORT = "data.json"
INSTALLED = "installed"
"""Owner of what is installed on this machine, in the names of sources."""
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Origin:
    """A source of code, as another process can open it."""

    name: str
    """owner/name."""
    place: str
    """Path of the clone; empty: what is installed under the name."""

    @property
    def file_name(self) -> str:
        """Of the files that are kept of it."""
        return self.name.replace("/", "+")

    def open(self) -> Source:
        """Raises `InputError`."""
        if self.place:
            return Public(Path(self.place), self.name)
        package = self.name.rpartition("/")[2]
        return StandardLibrary() if package == StandardLibrary.name else Installed(package)


def installed_origins() -> list[Origin]:
    """The standard library, and the installed packages that the list allows."""
    return [Origin(f"{INSTALLED}/{name}", "") for name in (StandardLibrary.name, *PACKAGES)]


def clean_all(
    origins: Sequence[Origin], work: Path, tell: Tell, *, repo_characters: int = 0, workers: int = 1
) -> None:
    """Clean the files of every source that is not done yet. `repo_characters`: most of one source;
    0 is all. Sources that cannot be read are noted, not trained on."""
    folder = work / CLEAN
    folder.mkdir(parents=True, exist_ok=True)
    left = [each for each in origins if not _note(folder, each).exists()]
    tell("cleaning sources", len(origins) - len(left), len(origins))
    if not left:
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(left)), mp_context=context) as pool:
        tasks = [pool.submit(clean, each, folder, repo_characters) for each in left]
        try:
            for done, task in enumerate(as_completed(tasks), start=1):
                task.result()
                tell("cleaning sources", len(origins) - len(left) + done, len(origins))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def clean(origin: Origin, folder: Path, repo_characters: int) -> None:
    """Write the cleaned files of one source, and a note of its licence and of what was left out."""
    note: dict[str, Any] = {"name": origin.name}
    files: list[CorpusFile] = []
    try:
        source = origin.open()
        licence, refused = _licence(origin, source)
        note |= {
            "revision": source.revision, "spdx": licence.spdx, "licence_file": licence.path,
            "notices": list(licence.notices), "licence_text": licence.text,
        }  # fmt: skip
        if licence.permissive:
            files, report = build(source, _options(refused, repo_characters))
            note |= {"report": report.as_dict(), "refused_folders": refused}
        else:
            note["left_out"] = f"licence: {licence.spdx or 'unknown'}"
    except InputError as error:
        note["left_out"] = str(error)
    write_corpus(folder / f"{origin.file_name}.jsonl", files)
    _write(_note(folder, origin), note)


def merge(origins: Sequence[Origin], unseen: Unseen, work: Path, tell: Tell) -> dict[str, Any]:
    """Keep of the cleaned files what comes near nothing that must stay unseen, each file once: the
    first of several, in the order of the sources. Returns what is also written to `REPORT`.

    Raises `InputError` where nothing is left.
    """
    target = work / DATA
    target.mkdir(parents=True, exist_ok=True)
    dropped: Counter[str] = Counter()
    sources: list[dict[str, Any]] = []
    characters: Counter[str] = Counter()
    for number, origin in enumerate(origins):
        tell("comparing files", number, len(origins))
        note = json.loads(_note(work / CLEAN, origin).read_text("utf-8"))
        kept: list[CorpusFile] = []
        lost: Counter[str] = Counter()
        for file in read_corpus(work / CLEAN / f"{origin.file_name}.jsonl"):
            if reason := unseen.reason(file):
                lost[reason] += 1
            else:
                kept.append(file)
                characters[file.language] += len(file.text)
        write_corpus(target / f"{origin.file_name}.jsonl", kept)
        dropped += lost
        size = sum(len(file.text) for file in kept)
        sources.append({**note, "files": len(kept), "characters": size, "compared": dict(lost)})
    tell("comparing files", len(origins), len(origins))
    if not characters:
        raise InputError(
            "No file is left to train on.", hint=f"{work / CLEAN} says of each source why."
        )
    found = {
        "sources": sources,
        "dropped": dict(dropped.most_common()),
        "characters": dict(characters.most_common()),
        "unseen": {
            "repositories": unseen.commits, "benchmarks": unseen.benchmarks, "files": unseen.files,
        },
    }  # fmt: skip
    _write(work / REPORT, found)
    return found


def read_report(work: Path) -> dict[str, Any]:
    """What `merge` wrote. Raises `InputError` where it did not."""
    try:
        return json.loads((work / REPORT).read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"There is no data in {work}.", hint="The step `data` makes it.") from exc


def kept_files(work: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of every source that something is left of, in order."""
    for source in read_report(work)["sources"]:
        if source["files"]:
            name = source["name"]
            yield name, work / DATA / f"{name.replace('/', '+')}.jsonl"


def _licence(origin: Origin, source: Source) -> tuple[Licence, list[str]]:
    """The licence at the top of a source, and folders that stand under another one."""
    if not origin.place:
        return licence_of(origin.name.rpartition("/")[2]), []
    asked = [e for e in source.files() if is_licence(e.path) and 0 <= e.size <= LONGEST_FILE]
    texts = {
        each.path: text
        for each, content in source.read(asked)
        if (text := _text(content)) is not None
    }
    decided = decide(texts)
    return decided.get("", Licence(UNKNOWN, permissive=False)), refused_folders(decided)


def _text(content: bytes | None) -> str | None:
    text, reason = decode(content)
    if reason and content is not None:
        return content.decode("latin-1")
    return None if reason else text


def _options(refused: Sequence[str], repo_characters: int) -> CorpusOptions:
    return CorpusOptions(
        languages=LANGUAGES,
        exclude=tuple(f"/{_escaped(folder)}/" for folder in refused),
        seed=SEED,
        least=200,
        longest_line=400,
        near=0.7,
        most_files=1_000_000,
        most_characters=1_000_000_000,
        repo_characters=repo_characters,
    )


def _escaped(folder: str) -> str:
    """A folder's path as a gitignore pattern."""
    return "".join(f"\\{sign}" if sign in "\\*?[]!# " else sign for sign in folder)


def _note(folder: Path, origin: Origin) -> Path:
    return folder / f"{origin.file_name}.json"


def _write(path: Path, values: dict[str, Any]) -> None:
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(json.dumps(values, indent=1), "utf-8")
    partial.replace(path)
