"""Tables out of whole documents: every section is read for rows, then the rows are joined.

A pure generator, without input, output or a clock, that the window and the terminal both drive::

    sections ──► a call for each ──► rows ──► whole? ──yes──► the section's rows, in its order
                       ▲                        │ no: the reply was full
                       └──── its halves ◄───────┘

What a model writes is held to the table's schema while it writes, and checked again here.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from typing import Final

import msgspec

from desktop.domain.row_schema import held_to
from desktop.domain.sections import Section
from desktop.domain.sentences import sentences
from desktop.domain.summary import Answer, Answers, Call, Calls
from desktop.domain.table import Column, Row, Table
from models.wording import tr, trn

MOST_HALVINGS: Final = 4
MOST_ROWS: Final = 40
"""Rows that one reply may have: a list has an end, whatever the model would write."""
_LEAST_HALF: Final = 80
_MOST_TITLE: Final = 100
_LEAST_REPLY: Final = 256
_REPLY_SHARE: Final = 3
"""Tokens of rows for each of the text: names of columns come with every one of them."""


class ExtractionPrompts(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is told; ``resources/prompts/extraction.toml`` says what stands in braces."""

    system: str
    section: str
    column: str


class SectionRows(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a section in their order, each a value by column; ``troubles`` say what is not.

    ``failed`` marks a section of which nothing is known.
    """

    section: int
    rows: tuple[Row, ...] = ()
    troubles: tuple[str, ...] = ()
    failed: bool = False


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply says. ``is_whole`` is False where it ended because it was full."""

    rows: tuple[Row, ...] = ()
    is_whole: bool = True
    refused: int = 0


Steps = Generator[Calls, Answers, tuple[SectionRows, ...]]


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A section, or a piece of one. ``place`` orders the pieces of all halvings."""

    section: int
    depth: int
    number: int
    text: str
    tokens: int

    @property
    def place(self) -> int:
        return self.number << (MOST_HALVINGS - self.depth)

    def halves(self) -> tuple[_Part, ...]:
        texts = halved(self.text)
        return tuple(
            msgspec.structs.replace(
                self,
                depth=self.depth + 1,
                number=2 * self.number + index,
                text=text,
                tokens=self.tokens // 2 + 1,
            )
            for index, text in enumerate(texts)
        )


def extract(
    title: str,
    sections: Sequence[Section],
    table: Table,
    prompts: ExtractionPrompts,
    *,
    reply_tokens: int,
    schema: str,
    most_rows: int = MOST_ROWS,
) -> Steps:
    """Return the rows of every section. Yields calls and is sent their answers.

    ``schema`` holds a reply to at most ``most_rows`` rows of the table, ``reply_tokens`` is the
    room for it.
    """
    from_section = instruction(title, table, prompts)
    parts = [
        _Part(section=s.index, depth=0, number=s.index, text=s.text, tokens=s.tokens)
        for s in sections
    ]
    found: dict[int, list[tuple[int, SectionRows]]] = {section.index: [] for section in sections}
    while parts:
        calls = [_call(part, from_section, reply_tokens, schema) for part in parts]
        answers = yield Calls(tuple(calls))
        next_parts: list[_Part] = []
        for part, call in zip(parts, calls, strict=True):
            reading = read_reply(answers[call.key].text, table, most_rows)
            halves = () if reading.is_whole or answers[call.key].failure else part.halves()
            if part.depth < MOST_HALVINGS and len(halves) == 2:
                next_parts += halves
            else:
                rows = _section_rows(part.section, reading, answers[call.key])
                found[part.section].append((part.place, rows))
        parts = next_parts
    return tuple(_joined(index, pieces) for index, pieces in found.items())


def instruction(title: str, table: Table, prompts: ExtractionPrompts) -> str:
    """Return what the model is told, the same for every section of a document."""
    lines = "\n".join(_column_line(column, prompts.column) for column in table.columns)
    # A title is the document's own text: no more of it than a name, and on one line.
    name = " ".join(title.replace('"', "'").split())[:_MOST_TITLE]
    return prompts.section.replace("{columns}", lines).replace("{title}", name)


def read_reply(text: str, table: Table, most_rows: int = MOST_ROWS) -> Reading:
    """Return the rows of a reply that hold to the table, each once.

    A reply that was cut gives the rows that were finished. A model that says the same again and
    again has no more to say: such a reply counts as whole, cut or not.
    """
    raw, is_cut = _raw_rows(text)
    kept: dict[str, Row] = {}
    refused = repeated = 0
    for each in raw:
        row, troubles = held_to(each, table)
        refused += bool(troubles)
        if row is None or all(value is None for value in row.values()):
            continue
        key = json.dumps(row, sort_keys=True)
        repeated += key in kept
        kept.setdefault(key, row)
    is_full = is_cut or len(raw) >= most_rows
    return Reading(rows=tuple(kept.values()), is_whole=not is_full or repeated > 0, refused=refused)


def halved(text: str) -> tuple[str, ...]:
    """Return a text in two parts, at the paragraph, sentence or word nearest to its middle.

    One part where it is too short to be worth it.
    """
    if len(text) < 2 * _LEAST_HALF:
        return (text,)
    middle = len(text) // 2
    at = _nearest(_ends(text.split("\n\n"), 2), middle, len(text))
    at = at or _nearest(_ends(text.split("\n"), 1), middle, len(text))
    at = at or _nearest(_ends(sentences(text), 0), middle, len(text))
    at = at or text.rfind(" ", 1, middle) + 1 or middle
    return text[:at].rstrip(), text[at:].lstrip()


def _ends(pieces: Sequence[str], joint: int) -> list[int]:
    ends, at = [], 0
    for piece in pieces:
        at += len(piece) + joint
        ends.append(at)
    return ends


def _nearest(ends: Sequence[int], middle: int, length: int) -> int:
    """Return the end that halves best, 0 where none leaves a fifth on either side."""
    fair = [end for end in ends if length / 5 <= end <= length * 4 / 5]
    return min(fair, key=lambda end: abs(end - middle), default=0)


def _call(part: _Part, from_section: str, reply_tokens: int, schema: str) -> Call:
    return Call(
        key=(part.depth, part.number),
        instruction=from_section,
        data=part.text,
        # A model that rambles on a short text is stopped soon.
        max_tokens=min(reply_tokens, _LEAST_REPLY + _REPLY_SHARE * part.tokens),
        sections=(part.section,),
        schema=schema,
    )


def _section_rows(section: int, reading: Reading, answer: Answer) -> SectionRows:
    troubles = []
    if answer.failure:
        troubles.append(answer.failure)
    elif not reading.is_whole:
        troubles.append(tr("It has more rows than one reply holds; the last ones may be missing."))
    if reading.refused:
        troubles.append(
            trn(
                "In one row something did not fit its column and was left out.",
                "In {count} rows something did not fit its column and was left out.",
                reading.refused,
            )
        )
    return SectionRows(
        section=section, rows=reading.rows, troubles=tuple(troubles), failed=bool(answer.failure)
    )


def _joined(section: int, pieces: Sequence[tuple[int, SectionRows]]) -> SectionRows:
    ordered = [rows for _, rows in sorted(pieces, key=lambda piece: piece[0])]
    return SectionRows(
        section=section,
        rows=tuple(row for rows in ordered for row in rows.rows),
        troubles=tuple(dict.fromkeys(each for rows in ordered for each in rows.troubles)),
        failed=bool(ordered) and all(rows.failed for rows in ordered),
    )


def _column_line(column: Column, template: str) -> str:
    words = {
        "text": "text", "integer": "whole number", "number": "number", "date": "date, YYYY-MM-DD",
        "boolean": "true or false", "json": "JSON",
    }  # fmt: skip
    kind = "one of " + ", ".join(column.choices) if column.choices else words.get(column.type, "")
    about = f": {column.description}" if column.description else ""
    filled = template.replace("{name}", column.name).replace("{type}", kind)
    return filled.replace("{description}", about).strip()


def _raw_rows(text: str) -> tuple[list[Row], bool]:
    """Return the rows of a reply, and whether its end is missing."""
    try:
        whole = json.loads(text)
    except ValueError:
        return _finished_rows(text), True
    rows = whole.get("rows") if isinstance(whole, dict) else None
    if not isinstance(rows, list):
        return [], False
    return [row for row in rows if isinstance(row, dict)], False


def _finished_rows(text: str) -> list[Row]:
    """Return the rows that stand whole in a reply without an end."""
    decoder = json.JSONDecoder()
    rows: list[Row] = []
    at = text.find("[") + 1
    while at and (start := text.find("{", at)) >= 0:
        try:
            row, at = decoder.raw_decode(text, start)
        except ValueError:
            break
        rows.append(row)
    return rows
