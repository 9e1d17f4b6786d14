"""Presets: kept, taken on by chats, carried in files, and given to new chats by their model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from desktop.controllers.chat import ChatController
from desktop.controllers.model import ModelController, ModelState
from desktop.controllers.settings import SettingsController
from desktop.controllers.store import StoreThread
from desktop.domain.presets import DeletedPreset, Example, Preset
from desktop.engine.tasks import TaskThread
from desktop.settings.presets import (
    is_as_in,
    preset_values,
    read_presets,
    with_preset,
    write_presets,
)
from desktop.settings.schema import GenerationSettings
from desktop.settings.store import with_overrides

if TYPE_CHECKING:
    from desktop.storage.database import Database
    from desktop.storage.presets import PresetStore

T = TypeVar("T")
_Read = tuple[list[Preset], dict[str, int]]


class PresetsController(QObject):
    """Keeps the list of presets and what the open chat has of them.

    ``changed`` tells of either. ``deleted`` carries what an undo needs, ``imported`` the presets
    that came, ``exported`` the file and how many it has; ``failed`` is for whoever speaks.
    """

    changed = Signal()
    deleted = Signal(object)
    imported = Signal(object)
    exported = Signal(object, int)
    failed = Signal(object)

    def __init__(
        self,
        store: StoreThread,
        files: TaskThread,
        chat: ChatController,
        model: ModelController,
        settings: SettingsController,
    ) -> None:
        super().__init__()
        self.presets: tuple[Preset, ...] = ()
        self._defaults: dict[str, int] = {}
        self._store = store
        self._files = files
        self._chat = chat
        self._model = model
        self._settings = settings
        self._model_path = model.state.path
        self._given: GenerationSettings | None = None
        chat.opened.connect(lambda _chat: self._give_default())
        model.state_changed.connect(self._on_model)
        settings.generation_changed.connect(lambda _settings: self.changed.emit())
        store.changed_elsewhere.connect(self.refresh)

    # --- what there is ---------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the list again."""
        self._call(lambda store: (store.presets(), store.defaults()), self._show)

    @property
    def current(self) -> Preset | None:
        """Return the preset that the open chat's settings are from, None for none."""
        name = self._settings.generation.preset
        return next((each for each in self.presets if each.name == name), None) if name else None

    @property
    def is_altered(self) -> bool:
        """Return whether the open chat's settings are no longer those of its preset."""
        current = self.current
        return current is not None and not is_as_in(self._settings.generation, current)

    def is_unsaved(self, settings: GenerationSettings) -> bool:
        """Return whether neither a preset nor the defaults would give these settings back."""
        if preset_values(settings) == preset_values(self._settings.defaults):
            return False
        return not any(is_as_in(settings, each) for each in self.presets)

    @property
    def model_name(self) -> str:
        """Return the name of the model that a default would be for."""
        return self._model.state.name

    def is_default(self, preset: Preset) -> bool:
        """Return whether new chats with the present model begin with this preset."""
        return self._defaults.get(self._model.state.path) == preset.id

    # --- the open chat ---------------------------------------------------------------------------

    def of_new_chat(self) -> GenerationSettings:
        """Return what a new chat with the present model begins with."""
        number, plain = self._defaults.get(self._model.state.path), self._settings.defaults
        preset = next((each for each in self.presets if each.id == number), None)
        return plain if preset is None else with_preset(plain, preset)

    def apply(self, preset: Preset | None) -> None:
        """Give the open chat a preset's settings, or with None those of all chats."""
        self._settings.take(self._with(preset))

    def set_examples(self, examples: tuple[Example, ...]) -> None:
        """Give the open chat these examples."""
        self._settings.set_value("examples", examples)

    def save_as(self, name: str) -> None:
        """Keep the open chat's settings as a new preset, which the chat then has."""
        values = preset_values(self._settings.generation)
        self._change(
            lambda store: store.create(name, values),
            lambda made: self._settings.set_value("preset", made.name),
        )

    def update(self, preset: Preset) -> None:
        """Let a preset hold the open chat's settings."""
        values = preset_values(self._settings.generation)
        self._change(
            lambda store: store.replace(preset.id, values),
            lambda _none: self._settings.set_value("preset", preset.name),
        )

    # --- the list --------------------------------------------------------------------------------

    def rename(self, preset: Preset, name: str) -> None:
        """Give a preset another name, also in the chats that have it."""

        def renamed(now: Preset) -> None:
            if self._settings.generation.preset == preset.name:
                self._settings.set_value("preset", now.name)

        # Written first: what waits to be written still has the old name.
        self._settings.flush()
        self._change(lambda store: store.rename(preset.id, name), renamed)

    def delete(self, preset: Preset) -> None:
        """Delete a preset; chats keep the settings that they have from it."""
        self._change(lambda store: store.delete(preset.id), self.deleted.emit)

    def bring_back(self, deleted: DeletedPreset) -> None:
        """Undo a deletion."""
        self._change(lambda store: store.bring_back(deleted))

    def set_default(self, preset: Preset | None) -> None:
        """Let new chats with the present model begin with a preset, or with None as others do."""
        path, preset_id = self._model.state.path, None if preset is None else preset.id
        if path:
            self._change(lambda store: store.set_default(path, preset_id))

    def import_file(self, path: Path) -> None:
        """Add the presets of a file: all of them, or none where one can't be used."""

        def read(found: list[Preset]) -> None:
            self._change(lambda store: store.add_all(found), self.imported.emit)

        self._files.run(lambda: read_presets(path), read, self.failed.emit)

    def export_file(self, path: Path, presets: tuple[Preset, ...]) -> None:
        """Write presets to a file."""
        self._files.run(
            lambda: write_presets(path, presets),
            lambda _none: self.exported.emit(path, len(presets)),
            self.failed.emit,
        )

    # --- the default of a model ------------------------------------------------------------------

    def _on_model(self, state: ModelState) -> None:
        if state.path != self._model_path:
            self._model_path = state.path
            self._give_default()
            self.changed.emit()

    def _give_default(self) -> None:
        """Begin a chat that holds nothing yet with its model's preset, unless it was changed."""
        settings = self._settings
        if self._chat.path or self._chat.busy:
            return
        if settings.generation not in (settings.defaults, self._given):
            return
        number = self._defaults.get(self._model.state.path)
        wanted = self._with(next((each for each in self.presets if each.id == number), None))
        if wanted != settings.generation:
            settings.take(wanted)
        self._given = wanted

    def _with(self, preset: Preset | None) -> GenerationSettings:
        """Return the open chat's settings with a preset, or those of all chats."""
        settings = self._settings
        if preset is not None:
            return with_preset(settings.generation, preset)
        plain = with_preset(settings.generation, Preset(id=0, name=""))
        changed = preset_values(settings.defaults) | {"preset": settings.defaults.preset}
        return with_overrides(plain, changed)

    # --- the store -------------------------------------------------------------------------------

    def _show(self, found: _Read) -> None:
        presets, self._defaults = tuple(found[0]), found[1]
        self.presets = presets
        self._give_default()
        self.changed.emit()

    def _change(
        self, work: Callable[[PresetStore], T], done: Callable[[T], object] | None = None
    ) -> None:
        def changed(result: T) -> None:
            self.refresh()
            if done is not None:
                done(result)

        self._call(work, changed)

    def _call(self, work: Callable[[PresetStore], T], done: Callable[[T], object]) -> None:
        def with_store(database: Database) -> T:
            # On the store's thread: the window doesn't wait for it.
            from desktop.storage.presets import PresetStore

            return work(PresetStore(database))

        def settle(result: T) -> None:
            done(result)

        self._store.call_database(with_store, settle, self.failed.emit)
