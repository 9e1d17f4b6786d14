"""The head of a chat's settings: the preset that they are from, and its examples."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from desktop.controllers.presets import PresetsController
from desktop.domain.presets import Preset
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from desktop.ui.icons import icon
from desktop.ui.theme import Theme
from models.wording import mark, tr, trn

_NONE: Final = mark("None")
_BESIDE = 108
"""What the heading, the button's arrow and the spaces take."""
_EXAMPLES: Final = mark(
    "Pairs of a message and the reply to it, placed before the conversation. They show the model "
    "what you want, and fill a part of the context window in every turn."
)


class PresetBar(QWidget):
    """A button with a menu of the presets.

    ``chosen`` carries the one that the chat shall have, None for none; ``save_requested`` asks to
    keep the chat's settings as a new one, ``manage_requested`` for the list of all.
    """

    chosen = Signal(object)
    save_requested = Signal()
    manage_requested = Signal()

    def __init__(self, theme: Theme, presets: PresetsController) -> None:
        super().__init__()
        self.setObjectName("presetBar")
        self._theme = theme
        self._presets = presets
        self._name = tr(_NONE)
        self._altered = ""
        self.button = push_button(self._name, "device", self._show_menu)
        self.button.setObjectName("presetButton")
        self.button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.S)
        row.addWidget(label(tr("Preset"), kind="strong"))
        row.addStretch(1)
        row.addWidget(self.button)
        presets.changed.connect(self._show)
        theme.changed.connect(self._dress)
        self._dress()
        self._show()

    def menu(self) -> QMenu:
        """Return the menu, as things are now."""
        presets, menu = self._presets, QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        current = presets.current
        self._add_choice(menu, tr(_NONE), None, is_current=current is None)
        for each in presets.presets:
            is_default = presets.is_default(each)
            words = tr("{name}  (default)", name=each.name) if is_default else each.name
            self._add_choice(menu, words, each, is_current=each == current)
        menu.addSeparator()
        menu.addAction(tr("Save as a new preset…"), self.save_requested.emit)
        if current is not None:
            words = tr("Update “{name}”", name=_literal(current.name))
            update = menu.addAction(words, partial(presets.update, current))
            update.setEnabled(presets.is_altered)
            if presets.model_name:
                self._add_default(menu, current)
        menu.addAction(tr("All presets…"), self.manage_requested.emit)
        return menu

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the name the room that there is."""
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        """Measure the name anew in another font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._elide()

    def _add_choice(
        self, menu: QMenu, words: str, preset: Preset | None, *, is_current: bool
    ) -> None:
        action = menu.addAction(_literal(words), partial(self.chosen.emit, preset))
        action.setCheckable(True)
        action.setChecked(is_current)

    def _add_default(self, menu: QMenu, current: Preset) -> None:
        is_default = self._presets.is_default(current)
        action = menu.addAction(
            tr("New chats with {model} begin with it", model=_literal(self._presets.model_name)),
            partial(self._presets.set_default, None if is_default else current),
        )
        action.setCheckable(True)
        action.setChecked(is_default)

    def _show_menu(self) -> None:
        menu = self.menu()
        corner = self.button.mapToGlobal(self.button.rect().bottomRight())
        corner.setX(corner.x() - menu.sizeHint().width())
        menu.popup(corner)

    def _show(self) -> None:
        current = self._presets.current
        changed = tr("changed")
        self._altered = f" · {changed}" if self._presets.is_altered else ""
        self._name = current.name if current is not None else tr(_NONE)
        shown = f"{self._name}{self._altered}"
        self.button.setAccessibleName(tr("Preset: {name}. Chooses another", name=shown))
        self._elide()

    def _elide(self) -> None:
        metrics = self.button.fontMetrics()
        room = self.width() - _BESIDE - metrics.horizontalAdvance(self._altered)
        shown = metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, room)
        self.button.setText(_literal(f"{shown}{self._altered}"))
        self.button.setToolTip("" if shown == self._name else self._name)

    def _dress(self) -> None:
        self.button.setIcon(icon("chevron-down", self._theme.colour("secondary").name(), 16))


class ExamplesRow(QWidget):
    """How many examples the chat has. ``edit_requested`` asks for them."""

    edit_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("examplesRow")
        self.button = push_button("", "outline", self.edit_requested.emit)
        layout = column(self, spacing=tokens.XS)
        head = QHBoxLayout()
        head.setSpacing(tokens.XS)
        head.addWidget(label(tr("Examples"), kind="strong"))
        head.addStretch(1)
        head.addWidget(self.button)
        layout.addLayout(head)
        layout.addWidget(label(tr(_EXAMPLES), kind="small", tone="secondary", wraps=True))
        self.show_count(0)

    def show_count(self, count: int) -> None:
        """Show how many there are."""
        if not count:
            shown, said = tr("Add…"), tr("Add examples")
        else:
            shown = trn("{count} pair · Edit…", "{count} pairs · Edit…", count)
            said = trn(
                "Examples: {count} pair. Edits them", "Examples: {count} pairs. Edits them", count
            )
        self.button.setText(shown)
        self.button.setAccessibleName(said)


def _literal(name: str) -> str:
    """Return a name for a button or a menu, which take a lone & for a key to press."""
    return name.replace("&", "&&")
