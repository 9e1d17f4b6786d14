"""The small parts that every panel is made of: labels, buttons, lines."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final, Literal

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from desktop.ui import tokens
from desktop.ui.icons import icon
from desktop.ui.theme import Theme

Tone = Literal["text", "secondary", "faint", "warning", "danger"]
ICON_PX: Final = 16
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def label(text: str = "", *, kind: str = "", tone: Tone = "text", wraps: bool = False) -> QLabel:
    """Return a label of the design's kinds and tones. Its text is never read as markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("kind", kind)
    made.setProperty("tone", tone)
    made.setWordWrap(wraps)
    return made


def push_button(text: str, kind: str, on_click: Callable[[], object]) -> QPushButton:
    """Return a button with words on it."""
    made = _PushButton(text)
    made.setProperty("kind", kind)
    made.setAutoDefault(False)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.clicked.connect(lambda _checked=False: on_click())
    return made


def plain_tip(text: str) -> str:
    """Return a tooltip that shows text as it is, however much it looks like markup."""
    if "<" not in text:
        return text
    return f"<p style='white-space: pre-wrap; word-break: break-all'>{escape(text)}</p>"


def pass_focus(widget: QWidget, target: Callable[[], QWidget | None]) -> None:
    """Give the focus that a widget gets on to what it holds, wherever that stands in it.

    A focus proxy does so as well, but Tab stops at it, and so jumps over what comes before.
    """
    _FocusPasser(widget, target)


class _FocusPasser(QObject):
    def __init__(self, widget: QWidget, target: Callable[[], QWidget | None]) -> None:
        super().__init__(widget)
        self._target = target
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pass the focus on."""
        if isinstance(event, QFocusEvent) and event.gotFocus():
            target = self._target()
            if target is not None:
                target.setFocus(event.reason())
        return super().eventFilter(watched, event)


def with_key(text: str, key: str) -> str:
    """Return a menu's entry with its key."""
    return f"{text}\t{native_key(key)}"


def tip_with_key(name: str, key: str) -> str:
    """Return a button's tip with its key, which may be empty."""
    return f"{name}  {native_key(key)}".rstrip()


def native_key(key: str) -> str:
    """Return a key as this system and the window's language write it, empty for none."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


class _PushButton(QPushButton):
    """A button that Enter presses as well as Space: outside dialogs Qt knows Space alone."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press on Enter."""
        if event.key() in _ENTER:
            self.click()
        else:
            super().keyPressEvent(event)


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet looks at, and dress the widget again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def column(parent: QWidget | None = None, *, spacing: int = 0, margin: int = 0) -> QVBoxLayout:
    """Return a vertical layout with even margins."""
    made = QVBoxLayout() if parent is None else QVBoxLayout(parent)
    made.setSpacing(spacing)
    made.setContentsMargins(margin, margin, margin, margin)
    return made


def more_group(folded: QWidget, more: str, fewer: str, name: str) -> QWidget:
    """Return a widget folded away below a button, whose words are ``more`` and then ``fewer``."""
    group = QWidget()
    layout = column(group, spacing=tokens.L)
    folded.hide()

    def toggle() -> None:
        folded.setVisible(folded.isHidden())
        button.setText(more if folded.isHidden() else fewer)

    button = push_button(more, "link", toggle)
    button.setObjectName(name)
    layout.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
    layout.addWidget(folded)
    return group


class Card(QFrame):
    """A raised block with a border; ``kind`` is ``card`` or ``problem``."""

    def __init__(self, kind: str = "card", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", kind)


class IconButton(QToolButton):
    """A button that is an icon: its name is its tip, and what a screen reader says."""

    def __init__(
        self,
        theme: Theme,
        icon_name: str,
        name: str,
        on_click: Callable[[], object] | None = None,
        *,
        role: str = "secondary",
        size: int = ICON_PX,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._icon_name = icon_name
        self._role = role
        self._size = size
        self.setProperty("kind", "icon")
        self.setIconSize(QSize(size, size))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_name(name)
        if on_click is not None:
            self.clicked.connect(lambda _checked=False: on_click())
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press on Enter too."""
        if event.key() in _ENTER:
            self.click()
        else:
            super().keyPressEvent(event)

    def set_name(self, name: str, keys: str = "") -> None:
        """Name the button; ``keys`` are shown with it."""
        self.setAccessibleName(name)
        self.setToolTip(tip_with_key(name, keys))

    def set_icon(self, icon_name: str) -> None:
        """Show another icon."""
        self._icon_name = icon_name
        self._on_theme_changed()

    def _on_theme_changed(self) -> None:
        self.setIcon(icon(self._icon_name, self._theme.colour(self._role).name(), self._size))
