"""Documents that can't be read, in words for people."""

from __future__ import annotations

from typing import Literal

from models.wording import tr

Code = Literal[
    "not_found", "unknown_format", "empty", "encrypted", "damaged", "too_large", "unreadable"
]


class DocumentError(Exception):
    """A document can't be read, for a reason with a remedy. ``code`` is for programs."""

    def __init__(self, code: Code, title: str, hint: str, detail: str = "") -> None:
        super().__init__(title)
        self.code: Code = code
        self.title = title
        self.hint = hint
        self.detail = detail


def damaged(name: str, what: str, detail: str = "") -> DocumentError:
    """Return the error of a file that contradicts its format; ``what`` is a translated clause."""
    return DocumentError(
        "damaged",
        tr("“{name}” is damaged: {what}.", name=name, what=what),
        tr("Open it in the program that made it, save it again, and try once more."),
        detail,
    )


def encrypted(name: str) -> DocumentError:
    """Return the error of a file that wants a password."""
    return DocumentError(
        "encrypted",
        tr("“{name}” is locked with a password.", name=name),
        tr("Save a copy without the password, and read that one."),
    )


def too_large(name: str, what: str) -> DocumentError:
    """Return the error of a file that unpacks to more than Snug takes."""
    return DocumentError(
        "too_large",
        tr("“{name}” is too large: {what}.", name=name, what=what),
        tr("Split it, or save the part that matters as a document of its own."),
    )


def empty(name: str) -> DocumentError:
    """Return the error of a file that holds no text."""
    return DocumentError(
        "empty",
        tr("There is no text in “{name}”.", name=name),
        tr("Choose another file, or add text to this one."),
    )
