"""Fonts, colours and measures of the transcript, made of the design's tokens for one text size."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Final

from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetricsF,
    QGuiApplication,
    QTextBlockFormat,
    QTextCharFormat,
)

from desktop.ui import tokens
from desktop.ui.tokens import Palette

HEADING_SCALE: Final = {1: 1.35, 2: 1.2, 3: 1.08}
"""Sizes of headings against the body; deeper ones have the body's."""
BASELINE_SHARE: Final = 0.8
"""Where in a line of fixed height Qt puts the baseline."""
CODE_LINE_PERCENT: Final = 145
LIST_INDENT: Final = tokens.XL
_QUIET_SHARE: Final = 0.94


class TranscriptStyle:
    """Everything that a block is drawn with. A change of appearance makes a new one."""

    def __init__(self, palette: Palette, text_scale: int = 100) -> None:
        """Make fonts and formats; ``text_scale`` is in percent."""
        self.palette = palette
        self.text_scale = text_scale
        self.body_px = max(8, round(tokens.BODY_PX * text_scale / 100))
        self.code_px = max(8, round(tokens.CODE_PX * text_scale / 100))
        self.small_px = max(8, round((tokens.BODY_PX - 2) * text_scale / 100))
        self.body_font = self._font(QGuiApplication.font(), self.body_px)
        self.small_font = self._font(QGuiApplication.font(), self.small_px)
        self.strong_font = QFont(self.body_font)
        self.strong_font.setWeight(QFont.Weight.DemiBold)
        self.name_font = QFont(self.small_font)
        self.name_font.setWeight(QFont.Weight.DemiBold)
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.code_font = self._font(fixed, self.code_px)
        self.code_font.setStyleHint(QFont.StyleHint.Monospace)
        self.line_height = round(self.body_px * tokens.LINE_HEIGHT_PERCENT / 100)
        self.code_line_height = round(self.code_px * CODE_LINE_PERCENT / 100)
        self.small_line_height = round(self.small_px * 1.5)
        self.body_metrics = QFontMetricsF(self.body_font)
        self.average_char = self.body_metrics.averageCharWidth()
        self.code_char = QFontMetricsF(self.code_font).horizontalAdvance("0")

    @cached_property
    def quiet(self) -> TranscriptStyle:
        """The style of what is not meant to be read first."""
        palette = replace(self.palette, text=self.palette.secondary)
        return TranscriptStyle(palette, round(self.text_scale * _QUIET_SHARE))

    def colour(self, value: str) -> QColor:
        """Return a palette's colour as Qt takes it."""
        return QColor(value)

    def char_format(
        self, *, strong: bool = False, emphasis: bool = False, struck: bool = False
    ) -> QTextCharFormat:
        """Return the format of running text."""
        result = QTextCharFormat()
        font = QFont(self.body_font)
        font.setItalic(emphasis)
        font.setStrikeOut(struck)
        if strong:
            font.setWeight(QFont.Weight.DemiBold)
        result.setFont(font)
        result.setForeground(QColor(self.palette.text))
        return result

    def code_format(self, colour: str | None = None) -> QTextCharFormat:
        """Return the format of monospaced text."""
        result = QTextCharFormat()
        result.setFont(self.code_font)
        result.setForeground(QColor(colour or self.palette.text))
        return result

    def heading_px(self, level: int) -> int:
        """Return the size of a heading's text."""
        return round(self.body_px * HEADING_SCALE.get(level, 1.0))

    def paragraph_format(self, line_height: int | None = None) -> QTextBlockFormat:
        """Return the format of a paragraph, whose baselines are evenly apart."""
        result = QTextBlockFormat()
        result.setLineHeight(
            line_height or self.line_height, QTextBlockFormat.LineHeightTypes.FixedHeight.value
        )
        return result

    def fits_line(self, ascent: float, depth: float) -> bool:
        """Tell whether something on the baseline stays within a paragraph's line."""
        baseline = self.line_height * BASELINE_SHARE
        return ascent <= baseline and depth <= self.line_height - baseline

    @staticmethod
    def _font(base: QFont, pixels: int) -> QFont:
        font = QFont(base)
        font.setPixelSize(pixels)
        font.setWeight(QFont.Weight.Normal)
        return font
