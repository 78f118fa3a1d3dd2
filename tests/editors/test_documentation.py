"""What docs/editors.md tells users to write is what is tested."""

from __future__ import annotations

from tests.editors.install.places import CHECKOUT
from tests.editors.neovim.driver import INIT

PAGE = CHECKOUT / "docs" / "editors.md"


def test_the_configuration_for_neovim_is_the_one_that_is_tested() -> None:
    assert f"```lua\n{INIT.read_text('utf-8')}```\n" in PAGE.read_text("utf-8")
