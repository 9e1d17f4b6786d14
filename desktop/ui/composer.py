"""Where one writes: an editor that grows, and below it the gauge, the speed and the button."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QKeyEvent, QKeySequence, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QWidget

from desktop.domain.errors import UserError
from desktop.ui import tokens
from desktop.ui.attachments import AttachmentStrip
from desktop.ui.context_gauge import ContextGauge
from desktop.ui.controls import IconButton, column, label, push_button, set_property
from desktop.ui.drops import local_paths
from desktop.ui.elided import ElidedLabel
from desktop.ui.theme import Theme
from models.wording import mark, number, tr

TEXT_LIMIT: Final = 200_000
"""The longest text that the editor takes, in characters."""
WORD_LIMIT: Final = 20_000
"""The longest run without a space that it takes: wrapping one costs its length squared."""
_MAX_LINES: Final = 10
_SEND_SIZE: Final = 32
_DRAFT_HINT: Final = mark("Ask anything, or drop a document")
_START_HINT: Final = mark("The first words of the reply")


class Task(Enum):
    """What is written besides new messages: what to say of it, and what sending it is called."""

    MESSAGE = (
        mark("Editing: the old message and its replies are kept as another version"),
        mark("Send"),
    )
    REPLY = (
        mark("Editing the reply: the model's own words are kept as another version"),
        mark("Save"),
    )
    START = (mark("Write how the reply begins: the model goes on from there"), mark("Go on"))

    @property
    def hint(self) -> str:
        """Return what is said of it while it goes on."""
        return tr(self.value[0])

    @property
    def done(self) -> str:
        """Return what sending it is called."""
        return tr(self.value[1])


class Composer(QFrame):
    """The composer. ``submitted`` carries the text and the id of the message that it edits.

    ``reply_submitted`` carries a message's id, a reply to it or in its place as a person has it,
    and whether the model is to go on from there. The text stays until ``clear_sent`` says that
    the store has it. ``paste_refused`` carries why as a ``UserError``, and the text.
    """

    submitted = Signal(str, object)
    reply_submitted = Signal(int, str, bool)
    stop_requested = Signal()
    edit_last_requested = Signal()
    draft_changed = Signal(str)
    paste_refused = Signal(object, str)
    attach_requested = Signal()
    files_pasted = Signal(list)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("composerFrame")
        self._busy = False
        self._edited_id: int | None = None
        self._task = Task.MESSAGE
        self._draft_before_edit = ""
        self._theme = theme
        self.editor = ComposerEditor()
        self.gauge = ContextGauge(theme, self)
        self._speed = ElidedLabel(kind="small", tone="secondary")
        self._speed.setObjectName("speed")
        self._send = IconButton(
            theme, "arrow-up", tr("Send"), self._on_button, role="on_accent", size=20
        )
        self._send.setObjectName("sendButton")
        self._send.setFixedSize(_SEND_SIZE, _SEND_SIZE)
        self.attachments = AttachmentStrip(theme)
        self.attach_button = IconButton(
            theme, "paperclip", tr("Ask about documents"), self.attach_requested.emit
        )
        self.attach_button.setObjectName("attachButton")
        self._edit_bar = self._make_edit_bar()
        layout = column(self, spacing=tokens.XS)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.S, tokens.S)
        layout.addWidget(self._edit_bar)
        layout.addWidget(self.attachments)
        layout.addWidget(self.editor)
        layout.addLayout(self._make_foot())
        self.editor.textChanged.connect(self._on_text_changed)
        self.editor.submit_pressed.connect(self.submit)
        self.editor.up_pressed.connect(self.edit_last_requested)
        self.editor.paste_refused.connect(self.paste_refused)
        self.editor.files_pasted.connect(self.files_pasted)
        self.editor.installEventFilter(self)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._on_text_changed()

    @property
    def text(self) -> str:
        """Return the unsent text."""
        return self.editor.toPlainText()

    @property
    def draft(self) -> str:
        """Return the text that belongs to the chat's end: an edit keeps it for later."""
        return self._draft_before_edit if self._edited_id is not None else self.text

    def set_draft(self, text: str) -> None:
        """Show a chat's unsent text; an edit that was going on is over."""
        self._edited_id = None
        self._task = Task.MESSAGE
        self.editor.setPlaceholderText(tr(_DRAFT_HINT))
        self._edit_bar.hide()
        self._name_button()
        self._show_text(text)

    def begin_edit(self, message_id: int, text: str, task: Task = Task.MESSAGE) -> None:
        """Put a message's text into the editor; sending makes another version of it."""
        if self._edited_id is None:
            self._draft_before_edit = self.text
        self._edited_id, self._task = message_id, task
        self._edit_hint.setText(task.hint)
        self._go_on.setVisible(task is Task.REPLY)
        self.editor.setPlaceholderText(tr(_START_HINT if task is Task.START else _DRAFT_HINT))
        self._edit_bar.show()
        self._name_button()
        self._show_text(text)
        self.editor.setFocus()

    def cancel_edit(self) -> bool:
        """Give the draft back; return whether a message was being edited."""
        if self._edited_id is None:
            return False
        self.set_draft(self._draft_before_edit)
        return True

    def clear_sent(self, sent: str) -> None:
        """Take out what has been stored; what was typed since then stays."""
        text, rest = self.text, ""
        if text.startswith(sent) and text != sent:
            rest = text[len(sent) :].lstrip("\n")
        draft = self._draft_before_edit if self._edited_id is not None else ""
        self.set_draft(rest or draft)

    def set_busy(self, busy: bool) -> None:  # noqa: FBT001 - a slot
        """Turn the button into a stop button, and back."""
        self._busy = busy
        self._name_button()
        self._update_button()

    def show_speed(self, text: str) -> None:
        """Show a line on the last reply's speed."""
        self._speed.set_text(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Show the frame's focus ring while the editor has the focus."""
        if watched is self.editor and isinstance(event, QFocusEvent):
            set_property(self, "focused", event.type() is QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)

    def _make_foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(tokens.S)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.addWidget(self.attach_button)
        foot.addWidget(self._speed, 1)
        foot.addWidget(self.gauge)
        foot.addWidget(self._send)
        return foot

    def _make_edit_bar(self) -> QWidget:
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.S)
        self._edit_hint = label(kind="small", tone="secondary", wraps=True)
        self._go_on = push_button(
            tr("Let the model go on"), "link", lambda: self.submit(go_on=True)
        )
        self._go_on.setObjectName("goOnButton")
        row.addWidget(self._edit_hint, 1)
        row.addWidget(self._go_on)
        row.addWidget(push_button(tr("Cancel"), "link", self.cancel_edit))
        bar.hide()
        return bar

    def _show_text(self, text: str) -> None:
        self.editor.setPlainText(text)
        self.editor.moveCursor(QTextCursor.MoveOperation.End)

    def _on_theme_changed(self) -> None:
        font = self.editor.font()
        font.setPixelSize(self._theme.body_px)
        self.editor.setFont(font)

    def _on_button(self) -> None:
        if self._busy:
            self.stop_requested.emit()
        else:
            self.submit()

    def submit(self, *, go_on: bool = False) -> None:
        """Send what is written; with ``go_on`` an edited reply is gone on with by the model."""
        if not self.text.strip() or self._busy:
            return
        if self._task is Task.MESSAGE or self._edited_id is None:
            self.submitted.emit(self.text, self._edited_id)
        else:
            go_on = go_on or self._task is Task.START
            self.reply_submitted.emit(self._edited_id, self.text, go_on)

    def _name_button(self) -> None:
        done = "check" if self._task is Task.REPLY else "arrow-up"
        self._send.set_icon("stop" if self._busy else done)
        keys = "Esc" if self._busy else "Enter"
        self._send.set_name(tr("Stop") if self._busy else self._task.done, keys)

    def _on_text_changed(self) -> None:
        self._update_button()
        self.draft_changed.emit(self.text)

    def _update_button(self) -> None:
        self._send.setEnabled(self._busy or not self.editor.document().isEmpty())


class ComposerEditor(QPlainTextEdit):
    """A plain editor as high as its text, up to ten lines."""

    submit_pressed = Signal()
    up_pressed = Signal()
    paste_refused = Signal(object, str)
    files_pasted = Signal(list)
    """The paths of files that were copied elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("composerEditor")
        self.setAccessibleName(tr("Message"))
        self.setPlaceholderText(tr(_DRAFT_HINT))
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send with Enter, break the line with Shift+Enter."""
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not shift:
            self.submit_pressed.emit()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif event.key() == Qt.Key.Key_Up and self.document().isEmpty():
            self.up_pressed.emit()
        else:
            super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Leave files that are dragged to the window, which opens them."""
        return source.hasText() and not source.hasUrls()

    def paste(self) -> None:
        """Paste: files are asked about, text is taken in."""
        source = QGuiApplication.clipboard().mimeData()
        files = [path for path in local_paths(source) if Path(path).is_absolute()]
        if files:
            self.files_pasted.emit(files)
        else:
            super().paste()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Take pasted text in, unless it would freeze the editor."""
        text = source.text()
        trouble = paste_trouble(self.toPlainText(), text)
        if trouble is not None:
            self.paste_refused.emit(trouble, text)
            return
        self.textCursor().insertText(text)
        self.ensureCursorVisible()

    def changeEvent(self, event: QEvent) -> None:
        """Fit again in another font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        lines = min(_MAX_LINES, max(1, round(self.document().size().height())))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 2)


def paste_trouble(present: str, pasted: str) -> UserError | None:
    """Return why a text can't be pasted beside another without a freeze, None where it can."""
    size = len(present) + len(pasted)
    if size > TEXT_LIMIT:
        return UserError(
            tr("The text would be too long: {count} characters.", count=number(size)),
            tr(
                "A message takes up to {count}; paste the part that matters.",
                count=number(TEXT_LIMIT),
            ),
        )
    longest = max(map(len, f"{present}{pasted}".split()), default=0)
    if longest > WORD_LIMIT:
        return UserError(
            tr(
                "The text has {count} characters without a space between them.",
                count=number(longest),
            ),
            tr(
                "A message takes up to {count} in one run; paste the part that matters.",
                count=number(WORD_LIMIT),
            ),
        )
    return None
