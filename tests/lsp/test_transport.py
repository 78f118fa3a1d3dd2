"""Framing survives whatever a client writes."""

from __future__ import annotations

import asyncio
import io

from hypothesis import given
from hypothesis import strategies as st

from beadline.lsp.transport import Output, frames
from tests.lsp.client import frame


async def bodies(data: bytes, *, chunk: int = 1 << 16, max_bytes: int = 1 << 20) -> list[bytes]:
    reader = asyncio.StreamReader()
    for start in range(0, len(data), chunk):
        reader.feed_data(data[start : start + chunk])
    reader.feed_eof()
    return [body async for body in frames(reader, max_bytes=max_bytes)]


@given(st.lists(st.binary(min_size=1)), st.integers(1, 50))
def test_every_body_arrives_whole(messages: list[bytes], chunk: int) -> None:
    data = b"".join(frame(message) for message in messages)
    assert asyncio.run(bodies(data, chunk=chunk)) == messages


@given(st.binary())
def test_arbitrary_bytes_do_no_harm(data: bytes) -> None:
    asyncio.run(bodies(data))


async def test_headers_in_any_case_and_order() -> None:
    data = b"content-type: x\r\nCONTENT-LENGTH:2\r\n\r\n{}" + b"Content-Length: 2\n\n[]"
    assert await bodies(data) == [b"{}", b"[]"]


async def test_wrong_headers_are_skipped() -> None:
    good = frame(b"good")
    wrong = [b"Content-Length: -4\r\n\r\n", b"Content-Length: many\r\n\r\n", b"hello\r\n\r\n"]
    for bad in (*wrong, b"x" * 100_000 + b"\r\n\r\n", b"\xff\xfe\r\n"):
        assert await bodies(bad + good) == [b"good"]


async def test_a_length_that_is_too_short_costs_one_message() -> None:
    data = b'Content-Length: 3\r\n\r\n{"a": 1}' + frame(b"good")
    assert await bodies(data) == [b'{"a', b"good"]


async def test_a_length_nobody_can_hold_is_thrown_away() -> None:
    data = b"Content-Length: 100\r\n\r\n" + b"x" * 100 + frame(b"good")
    assert await bodies(data, max_bytes=50) == [b"", b"good"]
    assert await bodies(b"Content-Length: 9999999999999999999\r\n\r\nx") == []


def test_a_client_that_went_away_is_noticed_once() -> None:
    told: list[bool] = []
    stream = io.BytesIO()
    output = Output(stream, lambda: told.append(True))
    output.write(b"one")
    stream.close()
    output.write(b"two")
    output.write(b"three")
    assert told == [True]
