"""What the window does about models: which signal of header, menu, card and page goes where."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer

from desktop.controllers.model import ModelState
from desktop.controllers.session import Session
from desktop.ui.models.tab import DISCOVER, LIBRARY
from desktop.ui.notices import Action
from desktop.ui.theme import Theme
from models.amounts import size_in_words
from models.library.entry import LibraryEntry
from models.wording import tr

if TYPE_CHECKING:
    from desktop.ui.download_notices import DownloadNotices
    from desktop.ui.main_window import MainWindow


_SOON_MS: Final = 250


class ModelWires(QObject):
    """Belongs to one window, whose parts it connects to the controllers of models."""

    def __init__(self, window: MainWindow, theme: Theme, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._session = session
        self._connect_header()
        self._connect_card()
        self._connect_page()
        session.model.state_changed.connect(self._on_state)
        self._downloads: DownloadNotices | None = None
        self._soon = QTimer(self, interval=_SOON_MS, singleShot=True)
        self._soon.timeout.connect(self._connect_rooms)

    def connect_rooms_soon(self) -> None:
        """Begin with what goes on behind the models page, once the window has come to rest."""
        self._soon.start()

    def show_menu(self) -> None:
        """Open the quick menu of models."""
        self._connect_rooms()
        self._window.models.show_menu(self._window.header.model_button)

    def show_page(self, tab: str = "") -> None:
        """Open the models page in place of the conversation."""
        self._connect_rooms()
        self._window.panels.close_over()
        self._window.middle.show_models(tab)

    def show_model(self, path: str, *, loading: bool = False) -> None:
        """Open the models page at a model of this machine, or at how it loads."""
        self.show_page()
        self._window.middle.page.show_model(path, loading=loading)

    def toggle_page(self) -> None:
        """Open the models page, or close it."""
        if self._window.middle.shows_models:
            self._window.middle.show_conversation()
        else:
            self.show_page()

    def show_account(self) -> None:
        """Say how the model was loaded, at its device's name."""
        # Imported when asked for: the window's start doesn't wait for it.
        from desktop.ui.load_account import show_account  # noqa: PLC0415

        state, button = self._session.model.state, self._window.header.device_button
        show_account(self._theme, state, button, lambda: self.show_model(state.path, loading=True))

    def _connect_rooms(self) -> None:
        """Say what library, estimates and downloads have to say; once, and not while closing."""
        if self._downloads is not None or not self._window.isVisible():
            return
        # Not at the window's start: what they stand on is made and imported now.
        from desktop.ui.download_notices import DownloadNotices  # noqa: PLC0415

        session, notices = self._session, self._window.notices
        session.library.removed.connect(self._on_removed)
        for source in (session.library, session.loading):
            source.failed.connect(notices.say_trouble)
        self._downloads = DownloadNotices(session, notices, self._window.chat_panel)
        session.library.entries_changed.connect(self._window.conversation.empty.first_model.offer)
        self._look_for_a_first(session.model.state)

    def _connect_header(self) -> None:
        header, model = self._window.header, self._session.model
        header.model_menu_requested.connect(self.show_menu)
        header.account_requested.connect(self.show_account)
        header.cancel_requested.connect(model.cancel_load)
        model.state_changed.connect(header.show_model)
        header.show_model(model.state)
        self._session.activity.activity_changed.connect(header.state_line.show_activity)
        header.state_line.show_activity(self._session.activity.activity)

    def _connect_card(self) -> None:
        talk, model = self._window.conversation, self._session.model
        model.state_changed.connect(talk.show_model)
        talk.show_model(model.state)
        talk.problem.connect_to(model)
        first, find = talk.empty.first_model, partial(self.show_page, DISCOVER)
        for source in (talk.problem, first):
            source.find_requested.connect(find)
        for asked in (talk.problem.choose_requested, first.open_requested):
            asked.connect(self._window.models.choose_file)
        first.chosen.connect(model.open)

    def _connect_page(self) -> None:
        window = self._window
        window.chat_panel.models_requested.connect(self.toggle_page)
        window.models.manage_requested.connect(self.show_page)
        window.models.recent_changed.connect(window.remember)
        window.models.refused.connect(window.notices.say_trouble)

    def _on_removed(self, entry: LibraryEntry, freed: int) -> None:
        said = [tr("“{name}” is in the trash.", name=entry.name)]
        if freed:
            said.append(tr("Emptying it frees {size}.", size=size_in_words(freed)))
        self._window.notices.say(" ".join(said))

    def _on_state(self, state: ModelState) -> None:
        """Say what must not go unnoticed: a load that went otherwise than asked, or not at all."""
        self._look_for_a_first(state)
        notices, middle = self._window.notices, self._window.middle
        if state.status == "ready" and state.info is not None:
            template = state.info.template_problem
            if state.info.placement_reason == "fallback" and state.account:
                notices.say(state.account[0], Action(tr("Details"), self.show_account))
            elif template is not None:
                instead = tr("Chats use a fall-back in its place.")
                notices.say(f"{template.title} {instead}", Action(tr("Details"), self.show_account))
        elif state.problem is not None and middle.shows_models and middle.page.current != LIBRARY:
            show = Action(tr("Show"), partial(self.show_model, state.path))
            notices.say(state.problem.title, show)

    def _look_for_a_first(self, state: ModelState) -> None:
        """Find what other programs left on this computer, where Snug has no model yet."""
        if state.needs_model and self._downloads is not None:
            self._session.library.scan()
