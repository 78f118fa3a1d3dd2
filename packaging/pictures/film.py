"""Pictures in a row and how long each is seen, saved as one animated PNG. Knows no editor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

_COLOURS = 128
"""More than an editor's colours with the shades at the edges of its letters."""


class Film:
    """Takes pictures of the same size one after the other."""

    def __init__(self, folder: Path, take: Callable[[Path], None]) -> None:
        """`take` saves what is seen now as a PNG; `folder` holds the pictures until the end."""
        self._folder = folder
        self._take = take
        self._milliseconds: list[int] = []

    def take(self, milliseconds: int) -> None:
        """One picture of what is seen now, to be shown so long."""
        self._take(self._picture(len(self._milliseconds)))
        self._milliseconds.append(milliseconds)

    def save(self, path: Path) -> None:
        """All of them, again and again. Pillow keeps only what changes from one to the next."""
        pictures = [self._read(number) for number in range(len(self._milliseconds))]
        width, height = pictures[0].size
        # One palette for all, which is a third of the size of true colours.
        strip = Image.new("RGB", (width, height * len(pictures)))
        for number, picture in enumerate(pictures):
            strip.paste(picture, (0, height * number))
        palette = strip.quantize(_COLOURS)
        none = Image.Dither.NONE
        first, *others = [picture.quantize(palette=palette, dither=none) for picture in pictures]
        first.save(
            path,
            format="PNG",
            save_all=True,
            append_images=others,
            duration=self._milliseconds,
            loop=0,
            optimize=True,
        )

    def _picture(self, number: int) -> Path:
        return self._folder / f"{number:04}.png"

    def _read(self, number: int) -> Image.Image:
        with Image.open(self._picture(number)) as picture:
            return picture.convert("RGB")
