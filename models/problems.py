"""Trouble that people can mend, as the engine raises it."""

from __future__ import annotations

from models.records import Problem


class EngineError(Exception):
    """A job can't be done, for a reason that has a remedy. ``code`` is stable, for programs."""

    def __init__(self, code: str, title: str, hint: str = "", detail: str = "") -> None:
        super().__init__(title)
        self.problem = Problem(code=code, title=title, hint=hint, detail=detail)
