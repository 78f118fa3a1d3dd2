"""The one tree of errors meant for the user's eyes. Knows nothing of where they are shown.

Every message says what is wrong; every hint says what to do about it. Programming mistakes are
not in this tree: they stay ordinary Python exceptions.
"""

from __future__ import annotations


class BeadlineError(Exception):
    """Base of everything that is shown to the user as a sentence instead of a traceback."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        """What is wrong, one sentence, no traceback vocabulary."""
        self.hint = hint
        """What the user can do about it; empty when nothing can be done."""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class SettingsError(BeadlineError):
    """A setting has an unknown name or a value that does not fit."""


class InputError(BeadlineError):
    """What the user pointed at cannot be completed: no such file, binary, bad position..."""


class FileError(InputError):
    """The file is missing, a directory, too large, binary, or not valid UTF-8."""


class PositionError(InputError):
    """The line or column lies outside the text."""


class ModelError(BeadlineError):
    """The model file is missing, unreadable, truncated, or cannot fill holes."""


class EngineError(BeadlineError):
    """The engine's worker process failed while it served a request."""


class EngineCrashed(EngineError):
    """The worker process ended (killed, native crash); the next request gets a new one."""


class OutOfMemory(EngineError):
    """The model or its context does not fit the memory of the machine or of its GPU."""


class EngineUnavailable(EngineError):
    """The engine cannot be used now: it is loading, closed, or failed too often in a row."""


class AdapterError(BeadlineError):
    """An adapter is missing or damaged, or made for another model, prompt form or repository."""
