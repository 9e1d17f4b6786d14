"""What a reply stands on: the documents of its chat, and the passages of them that it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from desktop.domain.documents import SourceRef

AttachedKind = Literal["document", "collection"]
Manner = Literal["whole", "passages", "nothing"]
"""The documents went in whole; or those passages that fit the question; or nothing fitted it."""


_NAMES: Final = 2


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A document or a collection that a chat is asked about, by its number among its kind.

    ``name`` is what it was called then: it may be gone since.
    """

    kind: AttachedKind
    source_id: int
    name: str


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands behind ``[number]`` in a reply: a place, never a text.

    A document that is deleted takes its text with it. ``first`` and ``last`` are passages'
    numbers, ``page`` is counted by ``page_word``, 0 where the format has none.
    """

    number: int
    document_id: int
    name: str
    first: int
    last: int
    page: int = 0
    page_word: str = ""

    @property
    def place(self) -> str:
        """Return where in the document it is, in words; empty where the format has no pages."""
        return f"{self.page_word or 'page'} {self.page}" if self.page else ""

    @property
    def where(self) -> str:
        """Return the document and the place in it, in words."""
        return f"{self.name} \u00b7 {self.place}" if self.place else self.name

    def ref(self) -> SourceRef:
        """Return what leads back to the place."""
        # Not at the window's start, which knows replies and needs no documents.
        from desktop.domain.documents import SourceRef  # noqa: PLC0415

        return SourceRef(
            document_id=self.document_id, first=self.first, last=self.last, page=self.page
        )


class Grounds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reply was given of the documents, and how it was found.

    ``documents`` are their names. ``by`` is how passages were found: ``words``, or ``hybrid`` of
    words and meaning. ``tokens`` is what all of it takes in the prompt.
    """

    manner: Manner
    documents: tuple[str, ...]
    sources: tuple[Source, ...] = ()
    by: str = ""
    tokens: int = 0

    def source(self, number: int) -> Source | None:
        """Return what stands behind a number, None where nothing does."""
        return next((each for each in self.sources if each.number == number), None)

    @property
    def sentence(self) -> str:
        """Return what the reply was given, in a sentence for people."""
        names = ", ".join(self.documents[:_NAMES])
        if len(self.documents) > _NAMES:
            names += f" and {len(self.documents) - _NAMES} more"
        match self.manner:
            case "whole":
                return f"Read whole: {names}"
            case "nothing":
                return f"Nothing in {names} fits this question. The reply does not stand on it."
            case "passages":
                count = len(self.sources)
                passages = "1 passage" if count == 1 else f"{count} passages"
                return f"Found for this question: {passages} of {names}"
