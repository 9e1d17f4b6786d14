"""Draws a model of the list: its name, its facts, and whether it fits."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from desktop.ui import tokens
from desktop.ui.models.library_model import (
    ENTRY_ROLE,
    JUDGEMENT_ROLE,
    LOADED_ROLE,
    TROUBLE_ROLE,
    AnyIndex,
    facts,
)
from desktop.ui.models.verdicts import VERDICT_ROLES, verdict_text
from desktop.ui.rows import SMALL_PX, RowDelegate, draw_name, draw_small, row_font, two_lines
from models.estimate.records import Judgement
from models.library.entry import LibraryEntry, ModelKind

_NAME_PX: Final = 13
_BADGE_HEIGHT: Final = 20
_DOT: Final = 4


class LibraryDelegate(RowDelegate):
    """Two lines and a badge; every row has the same height."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw a model."""
        with self.drawn_row(painter, option) as inner:
            entry: LibraryEntry = index.data(ENTRY_ROLE)
            judgement: Judgement | None = index.data(JUDGEMENT_ROLE)
            top, below = two_lines(inner)
            trouble: str = index.data(TROUBLE_ROLE)
            if not trouble and judgement is not None:
                top.setRight(self._paint_badge(painter, top, judgement, entry.kind) - tokens.S)
            self._paint_name(painter, top, entry.name, is_loaded=bool(index.data(LOADED_ROLE)))
            words = trouble or "  ·  ".join(facts(entry))
            draw_small(
                painter, below, words, self._theme.colour("danger" if trouble else "secondary")
            )

    def _paint_badge(
        self, painter: QPainter, line: QRect, judgement: Judgement, kind: ModelKind
    ) -> int:
        """Draw the verdict at the line's end; return where it begins."""
        role = VERDICT_ROLES[judgement.verdict]
        font = row_font(painter.font(), SMALL_PX)
        words = verdict_text(judgement, kind)
        width = QFontMetrics(font).horizontalAdvance(words) + 2 * tokens.S
        pill = QRectF(0, 0, width, _BADGE_HEIGHT)
        pill.moveRight(line.right())
        pill.moveTop(line.center().y() - _BADGE_HEIGHT / 2 + 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.blend("page", role, 0.12))
        painter.drawRoundedRect(pill, _BADGE_HEIGHT / 2, _BADGE_HEIGHT / 2)
        painter.setFont(font)
        painter.setPen(self._theme.colour(role))
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), words)
        return int(pill.left())

    def _paint_name(self, painter: QPainter, line: QRect, name: str, *, is_loaded: bool) -> None:
        room = line.adjusted(0, 0, -(3 * _DOT + tokens.S) if is_loaded else 0, 0)
        end = draw_name(painter, room, name, self._theme.colour("text"), _NAME_PX)
        if is_loaded:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("good"))
            painter.drawEllipse(QPoint(end + tokens.S + _DOT, line.center().y() + 1), _DOT, _DOT)
