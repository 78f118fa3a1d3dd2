"""The plugin of packaging/neovim in each Neovim it is for. See the parent's for the rest."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.conftest import Editors
from tests.editors.install import neovim
from tests.editors.install.places import CHECKOUT, editors_folder
from tests.editors.install.programs import Program
from tests.editors.neovim.driver import PLUGIN_INIT, Neovim

PLUGIN = CHECKOUT / "packaging" / "neovim"


@pytest.fixture(scope="session")
def program_of() -> Callable[[str], Program]:
    """A Neovim by its version; set up if it is not yet."""
    return functools.cache(functools.partial(neovim.set_up, editors_folder()))


@pytest.fixture(scope="session", params=["0.10", neovim.NEWEST])
def editors(
    request: pytest.FixtureRequest, program_of: Callable[[str], Program], pictures: Path
) -> Editors:
    """A Neovim with the plugin, as a user has it who changes nothing."""
    program, name = program_of(request.param), f"neovim-{request.param}-plugin"
    start = functools.partial(Neovim, program, init=PLUGIN_INIT, plugin=PLUGIN, name=name)
    return Editors(start, pictures)
