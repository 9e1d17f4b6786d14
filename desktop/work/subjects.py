"""What a summary is made of: a document, or the summaries of several."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from desktop.domain.documents import Document, SourceRef
from desktop.domain.sections import Passage
from desktop.storage.documents import DocumentStore
from desktop.work.summary_records import Summarized, SummaryReport


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Passages in their order, and where each leads back to (``refs``).

    ``name`` is the document's path, empty where there are several. ``pages`` are counted by
    ``page_word``; ``unreadable`` are those without text, and why.
    """

    name: str
    title: str
    documents: tuple[Summarized, ...]
    passages: tuple[Passage, ...]
    refs: tuple[SourceRef, ...]
    pages: int
    page_word: str
    unreadable: dict[int, str]


def document_subject(document: Document, store: DocumentStore) -> Subject:
    """Return a document as what a summary is made of."""
    stored = store.passages(document.id)
    return Subject(
        name=document.path,
        title=document.title or document.name,
        documents=(_summarized(document),),
        passages=tuple(each.as_passage() for each in stored),
        refs=tuple(
            SourceRef(document_id=document.id, first=each.number, last=each.number, page=each.page)
            for each in stored
        ),
        pages=document.pages,
        page_word=document.page_word,
        unreadable=store.unreadable_pages(document.id),
    )


def joint_subject(documents: Sequence[Document], reports: Sequence[SummaryReport]) -> Subject:
    """Return the summaries of several documents as what one over all is made of.

    What it calls a page is a document, by its place among them; what it leads back to are the
    places that the points of those summaries came from.
    """
    passages: list[Passage] = []
    refs: list[SourceRef] = []
    for number, (document, report) in enumerate(zip(documents, reports, strict=True), start=1):
        whole = SourceRef(document_id=document.id, first=0, last=0, page=min(document.pages, 1))
        title = document.title or document.name
        passages.append(Passage(text=f"# {title}", page=number, headings=(title,), level=1))
        refs.append(whole)
        for point in report.points:
            if point.text.strip():
                text = point.text.strip()
                passages.append(Passage(text=text, page=number, headings=(title,)))
                refs.append(point.sources[0].ref if point.sources else whole)
    return Subject(
        name="",
        title=", ".join(document.title or document.name for document in documents),
        documents=tuple(_summarized(document) for document in documents),
        passages=tuple(passages),
        refs=tuple(refs),
        pages=len(documents),
        page_word="document",
        unreadable={},
    )


def _summarized(document: Document) -> Summarized:
    return Summarized(document_id=document.id, name=document.name, page_word=document.page_word)
