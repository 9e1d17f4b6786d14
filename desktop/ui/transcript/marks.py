"""What stands in the transcript where messages were left out of the model's window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from desktop.domain.chat import Message
from desktop.domain.context import Context, Summary, latest_reply, left_out, runs
from desktop.ui import tokens as design
from desktop.ui.controls import column
from desktop.ui.transcript.buttons import BUTTON_SIZE, TextButton
from desktop.ui.transcript.style import TranscriptStyle
from models.wording import number, tr, trn

_EXCERPT: Final = 400


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Stands below the last of ``count`` messages that the newest reply was written without.

    With a ``cut`` it stands between a question and the reply to it that fills the window by itself.
    """

    count: int = 0
    summary: Summary | None = None
    cut: Context | None = None

    @property
    def title(self) -> str:
        """Return what happened to the messages above."""
        if self.cut is not None:
            return _cut_in_words(self.cut)
        if self.summary is not None:
            return trn(
                "The message above was condensed into this summary; the model no longer reads it.",
                "The {count} messages above were condensed into this summary; the model no longer "
                "reads them.",
                self.count,
            )
        return trn(
            "The message above was left out to make room; the model no longer reads it.",
            "The {count} messages above were left out to make room; the model no longer reads "
            "them.",
            self.count,
        )

    @property
    def text(self) -> str:
        """Return the beginning of the summary."""
        text = " ".join(self.summary.text.split()) if self.summary else ""
        return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT].rstrip(' .')}…"

    @property
    def spoken(self) -> str:
        """Return all of it, as it is read aloud."""
        return f"{self.title} {self.text}".strip()


def marks_of(path: Sequence[Message], summaries: Mapping[int, Summary]) -> dict[int, Mark]:
    """Return the marks by the messages that they stand below."""
    reply = latest_reply(path)
    if reply is None or reply.context is None:
        return {}
    found = _marks_of_messages(path, reply.context, summaries)
    if reply.context.is_cut and reply.parent_id is not None:
        found[reply.parent_id] = Mark(cut=reply.context)
    return found


def _marks_of_messages(
    path: Sequence[Message], context: Context, summaries: Mapping[int, Summary]
) -> dict[int, Mark]:
    out = {each.id for each in left_out(path, context)}
    summary = summaries.get(context.summary_id or 0)
    if summary is None or not summary.text:
        return {each[-1].id: Mark(count=len(each)) for each in runs(path, out)}
    told = {each for each in out if summary.first_id <= each <= summary.last_id}
    found = {each[-1].id: Mark(count=len(each)) for each in runs(path, out - told)}
    # A pinned message between them parts what one summary tells: it is shown once, at the end.
    parts = runs(path, told)
    found |= {each[-1].id: Mark(count=len(each)) for each in parts[:-1]}
    if parts:
        found[parts[-1][-1].id] = Mark(count=len(parts[-1]), summary=summary)
    return found


def height_of(mark: Mark | None, style: TranscriptStyle, width: int) -> int:
    """Return the height of a mark, 0 where there is none."""
    if mark is None:
        return 0
    text = _text_height(mark.title, style, width) + 2 * design.M
    if mark.summary is not None:
        text += _text_height(mark.text, style, width) + BUTTON_SIZE + 2 * design.S
    return text + design.M


def _text_height(text: str, style: TranscriptStyle, width: int) -> int:
    space = QRect(0, 0, max(80, width - 2 * design.L), 10_000)
    # A label's own line is a little higher than its letters.
    return (
        QFontMetrics(style.small_font)
        .boundingRect(space, int(Qt.TextFlag.TextWordWrap), text)
        .height()
    ) + design.XS


def _cut_in_words(cut: Context) -> str:
    question, reply = number(cut.question_cut), number(cut.reply_cut)
    if not cut.question_cut:
        return tr(
            "The reply below fills the window: the model wrote on without its first {reply} "
            "characters.",
            reply=reply,
        )
    if not cut.reply_cut:
        return tr(
            "The exchange fills the window: the model wrote on without {question} characters in "
            "the middle of the question above.",
            question=question,
        )
    return tr(
        "The exchange fills the window: the model wrote on without the reply's first {reply} "
        "characters and {question} in the middle of the question above.",
        reply=reply,
        question=question,
    )


class MarkPanel(QWidget):
    """One mark: what was left out, and a summary to be read and edited."""

    summary_clicked = Signal(int)

    def __init__(self, mark: Mark, style: TranscriptStyle, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("contextMark")
        self.mark = mark
        self._style = style
        self._title, self._text = QLabel(mark.title, self), QLabel(mark.text, self)
        self.button = TextButton(tr("Read and edit"), self)
        self.button.setObjectName("read_summary")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self._on_clicked)
        layout = column(self, spacing=design.S)
        layout.setContentsMargins(design.L, design.M, design.L, design.M)
        for part in (self._title, self._text):
            part.setTextFormat(Qt.TextFormat.PlainText)
            part.setWordWrap(True)
            layout.addWidget(part)
        layout.addWidget(self.button)
        self._text.setVisible(mark.summary is not None)
        self.button.setVisible(mark.summary is not None)
        self.setAccessibleName(mark.spoken)
        self.apply_style(style)

    def apply_style(self, style: TranscriptStyle) -> None:
        """Take another appearance."""
        self._style = style
        self.button.apply_style(style)
        words = QFontMetrics(style.strong_font).horizontalAdvance(self.button.text())
        self.button.setFixedSize(words + 2 * design.L, BUTTON_SIZE)
        for part, colour in (
            (self._title, style.palette.secondary),
            (self._text, style.palette.text),
        ):
            part.setFont(style.small_font)
            part.setStyleSheet(f"color: {colour}; background: transparent;")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the card."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._style.palette
        pen = QPen(QColor(palette.line), 1)
        if self.mark.summary is None:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(QColor(palette.panel))
        shape = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(shape, design.RADIUS_LARGE, design.RADIUS_LARGE)

    def _on_clicked(self) -> None:
        if self.mark.summary is not None:
            self.summary_clicked.emit(self.mark.summary.id)
