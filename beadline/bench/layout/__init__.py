"""`beadline bench layout`: which order of prefix, suffix and middle suits a model and its code."""

from beadline.bench.layout.command import add_arguments, main

__all__ = ["add_arguments", "main"]
