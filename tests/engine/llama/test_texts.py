"""Open files' texts go over the pipe once, and arrive with every request."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beadline.engine.guidance import Cache, CacheText, Guidance
from beadline.engine.llama import messages
from beadline.engine.llama.texts import KeptTexts, SentTexts
from beadline.engine.protocol import FimRequest

TEXTS = st.lists(
    st.builds(
        CacheText,
        path=st.sampled_from(["a.py", "b.py", "c.py"]),
        parts=st.lists(st.sampled_from(["x = 1\n", "y = 2\n", ""]), max_size=2).map(tuple),
    ),
    max_size=3,
).map(tuple)
REQUESTS = st.lists(
    st.none() | st.builds(Guidance, cache=st.none() | st.builds(Cache, open=TEXTS)), max_size=6
)


def sent(request: FimRequest, sender: SentTexts) -> messages.Message:
    """The message as it goes over the pipe."""
    packed = sender.pack({"op": "generate", "request": messages.request_values(request)})
    message = messages.decode(messages.encode(packed))
    assert message is not None
    return message


@given(guidances=REQUESTS)
def test_requests_arrive_as_they_were(guidances: list[Guidance | None]) -> None:
    sender, kept = SentTexts(), KeptTexts()
    for guidance in guidances:
        request = FimRequest(prefix="a", suffix="b", guidance=guidance)
        message = sent(request, sender)
        kept.unpack(message)
        assert messages.request_from(message["request"]) == request


def test_a_text_is_sent_once() -> None:
    sender = SentTexts()
    first, second = CacheText("a.py", ("first text\n",)), CacheText("b.py", ("second text\n",))

    def texts(*opened: CacheText) -> list[list[str]]:
        request = FimRequest("", "", guidance=Guidance(cache=Cache(open=opened)))
        return list(sent(request, sender)["texts"].values())

    assert texts(first) == [["first text\n"]]
    assert texts(first, second) == [["second text\n"]]
    assert texts(second) == []
    assert texts(first, second) == [["first text\n"]]
