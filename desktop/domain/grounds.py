"""What a reply stands on: the documents of its chat, and the passages of them that it was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from desktop.domain.page_words import place_in_words
from models.wording import tr, trn

AttachedKind = Literal["document", "collection"]
PASSAGES: Final = 6
"""How many passages a reply is given at most."""
PASSAGE_TOKENS: Final = 200
"""What a passage takes, about, and ``FRAME_TOKENS`` what is said around them all: for what is told
before a question is known."""
FRAME_TOKENS: Final = 150
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
    numbers; ``start`` and ``stop`` are places in the only passage where the source is a part of it,
    both 0 otherwise. ``page`` is counted by ``page_word``, 0 where the format has none. ``found``
    tells that it was looked up for the question, and isn't there as a part of the whole document.
    """

    number: int
    document_id: int
    name: str
    first: int
    last: int
    start: int = 0
    stop: int = 0
    page: int = 0
    page_word: str = ""
    found: bool = False

    @property
    def place(self) -> str:
        """Return where in the document it is, in words; empty where the format has no pages."""
        return place_in_words(self.page_word, str(self.page)) if self.page else ""

    @property
    def where(self) -> str:
        """Return the document and the place in it, in words."""
        return f"{self.name} \u00b7 {self.place}" if self.place else self.name


class Support(msgspec.Struct, frozen=True, kw_only=True):
    """The sources whose words bear a sentence of a reply out that names none itself.

    ``end`` is where the sentence ends in the reply's text.
    """

    end: int
    numbers: tuple[int, ...]


class SourceNote(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a source by now: its first words, and whether it is still what it was.

    ``mark`` is empty, or why the place may not be found as it was.
    """

    text: str = ""
    mark: str = ""


class Grounds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reply was given of the documents of its chat.

    ``whole`` are the names of those that went in whole, ``searched`` of those that were looked
    through for what fits the question, ``lost`` of those that were not there any more. ``by`` is
    how was searched: by ``words``, or ``hybrid`` by words and meaning. ``crowded`` tells that
    something fitted the question and not the window. ``tokens`` is what all of it takes in the
    prompt. ``support`` comes with the reply's end.
    """

    whole: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    support: tuple[Support, ...] = ()
    by: str = ""
    crowded: bool = False
    tokens: int = 0

    @property
    def found(self) -> tuple[Source, ...]:
        """Return the sources that were looked up for the question."""
        return tuple(each for each in self.sources if each.found)

    @property
    def lacks(self) -> bool:
        """Return whether the reply does not stand on something that it should stand on."""
        return bool(self.lost) or (bool(self.searched) and not self.found)

    @property
    def sentence(self) -> str:
        """Return what the reply was given, for people."""
        parts = [tr("Read whole: {names}.", names=_listed(self.whole))] if self.whole else []
        if self.searched:
            parts.append(self._search())
        if self.lost:
            parts.append(tr("Not there any more: {names}.", names=_listed(self.lost)))
        return " ".join(parts)

    def source(self, number: int) -> Source | None:
        """Return what stands behind a number, None where nothing does."""
        return next((each for each in self.sources if each.number == number), None)

    def _search(self) -> str:
        names = _listed(self.searched)
        count = len(self.found)
        if count:
            return trn(
                "Found for this question: 1 passage of {names}.",
                "Found for this question: {count} passages of {names}.",
                count,
                names=names,
            )
        if self.crowded:
            return tr("The chat leaves no room for passages of {names}.", names=names)
        return tr("Nothing in {names} fits this question.", names=names)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMES])
    more = len(names) - _NAMES
    if more <= 0:
        return shown
    return trn("{names} and {count} more", "{names} and {count} more", more, names=shown)
