"""What the window does about documents in chats: which signal of composer and reply goes where."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QFileDialog, QMenu

from desktop.controllers.attachments import Attachment
from desktop.controllers.session import Session
from desktop.domain.chat import is_private
from desktop.domain.errors import UserError
from desktop.ui import tokens
from desktop.ui.drops import is_model
from desktop.ui.notices import Action
from desktop.ui.theme import Theme
from models.wording import tr

if TYPE_CHECKING:
    from desktop.domain.documents import Document, SourceRef
    from desktop.ui.main_window import MainWindow

Choices = tuple[list["Document"], list[tuple[int, str]]]
"""Documents, and collections by id and name."""
_MENU_ENTRIES: Final = 10
_NAME_LETTERS: Final = 60


class AskWires(QObject):
    """Belongs to one window, whose conversation it connects to the controllers of documents."""

    def __init__(self, window: MainWindow, theme: Theme, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._session = session
        talk, attachments = window.conversation, session.attachments
        composer, transcript = talk.composer, talk.transcript
        attachments.changed.connect(composer.attachments.show_items)
        attachments.changed.connect(window.remember_soon)
        attachments.failed.connect(window.notices.say_trouble)
        attachments.documents_gone.connect(transcript.forget_source_notes)
        composer.attachments.removed.connect(self._remove)
        session.usage.usage_changed.connect(composer.attachments.show_usage)
        composer.attach_requested.connect(self.show_menu)
        composer.files_pasted.connect(self.take_files)
        composer.paste_refused.connect(self._on_paste_refused)
        transcript.source_activated.connect(session.sources.open)
        transcript.source_notes_wanted.connect(session.sources.look)
        session.sources.noted.connect(transcript.show_source_notes)
        session.sources.opened.connect(self._show_source)
        session.sources.failed.connect(window.notices.say_trouble)
        session.grounding.noticed.connect(window.notices.say)
        window.document_wires.ask_requested.connect(self.ask)

    def take_dropped(self, paths: list[str]) -> None:
        """Load a model that was dropped alone; take other files to where the window is."""
        window = self._window
        if len(paths) == 1 and is_model(paths[0]):
            window.models.open_file(paths[0])
        elif window.middle.shown is None:
            self.take_files(paths)
        else:
            window.document_wires.take_files(paths)

    def take_files(self, paths: list[str]) -> None:
        """Ask the open chat about files; a model among them is told from documents."""
        documents = [path for path in paths if not is_model(path)]
        if len(documents) < len(paths):
            hint = tr("Drop a model alone to load it.")
            self._window.notices.say_trouble(UserError(tr("A model file is no document."), hint))
        if documents:
            self._session.attachments.add_files(documents)
            self._window.conversation.composer.editor.setFocus()

    def ask(self, documents: Iterable[Document]) -> None:
        """Ask about documents in a chat of their own: the new one, if that is open."""
        if self._session.chat.chat_id is not None:
            self._window.open_new_chat()
        self._window.middle.show_conversation()
        self._session.attachments.add_documents(documents)
        self._window.conversation.composer.editor.setFocus()

    def _on_paste_refused(self, trouble: UserError, text: str) -> None:
        """Offer to take a text that is too long for a message as a document.

        Not in a private chat: a document is stored.
        """
        if is_private(self._session.chat.chat_id):
            self._window.notices.say_trouble(trouble)
            return
        take = Action(
            tr("Attach it as a document"), lambda: self._session.attachments.add_text(text)
        )
        self._window.notices.say(f"{trouble.title} {trouble.hint}", take)

    def _remove(self, item: Attachment) -> None:
        self._session.attachments.remove(item)
        if not self._session.attachments.items:
            self._window.conversation.composer.editor.setFocus()

    # --- what there is to ask about --------------------------------------------------------------

    def show_menu(self) -> None:
        """Offer files, the documents that are here, and collections."""
        self._session.attachments.choices(self._open_menu)

    def _open_menu(self, found: Choices) -> None:
        menu = self.make_menu(found)
        above = QPoint(0, -menu.sizeHint().height() - tokens.XS)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._window.conversation.composer.attach_button.mapToGlobal(above))

    def make_menu(self, found: Choices) -> QMenu:
        """Return the menu of what there is to ask about."""
        documents, collections = found
        menu, attachments = QMenu(self._window), self._session.attachments
        menu.addAction(tr("Choose files…"), self.choose_files)
        if collections:
            menu.addSection(tr("Collections"))
        for collection_id, name in collections[:_MENU_ENTRIES]:
            add = partial(attachments.add_collection, collection_id, name)
            menu.addAction(_entry(name), add)
        if documents:
            menu.addSection(tr("Documents"))
        for document in documents[:_MENU_ENTRIES]:
            add = partial(attachments.add_documents, [document])
            menu.addAction(_entry(document.name), add)
        if len(documents) > _MENU_ENTRIES:
            menu.addAction(tr("All documents…"), self._window.document_wires.show_page)
        return menu

    def choose_files(self) -> None:
        """Let a person choose files to ask about."""
        dialog = QFileDialog(self._window, tr("Ask about documents"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self.take_files)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # --- sources ---------------------------------------------------------------------------------

    def _show_source(self, source: SourceRef) -> None:
        """Show a place beside the conversation."""
        # Not at the window's start: few chats have sources.
        from desktop.ui.documents.source_pane import SourcePane  # noqa: PLC0415

        rooms, talk = self._session.document_rooms, self._window.conversation
        pane = talk.source_pane
        if pane is None:
            pane = SourcePane(self._theme, rooms.documents, rooms.pictures)
            pane.close_requested.connect(talk.close_source)
            talk.set_source_pane(pane)
        pane.show_source(source)
        talk.open_source()


def _entry(name: str) -> str:
    """Return a name as a menu shows it: short, and with no letter taken for a shortcut."""
    short = name if len(name) <= _NAME_LETTERS else f"{name[:_NAME_LETTERS]}…"
    return short.replace("&", "&&")
