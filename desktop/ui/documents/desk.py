"""What lies open on the documents page: the chosen documents' name, and the tabs on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QWidget

from desktop.controllers.document_marks import DocumentMark
from desktop.domain.documents import Document, SourceRef
from desktop.domain.page_words import pages_counted
from desktop.ui import tokens
from desktop.ui.controls import Card, IconButton, column, label, push_button
from desktop.ui.documents.list_model import facts, trouble_of
from desktop.ui.documents.tab import DocumentTab, Tab
from desktop.ui.elided import ElidedLabel
from desktop.ui.theme import Theme
from models.amounts import size_in_words
from models.wording import number, tr


class Desk(QWidget):
    """Shows one tab at a time on the documents that are chosen.

    ``source_requested`` carries a ``SourceRef``, ``ask_requested`` documents, ``delete_requested``
    their ids, ``read_requested`` paths, ``catch_up_requested`` a document whose file
    is another now; ``back_requested`` asks for the list.
    """

    source_requested = Signal(object)
    ask_requested = Signal(object)
    delete_requested = Signal(object)
    read_requested = Signal(object)
    catch_up_requested = Signal(object)
    back_requested = Signal()

    def __init__(self, theme: Theme, tabs: Sequence[Tab]) -> None:
        super().__init__()
        self._theme = theme
        self._tabs = tuple(tabs)
        self._made: dict[str, DocumentTab] = {}
        self.documents: tuple[Document, ...] = ()
        self._failed: tuple[Document, ...] = ()
        self._marks: Mapping[int, DocumentMark] = {}
        self.bar = self._make_bar()
        self._stack = QStackedWidget()
        self.layout_column = column(self, spacing=tokens.S)
        self.layout_column.addLayout(self._make_head())
        self.layout_column.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignLeft)
        self.layout_column.addWidget(self._stack, 1)
        self.mark = self._make_mark()
        self.layout_column.insertWidget(1, self.mark)
        self.problem = self._make_problem()
        self.layout_column.addWidget(self.problem)
        # It takes the tabs' room where there are none.
        self._below = QWidget()
        self.layout_column.addWidget(self._below, 1)
        self.setFocusProxy(self.bar)
        self.bar.currentChanged.connect(lambda _index: self._show_tab())

    @property
    def current(self) -> str:
        """Return the key of the tab that is shown."""
        return self._tabs[self.bar.currentIndex()].key

    def show_tab(self, key: str) -> DocumentTab:
        """Open the tab of this key and return it."""
        index = next(at for at, tab in enumerate(self._tabs) if tab.key == key)
        self.bar.setCurrentIndex(index)
        return self.tab(key)

    def tab(self, key: str) -> DocumentTab:
        """Return a tab, made now if it has not been opened yet."""
        if key not in self._made:
            made = next(tab for tab in self._tabs if tab.key == key).make()
            made.source_requested.connect(self.source_requested)
            self._made[key] = made
            self._stack.addWidget(made)
        return self._made[key]

    def show_documents(self, documents: tuple[Document, ...]) -> None:
        """Show these documents, or what has changed about them."""
        self.documents = documents
        if not documents:
            return
        is_one = len(documents) == 1
        self._name.set_text(
            documents[0].name if is_one else pages_counted("document", len(documents))
        )
        self._facts.set_text("  ·  ".join(facts(documents[0]) if is_one else _sum(documents)))
        ready = self.ready
        for part in (self._ask, self.bar, self._stack):
            part.setVisible(bool(ready))
        self._below.setVisible(not ready)
        self._show_mark()
        self._show_problem([each for each in documents if each.state != "ready"])
        if ready:
            self._show_tab()

    def ask(self) -> None:
        """Ask for a chat about the documents."""
        self.ask_requested.emit(self.ready)

    def show_alone(self, *, alone: bool) -> None:
        """Fill the page, with a way back to the list; or stand beside the list."""
        self._back.setVisible(alone)

    def mark_source(self, source: SourceRef) -> None:
        """Tell the tab that is shown which source is beside it."""
        self.tab(self.current).mark_source(source)

    def go_back(self) -> bool:
        """Leave what is open inside the tab; return whether there was something to leave."""
        return bool(self.ready) and self.tab(self.current).go_back()

    def _show_tab(self) -> None:
        tab = self.tab(self.current)
        self._stack.setCurrentWidget(tab)
        tab.show_documents(self.ready)

    def _make_bar(self) -> QTabBar:
        bar = QTabBar()
        bar.setObjectName("documentTabs")
        bar.setAccessibleName(tr("What to do with the document"))
        bar.setDrawBase(False)
        bar.setExpanding(False)
        bar.setElideMode(Qt.TextElideMode.ElideNone)
        bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for tab in self._tabs:
            bar.addTab(tab.title)
        return bar

    def _make_head(self) -> QHBoxLayout:
        self._back = IconButton(
            self._theme, "chevron-left", tr("Back to the list"), self.back_requested.emit
        )
        self._name = ElidedLabel(kind="title")
        self._facts = ElidedLabel(kind="small", tone="secondary")
        self._ask = push_button(tr("Ask in a chat"), "outline", self.ask)
        self._ask.setObjectName("askDocumentsButton")
        self._delete = IconButton(
            self._theme,
            "trash",
            tr("Delete"),
            lambda: self.delete_requested.emit([each.id for each in self.documents]),
        )
        self._delete.setObjectName("deleteDocumentsButton")
        words = column(spacing=2)
        words.addWidget(self._name)
        words.addWidget(self._facts)
        head = QHBoxLayout()
        head.setSpacing(tokens.S)
        head.addWidget(self._back)
        head.addLayout(words, 1)
        head.addWidget(self._ask)
        head.addWidget(self._delete)
        return head

    def show_marks(self, marks: Mapping[int, DocumentMark]) -> None:
        """Take over what one must know of documents, by their ids."""
        self._marks = marks
        self._show_mark()

    def _show_mark(self) -> None:
        mark = self._marks.get(self.documents[0].id) if len(self.documents) == 1 else None
        # Which pages have no text is told where the text is read.
        self.mark.setVisible(mark is not None and bool(mark.file))
        if mark is not None:
            self._mark_words.setText(mark.file)
            self._remedy.setText(mark.remedy)
            self._remedy.setVisible(bool(mark.remedy))

    def _make_mark(self) -> QWidget:
        mark = QWidget()
        self._mark_words = label(kind="small", tone="warning", wraps=True)
        self._remedy = push_button(
            "", "link", lambda: self.catch_up_requested.emit(self.documents[0])
        )
        self._remedy.setObjectName("catchUpButton")
        row = QHBoxLayout(mark)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.M)
        row.addWidget(self._mark_words, 1)
        row.addWidget(self._remedy)
        return mark

    def _make_problem(self) -> Card:
        card = Card("problem")
        card.setObjectName("documentProblem")
        self._problem_title = label(kind="strong", wraps=True)
        self._problem_hint = label(tone="secondary", wraps=True)
        again = push_button(tr("Read again"), "outline", self._read_again)
        again.setObjectName("readAgainButton")
        layout = column(card, spacing=tokens.XS)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        layout.addWidget(self._problem_title)
        layout.addWidget(self._problem_hint)
        layout.addSpacing(tokens.XS)
        layout.addWidget(again, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _show_problem(self, failed: Sequence[Document]) -> None:
        """Say why documents can't be used."""
        self._failed = tuple(failed)
        self.problem.setVisible(bool(failed))
        if len(failed) == 1:
            self._problem_title.setText(trouble_of(failed[0]))
            self._problem_hint.setText(failed[0].problem_hint)
        elif failed:
            self._problem_title.setText(
                tr("{count} of them could not be read.", count=number(len(failed)))
            )
            self._problem_hint.setText("\n".join(f"{d.name}: {trouble_of(d)}" for d in failed))
        self._problem_hint.setVisible(bool(self._problem_hint.text()))

    def _read_again(self) -> None:
        self.read_requested.emit([each.path for each in self._failed])

    @property
    def ready(self) -> tuple[Document, ...]:
        """Return those of the documents that have been read."""
        return tuple(each for each in self.documents if each.state == "ready")


def _sum(documents: Sequence[Document]) -> list[str]:
    pages = sum(each.pages for each in documents)
    size = size_in_words(sum(each.size for each in documents))
    return [pages_counted("page", pages), size] if pages else [size]
