"""What the window does about presets: their place in the settings, their dialogs and notices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from desktop.controllers.session import Session
from desktop.domain.presets import DeletedPreset, Preset
from desktop.settings.schema import GenerationSettings
from desktop.ui.notices import Action
from desktop.ui.presets_bar import ExamplesRow, PresetBar
from desktop.ui.theme import Theme
from models.wording import tr, trn

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

_NAMED: Final = 3
"""So many of the imported presets are told by name."""


class PresetWires(QObject):
    """Belongs to one window, whose settings it connects to the presets."""

    def __init__(self, window: MainWindow, theme: Theme, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._session = session
        presets = session.presets
        self.bar = PresetBar(theme, presets)
        self.examples = ExamplesRow()
        window.settings_panel.place(self.bar)
        window.settings_panel.place(self.examples, after="system_prompt")
        self.bar.chosen.connect(self._apply)
        self.bar.save_requested.connect(self._save_as)
        self.bar.manage_requested.connect(self.show_all)
        self.examples.edit_requested.connect(self._edit_examples)
        session.settings.generation_changed.connect(self._on_settings)
        presets.deleted.connect(self._on_deleted)
        presets.imported.connect(self._on_imported)
        presets.exported.connect(self._on_exported)
        presets.failed.connect(window.notices.say_trouble)
        self._on_settings(session.settings.generation)

    def show_all(self) -> None:
        """Open the list of presets."""
        # Not at the window's start.
        from desktop.ui.presets_dialog import PresetsDialog  # noqa: PLC0415

        self._window.settings_panel.flush()
        dialog = PresetsDialog(self._theme, self._session.presets, self._window)
        dialog.used.connect(self._apply)
        dialog.open()

    def _apply(self, preset: Preset | None) -> None:
        # What is still being typed belongs to the settings that are left.
        self._window.settings_panel.flush()
        settings, presets = self._session.settings, self._session.presets
        before, chat_id = settings.generation, self._session.chat.chat_id
        presets.apply(preset)
        if not presets.is_unsaved(before):
            return

        def take_back() -> None:
            if self._session.chat.chat_id == chat_id:
                settings.take(before)

        said = tr("The chat's own settings were replaced.")
        self._window.notices.say(said, Action(tr("Undo"), take_back))

    def _save_as(self) -> None:
        from desktop.ui.presets_dialog import NameDialog  # noqa: PLC0415

        self._window.settings_panel.flush()
        dialog = NameDialog(tr("Save as a new preset"), "", self._window)
        dialog.named.connect(self._session.presets.save_as)
        dialog.open()

    def _edit_examples(self) -> None:
        from desktop.ui.presets_examples import ExamplesDialog  # noqa: PLC0415

        examples = self._session.settings.generation.examples
        dialog = ExamplesDialog(self._theme, examples, self._window)
        dialog.saved.connect(self._session.presets.set_examples)
        dialog.open()

    def _on_settings(self, settings: GenerationSettings) -> None:
        self.examples.show_count(len(settings.examples))

    def _on_deleted(self, deleted: DeletedPreset) -> None:
        undo = Action(tr("Undo"), lambda: self._session.presets.bring_back(deleted))
        said = tr("The preset “{name}” was deleted.", name=deleted.preset.name)
        self._window.notices.say(said, undo)

    def _on_imported(self, found: list[Preset]) -> None:
        names = ", ".join(tr("“{name}”", name=each.name) for each in found[:_NAMED])
        more = len(found) - _NAMED
        if not found:
            said = tr("The file holds no presets.")
        elif more <= 0:
            said = tr("Imported {names}.", names=names)
        else:
            said = trn(
                "Imported {names} and {count} more.",
                "Imported {names} and {count} more.",
                more,
                names=names,
            )
        self._window.notices.say(said)

    def _on_exported(self, path: Path, count: int) -> None:
        said = trn(
            "{count} preset exported to {name}.",
            "{count} presets exported to {name}.",
            count,
            name=path.name,
        )
        self._window.notices.say(said)
