"""The page of what was: the trash, and the backups of the chats."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QTabBar, QWidget

from desktop.controllers.backups import BackupsController
from desktop.controllers.trash import TrashController
from desktop.domain.chat import Chat, Deletion
from desktop.settings.schema import AppSettings
from desktop.storage.backups import Backup
from desktop.storage.trash import KEPT_S
from desktop.ui import tokens
from desktop.ui.chat_list_model import shown_title
from desktop.ui.controls import IconButton, column, label, push_button
from desktop.ui.documents.list_model import counted
from desktop.ui.models.columns import bounded
from desktop.ui.page import Page
from desktop.ui.theme import Theme
from desktop.ui.trash_rows import TwoLineList, TwoLines
from models.amounts import size_in_words

if TYPE_CHECKING:
    from desktop.controllers.settings import SettingsController

_DAY_S: Final = 86_400
_PATIENCE_MS: Final = 5_000
_REASONS: Final = {
    "daily": "made by itself",
    "asked": "made when you asked for it",
    "restore": "what was here before a backup was restored",
    "upgrade": "made before an upgrade",
}


class TrashPage(Page):
    """Two tabs: what was deleted, and the backups."""

    def __init__(
        self,
        theme: Theme,
        trash: TrashController,
        backups: BackupsController,
        settings: SettingsController,
    ) -> None:
        super().__init__()
        self.setObjectName("trashPage")
        self.setAccessibleName("Trash and backups")
        self._trash = trash
        self._backups = backups
        self.trash = TrashPane(theme, trash)
        self.backups = BackupsPane(theme, backups, settings)
        self.bar = QTabBar()
        self.bar.setAccessibleName("Trash and backups")
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self.bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.bar.addTab("Trash")
        self.bar.addTab("Backups")
        self._stack = QStackedWidget()
        self._stack.addWidget(bounded(self.trash))
        self._stack.addWidget(bounded(self.backups))
        self.bar.currentChanged.connect(self._stack.setCurrentIndex)
        layout = column(self)
        layout.addLayout(self._make_head(theme))
        layout.addWidget(self._stack, 1)
        self.setFocusProxy(self.bar)

    def show_backups(self, *, shown: bool) -> None:
        """Open the backups, or else the trash."""
        self.bar.setCurrentIndex(1 if shown else 0)

    def focus_content(self) -> None:
        """Put the focus into the list."""
        pane = self.backups if self.bar.currentIndex() else self.trash
        pane.list.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Look anew."""
        super().showEvent(event)
        self._trash.refresh()
        self._backups.refresh()

    def _make_head(self, theme: Theme) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(tokens.L, tokens.XS, tokens.M, tokens.S)
        head.setSpacing(tokens.L)
        head.addWidget(self.bar)
        head.addStretch(1)
        close = IconButton(theme, "close", "Back to the chat", self.close_requested.emit)
        close.set_name("Back to the chat", "Esc")
        head.addWidget(close)
        return head


class _Pane(QWidget):
    """A sentence, a list, and buttons for what is chosen in it."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.words = label(tone="secondary", wraps=True)
        self.list = TwoLineList(theme, name)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(tokens.S)
        layout = column(self, spacing=tokens.M)
        layout.setContentsMargins(tokens.XL, tokens.S, tokens.XL, tokens.L)
        layout.addWidget(self.words)
        layout.addWidget(self.list, 1)
        layout.addLayout(self.buttons)
        self._for_one: list[QPushButton] = []

    def add_button(self, button: QPushButton, *, for_one: bool = True) -> QPushButton:
        """Add a button; one that is ``for_one`` row wants some to be there."""
        self.buttons.addWidget(button)
        if for_one:
            self._for_one.append(button)
        return button

    def show_rows(self, rows: Sequence[TwoLines]) -> None:
        """Show these rows."""
        had_focus = any(button.hasFocus() for button in self._for_one)
        self.list.show_rows(rows)
        for button in self._for_one:
            button.setEnabled(bool(rows))
        if had_focus and not rows:
            self.list.setFocus()


class TrashPane(_Pane):
    """What was deleted: restored, or deleted for good."""

    def __init__(self, theme: Theme, trash: TrashController) -> None:
        super().__init__(theme, "Trash")
        self._trash = trash
        self.add_button(push_button("Restore", "primary", self._restore))
        self.add_button(_sure_button("Delete for good", "No way back: delete?", self._delete))
        self.buttons.addStretch(1)
        self.add_button(_sure_button("Empty the trash", "Delete all for good?", trash.empty))
        trash.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        now = time.time()
        chats = [(each.deleted_at or 0.0, _of_chat(each, now)) for each in self._trash.chats]
        gone = [(each.deleted_at, _of_deletion(each, now)) for each in self._trash.deletions]
        rows = [row for _, row in sorted([*chats, *gone], key=lambda pair: -pair[0])]
        days = round(KEPT_S / _DAY_S)
        self.words.setText(
            f"What you delete stays here for {days} days, and is then gone for good: from the "
            "search, the caches and the backups too."
            if rows
            else f"The trash is empty. Deleted chats and messages stay here for {days} days."
        )
        self.show_rows(rows)

    def _restore(self) -> None:
        match self.list.chosen:
            case Chat() as chat:
                self._trash.restore_chat(chat.id)
            case Deletion() as deletion:
                self._trash.restore_messages(deletion)

    def _delete(self) -> None:
        match self.list.chosen:
            case Chat() as chat:
                self._trash.delete_chat(chat.id)
            case Deletion() as deletion:
                self._trash.delete_messages(deletion)


class BackupsPane(_Pane):
    """The backups: made, restored, removed."""

    def __init__(
        self, theme: Theme, backups: BackupsController, settings: SettingsController
    ) -> None:
        super().__init__(theme, "Backups")
        self._backups = backups
        self._settings = settings
        self.add_button(push_button("Restore", "primary", self._restore))
        self.add_button(_sure_button("Remove", "No way back: remove?", self._remove))
        self.buttons.addStretch(1)
        now = push_button("Back up now", "outline", backups.make)
        self.add_button(now, for_one=False)
        backups.changed.connect(self._show)
        settings.app_changed.connect(self._say)
        self._show()

    def _show(self) -> None:
        self.show_rows([_of_backup(each) for each in self._backups.backups])
        self._say(self._settings.app)

    def _say(self, app: AppSettings) -> None:
        kept = (
            f"Snug copies your chats once a day and keeps the last {app.backups_kept}; each copy "
            "is opened to see that it is whole."
            if app.backups_kept
            else "Daily backups are switched off in the settings."
        )
        self.words.setText(
            f"{kept} Restoring one puts it in the place of your chats, which become a backup first."
        )

    def _restore(self) -> None:
        if isinstance(chosen := self.list.chosen, Backup):
            self._backups.restore(chosen)

    def _remove(self) -> None:
        if isinstance(chosen := self.list.chosen, Backup):
            self._backups.remove(chosen)


def _sure_button(text: str, question: str, act: Callable[[], object]) -> QPushButton:
    """Return a button for what can't be undone: it asks first, and acts at the second press."""

    def press() -> None:
        if patience.isActive():
            reset()
            act()
        else:
            button.setText(question)
            patience.start()

    def reset() -> None:
        patience.stop()
        button.setText(text)

    button = push_button(text, "outline", press)
    patience = QTimer(button, interval=_PATIENCE_MS, singleShot=True)
    patience.timeout.connect(reset)
    return button


def _of_chat(chat: Chat, now: float) -> TwoLines:
    return TwoLines(chat, shown_title(chat), f"Chat · {_left(chat.deleted_at or now, now)}")


def _of_deletion(deletion: Deletion, now: float) -> TwoLines:
    begins = " ".join(deletion.text.split()) or "An empty message"
    what = "Message" if deletion.count == 1 else f"{deletion.count:,} messages"
    words = f"{what} of “{deletion.chat_title}” · {_left(deletion.deleted_at, now)}"
    return TwoLines(deletion, begins, words)


def _of_backup(backup: Backup) -> TwoLines:
    made = dt.datetime.fromtimestamp(backup.made_at).astimezone()
    facts = (
        "can't be read"
        if backup.chats is None
        else f"{counted(backup.chats, 'chat')}, {counted(backup.messages, 'message')}"
    )
    words = f"{facts} · {size_in_words(backup.size)} · {_REASONS[backup.reason]}"
    return TwoLines(backup, f"{made:%A, %d %B %Y, %H:%M}", words)


def _left(deleted_at: float, now: float) -> str:
    days = max(0, math.ceil((deleted_at + KEPT_S - now) / _DAY_S))
    when = dt.datetime.fromtimestamp(deleted_at).astimezone()
    return f"deleted {when:%d %b, %H:%M} · gone for good in {counted(days, 'day')}"
