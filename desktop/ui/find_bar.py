"""The bar over the conversation in which one looks for something in it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QWidget

from desktop.domain.finding import LONGEST
from desktop.ui import tokens
from desktop.ui.controls import IconButton, label, set_property
from desktop.ui.theme import Theme
from models.wording import number, tr

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class FindBar(QFrame):
    """A field, how many matches there are, and the ways between them.

    ``query_changed`` carries what is typed, ``stepped`` 1 or -1.
    """

    query_changed = Signal(str)
    stepped = Signal(int)
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("findBar")
        self.setAccessibleName(tr("Find in this chat"))
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Find in this chat"))
        self.field.setAccessibleName(tr("Find in this chat"))
        self.field.setMaxLength(LONGEST)
        self.field.textChanged.connect(self.query_changed)
        self.field.installEventFilter(self)
        self.count = label(kind="small", tone="secondary")
        self.previous = IconButton(
            theme, "arrow-up", tr("Previous match"), lambda: self.stepped.emit(-1)
        )
        self.previous.set_name(tr("Previous match"), "Shift+F3")
        self.next = IconButton(theme, "arrow-down", tr("Next match"), lambda: self.stepped.emit(1))
        self.next.set_name(tr("Next match"), "F3")
        self.close_button = IconButton(theme, "close", tr("Close"), self.closed.emit)
        self.close_button.set_name(tr("Close"), "Esc")
        outer = QHBoxLayout(self)
        outer.setContentsMargins(tokens.XL, tokens.S, tokens.XL, tokens.S)
        outer.addStretch(1)
        outer.addWidget(self._make_inner(), 1000)
        outer.addStretch(1)
        self.hide()

    def _make_inner(self) -> QWidget:
        inner = QWidget()
        inner.setMaximumWidth(tokens.COLUMN_MAX)
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.S)
        row.addWidget(self.field, 1)
        row.addWidget(self.count)
        for button in (self.previous, self.next, self.close_button):
            row.addWidget(button)
        return inner

    def enter(self, query: str = "") -> None:
        """Be shown, with the field ready to be typed in."""
        self.show()
        if query:
            self.field.setText(query)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_count(self, place: int, total: int, *, is_counted: bool) -> None:
        """Say which of how many matches one is at; ``place`` 0 is none of them."""
        if not self.field.text().strip() or not is_counted:
            words = ""
        elif not total:
            words = tr("Nothing found")
        elif place:
            words = tr("{place} of {total}", place=number(place), total=number(total))
        else:
            words = tr("{count} found", count=number(total))
        self.count.setText(words)
        self.count.setAccessibleName(words)
        set_property(self.count, "tone", "danger" if words and not total else "secondary")
        for button in (self.previous, self.next):
            button.setEnabled(total > 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go from match to match with Enter."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.KeyPress
            and event.key() in _ENTER
        ):
            back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.stepped.emit(-1 if back else 1)
            return True
        return super().eventFilter(watched, event)
