"""What the window does about documents: which signal of panel, page and drop goes where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from desktop.controllers.session import Session
from desktop.domain.documents import Document, SourceRef
from desktop.ui.models.tab import DISCOVER
from desktop.ui.notices import Action
from models.records import ModelKind
from models.wording import mark, tr, trn

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


_SERVES: Final[dict[ModelKind, tuple[str, str]]] = {
    "embedding": (
        "embedding_model",
        mark("{model} can't chat: it turns texts into numbers. It can find passages in documents."),
    ),
    "encoder_decoder": (
        "document_model",
        mark(
            "{model} can't chat: it answers one text at a time. It can summarize and translate "
            "documents."
        ),
    ),
}
"""By the kind of model that can't chat: the setting that puts it to use, and what to say of it."""


class DocumentWires(QObject):
    """Belongs to one window, whose parts it connects to the controllers of documents.

    ``ask_requested`` carries the documents that a person wants to ask in a chat.
    """

    ask_requested = Signal(object)

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._is_connected = False
        window.chat_panel.documents_requested.connect(self.toggle_page)
        session.model.opened.connect(self._on_model_opened)

    def show_page(self) -> None:
        """Open the documents page in place of the conversation."""
        self._connect_rooms()
        self._window.panels.close_over()
        self._window.middle.show_documents()

    def toggle_page(self) -> None:
        """Open the documents page, or close it."""
        if self._window.middle.shows_documents:
            self._window.middle.show_conversation()
        else:
            self.show_page()

    def show_tab(self, key: str) -> None:
        """Open the documents page with this tab at hand for the document that is chosen."""
        self.show_page()
        self._window.middle.documents.desk.show_tab(key)

    def choose_files(self) -> None:
        """Let a person choose documents to take in."""
        self.show_page()
        self._window.middle.documents.shelf.choose_files()

    def choose_folder(self) -> None:
        """Let a person choose a folder of documents to take in."""
        self.show_page()
        self._window.middle.documents.shelf.choose_folder()

    def show_source(self, source: SourceRef) -> None:
        """Open the documents page at a place that something leads back to."""
        self.show_page()
        self._window.middle.documents.show_source(source)

    def take_files(self, paths: list[str]) -> None:
        """Take in files that were dropped or pasted, and show how that goes."""
        self.show_page()
        self._session.document_rooms.documents.add(paths)

    def _connect_rooms(self) -> None:
        if self._is_connected:
            return
        self._is_connected = True
        rooms, notices = self._session.document_rooms, self._window.notices
        for source in (rooms.documents, rooms.collections, rooms.marks, rooms.jobs, rooms.thread):
            source.failed.connect(notices.say_trouble)
        rooms.documents.noticed.connect(notices.say)
        rooms.documents.deleted.connect(self._on_deleted)
        page = self._window.middle.documents
        page.ask_requested.connect(self.ask_requested)
        page.models_requested.connect(lambda: self._window.wires.show_page(DISCOVER))

    def _on_model_opened(self, path: str) -> None:
        """Tell of a model that can't chat where it serves."""
        info = self._session.model.state.info
        if info is None or info.kind not in _SERVES:
            return
        option, words = _SERVES[info.kind]

        def use() -> None:
            self._session.settings.set_app_value(option, path)
            self.show_page()

        self._window.notices.say(tr(words, model=info.name), Action(tr("Use it there"), use))

    def _on_deleted(self, documents: tuple[Document, ...]) -> None:
        ids = [each.id for each in documents]
        words = tr("“{name}” was deleted; the files themselves stay.", name=documents[0].name)
        if len(ids) > 1:
            words = trn(
                "{count} document was deleted; the files themselves stay.",
                "{count} documents were deleted; the files themselves stay.",
                len(ids),
            )
        restore = Action(tr("Undo"), lambda: self._session.document_rooms.documents.restore(ids))
        self._window.notices.say(words, restore)
