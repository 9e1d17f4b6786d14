"""One chat: transcript or empty state, and the composer below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QWidget

from desktop.controllers.chat import OpenedChat
from desktop.controllers.model import ModelState
from desktop.domain.chat import ChatView, Message, is_private
from desktop.ui import tokens
from desktop.ui.composer import Composer
from desktop.ui.controls import column, pass_focus
from desktop.ui.empty_state import EmptyState
from desktop.ui.overflow_card import OverflowCard
from desktop.ui.private_bar import PrivateBar
from desktop.ui.problem_card import ProblemCard
from desktop.ui.theme import Theme
from desktop.ui.transcript.model import TranscriptModel
from desktop.ui.transcript.view import TranscriptView
from models.wording import tr

if TYPE_CHECKING:
    from desktop.ui.documents.source_pane import SourcePane

_TALK_LEAST: Final = 440
_PANE_LEAST: Final = 280
_PANE_MOST: Final = 460


class Conversation(QWidget):
    """Shows one chat. The composer's edges are those of the reading column."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.transcript_model = TranscriptModel(self)
        self.transcript = TranscriptView()
        self.transcript.setObjectName("transcript")
        self.transcript.setAccessibleName(tr("Conversation"))
        self.transcript.setModel(self.transcript_model)
        self.private_bar = PrivateBar(theme)
        self.empty = EmptyState()
        self.problem = ProblemCard()
        self.overflow = OverflowCard()
        self.composer = Composer(theme)
        self._stack = QStackedWidget()
        self._beginning = self._make_beginning()
        self._stack.addWidget(self._beginning)
        self._stack.addWidget(self.transcript)
        self._foot = self._make_foot()
        self.source_pane: SourcePane | None = None
        self._model = ModelState()
        self._talk = QWidget()
        layout = self._column = column(self._talk)
        layout.addWidget(self.private_bar)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._foot)
        self._beside = QHBoxLayout(self)
        self._beside.setContentsMargins(0, 0, 0, 0)
        self._beside.setSpacing(0)
        self._beside.addWidget(self._talk, 1)
        self.composer.gauge.set_place(self._talk, self._foot)
        pass_focus(self, lambda: self.composer.editor)

    @property
    def foot_height(self) -> int:
        """Return the height of what lies below the transcript."""
        return self._foot.height()

    def show_chat(self, chat: OpenedChat) -> None:
        """Show a chat where the person left it."""
        self.private_bar.setVisible(is_private(chat.chat_id))
        self.show_path(chat.messages)
        self.transcript.restore_anchor(chat.view.anchor_id, chat.view.anchor_offset)
        self.composer.set_draft(chat.view.draft)

    def show_path(self, messages: Sequence[Message]) -> None:
        """Show another path through the chat, from where the person reads if that is on it."""
        message_id, offset = self.transcript.anchor()
        self.transcript_model.set_messages(messages)
        self._stack.setCurrentWidget(self.transcript if messages else self._beginning)
        self._show_problem()
        if message_id is not None and self.transcript_model.row_of(message_id) is not None:
            self.transcript.restore_anchor(message_id, offset)

    def add_messages(self, messages: Sequence[Message]) -> None:
        """Add messages at the end, and go there."""
        for message in messages:
            self.transcript_model.append(message)
        self._stack.setCurrentWidget(self.transcript)
        self._show_problem()
        self.transcript.restore_anchor(None, 0)

    def put_below(self, messages: Sequence[Message]) -> None:
        """Add what comes after the last message; what is read stays where it is."""
        message_id, offset = self.transcript.anchor()
        self.transcript_model.put_below(messages)
        if message_id is not None and self.transcript.following:
            # A reply that is being written is followed where it is begun, and not here.
            self.transcript.restore_anchor(message_id, offset)

    def put_above(self, messages: Sequence[Message]) -> None:
        """Add what comes before the first message; what is read stays where it is."""
        self.transcript_model.put_above(messages)

    def add_text(self, message_id: int, text: str, _tokens: int) -> None:
        """Add to a reply that is being written."""
        self.transcript_model.append_text(message_id, text)

    def set_find_bar(self, bar: QWidget) -> None:
        """Take the bar in which something is looked for."""
        self._column.insertWidget(self._column.indexOf(self._stack), bar)

    # --- a source beside it ----------------------------------------------------------------------

    def set_source_pane(self, pane: SourcePane) -> None:
        """Take the pane that sources are shown in."""
        self.source_pane = pane
        pane.setContentsMargins(0, 0, tokens.M, tokens.M)
        self._beside.addWidget(pane)
        pane.hide()

    def open_source(self) -> None:
        """Show the pane: beside the conversation, or in its place where there is no room."""
        if self.source_pane is not None:
            self.source_pane.show()
            self._arrange()

    def close_source(self) -> bool:
        """Put the pane away; return whether it was open."""
        if self.source_pane is None or self.source_pane.isHidden():
            return False
        self.source_pane.hide()
        self._arrange()
        self.composer.editor.setFocus()
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the pane the room that there is."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        pane = self.source_pane
        if pane is None:
            return
        is_open = not pane.isHidden()
        beside = self.width() >= _TALK_LEAST + _PANE_LEAST
        self._talk.setVisible(beside or not is_open)
        if beside:
            pane.setFixedWidth(min(_PANE_MOST, self.width() - _TALK_LEAST))
        else:
            pane.setFixedWidth(self.width())

    def show_model(self, state: ModelState) -> None:
        """Say which model answers, or why none does."""
        self.empty.show_model(state)
        self._model = state
        self._show_problem()

    def _show_problem(self) -> None:
        # An empty chat itself says how to come by a first model.
        welcomes = self._model.needs_model and self._stack.currentWidget() is self._beginning
        self.problem.show_model(ModelState() if welcomes else self._model)

    def view(self) -> ChatView:
        """Return where the person is."""
        anchor_id, anchor_offset = self.transcript.anchor()
        return ChatView(draft=self.composer.draft, anchor_id=anchor_id, anchor_offset=anchor_offset)

    def _make_beginning(self) -> QScrollArea:
        """Return the empty state, which gives way where a problem below it needs the room."""
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.empty)
        return scroll

    def _make_foot(self) -> QWidget:
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(tokens.XL, tokens.XS, tokens.XL, tokens.L)
        inner = QWidget()
        inner.setMaximumWidth(tokens.COLUMN_MAX)
        layout = column(inner, spacing=tokens.S)
        layout.addWidget(self.problem)
        layout.addWidget(self.overflow)
        layout.addWidget(self.composer)
        row.addStretch(1)
        row.addWidget(inner, 1000)
        row.addStretch(1)
        return foot
