"""What is sent is what arrives, whatever the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.llama import messages
from beadline.engine.protocol import ExtraFile, FimRequest, Layout
from beadline.errors import AdapterError, BeadlineError, EngineError, ModelError

TEXT = st.text(st.characters(), max_size=30)


@given(
    prefix=TEXT,
    suffix=TEXT,
    extra=st.lists(st.builds(ExtraFile, path=TEXT, text=TEXT), max_size=3).map(tuple),
    layout=st.none() | st.sampled_from(list(Layout)),
)
def test_requests(prefix, suffix, extra, layout) -> None:
    request = FimRequest(prefix=prefix, suffix=suffix, extra=extra, layout=layout)
    line = messages.encode({"op": "generate", "request": messages.request_values(request)})
    assert line.count(b"\n") == 1
    message = messages.decode(line)
    assert message is not None
    assert messages.request_from(message["request"]) == request


def test_errors_keep_their_kind() -> None:
    for error in (ModelError("a", hint="b"), EngineError("c"), AdapterError("d")):
        back: BeadlineError = messages.error_from(messages.error_message(error, 3))
        assert type(back) is type(error)
        assert (back.message, back.hint) == (error.message, error.hint)


@given(line=st.binary(max_size=60))
def test_other_lines_are_no_messages(line: bytes) -> None:
    message = messages.decode(line)
    assert message is None or "op" in message
