"""A translation as blocks of a document, in the structure of its source: what exports write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, Literal

import msgspec

from desktop.domain.segments import Segment
from desktop.domain.translation import Translated
from desktop.domain.translation_checks import UNTRANSLATED
from models.wording import mark, tr

NOT_TRANSLATED: Final = mark("[not translated]")
CUT_OFF: Final = mark("[cut off]")

BlockKind = Literal["heading", "paragraph", "item", "code", "note", "table"]


class ExportBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A block of a document; ``rows`` are a table's, of which the first names the columns."""

    kind: BlockKind
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def export_blocks(translated: Sequence[Translated]) -> list[ExportBlock]:
    """Return the blocks. A segment that is no translation says so, in the text itself."""
    blocks: list[ExportBlock] = []
    for is_table, group in groupby(translated, key=lambda each: each.segment.kind == "cell"):
        if is_table:
            blocks += _tables(list(group))
        else:
            passages = groupby(group, key=lambda each: each.segment.passage)
            blocks += [_block(list(parts)) for _, parts in passages]
    return blocks


def _block(parts: Sequence[Translated]) -> ExportBlock:
    first = parts[0].segment
    text = first.lead if first.kind != "item" or first.lead.strip()[:1].isalnum() else ""
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        text += shown_text(part)
        if following is not None:
            text += part.segment.tail or _joint(part.text)
    kind: BlockKind = "paragraph" if first.kind == "cell" else first.kind
    return ExportBlock(kind=kind, text=text, level=first.level)


def _joint(before: str) -> str:
    """Return what stands between sentences whose source has nothing there."""
    return "" if before[-1:] in "。！？」』" else " "  # noqa: RUF001


def _tables(cells: Sequence[Translated]) -> Iterator[ExportBlock]:
    """Yield the tables of cells that stand one after the other; each begins at its first row."""
    rows: list[dict[int, str]] = []
    before: Segment | None = None
    for cell in cells:
        segment = cell.segment
        if before is None or segment.passage != before.passage:
            if segment.row <= (before.row if before else -1):
                yield from _table(rows)
                rows = []
            rows.append({})
        rows[-1][segment.column] = shown_text(cell)
        before = segment
    yield from _table(rows)


def _table(rows: Sequence[dict[int, str]]) -> Iterator[ExportBlock]:
    width = max((column + 1 for row in rows for column in row), default=0)
    if width == 1 and len(rows) == 1:
        yield ExportBlock(kind="paragraph", text=rows[0][0])
    elif width:
        filled = tuple(tuple(row.get(column, "") for column in range(width)) for row in rows)
        yield ExportBlock(kind="table", rows=filled)


def shown_text(translated: Translated) -> str:
    """Return a segment's text for a reader, who must see where it is no translation."""
    kinds = {mark.kind for mark in translated.marks}
    source = translated.segment.text
    if translated.state in {"waiting", "failed"}:
        return f"{tr(NOT_TRANSLATED)} {source}"
    if kinds & UNTRANSLATED:
        return f"{tr(NOT_TRANSLATED)} {translated.text}"
    return f"{translated.text} {tr(CUT_OFF)}" if "truncated" in kinds else translated.text
