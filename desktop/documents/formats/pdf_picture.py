"""A page of a PDF as a picture, and where on it given texts stand."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pypdfium2
import pypdfium2.raw as pdfium

from desktop.documents.formats.pdf import open_pdf
from desktop.documents.messages import Drawn, Mark
from desktop.documents.problems import damaged
from models.wording import tr

MOST_PIXELS: Final = 6_000_000
"""Of a picture: 24 MB. A page that is larger is drawn coarser."""
_WORDS_AT_ONCE: Final = 6
"""A text that isn't found whole, as it goes on overleaf, is looked for so many words at a time."""
_MOST_MARKS: Final = 400
_MOST_CHARS: Final = 200_000


def draw_page(path: Path, page_number: int, texts: Sequence[str], width: int) -> Drawn:
    """Draw a page, counted from 1, ``width`` pixels wide. Raises DocumentError."""
    document = open_pdf(path)
    try:
        page = document[page_number - 1]
        scale = _scale(page, width)
        bitmap = page.render(scale=scale, prefer_bgrx=True, may_draw_forms=False)
        text_page = page.get_textpage()
        marks = tuple(itertools.islice(_marks(page, text_page, texts), _MOST_MARKS))
        return Drawn(
            width=bitmap.width,
            height=bitmap.height,
            stride=bitmap.stride,
            pixels=ctypes.string_at(bitmap.buffer, bitmap.stride * bitmap.height),
            marks=marks,
        )
    except (IndexError, pypdfium2.PdfiumError) as error:
        what = tr("page {number} can't be drawn", number=page_number)
        raise damaged(path.name, what, str(error)) from error
    finally:
        document.close()


def _scale(page: pypdfium2.PdfPage, width: int) -> float:
    across, down = page.get_size()
    scale = width / max(1.0, across)
    return float(min(scale, (MOST_PIXELS / max(1.0, across * down)) ** 0.5))


def _marks(
    page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, texts: Sequence[str]
) -> Iterator[Mark]:
    """Yield the rectangles of the texts' lines, as shares of the page."""
    letters, places = _letters(text_page)
    for first, last in _found(letters, texts):
        start, end = places[first], places[last]
        for number in range(text_page.count_rects(start, end - start + 1)):
            yield _mark(page, text_page.get_rect(number))


def _mark(page: pypdfium2.PdfPage, rect: tuple[float, float, float, float]) -> Mark:
    left, bottom, right, top = rect
    unit = 10_000
    corners = []
    for x, y in ((left, top), (right, bottom)):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(page, 0, 0, unit, unit, 0, x, y, across, down)
        corners.append((across.value / unit, down.value / unit))
    (x0, y0), (x1, y1) = corners
    return Mark(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))


def _letters(text_page: pypdfium2.PdfTextPage) -> tuple[str, list[int]]:
    """Return the page's letters and digits alone, folded, and the place of each on the page.

    Lines, hyphens and spaces are then no hindrance to find a text that was read from the page.
    """
    letters: list[str] = []
    places: list[int] = []
    for index in range(min(text_page.count_chars(), _MOST_CHARS)):
        code = pdfium.FPDFText_GetUnicode(text_page, index)
        for letter in _plain(chr(code) if code < 0x110000 else ""):
            letters.append(letter)
            places.append(index)
    return "".join(letters), places


def _plain(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())


def _found(letters: str, texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where the texts stand among the letters, first and last one."""
    for text in texts:
        whole = _plain(text)
        at = letters.find(whole) if whole else -1
        if at >= 0:
            yield at, at + len(whole) - 1
        elif whole:
            yield from _parts(letters, text.split())


def _parts(letters: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    after = 0
    for start in range(0, len(words), _WORDS_AT_ONCE):
        part = _plain(" ".join(words[start : start + _WORDS_AT_ONCE]))
        # A few letters stand anywhere: no sign that the text does.
        at = letters.find(part, after) if len(part) >= 2 * _WORDS_AT_ONCE else -1
        if at >= 0:
            yield at, at + len(part) - 1
            after = at + len(part)
