"""Which files of a repository use which, from their symbols. Knows no order.

Python and the JavaScript family say in their imports what they use, and where that is. Elsewhere a
file uses those that define a name that it mentions and that few others define, as far as package
and imports let it see them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from beadline.context.retrieval.query import group_of
from beadline.context.symbols.extract import Extractor
from beadline.context.symbols.graph import MemoryGraph
from beadline.context.symbols.resolve import python_modules, typescript_modules
from beadline.context.symbols.types import FileSymbols, Located
from beadline.context.types import Document
from beadline.trainer.corpus.types import CorpusFile

Uses = Mapping[str, Mapping[str, float]]
"""Path -> paths of the files that it uses, and how much; every path is a key."""

_COMMON = 3
"""A name that more files define says nothing of which one is meant."""
_LOOKED_AT = 64
_LEAST_NAME = 3
_MOST_USES = 8.0
"""Further uses of one name add nothing."""


def dependencies(files: Sequence[CorpusFile], texts: Mapping[str, str] | None = None) -> Uses:
    """What the files of one repository use of each other. `texts`: configuration files that say
    what imports mean (`tsconfig.json`), by path."""
    extractor = Extractor()
    symbols = [
        extractor.symbols(Document(file.path, file.path, file.language, file.text, file.repo))
        for file in files
    ]
    graph = MemoryGraph(symbols, texts)
    specifiers = typescript_modules.Modules(graph)
    found: dict[str, dict[str, float]] = {}
    for file in symbols:
        used: dict[str, float] = defaultdict(float)
        group = group_of(file.language)
        if group == "python":
            _of_python(file, graph, used)
        elif group == "javascript":
            for each in file.imports:
                _add(used, specifiers.path(each.module, file.path), file.names.get(each.alias, 1))
        else:
            _by_names(file, graph, group, used)
        used.pop(file.path, None)
        used.pop("", None)
        found[file.path] = {path: used[path] for path in sorted(used)}
    return found


def _of_python(file: FileSymbols, graph: MemoryGraph, used: dict[str, float]) -> None:
    """Of a name that goes through other files' imports the file that defines it."""
    modules = python_modules.Modules(graph, file)
    for each in file.imports:
        symbol = modules.imported(each, file.path)
        if isinstance(symbol, Located | python_modules.Module):
            path = symbol.path
        else:
            path = modules.find(each.module, file.path)
        _add(used, path, file.names.get(each.alias.partition(".")[0], 1))


def _by_names(file: FileSymbols, graph: MemoryGraph, group: str, used: dict[str, float]) -> None:
    visible = _visible(file, graph)
    for name, count in file.names.items():
        if len(name) < _LEAST_NAME or name == file.package:
            continue
        located = graph.named(name, group=group, limit=_LOOKED_AT)
        places = {each.path for each in located if not each.definition.owner}
        if file.path in places:
            continue  # its own
        seen = sorted(path for path in places if visible(path))
        if 0 < len(seen) <= _COMMON:
            for path in seen:
                _add(used, path, count / len(seen))


def _visible(file: FileSymbols, graph: MemoryGraph) -> Callable[[str], bool]:
    """Whether a file's names can be seen without being spelled out."""
    folder = _folder(file.path)
    if file.language == "go":
        last_parts = {each.module.rpartition("/")[2] for each in file.imports}
        return lambda path: (
            _folder(path) == folder or _folder(path).rpartition("/")[2] in last_parts
        )
    if file.language == "java":
        packages = {file.package}
        for each in file.imports:
            # Of a nested class and of a static import the module is a class.
            packages |= {each.module, each.module.rpartition(".")[0]}

        def of_package(path: str) -> bool:
            other = graph.file(path)
            return other is not None and other.package in packages

        return of_package
    return lambda path: True


def _add(used: dict[str, float], path: str, count: float) -> None:
    if path:
        used[path] += min(float(count), _MOST_USES)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
