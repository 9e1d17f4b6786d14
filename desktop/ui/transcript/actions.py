"""What one can do with a message, and the bar of buttons that does it."""

from __future__ import annotations

from enum import Enum
from typing import Final

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from desktop.domain.chat import Message, MessageState
from desktop.domain.prompt import can_continue
from desktop.domain.repeating import may_differ
from desktop.domain.speed import acceptance_in_words, decode_tokens_per_s
from desktop.ui import tokens as design
from desktop.ui.transcript.buttons import ICON_INSET, IconButton
from desktop.ui.transcript.style import TranscriptStyle
from models.wording import mark, number, tr, trn

_CONFIRM_MS: Final = 1_500


class Action(Enum):
    """An action: its name, and its icon."""

    COPY = (mark("Copy message"), "copy")
    EDIT = (mark("Edit message"), "edit")
    AGAIN = (mark("Write again"), "again")
    CONTINUE = (mark("Continue writing"), "continue")
    PREVIOUS = (mark("Previous version"), "chevron-left")
    NEXT = (mark("Next version"), "chevron-right")
    ANSWER = (mark("Have it answered"), "again")
    START = (mark("Write the start of a reply…"), "edit")
    BRANCH = (mark("Branch into a new chat"), "copy")
    PIN = (mark("Keep in the model's window"), "lock")
    UNPIN = (mark("Let it leave the model's window"), "lock")
    DELETE = (mark("Delete"), "trash")
    DELETE_EXCHANGE = (mark("Delete with the reply"), "trash")
    DELETE_BRANCH = (mark("Delete from here on"), "trash")

    @property
    def label(self) -> str:
        """The name, for tooltips, menus and screen readers."""
        return tr(self.value[0])

    @property
    def icon_name(self) -> str:
        """The icon in the set."""
        return self.value[1]


_BUTTONS: Final = (
    Action.COPY,
    Action.EDIT,
    Action.ANSWER,
    Action.AGAIN,
    Action.CONTINUE,
    Action.PREVIOUS,
    Action.NEXT,
)


def actions_of(message: Message, *, is_last: bool = False) -> list[Action]:
    """Return what is done with a message most often, in the order in which it is shown.

    ``is_last`` says that nothing follows it.
    """
    if message.state is MessageState.STREAMING:
        return []
    actions = [Action.COPY] if message.text else []
    actions.append(Action.EDIT)
    if message.role == "user" and is_last:
        actions.append(Action.ANSWER)
    if message.role == "assistant":
        actions.append(Action.AGAIN)
        if can_continue(message):
            actions.append(Action.CONTINUE)
    if message.sibling_index > 0:
        actions.append(Action.PREVIOUS)
    if message.sibling_index < message.sibling_count - 1:
        actions.append(Action.NEXT)
    return actions


def more_of(message: Message, *, is_last: bool) -> list[Action]:
    """Return what else can be done."""
    is_own, is_written = message.role == "user", message.state is not MessageState.STREAMING
    wanted = {
        Action.START: is_written,
        Action.BRANCH: is_written,
        Action.PIN: is_written and not message.pinned,
        Action.UNPIN: message.pinned,
        Action.DELETE: not is_own or is_last,
        Action.DELETE_EXCHANGE: is_own and not is_last,
        Action.DELETE_BRANCH: not is_last,
    }
    return [action for action, is_wanted in wanted.items() if is_wanted]


def speed_of(message: Message) -> str:
    """Return how fast a reply came, and whether its seed kept its promise; empty if unmeasured."""
    report = message.report
    if report is None or report.completion_tokens < 1:
        return ""
    parts = [tr("pinned")] if message.pinned else []
    if message.context is not None and (count := message.context.left_out):
        parts.append(trn("without {count} older message", "without {count} older messages", count))
    if may_differ(message):
        beside = report.beside_others
        parts.append(tr("may differ: written beside another reply") if beside else tr("may differ"))
    if speed := decode_tokens_per_s(report):
        parts.append(tr("{speed} tok/s", speed=number(speed)))
    if guesses := acceptance_in_words(report):
        parts.append(guesses)
    if report.first_token_s > 0:
        parts.append(tr("{seconds} s to first token", seconds=number(report.first_token_s, 1)))
    return " \u00b7 ".join(parts)


class ActionBar(QWidget):
    """The buttons under one message."""

    triggered = Signal(int, Action)
    """A message's id, and what to do with it."""
    more_requested = Signal(int, QPoint)
    """A message's id, and where the list of all that can be done is to stand."""

    def __init__(self, style: TranscriptStyle, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("message_actions")
        self.message_id: int | None = None
        self._message: Message | None = None
        self._is_last = False
        self._buttons: dict[Action, IconButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._row = row
        row.addStretch(0)
        for action in _BUTTONS:
            self._add_button(action)
            if action is Action.PREVIOUS:
                self._position = QLabel(self)
                row.addWidget(self._position)
        self._more = IconButton(tr("More actions"), "more", self)
        self._more.setObjectName("more_actions")
        self._more.clicked.connect(self._on_more)
        row.addWidget(self._more)
        row.addStretch(0)
        self._speed = QLabel(self)
        row.addWidget(self._speed)
        self._confirmation = QTimer(self, singleShot=True, interval=_CONFIRM_MS)
        self._confirmation.timeout.connect(self._on_confirmation_over)
        self.apply_style(style)

    def show_message(self, message: Message, *, is_last: bool = False) -> None:
        """Offer what a message allows."""
        if (message, is_last) == (self._message, self._is_last):
            return
        self._is_last = is_last
        if message.id != self.message_id:
            self._on_confirmation_over()
        self._message, self.message_id = message, message.id
        offered = actions_of(message, is_last=is_last)
        has_versions = message.sibling_count > 1 and message.state is not MessageState.STREAMING
        for action, button in self._buttons.items():
            is_version = action in {Action.PREVIOUS, Action.NEXT}
            button.setVisible(action in offered or (is_version and has_versions))
            button.setEnabled(action in offered)
        self._position.setText(f"{message.sibling_index + 1}/{message.sibling_count}")
        self._position.setVisible(has_versions)
        is_own = message.role == "user"
        self._speed.setText("" if is_own else speed_of(message))
        self._row.setStretch(0, 1 if is_own else 0)
        self._row.setStretch(self._row.count() - 2, 0 if is_own else 1)
        self.setAccessibleName(
            tr("Actions for your message") if is_own else tr("Actions for the reply")
        )

    @property
    def buttons(self) -> tuple[IconButton, ...]:
        """The buttons as they stand."""
        return (*self._buttons.values(), self._more)

    def set_reachable(self, reachable: bool) -> None:  # noqa: FBT001
        """Let Tab come by the buttons, or pass them over."""
        policy = Qt.FocusPolicy.TabFocus if reachable else Qt.FocusPolicy.NoFocus
        for button in self.buttons:
            if button.focusPolicy() != policy:
                button.setFocusPolicy(policy)

    def focus_first(self) -> None:
        """Bring the keyboard to the first action."""
        for button in self._buttons.values():
            if button.isVisibleTo(self) and button.isEnabled():
                button.setFocus(Qt.FocusReason.TabFocusReason)
                return

    def confirm_copy(self) -> None:
        """Show for a moment that the text was copied."""
        self._buttons[Action.COPY].confirmed = True
        self._buttons[Action.COPY].update()
        self._confirmation.start()

    def apply_style(self, style: TranscriptStyle) -> None:
        """Take another appearance."""
        for button in self.buttons:
            button.apply_style(style)
        sheet = f"color: {style.palette.secondary}; background: transparent;"
        for label in (self._position, self._speed):
            label.setFont(style.small_font)
            label.setStyleSheet(sheet)
        self._position.setContentsMargins(design.XS, 0, design.XS, 0)
        self._speed.setContentsMargins(0, 0, ICON_INSET, 0)

    def _add_button(self, action: Action) -> None:
        button = IconButton(action.label, action.icon_name, self)
        button.setObjectName(action.name.lower())
        button.clicked.connect(lambda: self._on_clicked(action))
        self._buttons[action] = button
        self._row.addWidget(button)

    def _on_more(self) -> None:
        if self.message_id is not None:
            corner = self._more.mapToGlobal(self._more.rect().bottomLeft())
            self.more_requested.emit(self.message_id, corner)

    def _on_clicked(self, action: Action) -> None:
        if self.message_id is not None:
            self.triggered.emit(self.message_id, action)

    def _on_confirmation_over(self) -> None:
        self._confirmation.stop()
        self._buttons[Action.COPY].confirmed = False
        self._buttons[Action.COPY].update()
