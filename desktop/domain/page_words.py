"""Places in documents in words: a PDF has pages, a presentation slides, a workbook sheets."""

from __future__ import annotations

from typing import Final

from models.wording import mark, tr, trn

_PLACES: Final = {
    "page": (mark("page {which}"), mark("pages {which}")),
    "slide": (mark("slide {which}"), mark("slides {which}")),
    "sheet": (mark("sheet {which}"), mark("sheets {which}")),
    "chapter": (mark("chapter {which}"), mark("chapters {which}")),
    "message": (mark("message {which}"), mark("messages {which}")),
    "document": (mark("document {which}"), mark("documents {which}")),
    "section": (mark("section {which}"), mark("sections {which}")),
}

_PAGES: Final = {
    "page": mark("Pages"),
    "slide": mark("Slides"),
    "sheet": mark("Sheets"),
    "chapter": mark("Chapters"),
    "message": mark("Messages"),
    "document": mark("Documents"),
}


def place_in_words(page_word: str, which: str, *, several: bool = False) -> str:
    """Return ``page 3``, ``slides 3–5``: ``which`` are the numbers as people write them."""
    one, many = _PLACES.get(page_word, _PLACES["page"])
    return tr(many if several else one, which=which)


def place_at_start(page_word: str, which: str, *, several: bool = False) -> str:
    """Return ``Page 3``: a place where it begins a line."""
    words = place_in_words(page_word, which, several=several)
    return words[:1].upper() + words[1:]


def pages_at_start(page_word: str) -> str:
    """Return ``Pages``: what a document has several of, where it begins a line."""
    words = _PAGES.get(page_word, _PAGES["page"])
    return tr(words)


def unreadable_in_words(page_word: str, page: int, why: str) -> str:
    """Return a sentence about a page that could not be read."""
    place = place_at_start(page_word, str(page))
    return tr("{place} could not be read: {why}.", place=place, why=tr(why))


def pages_counted(page_word: str, count: int) -> str:
    """Return ``1 page``, ``1,200 slides``."""
    match page_word:
        case "slide":
            return trn("{count} slide", "{count} slides", count)
        case "sheet":
            return trn("{count} sheet", "{count} sheets", count)
        case "chapter":
            return trn("{count} chapter", "{count} chapters", count)
        case "message":
            return trn("{count} message", "{count} messages", count)
        case "document":
            return trn("{count} document", "{count} documents", count)
        case _:
            return trn("{count} page", "{count} pages", count)
