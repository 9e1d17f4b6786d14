"""The small window of the quick question: one field, and the reply below what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCursor,
    QFocusEvent,
    QGuiApplication,
    QKeySequence,
    QMouseEvent,
    QShortcut,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout

from desktop.controllers.model import ModelState
from desktop.domain.chat import Message, is_private
from desktop.ui import tokens
from desktop.ui.composer import ComposerEditor
from desktop.ui.controls import (
    ICON_PX,
    IconButton,
    column,
    label,
    native_key,
    push_button,
    set_property,
)
from desktop.ui.elided import ElidedLabel
from desktop.ui.header import StateLine
from desktop.ui.icons import icon
from desktop.ui.notices import Notices
from desktop.ui.overflow_card import OverflowCard
from desktop.ui.switch import Switch
from desktop.ui.theme import Theme
from desktop.ui.transcript.model import TranscriptModel
from desktop.ui.transcript.view import TranscriptView
from models.reasoning import answer_in
from models.wording import mark, tr

WIDTH: Final = 640
_TALL: Final = 560
_SCREEN_SHARE: Final = 0.8
_SEND_SIZE: Final = 32
_CONFIRM_MS: Final = 1_500
_PRIVATE: Final = mark("Private: never stored, and gone when Snug closes.")


class QuickWindow(QFrame):
    """A window of its own, without a frame. ``asked`` carries a question, and if it is private.

    It stays as low as its field until there is something to show.
    """

    asked = Signal(str, bool)
    stop_requested = Signal()
    open_requested = Signal()
    new_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("quickWindow")
        title = tr("Quick question")
        self.setWindowTitle(f"{title} — Snug")
        self._theme = theme
        self._busy = False
        self.transcript_model = TranscriptModel(self)
        self.transcript = TranscriptView()
        self.transcript.commands.only_reading = True
        self.transcript.setModel(self.transcript_model)
        self.overflow = OverflowCard()
        self.editor = ComposerEditor()
        self.state_line = StateLine(theme)
        self.private = Switch(theme)
        self.send = IconButton(
            theme, "arrow-up", tr("Ask"), self._on_button, role="on_accent", size=20
        )
        self.copy = push_button(tr("Copy"), "quiet", self.copy_reply)
        self.open = push_button(tr("Open in Snug"), "quiet", self.open_requested.emit)
        self.new = push_button(tr("New question"), "quiet", self.new_requested.emit)
        self._hint = ElidedLabel(kind="small", tone="secondary")
        self._confirmed = QTimer(self, interval=_CONFIRM_MS, singleShot=True)
        self._confirmed.timeout.connect(self._on_confirmed)
        self._field = self._make_field()
        self._lay_out()
        self.notices = Notices(theme, self, foot=lambda: self.height() - self._field.y())
        self._connect()
        self._dress()
        self.show_path(())

    def sizeHint(self) -> QSize:
        """Return the size with what there is to show."""
        low = super().minimumSizeHint().height()
        return QSize(WIDTH, low if self.transcript.isHidden() else _TALL)

    # --- what it shows ---------------------------------------------------------------------------

    def show_at_pointer(self) -> None:
        """Come up in the middle of the screen with the pointer, or to the front where it is up."""
        if not self.isVisible():
            self._place()
        self.show()
        self.raise_()
        self.activateWindow()
        self.editor.setFocus()

    def show_path(self, messages: Sequence[Message]) -> None:
        """Show a chat; one without messages is a new question."""
        grows = len(messages) > self.transcript_model.rowCount()
        self.transcript_model.set_messages(messages)
        self.transcript.setVisible(bool(messages))
        for button in (self.copy, self.open, self.new):
            button.setVisible(bool(messages))
        if messages:
            self.private.setChecked(is_private(messages[0].chat_id))
        self.private.setEnabled(not messages)
        if not messages:
            self.private.setChecked(False)
        self._fit()
        if grows:
            self.transcript.restore_anchor(None, 0)
        self._say_keys()

    def add_text(self, message_id: int, text: str, _tokens: int) -> None:
        """Add to the reply that is being written."""
        self.transcript_model.append_text(message_id, text)

    def set_busy(self, busy: bool) -> None:  # noqa: FBT001 - a slot
        """Turn the button into one that stops, and back."""
        self._busy = busy
        self.send.set_icon("stop" if busy else "arrow-up")
        self.send.set_name(tr("Stop") if busy else tr("Ask"), "Esc" if busy else "Enter")
        self._on_text_changed()
        self._say_keys()

    def clear_sent(self, sent: str) -> None:
        """Take out what has been stored; what was typed since then stays."""
        rest = self.editor.toPlainText().removeprefix(sent)
        self.editor.setPlainText(rest.lstrip("\n"))

    def show_model(self, state: ModelState) -> None:
        """Say in the empty field which model is going to answer."""
        if state.status == "loading":
            told = tr("Ask anything: the model is being loaded")
        elif state.status in ("none", "failed"):
            told = tr("Ask anything, once Snug has a model")
        else:
            told = tr("Ask {model} anything", model=state.name)
        self.editor.setPlaceholderText(told)
        self.editor.viewport().update()

    def copy_reply(self) -> None:
        """Copy the newest reply, without the thought before it."""
        last = self.transcript_model.message(self.transcript_model.rowCount() - 1)
        QGuiApplication.clipboard().setText(answer_in(last.text) or last.text)
        self.copy.setText(tr("Copied"))
        self._confirmed.start()

    def step_back(self) -> None:
        """Stop the reply, or close: what was asked is in the list of chats."""
        if self._busy:
            self.stop_requested.emit()
        else:
            self.close()

    # --- parts -----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        layout = column(self, spacing=tokens.S)
        layout.setContentsMargins(0, tokens.S, 0, tokens.S)
        layout.addLayout(self._make_head())
        layout.addWidget(self.transcript, 1)
        for part in (self.overflow, self._field):
            row = QHBoxLayout()
            row.setContentsMargins(tokens.L, 0, tokens.L, 0)
            row.addWidget(part)
            layout.addLayout(row)
        layout.addLayout(self._make_foot())
        stops = (self.editor, self.send, self.copy, self.open, self.new, self.private, self._close)
        for before, after in pairwise((*stops, self.transcript)):
            self.setTabOrder(before, after)

    def _make_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(tokens.L, 0, tokens.S, 0)
        row.setSpacing(tokens.S)
        mark_label = label()
        mark_label.setPixmap(icon("snug", "", ICON_PX).pixmap(ICON_PX, ICON_PX))
        row.addWidget(mark_label)
        row.addWidget(label(tr("Quick question"), kind="strong"))
        row.addWidget(self.state_line, 1)
        name = label(tr("Private"), kind="small", tone="secondary")
        name.setBuddy(self.private)
        self.private.setAccessibleName(tr("Private"))
        self.private.setAccessibleDescription(tr(_PRIVATE))
        for each in (name, self.private):
            each.setToolTip(tr(_PRIVATE))
            row.addWidget(each)
        self._close = IconButton(self._theme, "close", tr("Close"), self.close)
        row.addWidget(self._close)
        return row

    def _make_field(self) -> QFrame:
        field = QFrame()
        field.setObjectName("composerFrame")
        self.editor.setAccessibleName(tr("Question"))
        self.send.setObjectName("sendButton")
        self.send.setFixedSize(_SEND_SIZE, _SEND_SIZE)
        row = QHBoxLayout(field)
        row.setContentsMargins(tokens.L, tokens.S, tokens.S, tokens.S)
        row.setSpacing(tokens.S)
        row.addWidget(self.editor, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.send, 0, Qt.AlignmentFlag.AlignBottom)
        return field

    def _make_foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(tokens.S, 0, tokens.L, 0)
        row.setSpacing(tokens.XS)
        for button, keys in ((self.copy, ""), (self.open, "Ctrl+Enter"), (self.new, "Ctrl+N")):
            button.setToolTip(native_key(keys))
            row.addWidget(button)
        row.addSpacing(tokens.S)
        row.addWidget(self._hint, 1)
        return row

    def _connect(self) -> None:
        self.editor.submit_pressed.connect(self._ask)
        self.editor.textChanged.connect(self._on_text_changed)
        self.editor.paste_refused.connect(lambda trouble, _text: self.notices.say_trouble(trouble))
        self.editor.files_pasted.connect(self._on_files)
        self.editor.installEventFilter(self)
        self.private.toggled.connect(self._say_keys)
        self._theme.changed.connect(self._dress)
        for keys, act in (
            ("Esc", self.step_back),
            ("Ctrl+N", self._on_new_key),
            ("Ctrl+Return", self._on_open_key),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    # --- place and size --------------------------------------------------------------------------

    def _room(self) -> QRect:
        screen = QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()
        return screen.availableGeometry()

    def _height(self) -> int:
        return min(self.sizeHint().height(), round(self._room().height() * _SCREEN_SHARE))

    def _place(self) -> None:
        """Stand so that the window is in the middle once it is tall: it grows downwards."""
        room = self._room()
        width, tall = min(WIDTH, room.width()), min(_TALL, round(room.height() * _SCREEN_SHARE))
        left = room.center() - QPoint(width // 2, tall // 2)
        self.setGeometry(QRect(left, QSize(width, self._height())))

    def _fit(self) -> None:
        layout = self.layout()
        if layout is not None:
            layout.activate()
        if self.transcript.isHidden() or self.height() < self._height():
            self.resize(self.width(), self._height())

    def _on_text_changed(self) -> None:
        self.send.setEnabled(self._busy or bool(self.editor.toPlainText().strip()))
        if self.transcript.isHidden():
            self._fit()

    def _dress(self) -> None:
        font = self.editor.font()
        font.setPixelSize(self._theme.body_px)
        self.editor.setFont(font)
        self.transcript.set_appearance(self._theme.palette, self._theme.text_scale)

    def _say_keys(self) -> None:
        if self._busy:
            told = tr("{key} stops the reply", key="Esc")
        elif self.private.isChecked():
            told = tr(_PRIVATE)
        else:
            told = tr("{ask} asks, {close} closes", ask="Enter", close="Esc")
        self._hint.set_text(told)

    # --- what is done in it ----------------------------------------------------------------------

    def _ask(self) -> None:
        text = self.editor.toPlainText()
        if text.strip() and not self._busy:
            self.asked.emit(text, self.private.isChecked())

    def _on_button(self) -> None:
        if self._busy:
            self.stop_requested.emit()
        else:
            self._ask()

    def _on_new_key(self) -> None:
        if self.transcript_model.rowCount():
            self.new_requested.emit()

    def _on_open_key(self) -> None:
        if self.transcript_model.rowCount():
            self.open_requested.emit()

    def _on_files(self, _paths: list[str]) -> None:
        self.notices.say(tr("Ask about files in Snug's own window."))

    def _on_confirmed(self) -> None:
        self.copy.setText(tr("Copy"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Show the field's focus ring while the editor has the focus."""
        if watched is self.editor and isinstance(event, QFocusEvent):
            set_property(self._field, "focused", event.type() is QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Let the window be moved by what is no button."""
        handle = self.windowHandle()
        if event.button() is Qt.MouseButton.LeftButton and handle is not None:
            handle.startSystemMove()
