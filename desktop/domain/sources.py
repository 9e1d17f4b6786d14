"""Where a sentence of a result leads back to: the passage that bears it out, and its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from desktop.domain.attribution import Attribution
from desktop.domain.documents import SourceRef
from desktop.domain.sections import Passage, Section
from desktop.domain.sentences import sentences

_LEAST: Final = 0.15
"""The share of a sentence's words that a passage must hold: that its section bears it out is known
already, and the passage that shares most with it is where to look."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A place that a sentence comes from: a section, the pages in it, and the place to open.

    ``heading`` is the innermost one that it stands below, empty where there is none.
    """

    section: int
    pages: tuple[int, ...]
    ref: SourceRef
    heading: str = ""


class SourceFinder:
    """Finds the passage of a section that a sentence comes from, by the words they share.

    ``refs`` say where each passage is; with ``quotes`` the passages are those places' own words, so
    that a sentence of theirs can be told. A section none of whose passages bears the sentence out
    is its source as a whole.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        refs: Sequence[SourceRef],
        sections: Sequence[Section],
        *,
        quotes: bool = True,
    ) -> None:
        self._quotes = quotes
        self._passages = passages
        self._refs = refs
        self._sections = sections
        self._attributions: dict[int, Attribution] = {}

    def find(self, sentence: str, section: int) -> Source:
        """Return where in the section the sentence comes from."""
        place = self._sections[section]
        found = self._attribution(section).sources(sentence, least=_LEAST)
        if not found:
            return self.whole(section)
        passage = place.first + found[0]
        ref = self._refs[passage]
        if self._quotes:
            ref = msgspec.structs.replace(ref, quote=_quote(sentence, self._passages[passage].text))
        place_of = self._passages[passage]
        return Source(
            section=section, pages=_pages(place_of), ref=ref, heading=_heading(place_of.headings)
        )

    def whole(self, section: int) -> Source:
        """Return a section as a source, as far as it is of one document."""
        place = self._sections[section]
        refs = self._refs[place.first : place.last + 1]
        same = [ref for ref in refs if ref.document_id == refs[0].document_id]
        ref = msgspec.structs.replace(
            refs[0], last=same[-1].last, page=refs[0].page or max(place.pages[:1], default=0)
        )
        return Source(section=section, pages=place.pages, ref=ref, heading=_heading(place.headings))

    def _attribution(self, section: int) -> Attribution:
        if section not in self._attributions:
            place = self._sections[section]
            texts = [passage.text for passage in self._passages[place.first : place.last + 1]]
            self._attributions[section] = Attribution(texts)
        return self._attributions[section]


def _heading(headings: Sequence[str]) -> str:
    return headings[-1] if headings else ""


def _pages(passage: Passage) -> tuple[int, ...]:
    return (passage.page,) if passage.page else ()


def _quote(sentence: str, text: str) -> str:
    """Return the sentence of a passage that says it, empty where it is the passage as a whole."""
    parts = sentences(text)
    found = Attribution(parts).sources(sentence) if len(parts) > 1 else ()
    return parts[found[0]].strip() if found else ""
