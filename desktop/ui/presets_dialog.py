"""All presets: used, renamed, deleted, exported and imported; and the name of a new one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLineEdit, QMenu, QWidget

from desktop.controllers.presets import PresetsController
from desktop.domain.presets import LONGEST_NAME, DeletedPreset, Preset
from desktop.settings.presets import in_words
from desktop.ui import tokens
from desktop.ui.controls import column, label, plain_tip, push_button
from desktop.ui.theme import Theme
from desktop.ui.trash_rows import TwoLineList, TwoLines
from models.wording import mark, tr

if TYPE_CHECKING:
    from desktop.domain.errors import UserError

_FILTER: Final = mark("Presets (*.json)")
_NO_PRESETS: Final = mark(
    "There are no presets yet. Save a chat's settings as one, or import a file of them."
)
_WORDS: Final = mark(
    "A preset keeps how a chat is answered: its settings, system prompt and examples. A chat keeps "
    "what it has from one, whatever becomes of it."
)


class PresetsDialog(QDialog):
    """Lists the presets. ``used`` carries the one that the open chat shall have."""

    used = Signal(object)

    def __init__(self, theme: Theme, presets: PresetsController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("presetsDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Presets"))
        self.resize(600, 460)
        self._presets = presets
        self._deleted: DeletedPreset | None = None
        self._words = label(tone="secondary", wraps=True)
        self.list = TwoLineList(theme, tr("Presets"))
        self.list.doubleClicked.connect(lambda _index: self._use())
        self.list.selectionModel().currentChanged.connect(lambda _new, _old: self._show_buttons())
        self.default = push_button("", "link", self._toggle_default)
        layout = column(self, spacing=tokens.M, margin=tokens.XL)
        layout.addWidget(label(tr("Presets"), kind="title"))
        layout.addWidget(self._words)
        layout.addWidget(self.list, 1)
        layout.addLayout(self._make_line())
        self.trouble = label(tone="danger", wraps=True)
        self.trouble.hide()
        layout.addWidget(self.trouble)
        layout.addLayout(self._make_foot())
        presets.changed.connect(self._show)
        presets.failed.connect(self._complain)
        presets.imported.connect(self.trouble.hide)
        presets.deleted.connect(self._on_deleted)
        self._show()
        self._choose(presets.current)
        self.list.setFocus()

    @property
    def chosen(self) -> Preset | None:
        """Return the preset that is chosen in the list."""
        found = self.list.chosen
        return found if isinstance(found, Preset) else None

    def _make_line(self) -> QHBoxLayout:
        """Return the line below the list: the model's default, and the way back from Delete."""
        # A notice of the window can't be reached from here.
        self.undo = push_button("", "link", self._bring_back)
        self.undo.hide()
        line = QHBoxLayout()
        line.setSpacing(tokens.L)
        line.addWidget(self.default)
        line.addStretch(1)
        line.addWidget(self.undo)
        return line

    def _make_foot(self) -> QHBoxLayout:
        self.use = push_button(tr("Use in this chat"), "primary", self._use)
        self.rename = push_button(tr("Rename…"), "outline", self._rename)
        self.delete = push_button(tr("Delete"), "outline", self._delete)
        self.file_menu = QMenu(self)
        self.file_menu.addAction(tr("Import…"), self._import)
        self._export_one = self.file_menu.addAction(
            tr("Export the chosen one…"), self._export_chosen
        )
        self._export_all = self.file_menu.addAction(
            tr("Export all…"), lambda: self._export(self._presets.presets)
        )
        more = push_button(tr("Import or export"), "outline", lambda: None)
        more.setMenu(self.file_menu)
        foot = QHBoxLayout()
        foot.setSpacing(tokens.S)
        for button in (self.use, self.rename, self.delete):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(more)
        foot.addWidget(push_button(tr("Close"), "outline", self.accept))
        return foot

    # --- what is shown ---------------------------------------------------------------------------

    def _show(self) -> None:
        presets = self._presets
        rows = [
            TwoLines(each, each.name, " · ".join((*self._mark(each), in_words(each))))
            for each in presets.presets
        ]
        self.list.show_rows(rows)
        self._words.setText(tr(_WORDS) if rows else tr(_NO_PRESETS))
        self._show_buttons()

    def _choose(self, preset: Preset | None) -> None:
        if preset in self._presets.presets:
            row = self._presets.presets.index(preset)
            self.list.setCurrentIndex(self.list.rows.index(row))

    def _mark(self, preset: Preset) -> Iterator[str]:
        if self._presets.is_default(preset):
            yield tr("For new chats with {model}", model=self._presets.model_name)

    def _show_buttons(self) -> None:
        chosen = self.chosen
        for button in (self.use, self.rename, self.delete):
            button.setEnabled(chosen is not None)
        self._export_one.setEnabled(chosen is not None)
        self._export_all.setEnabled(chosen is not None)
        name = self._presets.model_name
        self.default.setVisible(chosen is not None and bool(name))
        is_default = chosen is not None and self._presets.is_default(chosen)
        words = (
            tr("Stop using it for new chats with {model}", model=name)
            if is_default
            else tr("Use for new chats with {model}", model=name)
        )
        self.default.setText(words.replace("&", "&&"))

    def _complain(self, trouble: UserError) -> None:
        self.trouble.setText(f"{trouble.title} {trouble.hint}")
        self.trouble.show()

    # --- what is done ----------------------------------------------------------------------------

    def _use(self) -> None:
        if self.chosen is not None:
            self.used.emit(self.chosen)
            self.accept()

    def _toggle_default(self) -> None:
        if (chosen := self.chosen) is not None:
            is_default = self._presets.is_default(chosen)
            self._presets.set_default(None if is_default else chosen)

    def _on_deleted(self, deleted: DeletedPreset) -> None:
        self._deleted = deleted
        said = tr("Bring “{name}” back", name=deleted.preset.name)
        self.undo.setText(tr("Undo delete"))
        self.undo.setAccessibleName(said)
        self.undo.setToolTip(plain_tip(said))
        self.undo.show()

    def _bring_back(self) -> None:
        self.undo.hide()
        self.list.setFocus()
        if self._deleted is not None:
            self._presets.bring_back(self._deleted)

    def _rename(self) -> None:
        if (chosen := self.chosen) is not None:
            self.trouble.hide()
            dialog = NameDialog(tr("Rename the preset"), chosen.name, self)
            dialog.named.connect(partial(self._presets.rename, chosen))
            dialog.open()

    def _delete(self) -> None:
        if self.chosen is not None:
            self.trouble.hide()
            self._presets.delete(self.chosen)

    def _import(self) -> None:
        dialog = QFileDialog(self, tr("Import presets"), "", tr(_FILTER))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self._presets.import_file(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _export_chosen(self) -> None:
        if self.chosen is not None:
            self._export((self.chosen,))

    def _export(self, presets: tuple[Preset, ...]) -> None:
        dialog = QFileDialog(self, tr("Export presets"), "presets.json", tr(_FILTER))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.fileSelected.connect(lambda path: self._presets.export_file(Path(path), presets))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


class NameDialog(QDialog):
    """Asks for a preset's name. ``named`` carries one that isn't empty."""

    named = Signal(str)

    def __init__(self, title: str, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("presetNameDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(360)
        layout = column(self, spacing=tokens.M, margin=tokens.XL)
        layout.addWidget(label(title, kind="title"))
        self.field = QLineEdit(name)
        self.field.setMaxLength(LONGEST_NAME)
        self.field.setAccessibleName(tr("Name of the preset"))
        self.field.setPlaceholderText(tr("What it is for, such as “Translator”"))
        self.field.selectAll()
        layout.addWidget(self.field)
        foot = QHBoxLayout()
        foot.setSpacing(tokens.S)
        foot.addStretch(1)
        foot.addWidget(push_button(tr("Cancel"), "outline", self.reject))
        self.save = push_button(tr("Save"), "primary", self._save)
        foot.addWidget(self.save)
        layout.addLayout(foot)
        self.field.returnPressed.connect(self._save)
        self.field.textChanged.connect(lambda text: self.save.setEnabled(bool(text.strip())))
        self.save.setEnabled(bool(name.strip()))
        self.field.setFocus()

    def _save(self) -> None:
        if self.field.text().strip():
            self.named.emit(self.field.text())
            self.accept()
