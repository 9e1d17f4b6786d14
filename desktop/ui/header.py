"""The line over the conversation: the model, what it is doing, and the doors to the panels."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from desktop.controllers.activity import STARTING, Activity
from desktop.controllers.model import ModelState
from desktop.ui import tokens
from desktop.ui.controls import IconButton, native_key, plain_tip, push_button
from desktop.ui.icons import icon
from desktop.ui.theme import Theme
from models.records import ModelInfo
from models.wording import tr

HEIGHT = 48
_LONGEST_NAME = 36
_DOT = 4
_BAR_WIDTH = 64
_TONES = {
    "quiet": "faint",
    "busy": "accent",
    "good": "good",
    "warning": "warning",
    "danger": "danger",
}


class Header(QWidget):
    """Shows the model's name and device, and the engine's state in one line.

    ``account_requested`` asks how the model was loaded, ``cancel_requested`` that its load ends.
    """

    model_menu_requested = Signal()
    account_requested = Signal()
    cancel_requested = Signal()
    chats_toggled = Signal()
    settings_toggled = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedHeight(HEIGHT)
        self.chats_button = IconButton(
            theme, "sidebar", tr("Chats"), self.chats_toggled.emit, size=20
        )
        self.settings_button = IconButton(
            theme, "sliders", tr("Settings"), self.settings_toggled.emit, size=20
        )
        self.model_button = self._make_model_button()
        self.device_button = push_button("", "device", self.account_requested.emit)
        self.device_button.setObjectName("deviceButton")
        self.state_line = StateLine(theme)
        self.cancel_button = IconButton(
            theme, "close", tr("Cancel loading"), self.cancel_requested.emit
        )
        self.cancel_button.setObjectName("cancelLoadButton")
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.M, 0, tokens.M, 0)
        row.setSpacing(tokens.S)
        row.addWidget(self.chats_button)
        row.addWidget(self.model_button)
        row.addWidget(self.device_button)
        row.addStretch(1)
        row.addWidget(self.state_line)
        row.addWidget(self.cancel_button)
        row.addWidget(self.settings_button)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_model(self, state: ModelState) -> None:
        """Name the model and the device it runs on."""
        has_none = state.status in ("none", "failed")
        name = state.name or (tr("No model") if has_none else tr("Loading…"))
        self.model_button.setText(_shortened(name))
        self.model_button.setAccessibleName(tr("Model: {name}. Opens the models menu", name=name))
        device = placement(state.info) if state.info else ""
        self.device_button.setVisible(bool(device))
        self.device_button.setText(_shortened(device))
        self.device_button.setAccessibleName(tr("Runs on: {device}. Says why", device=device))
        self.device_button.setToolTip("\n".join(state.account) or tr("Where it runs, and why"))
        self.cancel_button.setVisible(state.status == "loading")

    def _make_model_button(self) -> QPushButton:
        button = push_button("", "model", self.model_menu_requested.emit)
        button.setObjectName("modelButton")
        button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        name = tr("Choose a model")
        button.setToolTip(f"{name}  {native_key('Ctrl+L')}")
        return button

    def _on_theme_changed(self) -> None:
        self.model_button.setIcon(icon("chevron-down", self._theme.colour("secondary").name(), 16))


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def placement(info: ModelInfo) -> str:
    """Return in a few words where the model's layers are."""
    if 0 < info.offloaded_layers < info.layers:
        return tr(
            "{count} of {layers} layers on {device}",
            count=info.offloaded_layers,
            layers=info.layers,
            device=info.device,
        )
    return info.device


class StateLine(QWidget):
    """A dot, and in words what the engine does; a thin bar where it is known how far."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("stateLine")
        self._theme = theme
        self._activity = STARTING
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        theme.changed.connect(self.update)
        self.show_activity(STARTING)

    @property
    def text(self) -> str:
        """Return the words."""
        return tr(self._activity.text)

    def show_activity(self, activity: Activity) -> None:
        """Show what the engine does."""
        self._activity = activity
        self.setAccessibleName(tr("Engine: {state}", state=self.text))
        self.setToolTip(plain_tip(self.text))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the room that the words take."""
        bar = _BAR_WIDTH + tokens.S if self._activity.fraction is not None else 0
        words = self.fontMetrics().horizontalAdvance(self.text)
        return QSize(words + bar + 3 * tokens.S, 28)

    def minimumSizeHint(self) -> QSize:
        """Return the room for the dot and a few words; the rest is elided."""
        return QSize(60, 28)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw dot, bar and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(_TONES[self._activity.tone]))
        middle = self.height() / 2
        painter.drawEllipse(QPointF(_DOT + 1, middle + 0.5), _DOT, _DOT)
        words = self.rect().adjusted(2 * _DOT + tokens.S, 0, 0, 0)
        if self._activity.fraction is not None:
            words.setRight(words.right() - _BAR_WIDTH - tokens.S)
            bar = QRectF(self.width() - _BAR_WIDTH, middle - 2, _BAR_WIDTH, 4)
            painter.setBrush(self._theme.blend("page", "text", 0.12))
            painter.drawRoundedRect(bar, 2, 2)
            bar.setWidth(max(4.0, _BAR_WIDTH * min(1.0, self._activity.fraction)))
            painter.setBrush(self._theme.colour("accent"))
            painter.drawRoundedRect(bar, 2, 2)
        painter.setPen(self._theme.colour("secondary"))
        text = painter.fontMetrics().elidedText(
            self.text, Qt.TextElideMode.ElideRight, words.width()
        )
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), text)
