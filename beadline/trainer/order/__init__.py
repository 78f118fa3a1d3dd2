"""The order in which the files of a corpus are trained on. Knows no samples and no model.

Two published ways, and two to compare them with: `abacus`, dependencies before what uses them;
`aixcoder`, similar files side by side, with randomness; `path`; `random`. One repository's files
stay together; which repository comes first, the seed draws.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from beadline.errors import InputError
from beadline.trainer.corpus.types import CorpusFile

METHODS = ("abacus", "aixcoder", "path", "random")
DEFAULT = "abacus"


def order(files: Sequence[CorpusFile], method: str = DEFAULT, seed: int = 0) -> list[CorpusFile]:
    """All files in the order of a method; the same files, method and seed give the same order,
    whatever order they come in. Raises `InputError` for a method that there is not."""
    if method not in METHODS:
        raise InputError(
            f"There is no order {method!r}.", hint=f"Choose one of {', '.join(METHODS)}."
        )
    by_repo: dict[str, list[CorpusFile]] = defaultdict(list)
    for file in sorted(files, key=lambda each: (each.repo, each.path, each.digest)):
        by_repo[file.repo].append(file)
    repos = list(by_repo)
    random.Random(f"{seed}/repositories").shuffle(repos)
    return [file for repo in repos for file in _ordered(by_repo[repo], method, seed)]


def _ordered(files: list[CorpusFile], method: str, seed: int) -> list[CorpusFile]:
    """The files of one repository."""
    rng = random.Random(f"{seed}/{method}/{files[0].repo}")
    if method == "path":
        return files
    if method == "random":
        rng.shuffle(files)
        return files
    from beadline.trainer.order.dependencies import dependencies

    uses = dependencies(files)
    if method == "abacus":
        from beadline.trainer.order.abacus import dependencies_first

        paths = dependencies_first(uses, rng)
    else:
        from beadline.trainer.order.similarity import similar_together

        paths = similar_together(files, uses, rng)
    by_path = {file.path: file for file in files}
    return [by_path[path] for path in paths]
