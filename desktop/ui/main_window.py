"""The window: its parts, and which signal goes where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec
from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from desktop.controllers.chat import OpenedChat
from desktop.controllers.session import Session
from desktop.domain.chat import Chat, ChatView, is_private
from desktop.settings.schema import AppSettings
from desktop.settings.window_state import WindowState
from desktop.ui.chat_list import ChatPanel
from desktop.ui.chat_list_model import UNTITLED_PRIVATE, shown_title
from desktop.ui.conversation import Conversation
from desktop.ui.header import Header
from desktop.ui.middle import Middle, PageKey
from desktop.ui.model_chooser import ModelChooser
from desktop.ui.model_wires import ModelWires
from desktop.ui.notices import Action, Notices
from desktop.ui.settings_panel import SettingsPanel
from desktop.ui.side_panels import SidePanels
from desktop.ui.speed import SpeedLine
from desktop.ui.theme import Theme
from models.wording import tr

if TYPE_CHECKING:
    from desktop.ui.ask_wires import AskWires
    from desktop.ui.block_wires import BlockWires
    from desktop.ui.context_wires import ContextWires
    from desktop.ui.document_wires import DocumentWires
    from desktop.ui.find_wires import FindWires
    from desktop.ui.list_wires import ListWires
    from desktop.ui.page import Page
    from desktop.ui.palette_wires import PaletteWires
    from desktop.ui.presets_wires import PresetWires
    from desktop.ui.quick.reach import Reach
    from desktop.ui.search_wires import SearchWires
    from desktop.ui.transfer_wires import TransferWires
    from desktop.ui.tree_wires import TreeWires

MINIMUM: Final = (720, 560)
_FIRST_SIZE: Final = (1280, 800)
_TITLE_BAR: Final = 40
_REMEMBER_MS: Final = 1000


class MainWindow(QMainWindow):
    """Wires the controllers to what people see.

    ``save_state`` is given the window's state whenever it is worth keeping; ``make_pages`` are
    asked for a page when it is opened first. The wires are there from ``start`` on.
    """

    document_wires: DocumentWires
    ask_wires: AskWires
    list_wires: ListWires
    tree_wires: TreeWires
    transfer_wires: TransferWires
    block_wires: BlockWires
    find_wires: FindWires
    search_wires: SearchWires
    context_wires: ContextWires
    preset_wires: PresetWires
    palette_wires: PaletteWires

    def __init__(
        self,
        theme: Theme,
        session: Session,
        state: WindowState,
        save_state: Callable[[WindowState], object],
        make_pages: Mapping[PageKey, Callable[[], Page]],
    ) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setMinimumSize(*MINIMUM)
        self._theme = theme
        self.session = session
        self._state = state
        self._save_state = save_state
        self._new_draft = state.draft
        self._started = False
        self.header = Header(theme)
        self.conversation = Conversation(theme)
        self.middle = Middle(self.header, self.conversation, make_pages)
        self.chat_panel = ChatPanel(theme, session.chats)
        self.settings_panel = SettingsPanel(theme, session.settings, session.model)
        self.panels = SidePanels(self.chat_panel, self.middle, self.settings_panel)
        self.setCentralWidget(self.panels)
        self.notices = Notices(theme, self.middle, foot=lambda: self.middle.foot_height)
        self.models = ModelChooser(
            self, session.model, lambda: session.library, state.recent_models
        )
        self._remember_later = QTimer(self, interval=_REMEMBER_MS, singleShot=True)
        self._remember_later.timeout.connect(self.remember)
        self._restore(state)
        self._connect_chat()
        self._connect_usage()
        self.wires = ModelWires(self, theme, session)
        self._connect_parts()
        self._show_chat(OpenedChat(None, (), ChatView(draft=state.draft)))
        self._on_app_settings(session.settings.app)

    @cached_property
    def reach(self) -> Reach:
        """What reaches Snug from outside of its window, imported when it is first asked for."""
        from desktop.ui.quick.reach import Reach  # noqa: PLC0415

        return Reach(self, self._theme, self.session)

    # --- what survives a restart -----------------------------------------------------------------

    def start(self) -> None:
        """Connect what the first paint could do without, and open the chat that was open last."""
        from desktop.ui.wiring import connect_rest  # noqa: PLC0415

        connect_rest(self, self._theme, self.session, self._state.recent_actions)
        self._started = True
        if self._state.attached:
            self.session.attachments.restore_new_chat(self._state.attached)
        if self._state.chat_id is not None:
            self.session.chat.open(self._state.chat_id)
        self.wires.connect_rooms_soon()

    def remember_soon(self) -> None:
        """Keep what is to be kept, a moment later."""
        self._remember_later.start()

    def succeed(self, old: MainWindow) -> None:
        """Take the place of a window that was made in another language: its page and its focus."""
        if not old.isMaximized() and not old.isFullScreen():
            self.setGeometry(old.geometry())
        self.show()
        old.hide()
        self.start()
        self.chat_panel.model.set_writing(self.session.replies.chats)
        self.middle.show_page(old.middle.shown)
        self.settings_panel.scroll_to(old.settings_panel.scrolled)
        had_focus = old.focusWidget()
        focus = self.findChild(QWidget, had_focus.objectName()) if had_focus else None
        if focus is not None:
            focus.setFocus()

    def state(self) -> WindowState:
        """Return what the window that succeeds this one begins with."""
        self.settings_panel.flush()
        self.remember()
        # Unlike a restart, this doesn't end a private chat.
        return msgspec.structs.replace(self._state, chat_id=self.session.chat.chat_id)

    def remember(self) -> None:
        """Keep draft, place, sizes and the open chat."""
        self._remember_later.stop()
        chat = self.session.chat
        if chat.chat_id is None:
            self._new_draft = self.conversation.composer.draft
        else:
            chat.save_view(self.conversation.view())
        self._state = WindowState(
            geometry=bytes(self.saveGeometry().toBase64().data()).decode(),
            panel_sizes=self.panels.sizes(),
            chats_open=self.panels.docked_open["left"],
            settings_open=self.panels.docked_open["right"],
            chat_id=None if is_private(chat.chat_id) else chat.chat_id,
            draft=self._new_draft,
            attached=self.session.attachments.of_new_chat,
            closed_folders=tuple(sorted(self.chat_panel.model.closed_folders)),
            recent_models=self.models.recent,
            recent_actions=self.palette_wires.recent
            if self._started
            else self._state.recent_actions,
        )
        self._save_state(self._state)

    def raise_with(self, model: str) -> None:
        """Come to the front, and load a model file if one is given."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        if model:
            self.models.open_file(model)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep everything and go; nothing is asked, nothing lost."""
        self.settings_panel.flush()
        super().closeEvent(event)
        self.remember()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Remember the size."""
        super().resizeEvent(event)
        self._remember_later.start()

    def moveEvent(self, event: QMoveEvent) -> None:
        """Remember the place."""
        super().moveEvent(event)
        self._remember_later.start()

    def _restore(self, state: WindowState) -> None:
        if not state.geometry or not self.restoreGeometry(
            QByteArray.fromBase64(state.geometry.encode())
        ):
            room = self.screen().availableSize() - QSize(0, _TITLE_BAR)
            self.resize(QSize(*_FIRST_SIZE).boundedTo(room))
        self.panels.docked_open["left"] = state.chats_open
        self.panels.docked_open["right"] = state.settings_open
        self.chat_panel.model.set_closed_folders(frozenset(state.closed_folders))
        if len(state.panel_sizes) == 2:
            self.panels.set_sizes(*state.panel_sizes)

    # --- wires -----------------------------------------------------------------------------------

    def _connect_chat(self) -> None:
        chat, talk = self.session.chat, self.conversation
        chat.opened.connect(self._show_chat)
        chat.path_changed.connect(talk.show_path)
        chat.messages_added.connect(talk.add_messages)
        chat.messages_put_below.connect(talk.put_below)
        chat.messages_put_above.connect(talk.put_above)
        chat.message_replaced.connect(talk.transcript_model.replace)
        chat.text_received.connect(talk.add_text)
        chat.busy_changed.connect(talk.composer.set_busy)
        talk.composer.set_busy(chat.busy)
        chat.sent.connect(self._on_sent)
        chat.chats_touched.connect(self._on_chats_touched)
        talk.composer.submitted.connect(self._on_submitted)
        talk.composer.stop_requested.connect(chat.stop)
        talk.composer.draft_changed.connect(self._on_draft_changed)
        talk.empty.example_chosen.connect(self._on_submitted)
        talk.transcript.regenerate_requested.connect(chat.regenerate)
        talk.transcript.continue_requested.connect(chat.continue_reply)
        talk.transcript.sibling_requested.connect(chat.show_sibling)
        talk.transcript.link_activated.connect(lambda url: QDesktopServices.openUrl(QUrl(url)))
        talk.transcript.remedy_requested.connect(self._on_remedy)
        talk.transcript.verticalScrollBar().valueChanged.connect(
            lambda _value: self._remember_later.start()
        )

    def _connect_usage(self) -> None:
        session, composer = self.session, self.conversation.composer
        session.usage.usage_changed.connect(composer.gauge.show_usage)
        composer.gauge.show_usage(session.usage.usage)
        self._speed = SpeedLine(session.chat, self)
        self._speed.changed.connect(composer.show_speed)

    def _connect_parts(self) -> None:
        session = self.session
        self.chat_panel.chat_chosen.connect(self.open_chat)
        self.chat_panel.new_requested.connect(self.open_new_chat)
        self.chat_panel.about_requested.connect(self.show_about)
        session.chats.deleted.connect(self._on_deleted)
        session.chats.chats_changed.connect(self._update_title)
        self.header.chats_toggled.connect(lambda: self.panels.toggle("left"))
        self.header.settings_toggled.connect(lambda: self.panels.toggle("right"))
        self.settings_panel.close_requested.connect(
            lambda: self.panels.set_open("right", is_open=False)
        )
        self.panels.changed.connect(self._on_panels_changed)
        self.middle.page_changed.connect(self._on_page_changed)
        self._theme.changed.connect(self._dress_transcript)
        session.settings.app_changed.connect(self._on_app_settings)
        for source in (session.store, session.settings, session.files):
            source.failed.connect(self.notices.say_trouble)
        session.store.noticed.connect(self.notices.say)
        self._on_panels_changed()

    # --- chats -----------------------------------------------------------------------------------

    def open_chat(self, chat_id: int, message_id: int | None = None) -> None:
        """Leave the open chat for another one, or go to a message."""
        self.panels.close_over()
        self.middle.show_conversation()
        if message_id is not None or chat_id != self.session.chat.chat_id:
            self._leave_chat()
            self.session.chat.open(chat_id, message_id)
        self.conversation.composer.editor.setFocus()

    def open_new_chat(self) -> None:
        """Leave the open chat for one that its first message is going to store."""
        self.panels.close_over()
        self.middle.show_conversation()
        self._leave_chat()
        self.session.chat.open_new(self._new_draft)
        self.conversation.composer.editor.setFocus()

    def _leave_chat(self) -> None:
        self.settings_panel.flush()
        self.remember()

    def _show_chat(self, chat: OpenedChat) -> None:
        self.conversation.show_chat(chat)
        self.chat_panel.set_current(chat.chat_id)
        self._update_title()

    def _on_submitted(self, text: str, edited_id: int | None = None) -> None:
        self.settings_panel.flush()
        self.session.chat.send(text, edited_id)

    def _on_sent(self, text: str) -> None:
        self.conversation.composer.clear_sent(text)
        self._new_draft = ""
        self.chat_panel.set_current(self.session.chat.chat_id)
        self._remember_later.start()

    def _on_chats_touched(self) -> None:
        self.session.chats.refresh()
        self.chat_panel.model.set_writing(self.session.replies.chats)

    def _on_draft_changed(self, text: str) -> None:
        self.session.usage.set_draft(text)
        self._remember_later.start()

    def _on_deleted(self, chat: Chat) -> None:
        was_open = chat.id == self.session.chat.chat_id
        self.session.replies.stop(chat.id)
        if was_open:
            self.session.chat.open_new(self._new_draft)

        def restore() -> None:
            self.session.chats.restore(chat.id)
            if was_open:
                self.open_chat(chat.id)

        said = tr("“{title}” was deleted.", title=shown_title(chat))
        self.notices.say(said, Action(tr("Undo"), restore))

    def _on_remedy(self, message_id: int) -> None:
        if self.session.model.state.status in ("failed", "none"):
            self.models.choose_file()
        else:
            self.session.chat.regenerate(message_id)

    def _update_title(self) -> None:
        chat_id = self.session.chat.chat_id
        chat = self.session.chats.chat(chat_id)
        # Other programs see a window's title.
        title = tr(UNTITLED_PRIVATE) if is_private(chat_id) else chat.title if chat else ""
        self.setWindowTitle(f"{title} — Snug" if title else "Snug")

    def show_about(self) -> None:
        """Say what Snug is made of."""
        from desktop.ui.about import AboutBox  # noqa: PLC0415 - a start doesn't wait for it

        AboutBox(self.session.about, self).open()

    # --- the window itself -----------------------------------------------------------------------

    def step_back(self) -> None:
        """Close what lies on top; stop the reply where nothing does."""
        composer = self.conversation.composer
        if self.palette_wires.close():
            pass
        elif self.search_wires.close():
            composer.editor.setFocus()
        elif self.panels.close_over():
            self.middle.setFocus()
        elif self.find_wires.close() or self.middle.go_back() or self.conversation.close_source():
            pass
        elif composer.gauge.close_inspector() or composer.cancel_edit():
            composer.editor.setFocus()
        elif self.session.chat.busy:
            self.session.chat.stop()
        elif not self.notices.dismiss():
            composer.editor.setFocus()

    def _on_panels_changed(self) -> None:
        chats = tr("Hide chats") if self.panels.is_open("left") else tr("Show chats")
        self.header.chats_button.set_name(chats, "Ctrl+B")
        settings = tr("Hide settings") if self.panels.is_open("right") else tr("Show settings")
        self.header.settings_button.set_name(settings, "Ctrl+,")
        self._remember_later.start()

    def _on_page_changed(self) -> None:
        # The settings of the chat have nothing to say on a page, and it needs the room.
        shown = self.middle.shown
        self.panels.do_without("right" if shown else None)
        self.header.settings_button.setEnabled(shown is None)
        self.chat_panel.mark_page(shown)
        self.notices.dismiss()

    def _on_app_settings(self, app: AppSettings) -> None:
        self._theme.wear(app.theme, app.text_scale)

    def _dress_transcript(self) -> None:
        self.conversation.transcript.set_appearance(self._theme.palette, self._theme.text_scale)

    def changeEvent(self, event: QEvent) -> None:
        """Put the focus where one writes when the window becomes active with none."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and self.focusWidget() is None:
            self.conversation.composer.editor.setFocus()
