"""Small workspaces with a cursor, written as `¦` in one of their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from beadline.context.languages import language_of
from beadline.context.symbols.extract import Extractor
from beadline.context.symbols.graph import MemoryGraph
from beadline.context.symbols.resolve import needed
from beadline.context.symbols.types import FileSymbols, Needed, Scene
from beadline.context.syntax import SyntaxTrees
from beadline.context.types import Document


def symbols(text: str, path: str = "a.py") -> FileSymbols:
    """The symbols of one file."""
    return Extractor().symbols(Document(path, path, language_of(path), text))


def scene(files: Mapping[str, str]) -> tuple[Scene, MemoryGraph]:
    """The cursor and the graph of all files; those of no known language are configuration."""
    extractor = Extractor()
    found: list[FileSymbols] = []
    at: Scene | None = None
    for path, marked in files.items():
        text = marked.replace("¦", "")
        document = Document(path, path, language_of(path), text)
        file = extractor.symbols(document)
        found.append(file)
        if "¦" in marked:
            tree = SyntaxTrees().parse(document)
            at = Scene(document, marked.index("¦"), file, tree)
    assert at is not None
    return at, MemoryGraph(found, dict(files))


def needed_in(files: Mapping[str, str]) -> list[Needed]:
    """What the cursor needs, best first."""
    return needed(*scene(files))


def offered(found: Iterable[Needed]) -> list[str]:
    """Qualified names of definitions, each with the members that are named with it."""
    names: list[str] = []
    for each in found:
        qualified = each.located.definition.qualified
        names += [qualified, *(f"{qualified}.{member}" for member in each.members)]
    return names
