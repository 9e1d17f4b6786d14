"""What reaches Snug from outside of its window: the quick question, its shortcut, the tray."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QSystemTrayIcon

from desktop.controllers.session import Session
from desktop.domain.errors import UserError
from desktop.settings.schema import AppSettings
from desktop.ui.quick.global_key import GlobalKey, global_key, offered, trouble_with
from desktop.ui.quick.options import SHORTCUT, ReachOptions
from desktop.ui.theme import Theme
from models.wording import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow
    from desktop.ui.quick.tray import Tray
    from desktop.ui.quick.wires import QuickWires


class Reach(QObject):
    """Belongs to one window. Each part is imported once it is turned on or asked for.

    ``has_tray`` tells whether the desktop has a tray, ``make_key`` gives what hears a key, or
    raises UserError; ``key_trouble`` is why none can be heard here at all.
    """

    def __init__(
        self,
        window: MainWindow,
        theme: Theme,
        session: Session,
        *,
        has_tray: Callable[[], bool] = QSystemTrayIcon.isSystemTrayAvailable,
        make_key: Callable[[], GlobalKey] = global_key,
        key_trouble: Callable[[], UserError | None] = offered,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._session = session
        self._has_tray = has_tray
        self._make_key = make_key
        self._key_trouble = key_trouble
        self._key: GlobalKey | None = None
        self.tray: Tray | None = None
        self.options: ReachOptions | None = None

    @cached_property
    def quick(self) -> QuickWires:
        """The quick question."""
        from desktop.ui.quick.wires import QuickWires  # noqa: PLC0415

        return QuickWires(self._window, self._theme, self._session)

    def show_quick(self) -> None:
        """Ask for a question in the small window."""
        self.quick.show()

    def begin(self) -> None:
        """Turn on what the settings say, and offer them."""
        settings = self._session.settings
        options = self.options = ReachOptions(
            self._theme, settings, self._key_trouble(), has_tray=self._has_tray()
        )
        options.shortcut_wanted.connect(self._on_shortcut_wanted)
        self._window.settings_panel.append(options)
        settings.app_changed.connect(self._on_app_changed)
        self._on_app_changed(settings.app)
        if settings.app.quick_shortcut and self._key_trouble() is None:
            self._take(settings.app.quick_shortcut)

    def end(self) -> None:
        """Give key and tray back: another window is going to take them."""
        if self._key is not None:
            self._key.let_go()
        if self.tray is not None:
            self.tray.remove()
            self.tray = None

    # --- the tray --------------------------------------------------------------------------------

    def _on_app_changed(self, app: AppSettings) -> None:
        if app.keep_in_tray and self.tray is None and self._has_tray():
            from desktop.ui.quick.tray import Tray  # noqa: PLC0415

            self.tray = Tray(self._window, self._session, self.show_quick)
        elif not app.keep_in_tray and self.tray is not None:
            self.tray.remove()
            self.tray = None

    # --- the shortcut ----------------------------------------------------------------------------

    def _on_shortcut_wanted(self, keys: str) -> None:
        trouble = trouble_with(keys) if keys else None
        if trouble is not None:
            self._refuse(trouble)
        elif keys:
            self._take(keys)
        else:
            if self._key is not None:
                self._key.let_go()
            self._session.settings.reset_app_value(SHORTCUT)

    def _take(self, keys: str) -> None:
        try:
            key = self._key or self._new_key()
        except UserError as trouble:
            self._refuse(trouble)
        else:
            key.take(keys)

    def _new_key(self) -> GlobalKey:
        key = self._key = self._make_key()
        key.setParent(self)
        key.pressed.connect(self._on_pressed)
        key.taken.connect(self._on_taken)
        key.refused.connect(self._on_refused)
        return key

    def _on_pressed(self) -> None:
        self.show_quick()
        if self._key is not None:
            self._key.bring_forward(self.quick.window)

    def _on_taken(self, keys: str) -> None:
        if keys != self._session.settings.app.quick_shortcut:
            self._session.settings.set_app_value(SHORTCUT, keys)
        if self.options is not None and self._key is not None:
            called = self._key.called
            told = tr("The desktop has bound it to {keys}.", keys=called) if called else ""
            self.options.shortcut.set_note(told)

    def _on_refused(self, keys: str, trouble: UserError) -> None:
        """Say why, and keep the key before, which was given back for this one."""
        before = self._session.settings.app.quick_shortcut
        if self._key is not None and before and keys != before:
            self._key.take(before)
        self._refuse(trouble)

    def _refuse(self, trouble: UserError) -> None:
        self._window.notices.say_trouble(trouble)
        if self.options is not None:
            self.options.shortcut.refuse(trouble)
