"""Documents as the application knows them: what was read of each, and where it stands."""

from __future__ import annotations

from typing import Literal

import msgspec

from desktop.domain.sections import Passage

DocumentState = Literal["reading", "ready", "failed"]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was taken in. ``pages`` are counted by ``page_word``, 0 where by nothing.

    ``state`` is ``reading`` for one whose reading was cut; it is read anew.
    """

    id: int
    path: str
    name: str
    size: int
    mtime_ns: int
    sha256: str
    added_at: float
    format_name: str = ""
    title: str = ""
    page_word: str = ""
    pages: int = 0
    state: DocumentState = "reading"
    problem_title: str = ""
    problem_hint: str = ""


class StoredPassage(msgspec.Struct, frozen=True, kw_only=True):
    """A block of a document, with its number in it and its place."""

    id: int
    document_id: int
    number: int
    kind: str
    level: int
    page: int
    section: tuple[str, ...]
    line: int
    text: str

    def as_passage(self) -> Passage:
        """Return what cutting into sections needs of it."""
        text = f"{'#' * self.level} {self.text}" if self.level else self.text
        return Passage(text=text, page=self.page, headings=self.section, level=self.level)


class Portion(msgspec.Struct, frozen=True, array_like=True):
    """Passages that follow each other, as many as one reads at a time: numbers and pages."""

    first: int
    last: int
    first_page: int
    last_page: int


class SourceRef(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a document that something leads back to.

    ``first`` and ``last`` are passages' numbers, ``page`` is 0 where the format has none, and
    ``quote`` is the text to highlight (empty: the passages themselves).
    """

    document_id: int
    first: int
    last: int
    page: int = 0
    quote: str = ""
