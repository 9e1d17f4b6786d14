"""A translation put together for whoever wants it: as a file, or as an account of each segment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

import msgspec

from desktop.domain.documents import Document
from desktop.domain.languages import find_language
from desktop.domain.segments import SegmentKind
from desktop.domain.translation import State, Translated, Translation, Verdict, verdict
from desktop.domain.translation_checks import Mark
from desktop.work.export_blocks import export_blocks
from desktop.work.markdown_export import as_markdown

MARKDOWN_SUFFIXES: Final = frozenset((".md", ".markdown", ".txt", ""))
DOCX_SUFFIX: Final = ".docx"


class SegmentReport(msgspec.Struct, frozen=True, kw_only=True):
    """A segment, its translation, and what is doubtful in it. ``page`` is 0 where there is none."""

    number: int
    page: int
    kind: SegmentKind
    source: str
    translation: str
    state: State
    marks: tuple[Mark, ...]


class TranslationReport(msgspec.Struct, frozen=True, kw_only=True):
    """A translation with its account. ``resumed`` counts the calls that were answered before."""

    document: str
    language: str
    segments: tuple[SegmentReport, ...]
    verdict: Verdict
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    resumed: int = 0
    seconds: float = 0.0


def report_of(document: Document, translation: Translation) -> TranslationReport:
    """Return the report, without what it took."""
    translated = translation.all()
    language = translation.wish.language_name
    return TranslationReport(
        document=document.path,
        language=language,
        segments=tuple(_segment(each) for each in translated),
        verdict=verdict(translated, language),
    )


def _segment(translated: Translated) -> SegmentReport:
    segment = translated.segment
    return SegmentReport(
        number=segment.number,
        page=segment.page,
        kind=segment.kind,
        source=segment.text,
        translation=translated.text,
        state=translated.state,
        marks=translated.marks,
    )


def as_file(translated: Sequence[Translated], language_name: str, title: str, suffix: str) -> bytes:
    """Return the contents of the file that a translation becomes: .docx, or else Markdown."""
    blocks = export_blocks(translated)
    if suffix.lower() != DOCX_SUFFIX:
        return as_markdown(blocks).encode()
    # Not for a look at a translation: its library takes a while.
    from desktop.work.docx_export import as_docx  # noqa: PLC0415

    language = find_language(language_name)
    return as_docx(
        blocks,
        title=title,
        language=language.code if language else "",
        right_to_left=language is not None and language.runs_right_to_left,
    )


def file_name(document: Document, language: str, suffix: str) -> str:
    """Return what the file is called by itself: ``harbour.de.docx``."""
    known = find_language(language)
    code = known.code if known else "".join(each for each in language.lower() if each.isalnum())
    return f"{PurePath(document.name).stem}.{code or 'translated'}{suffix}"
