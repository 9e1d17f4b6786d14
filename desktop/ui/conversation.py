"""One chat: transcript or empty state, and the composer below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QWidget

from desktop.controllers.chat import OpenedChat
from desktop.controllers.model import ModelState
from desktop.domain.chat import ChatView, Message
from desktop.ui import tokens
from desktop.ui.composer import Composer
from desktop.ui.controls import column
from desktop.ui.empty_state import EmptyState
from desktop.ui.problem_card import ProblemCard
from desktop.ui.theme import Theme
from desktop.ui.transcript.model import TranscriptModel
from desktop.ui.transcript.view import TranscriptView


class Conversation(QWidget):
    """Shows one chat. The composer's edges are those of the reading column."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.transcript_model = TranscriptModel(self)
        self.transcript = TranscriptView()
        self.transcript.setObjectName("transcript")
        self.transcript.setAccessibleName("Conversation")
        self.transcript.setModel(self.transcript_model)
        self.empty = EmptyState()
        self.problem = ProblemCard()
        self.composer = Composer(theme)
        self._stack = QStackedWidget()
        self._beginning = self._make_beginning()
        self._stack.addWidget(self._beginning)
        self._stack.addWidget(self.transcript)
        self._foot = self._make_foot()
        layout = column(self)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._foot)
        self.setFocusProxy(self.composer.editor)

    @property
    def foot_height(self) -> int:
        """Return the height of what lies below the transcript."""
        return self._foot.height()

    def show_chat(self, chat: OpenedChat) -> None:
        """Show a chat where the person left it."""
        self.show_path(chat.messages)
        self.transcript.restore_anchor(chat.view.anchor_id, chat.view.anchor_offset)
        self.composer.set_draft(chat.view.draft)

    def show_path(self, messages: Sequence[Message]) -> None:
        """Show another path through the chat."""
        self.transcript_model.set_messages(messages)
        self._stack.setCurrentWidget(self.transcript if messages else self._beginning)

    def add_messages(self, messages: Sequence[Message]) -> None:
        """Add messages at the end, and go there."""
        for message in messages:
            self.transcript_model.append(message)
        self._stack.setCurrentWidget(self.transcript)
        self.transcript.restore_anchor(None, 0)

    def add_text(self, message_id: int, text: str, _tokens: int) -> None:
        """Add to a reply that is being written."""
        self.transcript_model.append_text(message_id, text)

    def show_model(self, state: ModelState) -> None:
        """Say which model answers, or why none does."""
        self.empty.show_model(state)
        self.problem.show_model(state)

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
        layout.addWidget(self.composer)
        row.addStretch(1)
        row.addWidget(inner, 1000)
        row.addStretch(1)
        return foot
