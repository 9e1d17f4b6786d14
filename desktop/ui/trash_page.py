"""The page of what was: the trash, and the backups of the chats."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar

from desktop.controllers.backups import BackupsController
from desktop.controllers.trash import TrashController
from desktop.settings.schema import AppSettings
from desktop.storage.backups import Backup
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column, push_button
from desktop.ui.dates import in_words
from desktop.ui.models.columns import bounded
from desktop.ui.page import Page
from desktop.ui.theme import Theme
from desktop.ui.trash_pane import TrashPane
from desktop.ui.trash_rows import ListPane, TwoLines, sure_button
from models.amounts import size_in_words
from models.wording import mark, tr, trn

if TYPE_CHECKING:
    from desktop.controllers.settings import SettingsController

_DAY_S: Final = 86_400
_PATIENCE_MS: Final = 5_000
_REASONS: Final = {
    "daily": mark("made by itself"),
    "asked": mark("made when you asked for it"),
    "restore": mark("what was here before a backup was restored"),
    "upgrade": mark("made before an upgrade"),
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
        self.setAccessibleName(tr("Trash and backups"))
        self._trash = trash
        self._backups = backups
        self.trash = TrashPane(theme, trash)
        self.backups = BackupsPane(theme, backups, settings)
        self.bar = QTabBar()
        self.bar.setAccessibleName(tr("Trash and backups"))
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self.bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.bar.addTab(tr("Trash"))
        self.bar.addTab(tr("Backups"))
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
        close = IconButton(theme, "close", tr("Back to the chat"), self.close_requested.emit)
        close.set_name(tr("Back to the chat"), "Esc")
        head.addWidget(close)
        return head


class BackupsPane(ListPane):
    """The backups: made, restored, removed."""

    def __init__(
        self, theme: Theme, backups: BackupsController, settings: SettingsController
    ) -> None:
        super().__init__(theme, tr("Backups"))
        self._backups = backups
        self._settings = settings
        self.add_button(push_button(tr("Restore"), "primary", self._restore))
        self.add_button(sure_button(tr("Remove"), tr("No way back: remove?"), self._remove))
        self.buttons.addStretch(1)
        now = push_button(tr("Back up now"), "outline", backups.make)
        self.add_button(now, for_one=False)
        backups.changed.connect(self._show)
        settings.app_changed.connect(self._say)
        self._show()

    def _show(self) -> None:
        self.show_rows([_of_backup(each) for each in self._backups.backups])
        self._say(self._settings.app)

    def _say(self, app: AppSettings) -> None:
        kept = tr("Daily backups are switched off in the settings.")
        if app.backups_kept:
            kept = trn(
                "Snug copies your chats once a day and keeps the last {count}; each copy is opened "
                "to see that it is whole.",
                "Snug copies your chats once a day and keeps the last {count}; each copy is opened "
                "to see that it is whole.",
                app.backups_kept,
            )
        what = tr("Restoring one puts it in the place of your chats, which become a backup first.")
        self.words.setText(f"{kept} {what}")

    def _restore(self) -> None:
        if isinstance(chosen := self.list.chosen, Backup):
            self._backups.restore(chosen)

    def _remove(self) -> None:
        if isinstance(chosen := self.list.chosen, Backup):
            self._backups.remove(chosen)


def _of_backup(backup: Backup) -> TwoLines:
    made = dt.datetime.fromtimestamp(backup.made_at).astimezone()
    facts = tr("can't be read")
    if backup.chats is not None:
        chats = trn("{count} chat", "{count} chats", backup.chats)
        messages = trn("{count} message", "{count} messages", backup.messages)
        facts = f"{chats}, {messages}"
    reason = _REASONS[backup.reason]
    words = f"{facts} · {size_in_words(backup.size)} · {tr(reason)}"
    return TwoLines(backup, in_words(made, tr("dddd, dd MMMM yyyy, HH:mm")), words)
