"""The sign that somebody types."""

from __future__ import annotations

from pathlib import Path

from beadline.completion.presence import EVERY_S, Presence, location


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_a_keystroke_leaves_a_sign_and_the_next_ones_do_so_seldom(own_folders: Path) -> None:
    clock = Clock()
    presence = Presence(now=clock)
    presence.keystroke()
    assert location().is_file()
    location().unlink()
    clock.time += EVERY_S / 2
    presence.keystroke()
    assert not location().exists()
    clock.time += EVERY_S
    presence.keystroke()
    assert location().is_file()


def test_where_nothing_can_be_written_typing_goes_on(own_folders: Path) -> None:
    location().parent.parent.mkdir(parents=True, exist_ok=True)
    location().parent.write_text("a file where the folder belongs")
    Presence().keystroke()
    assert location().parent.is_file()
