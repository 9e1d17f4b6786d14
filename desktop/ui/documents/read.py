"""The tab with a document's own text, and its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.controllers.documents import DocumentsController
from desktop.controllers.pictures import PicturesController
from desktop.domain.documents import Document, Portion, SourceRef
from desktop.domain.page_words import place_at_start
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column, label
from desktop.ui.documents.tab import DocumentTab
from desktop.ui.documents.viewer import Viewer, has_pictures
from desktop.ui.segments import Segments
from desktop.ui.theme import Theme
from models.wording import number, tr, trn

Look = Literal["text", "pages"]
PORTION_CHARS: Final = 40_000
"""Of text that is laid out at once: some tens of milliseconds."""


class ReadTab(DocumentTab):
    """Shows a document as it was read, or as its pages look; of several, the first."""

    def __init__(
        self, theme: Theme, documents: DocumentsController, pictures: PicturesController
    ) -> None:
        super().__init__()
        self._theme = theme
        self._documents = documents
        self._document: Document | None = None
        self._portions: Sequence[Portion] = ()
        self._look: Look = "text"
        self._at = 0
        self.viewer = Viewer(theme, documents, pictures)
        self.notice = label(kind="small", tone="secondary", wraps=True)
        self.looks = Segments(tr("Look"), [("text", tr("Text")), ("pages", tr("Pages"))])
        self.looks.chosen.connect(self._on_look)
        self.where = label(kind="small", tone="secondary")
        self._earlier = IconButton(theme, "chevron-left", tr("Before"), lambda: self._turn(-1))
        self._later = IconButton(theme, "chevron-right", tr("After"), lambda: self._turn(1))
        layout = column(self, spacing=tokens.S)
        layout.addWidget(self._make_bar())
        layout.addWidget(self.notice)
        layout.addWidget(self.viewer, 1)
        self.setFocusProxy(self.viewer.text)

    def show_documents(self, documents: tuple[Document, ...]) -> None:
        """Show the first one, where it was left if it is shown already."""
        first = documents[0] if documents else None
        if first is None or first == self._document:
            return
        self._document = first
        self._portions, self._at = (), 0
        if not has_pictures(first):
            self._look = "text"
        self.looks.setVisible(has_pictures(first))
        self.looks.show_value(self._look)
        self.notice.hide()

        def show(portions: list[Portion]) -> None:
            if self._document is first:
                self._portions = portions
                self._show()

        def tell(pages: dict[int, str]) -> None:
            if self._document is first and pages:
                self.notice.setText(unreadable_in_words(first, pages))
                self.notice.show()

        self._documents.portions(first.id, PORTION_CHARS, show)
        self._documents.unreadable(first.id, tell)

    # --- parts -----------------------------------------------------------------------------------

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, tokens.XS, 0, tokens.XS)
        row.setSpacing(tokens.XS)
        row.addWidget(self.looks)
        row.addStretch(1)
        for part in (self._earlier, self.where, self._later):
            row.addWidget(part)
        return bar

    # --- what is shown ---------------------------------------------------------------------------

    def _on_look(self, look: Look) -> None:
        if look == self._look or self._document is None:
            return
        page = self._page
        self._look = look
        self.looks.show_value(look)
        if look == "pages":
            self._at = max(0, page - 1)
        else:
            self._at = next(
                (at for at, each in enumerate(self._portions) if each.last_page >= page), 0
            )
        self._show()

    @property
    def _page(self) -> int:
        """Return the page that is shown, or the first one of the portion."""
        if self._look == "pages":
            return self._at + 1
        return self._portions[self._at].first_page if self._portions else 1

    @property
    def _count(self) -> int:
        pages = self._document.pages if self._document is not None else 0
        return pages if self._look == "pages" else len(self._portions)

    def _turn(self, step: int) -> None:
        self._at = min(max(0, self._at + step), self._count - 1)
        self._show()

    def _show(self) -> None:
        document = self._document
        if document is None:
            return
        if self._look == "pages":
            around = self._passages_of(self._at + 1, document)
            self.viewer.show_page(document, self._at + 1, (), around)
        elif self._portions:
            portion = self._portions[self._at]
            self.viewer.show_text(document, portion.first, portion.last)
        self._name_place(document)

    def _passages_of(self, page: int, document: Document) -> SourceRef:
        """Return the portion with a page, to be shown where it can't be drawn."""
        found = next((each for each in self._portions if each.last_page >= page), None)
        first, last = (found.first, found.last) if found else (0, 0)
        return SourceRef(document_id=document.id, first=first, last=last, page=page)

    def _name_place(self, document: Document) -> None:
        self._earlier.setEnabled(self._at > 0)
        self._later.setEnabled(self._at + 1 < self._count)
        is_whole = self._count <= 1
        for part in (self._earlier, self.where, self._later):
            part.setVisible(not is_whole)
        if is_whole:
            return
        word = document.page_word
        if self._look == "pages":
            words = _of_all(place_at_start(word, number(self._at + 1)), document.pages)
        elif word:
            portion = self._portions[self._at]
            first, last = portion.first_page, portion.last_page
            words = place_at_start(word, _span(first, last), several=first != last)
            words = _of_all(words, document.pages) if document.pages else words
        else:
            words = tr(
                "Part {part} of {count}", part=number(self._at + 1), count=number(self._count)
            )
        self.where.setText(words)


def unreadable_in_words(document: Document, pages: Mapping[int, str]) -> str:
    """Return which pages have no text that Snug could read, and why."""
    word = document.page_word or "page"
    by_reason: dict[str, list[int]] = {}
    for page, reason in sorted(pages.items()):
        by_reason.setdefault(reason, []).append(page)
    return "\n".join(
        trn(
            "{pages} could not be read: {reason}.",
            "{pages} could not be read: {reason}.",
            len(numbers),
            pages=place_at_start(word, _listed(numbers), several=len(numbers) > 1),
            reason=tr(reason),
        )
        for reason, numbers in by_reason.items()
    )


def _listed(numbers: Sequence[int]) -> str:
    """Return ``2, 5–9 and 12``."""
    spans: list[tuple[int, int]] = []
    for page in numbers:
        if spans and page == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], page)
        else:
            spans.append((page, page))
    words = [_span(first, last) for first, last in spans]
    if len(words) == 1:
        return words[0]
    return tr("{some} and {last}", some=", ".join(words[:-1]), last=words[-1])


def _span(first: int, last: int) -> str:
    return number(first) if first == last else f"{number(first)}–{number(last)}"


def _of_all(place: str, pages: int) -> str:
    return tr("{place} of {count}", place=place, count=number(pages))
