"""Notices that nobody has used the model for as long as the settings say."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.settings import SettingsController
from desktop.engine.client import EngineClient
from desktop.settings.schema import AppSettings
from models.protocol import Event

_MINUTE_MS: Final = 60_000


class IdleWatch(QObject):
    """Emits ``idle`` when the engine had nothing to say for ``idle_unload_minutes``.

    Whatever it says counts as use: tokens, the progress of a prompt, counts while one types.
    """

    idle = Signal()

    def __init__(self, engine: EngineClient, settings: SettingsController) -> None:
        super().__init__()
        self._settings = settings
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.idle)
        engine.event_received.connect(self._on_event)
        settings.app_changed.connect(self._on_app_settings)

    def close(self) -> None:
        """Watch no more."""
        self._timer.stop()

    def _on_event(self, _event: Event) -> None:
        self._restart()

    def _on_app_settings(self, _settings: AppSettings) -> None:
        self._restart()

    def _restart(self) -> None:
        minutes = self._settings.app.idle_unload_minutes
        if minutes:
            self._timer.start(minutes * _MINUTE_MS)
        else:
            self._timer.stop()
