"""What of a document went into a summary: a strip with a tick a page, and the same in words."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.domain.page_words import pages_counted
from desktop.ui import tokens
from desktop.ui.controls import Tone, column, label
from desktop.ui.theme import Theme
from desktop.work.markdown import coverage_lines, heading
from desktop.work.summary_records import Coverage, SummaryReport
from models.wording import number, tr

_HEIGHT: Final = 12
_WIDEST_TICK: Final = 18.0
_GAP_FROM: Final = 4.0


class CoverageStrip(QWidget):
    """Draws a page as a tick: cited, only read, unreadable, or not in it."""

    def __init__(self, theme: Theme, coverage: Coverage) -> None:
        super().__init__()
        self._theme = theme
        self._coverage = coverage
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(
            tr(
                "{cited} of {pages} are cited",
                cited=number(len(coverage.cited)),
                pages=pages_counted(coverage.page_word, coverage.pages),
            )
        )
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return a line's height."""
        return QSize(200, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ticks from left to right."""
        coverage, theme = self._coverage, self._theme
        if not coverage.pages:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        wide = min(_WIDEST_TICK, self.width() / coverage.pages)
        gap = 2.0 if wide >= _GAP_FROM else 0.0
        read, cited = set(coverage.read), set(coverage.cited)
        for page in range(1, coverage.pages + 1):
            tick = QRectF((page - 1) * wide, 0, max(0.5, wide - gap), _HEIGHT)
            if page in coverage.unreadable:
                # A line at the foot: told apart by shape, and not by colour alone.
                painter.fillRect(tick.adjusted(0, _HEIGHT - 2, 0, 0), theme.colour("danger"))
                continue
            colour = theme.blend("page", "text", 0.10)
            if page in cited:
                colour = theme.colour("accent")
            elif page in read:
                colour = theme.blend("page", "accent", 0.30)
            painter.setBrush(colour)
            painter.drawRoundedRect(tick, gap, gap)
        painter.end()


class SummaryCoverage(QWidget):
    """Shows the coverage of each report."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("summaryCoverage")
        self._theme = theme
        self._layout = column(self, spacing=tokens.S)
        self._words: list[str] = []

    @property
    def words(self) -> list[str]:
        """Return all that is said."""
        return self._words

    def show_reports(self, reports: tuple[SummaryReport, ...]) -> None:
        """Say what went in, what is cited, what could not be read and what failed."""
        while (item := self._layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._words = []
        for report in reports:
            if len(reports) > 1:
                self._layout.addSpacing(tokens.XS)
                self._layout.addWidget(label(heading(report), kind="strong", wraps=True))
            if report.coverage.pages:
                self._layout.addWidget(CoverageStrip(self._theme, report.coverage))
            for line in coverage_lines(report):
                tone: Tone = "danger" if line in report.failures else "secondary"
                self._layout.addWidget(label(line, kind="small", tone=tone, wraps=True))
                self._words.append(line)
