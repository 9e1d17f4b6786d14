"""The application's settings and the open chat's own: who changes them, and when they are kept."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.store import StoreThread
from desktop.domain.errors import UserError
from desktop.engine.tasks import TaskThread
from desktop.settings.schema import AppSettings, GenerationSettings, LoadingSettings, Theme
from desktop.settings.store import SettingsStore, overrides_of, with_overrides

_SAVE_DELAY_MS = 400
_SCALE_RANGE = (80, 200)


class SettingsController(QObject):
    """Holds ``app`` (application-wide) and ``generation`` (of the open chat).

    A chat keeps only what differs from the application-wide defaults. Changes are written a moment
    later, so that a dragged slider is one write, and at ``flush``.
    """

    app_changed = Signal(object)
    generation_changed = Signal(object)
    failed = Signal(object)

    def __init__(
        self, app: AppSettings, file: SettingsStore, files: TaskThread, store: StoreThread
    ) -> None:
        super().__init__()
        self.app = app
        self.generation = app.generation
        self._chat_id: int | None = None
        self._file = file
        self._files = files
        self._store = store
        self._save_app = QTimer(self, interval=_SAVE_DELAY_MS, singleShot=True)
        self._save_app.timeout.connect(self._on_save_app)
        self._save_chat = QTimer(self, interval=_SAVE_DELAY_MS, singleShot=True)
        self._save_chat.timeout.connect(self._on_save_chat)

    @property
    def defaults(self) -> GenerationSettings:
        """Return the application-wide defaults."""
        return self.app.generation

    @property
    def overrides(self) -> dict[str, object]:
        """Return what the open chat sets differently."""
        return overrides_of(self.generation, self.defaults)

    def open_chat(self, chat_id: int | None, overrides: Mapping[str, object]) -> None:
        """Take on the settings of a chat; None is one that is not stored yet."""
        self._flush_chat()
        self._chat_id = chat_id
        try:
            settings = with_overrides(self.defaults, overrides)
        except UserError as error:
            # Written by a version with other ranges: the chat opens, with the defaults.
            settings = self.defaults
            self.failed.emit(error)
        self._set_generation(settings, keep=False)

    def adopt_chat(self, chat_id: int) -> None:
        """Say that the open chat has been stored, its overrides with it."""
        self._chat_id = chat_id

    def set_value(self, name: str, value: object) -> None:
        """Change one option of the open chat."""
        self._set_generation(msgspec.structs.replace(self.generation, **{name: value}))

    def take(self, settings: GenerationSettings) -> None:
        """Give the open chat these settings."""
        self._set_generation(settings)

    def reset(self, name: str) -> None:
        """Give one option its application-wide default again."""
        self.set_value(name, getattr(self.defaults, name))

    def reset_all(self) -> None:
        """Give every option its application-wide default again."""
        self._set_generation(self.defaults)

    def make_default(self) -> None:
        """Make the open chat's settings the application-wide defaults."""
        self._set_app(generation=self.generation)
        self._set_generation(self.generation)

    def restore_factory(self) -> None:
        """Give the application-wide defaults, and the open chat, the values Snug came with."""
        self._set_app(generation=GenerationSettings())
        self._set_generation(self.defaults)

    def set_theme(self, theme: Theme) -> None:
        """Wear another palette."""
        self._set_app(theme=theme)

    def set_text_scale(self, percent: int) -> None:
        """Set the conversation's text size, kept within its range."""
        low, high = _SCALE_RANGE
        self._set_app(text_scale=min(high, max(low, percent)))

    def set_model(self, path: str) -> None:
        """Set the model to start with; empty is the embedded one."""
        self._set_app(model=path)

    def set_app_value(self, name: str, value: object) -> None:
        """Change one option of the application."""
        self._set_app(**{name: value})

    def reset_app_value(self, name: str) -> None:
        """Give one option of the application the value that Snug came with."""
        self._set_app(**{name: getattr(AppSettings(), name)})

    # --- how models are loaded -------------------------------------------------------------------

    def loading_of(self, path: str) -> LoadingSettings:
        """Return how a model is loaded: its own settings, or else the defaults for all."""
        return self.app.model_loading.get(path, self.app.loading)

    def set_loading(self, path: str, name: str, value: object) -> None:
        """Change one option of how a model is loaded; an empty path is the default for all."""
        changed = msgspec.structs.replace(self.loading_of(path), **{name: value})
        if path:
            self.set_model_loading(path, changed)
        else:
            self._set_app(loading=changed)

    def set_model_loading(self, path: str, settings: LoadingSettings) -> None:
        """Give a model settings of its own; those equal to the default for all are not kept."""
        others = {key: own for key, own in self.app.model_loading.items() if key != path}
        if settings != self.app.loading:
            others[path] = settings
        self._set_app(model_loading=others)

    def reset_loading(self, path: str, name: str = "") -> None:
        """Give one option of how a model is loaded, or with no name all, its default again."""
        default = self.app.loading if path else LoadingSettings()
        if name:
            self.set_loading(path, name, getattr(default, name))
        elif path:
            self.set_model_loading(path, default)
        else:
            self._set_app(loading=default)

    def flush(self) -> None:
        """Write what waits to be written."""
        self._flush_chat()
        if self._save_app.isActive():
            self._save_app.stop()
            self._on_save_app()

    def _flush_chat(self) -> None:
        if self._save_chat.isActive():
            self._save_chat.stop()
            self._on_save_chat()

    def _set_app(self, **changes: object) -> None:
        self.app = msgspec.structs.replace(self.app, **changes)
        self._save_app.start()
        self.app_changed.emit(self.app)

    def _set_generation(self, settings: GenerationSettings, *, keep: bool = True) -> None:
        self.generation = settings
        if keep and self._chat_id is not None:
            self._save_chat.start()
        self.generation_changed.emit(settings)

    def _on_save_app(self) -> None:
        settings = self.app
        self._files.run(lambda: self._file.save(settings))

    def _on_save_chat(self) -> None:
        chat_id, values = self._chat_id, self.overrides
        if chat_id is not None:
            self._store.call(lambda store: store.set_overrides(chat_id, values))
