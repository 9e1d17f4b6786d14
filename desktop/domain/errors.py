"""The one exception for trouble that people can mend; anything else is our bug."""

from __future__ import annotations


class UserError(Exception):
    """Trouble with a cause (``title``) and a remedy (``hint``), each one line for people."""

    def __init__(self, title: str, hint: str = "", detail: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint
        self.detail = detail
