"""Tells screen readers what is seen without looking: a reply begins, ends, is stopped, or fails."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from desktop.domain.chat import Message, MessageState
from desktop.ui.transcript.endings import note_of, problem_of
from desktop.ui.transcript.model import TranscriptModel
from desktop.ui.transcript.spoken import answer_words, speaker
from models.wording import tr

_MOST_READ: Final = 400
"""Of an answer. Who wants to hear more goes to the message."""

Index = QModelIndex | QPersistentModelIndex


class Announcer(QObject):
    """Follows the replies of one model, and speaks for the widget that shows them.

    ``announced`` carries each sentence as it is given to the screen reader.
    """

    announced = Signal(str)

    def __init__(self, widget: QWidget, model: TranscriptModel) -> None:
        super().__init__(widget)
        self._widget = widget
        self._model = model
        self._writing: set[int] = set()
        model.modelReset.connect(self._on_reset)
        model.rowsInserted.connect(self._on_rows_inserted)
        model.dataChanged.connect(self._on_data_changed)
        self._on_reset()

    def _on_reset(self) -> None:
        """Know which replies of another chat are on their way; they began before it was opened."""
        self._writing = {each.id for each in self._model.messages() if _is_written(each)}

    def _on_rows_inserted(self, _parent: Index, first: int, last: int) -> None:
        for message in self._model.messages()[first : last + 1]:
            if _is_written(message):
                self._note_begun(message)

    def _on_data_changed(self, first: Index, last: Index, _roles: object = None) -> None:
        for row in range(first.row(), last.row() + 1):
            message = self._model.message(row)
            if _is_written(message):
                # It goes on where it was cut.
                self._note_begun(message)
            elif message.id in self._writing:
                self._writing.discard(message.id)
                failed = message.state is MessageState.FAILED
                self._say(_end_of(message), is_urgent=failed)

    def _note_begun(self, message: Message) -> None:
        if message.id not in self._writing:
            self._writing.add(message.id)
            self._say(tr("{name} is writing.", name=speaker(message)))

    def _say(self, text: str, *, is_urgent: bool = False) -> None:
        event = QAccessibleAnnouncementEvent(self._widget, text)
        if is_urgent:
            event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(event)
        self.announced.emit(text)


def _is_written(message: Message) -> bool:
    return message.state is MessageState.STREAMING


def _end_of(message: Message) -> str:
    name = speaker(message)
    if message.state is MessageState.FAILED:
        problem = " ".join(problem_of(message)).rstrip()
        return tr("{name} could not answer. {problem}", name=name, problem=problem)
    if note := note_of(message):
        return tr("{name} has ended. {note}.", name=name, note=note)
    words = answer_words(message)
    if len(words) > _MOST_READ:
        words = f"{words[:_MOST_READ].rsplit(' ', 1)[0]}…"
    return tr("{name} has answered: {answer}", name=name, answer=words)
