"""The one exception for trouble that people can mend; anything else is our bug."""

from __future__ import annotations


class UserError(Exception):
    """Trouble with a cause (``title``) and a remedy (``hint``), each one line for people.

    ``code`` is stable, for programs; empty where no program asks.
    """

    def __init__(self, title: str, hint: str = "", detail: str = "", code: str = "") -> None:
        super().__init__(title)
        self.code = code
        self.title = title
        self.hint = hint
        self.detail = detail
