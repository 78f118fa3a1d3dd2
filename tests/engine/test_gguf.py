"""The GGUF reader: what it reads, and that no damaged file gets anything but a ModelError."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from beadline.engine.gguf import read_header
from beadline.errors import ModelError
from tests.examples import examples

FROM_FIXTURE = [HealthCheck.function_scoped_fixture]


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def small_file() -> bytes:
    """A whole GGUF: a few values of each kind, two tensors, their data."""
    values = [
        text("general.architecture") + struct.pack("<I", 8) + text("llama"),
        text("llama.context_length") + struct.pack("<II", 4, 2048),
        text("flag") + struct.pack("<I?", 7, True),
        text("ratio") + struct.pack("<Id", 12, 0.5),
        text("words") + struct.pack("<IIQ", 9, 8, 3) + text("a") + text("") + text("ü"),
        text("numbers") + struct.pack("<IIQ3i", 9, 5, 3, 1, -2, 3),
    ]
    tensors = [
        text("weight") + struct.pack("<IQQIQ", 2, 64, 3, 8, 0),
        text("norm") + struct.pack("<IQIQ", 1, 8, 0, 224),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    head += b"".join(values) + b"".join(tensors)
    head += b"\0" * (-len(head) % 32)
    return head + b"\1" * (224 + 32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "small.gguf"


def test_reads_values_arrays_and_tensors(file: Path) -> None:
    file.write_bytes(small_file())
    header = read_header(file, arrays=("words", "numbers"))
    assert header.metadata == {
        "general.architecture": "llama",
        "llama.context_length": 2048,
        "flag": True,
        "ratio": 0.5,
    }
    assert header.arrays == {"words": ["a", "", "ü"], "numbers": [1, -2, 3]}
    weight, norm = header.tensors
    assert (weight.type_name, weight.shape, weight.size) == ("Q8_0", (64, 3), 204)
    assert (norm.type_name, norm.elements, norm.offset) == ("F32", 8, 224)
    assert header.data_start % 32 == 0


def test_arrays_are_skipped_unless_asked_for(file: Path) -> None:
    file.write_bytes(small_file())
    header = read_header(file)
    assert header.arrays == {}
    assert header.text("general.architecture") == "llama"


@pytest.mark.parametrize("counts", [(10**10, 0), (0, 10**10)])
def test_a_sparse_file_full_of_nothing_is_refused_at_once(
    file: Path, counts: tuple[int, int]
) -> None:
    with file.open("wb") as stream:
        stream.write(b"GGUF" + struct.pack("<IQQ", 3, *counts))
        stream.truncate(1 << 40)
    with pytest.raises(ModelError, match="damaged"):
        read_header(file)


@pytest.mark.parametrize("kind", [8, 0])
def test_a_sparse_array_is_refused_at_once(file: Path, kind: int) -> None:
    with file.open("wb") as stream:
        stream.write(b"GGUF" + struct.pack("<IQQ", 3, 0, 1))
        stream.write(text("words") + struct.pack("<IIQ", 9, kind, 10**10))
        stream.truncate(1 << 40)
    with pytest.raises(ModelError, match="damaged"):
        read_header(file, arrays=("words",))


def test_every_truncation_is_a_model_error(file: Path) -> None:
    data = small_file()
    for length in range(len(data)):
        file.write_bytes(data[:length])
        with pytest.raises(ModelError, match=r"truncated|not a GGUF"):
            read_header(file, arrays=("words",))


@examples(150, suppress_health_check=FROM_FIXTURE)
@given(changes=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=4))
def test_damage_is_a_model_error_or_harmless(file: Path, changes: list[tuple[int, int]]) -> None:
    data = bytearray(small_file())
    for position, value in changes:
        data[position % len(data)] = value
    file.write_bytes(data)
    try:
        read_header(file, arrays=("words", "numbers"))
    except ModelError as exc:
        assert exc.message


@examples(150, suppress_health_check=FROM_FIXTURE)
@given(tail=st.binary(max_size=200))
def test_any_bytes_behind_the_magic(file: Path, tail: bytes) -> None:
    file.write_bytes(b"GGUF" + struct.pack("<I", 3) + tail)
    with pytest.raises(ModelError):
        read_header(file)


@examples(25, suppress_health_check=FROM_FIXTURE)
@given(share=st.floats(0, 0.9999))
def test_the_shipped_model_truncated_anywhere(file: Path, model_path: Path, share: float) -> None:
    data = model_path.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelError, match=r"truncated|not a GGUF"):
        read_header(file)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a GGUF"),
        (b"PK\x03\x04" + b"x" * 100, "not a GGUF"),
        (b"GGUF" + struct.pack("<I", 1) + b"\0" * 100, "version 1"),
        (b"GGUF" + struct.pack(">I", 3) + b"\0" * 100, "version 50331648"),
    ],
)
def test_foreign_files_are_named_as_what_they_are(file: Path, data: bytes, message: str) -> None:
    file.write_bytes(data)
    with pytest.raises(ModelError, match=message):
        read_header(file)


def test_a_missing_file_and_a_directory(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model file"):
        read_header(tmp_path / "none.gguf")
    with pytest.raises(ModelError):
        read_header(tmp_path)
