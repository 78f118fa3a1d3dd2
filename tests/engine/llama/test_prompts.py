"""The prompt options on their way through the worker: family, layout, healing, users' families."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from beadline.engine.protocol import FimRequest, Layout, Piece
from beadline.engine.verdicts import LayoutVerdicts, Verdict
from beadline.errors import ModelError

REQUEST = FimRequest(
    "def f(path):\n    retu", "\n", anchor=13, path="a.py", repo="r", max_tokens=4
)  # fmt: skip


async def test_details_say_how_the_model_is_asked(engine_factory, other_model) -> None:
    info = await engine_factory().start()
    told = {key: info.details[key] for key in ("family_from", "kind", "layouts", "healing",
                                               "partial_removal", "layout_from")}  # fmt: skip
    assert told == {
        "family_from": "metadata",
        "layout_from": "family",
        "kind": "base",
        "layouts": "anchored, psm, spm, left_to_right",
        "healing": "on",
        "partial_removal": "yes",
    }
    info = await engine_factory(model=other_model, options={"healing": False}).start()
    assert (info.family, info.details["family_from"]) == ("left-to-right", "none")
    assert (info.details["layouts"], info.details["healing"]) == ("left_to_right", "off")


@pytest.mark.parametrize("healing", [True, False])
async def test_healing_can_be_turned_off(engine_factory, healing: bool) -> None:
    engine = engine_factory(options={"healing": healing})
    prompt = await engine.render(REQUEST)
    assert prompt.typed.endswith(b"retu") is healing
    assert prompt.text.endswith("retu") is not healing
    # A request can go without.
    prompt = await engine.render(replace(REQUEST, healing=False))
    assert (prompt.typed, prompt.text.endswith("retu")) == (b"", True)


@pytest.mark.parametrize("layout", ["anchored", "psm", "spm", "left_to_right"])
async def test_every_layout_heals(engine_factory, layout: str) -> None:
    engine = engine_factory(options={"layout": layout})
    prompt = await engine.render(REQUEST)
    assert (prompt.layout, prompt.typed[-4:]) == (layout, b"retu")
    text = ""
    async for event in engine.generate(REQUEST):
        text += event.text if isinstance(event, Piece) else ""
    assert text
    assert event.usage.layout == layout


@pytest.mark.parametrize(
    ("verdict", "options", "layout", "origin"),
    [
        (("psm", "beadline"), {}, "psm", "verdict"),
        (("psm", "beadline"), {"layout": "spm"}, "spm", "user"),
        # Measured as another family, or a layout that the family lost since then.
        (("psm", "qwen2.5-coder"), {}, "anchored", "family"),
        (("suffix_first", "beadline"), {}, "anchored", "family"),
    ],
)
async def test_settings_come_before_measurements_and_these_before_the_family(
    engine_factory, model_path, verdict, options, layout, origin
) -> None:
    LayoutVerdicts().keep(model_path, Verdict(*verdict, "m", "2026-11-21"))
    engine = engine_factory(options=options)
    info = await engine.start()
    assert (info.details["layouts"].split(", ")[0], info.details["layout_from"]) == (layout, origin)
    assert (await engine.render(REQUEST)).layout == layout
    # A request that names its layout gets it whatever was measured.
    asked = FimRequest("x = ", "\n", layout=Layout.SPM)
    assert (await engine.render(asked)).layout == "spm"


async def test_a_family_chosen_by_the_user(engine_factory) -> None:
    engine = engine_factory(options={"family": "qwen2.5-coder", "healing": False})
    info = await engine.start()
    assert (info.family, info.details["family_from"]) == ("qwen2.5-coder", "user")
    prompt = await engine.render(REQUEST)
    assert prompt.text == (
        "<|fim_prefix|>def f(path):\n<|fim_suffix|>\n<|fim_middle|>    retu"
    )  # fmt: skip
    # A request may ask for a layout that the family has; others are not used.
    assert (await engine.render(FimRequest("x", "y", layout=Layout.SPM))).layout == "anchored"


async def test_a_family_of_the_users_own(engine_factory, own_folders: Path) -> None:
    folder = own_folders / "families"
    folder.mkdir()
    (folder / "mine.toml").write_text(
        '[family.mine]\nlike = "beadline"\nlayouts = ["psm"]\ntext_stops = ["\\n"]\n'
        'repository = { current = "# {path}\\n", inline = true, always = true }\n',
        "utf-8",
    )
    (folder / "broken.toml").write_text("[family", "utf-8")
    engine = engine_factory(options={"family": "mine", "healing": False})
    prompt = await engine.render(FimRequest("x = ", "\n", path="a.py"))
    assert prompt.text == "<|fim_prefix|># a.py\nx = <|fim_suffix|>\n<|fim_middle|>"
    text = ""
    request = FimRequest("import os\n\ndef f():\n    return 1", "", max_tokens=60)
    async for event in engine.generate(request):
        text += event.text if isinstance(event, Piece) else ""
    assert "\n" not in text
    assert event.reason in ("eog", "length")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"family": "qwen"}, r"no family 'qwen'.*qwen2\.5-coder"),
        ({"family": "codellama"}, "needs"),
        ({"layout": "zigzag"}, r"no layout 'zigzag'.*anchored"),
        ({"family": "qwen2.5-coder", "layout": "spm"}, r"no layout 'spm'.*psm"),
    ],
)
async def test_a_wrong_name_is_a_clear_error(engine_factory, options, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        await engine_factory(options=options).start()
