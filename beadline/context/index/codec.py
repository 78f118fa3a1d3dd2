"""Symbols and terms of a file as compact bytes, and back. Knows no database and no paths on disk.

A request reads hundreds of definitions, so they are marshalled: nothing the library has reads them
back faster. zlib comes before it with its checksum: what the disk has spoiled does not reach it.
"""

from __future__ import annotations

import hashlib
import marshal
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from beadline.context.index.database import Damaged
from beadline.context.index.prepare import Prepared
from beadline.context.symbols.types import Definition, FileSymbols, Import, Kind, Parameter
from beadline.context.syntax.bytes import encode

_MARSHAL = 4
"""Version of its format; all supported Pythons read it."""
_LEVEL = 1
_DIGEST_BYTES = 16


def digest_of(text: str) -> bytes:
    """Tells texts apart."""
    return hashlib.blake2b(encode(text), digest_size=_DIGEST_BYTES).digest()


class Packed(NamedTuple):
    """What the index is given of one version of a file; plain values, so that it can come from
    another process."""

    language: str
    package: str
    symbols: bytes
    names: bytes
    """Of `pack_symbols`."""
    definitions: tuple[tuple[str, str], ...]
    """Name and owner of each."""
    spans: tuple[tuple[int, int, bool], ...]
    """Start, end and whether it joins of each chunk."""
    chunks: tuple[str, ...]
    """Terms of each chunk, none twice, joined by blanks."""
    terms: bytes
    """The same, of `pack_terms`."""


def pack(prepared: Prepared) -> Packed:
    """What was worked out of a file, as the index is given it."""
    symbols, cuts = prepared.symbols, prepared.cuts
    chunks = tuple(" ".join(cut.terms) for cut in cuts)
    return Packed(
        symbols.language,
        symbols.package,
        *pack_symbols(symbols),
        tuple((each.name, each.owner) for each in symbols.definitions),
        tuple((cut.span.start, cut.span.end, cut.span.joins) for cut in cuts),
        chunks,
        pack_terms(chunks),
    )


def pack_symbols(symbols: FileSymbols) -> tuple[bytes, bytes]:
    """Definitions and imports of a file, and the names in it."""
    definitions = [_flat(each) for each in symbols.definitions]
    imports = [
        (each.module, each.name, each.alias, each.start, each.end, each.exported)
        for each in symbols.imports
    ]
    return _pack((definitions, imports)), _pack(dict(symbols.names))


def pack_terms(chunks: Sequence[str]) -> bytes:
    """The terms of a file's chunks; those of one are joined by blanks."""
    return zlib.compress("\n".join(chunks).encode(), _LEVEL)


def unpack_terms(data: bytes) -> list[str]:
    """The inverse. Raises `Damaged`."""
    try:
        text = zlib.decompress(data).decode()
    except (zlib.error, TypeError, ValueError) as exc:
        raise Damaged(f"Terms cannot be read: {exc}.") from exc
    return text.split("\n") if text else []


class Stored:
    """What the index knows of one version of a file; made into objects when they are asked for."""

    def __init__(
        self, path: str, language: str, package: str, symbols: bytes, names: bytes
    ) -> None:
        """`symbols`, `names`: of `pack_symbols`. Raises `Damaged`."""
        self.path = path
        self.language = language
        self.package = package
        content = _unpack(symbols)
        if not isinstance(content, tuple) or len(content) != 2:
            raise Damaged("Symbols cannot be read.")
        self._flat: list[Any] = content[0]
        self._imports: list[Any] = content[1]
        self._names = _Names(names)
        self._made: dict[int, Definition] = {}
        self._whole: FileSymbols | None = None
        self.size = len(symbols) + len(names)
        """Bytes, as stored."""

    def __len__(self) -> int:
        """Number of definitions."""
        return len(self._flat)

    def definition(self, position: int) -> Definition:
        """One of the definitions, by its place among them. Raises `Damaged`."""
        made = self._made.get(position)
        if made is None:
            try:
                made = self._made[position] = _definition(self._flat[position])
            except (TypeError, ValueError, IndexError) as exc:
                raise Damaged(f"A definition cannot be read: {exc}.") from exc
        return made

    def named(self) -> Iterator[tuple[str, str]]:
        """Name and owner of every definition. Raises `Damaged`."""
        try:
            for each in self._flat:
                yield each[0], each[2]
        except (TypeError, IndexError) as exc:
            raise Damaged(f"A definition cannot be read: {exc}.") from exc

    def whole(self) -> FileSymbols:
        """Everything. Raises `Damaged`."""
        if self._whole is None:
            try:
                imports = tuple(Import(*each) for each in self._imports)
            except TypeError as exc:
                raise Damaged(f"An import cannot be read: {exc}.") from exc
            self._whole = FileSymbols(
                self.path,
                self.language,
                self.package,
                tuple(self.definition(position) for position in range(len(self._flat))),
                imports,
                self._names,
            )
        return self._whole


class _Names(Mapping[str, int]):
    """Names that are unpacked when somebody looks at them: few do."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._read: dict[str, int] | None = None

    def __getitem__(self, name: str) -> int:
        return self._names[name]

    @property
    def get(self) -> Callable[..., Any]:  # type: ignore[override]
        """As of every mapping, and a dictionary's own: it is asked name by name."""
        return self._names.get

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def _names(self) -> dict[str, int]:
        if self._read is None:
            try:
                names = _unpack(self._data)
            except Damaged:
                names = None
            # Whoever asks holds symbols and not the index; without names they are worth something.
            self._read = names if isinstance(names, dict) else {}
        return self._read


def _flat(each: Definition) -> tuple[Any, ...]:
    return (
        each.name, each.kind.value, each.owner, each.start, each.end, each.header,
        each.header_end, each.line, each.signature, each.doc, each.exported, each.type, each.bases,
        each.value, tuple((p.name, p.type, p.optional) for p in each.parameters),
    )  # fmt: skip


def _definition(flat: tuple[Any, ...]) -> Definition:
    name, kind, *others, parameters = flat
    fields: list[Any] = [name, Kind(kind), *others, tuple(Parameter(*p) for p in parameters)]
    return Definition(*fields)


def _pack(value: Any) -> bytes:
    return zlib.compress(marshal.dumps(value, _MARSHAL), _LEVEL)


def _unpack(data: bytes) -> object:
    try:
        return marshal.loads(zlib.decompress(data))
    except (zlib.error, EOFError, TypeError, ValueError) as exc:
        raise Damaged(f"Symbols cannot be read: {exc}.") from exc
