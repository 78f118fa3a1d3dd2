"""Settings of editors are untrusted; what is refused or wrong is told once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beadline.lsp.configuration import Configuration, ours
from beadline.settings import Options
from tests.lsp.conftest import READY, Session, Start

HOSTILE = {
    "engine": {"model": "/tmp/evil.gguf", "threads": 99},
    "trace": {"file": "/tmp/trace", "logLevel": "debug"},
    "context": {"maxFileBytes": 1 << 30},
}


@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: {"beadline": v}])
def test_initialization_options(wrap: Any) -> None:
    configuration = Configuration(Options())
    assert configuration.initialize(wrap({"completion": {"maxTokens": 7}})) == []
    assert configuration.options.completion.max_tokens == 7


def test_dotted_names_as_vs_code_writes_them() -> None:
    configuration = Configuration(Options())
    assert configuration.update({"beadline.completion.maxTokens": 7, "python.x": 1}) == []
    assert configuration.options.completion.max_tokens == 7


def test_hostile_settings_change_nothing_and_are_named_once() -> None:
    configuration = Configuration(Options())
    (message,) = configuration.initialize(HOSTILE)
    for name in ("engine.model", "engine.threads", "trace.file", "context.max_file_bytes"):
        assert name in message
    assert "evil" not in message
    assert configuration.options == Options()
    assert configuration.update({"beadline": HOSTILE}) == []
    assert configuration.options == Options()


def test_newer_settings_replace_older_ones() -> None:
    configuration = Configuration(Options())
    configuration.initialize({"completion": {"maxTokens": 7}})
    configuration.update({"completion": {"maxTokens": 8, "maxLines": 3}})
    assert configuration.options.completion.max_tokens == 8
    configuration.update({"completion": {}})
    assert configuration.options.completion.max_tokens == 7
    assert configuration.options.completion.max_lines == Options().completion.max_lines


@pytest.mark.parametrize("section", [{}, None])
def test_beside_an_empty_section_of_ours_the_others_are_not_ours(section: Any) -> None:
    configuration = Configuration(Options())
    assert configuration.update({"beadline": section, "python": {"x": 1}}) == []


def test_what_editors_say_of_themselves_is_no_setting() -> None:
    configuration = Configuration(Options())
    assert configuration.initialize({"editorInfo": {"name": "x"}, "editorPluginInfo": {}}) == []


def test_messages_stay_short_and_on_one_line() -> None:
    configuration = Configuration(Options())
    (message,) = configuration.update({f"bad\n{'x' * 500}{n}": n for n in range(1000)})
    assert "\n" not in message
    assert len(message) < 2000
    assert "992 more" in message


def test_nesting_without_end() -> None:
    values: dict[str, Any] = {}
    for _ in range(5000):
        values = {"a": values}
    assert len(Configuration(Options()).update({"beadline": values})) == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.dictionaries(
            st.sampled_from(["beadline", "completion", "maxTokens", "engine", "model", "x", ""]),
            inner,
        ),
    )
)
def test_any_settings_are_survived(values: Any) -> None:
    configuration = Configuration(Options())
    configuration.initialize(values)
    configuration.update(values)
    assert configuration.options.engine == Options().engine
    assert configuration.options.trace == Options().trace
    ours(values)


async def test_unknown_settings_are_shown_once(start: Start) -> None:
    client = start().client
    await client.initialize(capabilities=READY, options={"completion": {"nosuch": 1}})
    message = await client.told("window/showMessage")
    assert "nosuch" in message["message"]
    client.notify("workspace/didChangeConfiguration", {"settings": {"completion": {"nosuch": 1}}})
    await client.told("beadline/status", state="ready")
    await client.request("workspace/executeCommand", {"command": "beadline.accepted"})
    assert len(client.all("window/showMessage")) == 1


async def test_pushed_settings_hold_at_once(session: Session) -> None:
    client = session.client
    settings = {"beadline": {"completion": {"languagesOff": ["python"]}}}
    client.open("file:///a.py", "x = ")
    client.notify("workspace/didChangeConfiguration", {"settings": settings})
    assert await client.complete("file:///a.py", 0, 4) == []
    client.notify("workspace/didChangeConfiguration", {"settings": {"beadline": {}}})
    assert len(await client.complete("file:///a.py", 0, 4)) == 1


async def test_settings_are_pulled(start: Start) -> None:
    session = start()
    client = session.client
    client.configuration = {"completion": {"maxTokens": 5}, "engine": {"model": "/evil"}}
    workspace = {
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
    }
    await client.initialize(capabilities={**READY, "workspace": workspace})
    shown = await client.told("window/showMessage")
    assert "engine.model" in shown["message"]
    assert session.server.configuration.options.completion.max_tokens == 5
    registered = await client.told("client/registerCapability")
    assert registered["registrations"][0]["method"] == "workspace/didChangeConfiguration"
    client.configuration = {"completion": {"nosuch": 6}}
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    await client.message(lambda m: "nosuch" in str(m.get("params")), "the pulled setting")
    assert session.server.configuration.options.completion.max_tokens == 96


@pytest.mark.parametrize("answer", [None, 5, "text", []])
async def test_a_client_that_answers_oddly(start: Start, answer: Any) -> None:
    client = start().client
    client.configuration = answer
    await client.initialize(capabilities={**READY, "workspace": {"configuration": True}})
    await client.told("beadline/status", state="ready")
    client.open("file:///a.py", "x = ")
    assert len(await client.complete("file:///a.py", 0, 4)) == 1
