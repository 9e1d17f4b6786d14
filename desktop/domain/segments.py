"""A document cut into segments: what is translated, one after the other, and set side by side.

Cut by the text alone and not by a model's tokens, so that a document always has the same segments:
they can be shown before a model is loaded, and work goes on under another model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from desktop.domain.documents import SourceRef, StoredPassage
from desktop.domain.sentences import sentences

SegmentKind = Literal["heading", "paragraph", "item", "cell", "code", "note"]

_MOST_BYTES: Final = 700
"""Of a segment's text: some 170 tokens of English, and no more tokens than this in any script."""
_JOINT: Final = " | "
"""Between the cells of a row, and before each its column's header and a colon, as they are read."""
_NO_WORDS: Final = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+|\S*[\\/]\S*\.\w{1,5}\b")
_LETTERS: Final = re.compile(r"[^\W\d_]{2,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_BULLET: Final = re.compile(r"^(?:[•◦▪‣·*–-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+", re.IGNORECASE)


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document, with its number, the number of its passage and its place.

    ``text`` has no white space around it; ``tail`` is what stood between it and the next segment
    of the same passage, ``lead`` what it begins with that isn't translated, such as a bullet.
    ``row`` and ``column`` count from 0 in a table, and a table's first row has ``row`` 0; -1
    elsewhere. ``level`` is a heading's.
    """

    number: int
    passage: int
    page: int
    kind: SegmentKind
    text: str
    level: int = 0
    lead: str = ""
    tail: str = ""
    row: int = -1
    column: int = -1

    @property
    def has_words(self) -> bool:
        """Return whether there is anything in it to be translated."""
        return self.kind != "code" and bool(_LETTERS.search(_NO_WORDS.sub("", self.text)))


def segments_of(passages: Sequence[StoredPassage]) -> list[Segment]:
    """Return a document's segments, in order; together they are its whole text."""
    cutter = _Cutter()
    for passage in passages:
        for segment in cutter.cut(passage):
            cutter.segments.append(segment)
    return cutter.segments


def source_of(segment: Segment, document_id: int) -> SourceRef:
    """Return what leads from a segment back to its page."""
    return SourceRef(
        document_id=document_id,
        first=segment.passage,
        last=segment.passage,
        page=segment.page,
        quote=segment.text,
    )


def twins(segments: Sequence[Segment]) -> dict[int, int]:
    """Return, for each segment whose words stood in one before, that one's number.

    Tables repeat themselves: the same cell is translated once, and always to the same.
    """
    first: dict[tuple[str, str], int] = {}
    found: dict[int, int] = {}
    for segment in segments:
        known = first.setdefault((segment.kind, segment.text), segment.number)
        if known != segment.number:
            found[segment.number] = known
    return found


class _Cutter:
    """Goes through the passages and keeps the table that it is in."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self._headers: list[str] = []
        self._row = 0
        self._before: StoredPassage | None = None

    def cut(self, passage: StoredPassage) -> Iterator[Segment]:
        if passage.kind == "row":
            yield from self._cut_row(passage)
        else:
            self._headers = []
            yield from self._cut_text(passage)
        self._before = passage

    def _cut_text(self, passage: StoredPassage) -> Iterator[Segment]:
        kind = _KINDS.get(passage.kind, "paragraph")
        text, lead = passage.text, ""
        if kind == "item" and (bullet := _BULLET.match(text)):
            lead, text = bullet[0], text[bullet.end() :]
        parts = [text] if kind == "code" else list(_parts(text))
        for at, part in enumerate(parts):
            words = part.strip() if kind != "code" else part
            segment = self._segment(passage, kind, words)
            yield msgspec.structs.replace(
                segment,
                level=passage.level,
                lead=lead if at == 0 else "",
                tail=part[len(part.rstrip()) :] if at + 1 < len(parts) else "",
                number=segment.number,
            )

    def _cut_row(self, passage: StoredPassage) -> Iterator[Segment]:
        cells = self._cells(passage)
        for column, cell in enumerate(cells):
            segment = self._segment(passage, "cell", cell)
            yield msgspec.structs.replace(segment, row=self._row, column=column)

    def _cells(self, passage: StoredPassage) -> list[str]:
        """Return a row's cells; a row that doesn't fit the headers above begins a table."""
        before = self._before
        goes_on = (
            before is not None
            and before.kind == "row"
            and before.page == passage.page
            and before.line < passage.line
        )
        cells = cells_of(passage.text, self._headers) if goes_on else None
        if cells is None:
            cells = self._headers = passage.text.split(_JOINT)
            self._row = 0
        else:
            self._row += 1
        return cells

    def _segment(self, passage: StoredPassage, kind: SegmentKind, text: str) -> Segment:
        return Segment(
            number=len(self.segments),
            passage=passage.number,
            page=passage.page,
            kind=kind,
            text=text,
        )


_KINDS: Final[dict[str, SegmentKind]] = {
    "heading": "heading",
    "item": "item",
    "code": "code",
    "note": "note",
}


def cells_of(text: str, headers: Sequence[str]) -> list[str] | None:
    """Return the cells of a row that was read as ``header: value | header: value``.

    There is one for each header, empty where the row has none. None: it is no row of that table.
    """
    cells = [""] * len(headers)
    column = -1
    for part in text.split(_JOINT):
        found = next(
            (at for at in range(column + 1, len(headers)) if part.startswith(f"{headers[at]}: ")),
            None,
        )
        if found is not None:
            column = found
            cells[column] = part[len(headers[column]) + 2 :]
        elif column < 0:
            return None
        else:
            # Of a value that has the mark in it, or of a column without a header.
            cells[column] += _JOINT + part
    return cells


def _parts(text: str) -> Iterator[str]:
    """Yield a text as it is, or in pieces of whole sentences that are small enough."""
    piece = ""
    for sentence in sentences(text):
        if piece and _size(piece) + _size(sentence) > _MOST_BYTES:
            yield piece
            piece = ""
        piece += sentence
        while _size(piece.rstrip()) > _MOST_BYTES:
            cut = _cut_at(piece)
            yield piece[:cut]
            piece = piece[cut:]
    if piece:
        yield piece


def _cut_at(text: str) -> int:
    """Return where to divide a sentence that is too long: after a clause, a word, or anywhere."""
    longest = len(text.encode()[:_MOST_BYTES].decode(errors="ignore"))
    for stops in (";:", ",，、", " \n"):  # noqa: RUF001
        found = max(text.rfind(stop, 0, longest) for stop in stops)
        if found >= longest // 2:
            return len(text) - len(text[found + 1 :].lstrip())
    return longest


def _size(text: str) -> int:
    return len(text.encode())
