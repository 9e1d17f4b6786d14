"""Snug in the desktop's tray: while it is there, closing the window hides it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from desktop.controllers.model import ModelState
from desktop.controllers.session import Session
from desktop.settings.schema import AppSettings
from desktop.ui.application import Application
from desktop.ui.icons import icon
from models.wording import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

_ICON_PX = 64


class Tray(QObject):
    """Belongs to one window, which it brings back and puts away.

    A reply that is being written goes on while the window is away, and the engine keeps its model.
    """

    def __init__(
        self, window: MainWindow, session: Session, show_quick: Callable[[], object]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._leaving = False
        self.menu = QMenu()
        self.destroyed.connect(self.menu.deleteLater)
        self.menu.addAction(tr("Open Snug"), self._open)
        self._quick = self.menu.addAction(tr("Quick question"), show_quick)
        # Shown and not bound: it is the desktop that hears it.
        self._quick.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.menu.addAction(tr("New chat"), self._open_new_chat)
        self.menu.addSeparator()
        self._model = QAction(self.menu)
        self._model.setEnabled(False)
        self.menu.addAction(self._model)
        self.menu.addSeparator()
        self.menu.addAction(tr("Quit"), self.quit)
        self._icon = QSystemTrayIcon(QIcon(icon("snug", "", _ICON_PX)), self)
        self._icon.setContextMenu(self.menu)
        self._icon.activated.connect(self._on_activated)
        session.model.state_changed.connect(self._show_model)
        session.settings.app_changed.connect(self._show_keys)
        self._show_model(session.model.state)
        self._show_keys(session.settings.app)
        application = QCoreApplication.instance()
        if isinstance(application, Application):
            application.quit_asked.connect(self._on_quit_asked)
        window.installEventFilter(self)
        QApplication.setQuitOnLastWindowClosed(False)
        self._icon.show()

    def remove(self) -> None:
        """Leave the tray: closing the window ends Snug again."""
        self._window.removeEventFilter(self)
        self._icon.hide()
        QApplication.setQuitOnLastWindowClosed(True)
        self.deleteLater()

    def quit(self) -> None:
        """End Snug, as closing the window does without a tray."""
        self._leaving = True
        self._window.close()
        QGuiApplication.quit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Put the window away in place of closing it."""
        if watched is self._window and event.type() is QEvent.Type.Close and not self._leaving:
            event.ignore()
            self._put_away()
            return True
        return super().eventFilter(watched, event)

    def _put_away(self) -> None:
        self._window.settings_panel.flush()
        self._window.remember()
        self._session.settings.flush()
        self._window.hide()

    def _open(self) -> None:
        self._window.raise_with("")

    def _open_new_chat(self) -> None:
        self._window.raise_with("")
        self._window.open_new_chat()

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is not QSystemTrayIcon.ActivationReason.Context:
            self._open()

    def _on_quit_asked(self) -> None:
        self._leaving = True
        if self._window.isHidden():
            # Qt closes what is seen, and closing is what keeps the window's state.
            self._window.close()

    def _show_model(self, state: ModelState) -> None:
        told = model_in_words(state)
        self._model.setText(told)
        self._icon.setToolTip(f"Snug · {told}")

    def _show_keys(self, app: AppSettings) -> None:
        self._quick.setShortcut(QKeySequence(app.quick_shortcut))


def model_in_words(state: ModelState) -> str:
    """Return whether a model is in memory, and which."""
    if state.status == "ready":
        return tr("{model} is loaded", model=state.name)
    if state.status == "loading":
        return tr("A model is being loaded")
    return tr("No model is loaded")
