"""A page as a picture that fills the width, with the places marked that something leads to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec
from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from desktop.controllers.pictures import PageWish, PicturesController
from desktop.domain.documents import Document
from desktop.ui import tokens
from desktop.ui.models.columns import make_scrolling
from desktop.ui.theme import Theme
from models.wording import number, tr

if TYPE_CHECKING:
    from desktop.documents.messages import Drawn, Mark

_SETTLE_MS: Final = 150
_LEAST_WIDTH: Final = 200
_AIR: Final = 72
"""What is left above a mark that is scrolled to."""
_MARK_OPACITY: Final = 0.28


class PageView(QScrollArea):
    """Shows a page; ``refused`` carries why it can't be drawn, as a ``UserError``."""

    refused = Signal(object)

    def __init__(self, theme: Theme, pictures: PicturesController) -> None:
        super().__init__()
        self._pictures = pictures
        self._wish: PageWish | None = None
        self.setObjectName("pageView")
        self.paper = _Paper(theme)
        make_scrolling(self, self.paper)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Page as a picture"))
        self._settle = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._settle.timeout.connect(self._draw)

    def show_page(self, document: Document, page: int, texts: Sequence[str] = ()) -> None:
        """Show a page of a PDF, scrolled to the first of the texts or to its top."""
        is_same = self._wish is not None and self._wish.document.id == document.id
        if not (is_same and self._wish is not None and self._wish.page == page):
            self.paper.show_picture(None)
        self._wish = PageWish(document, page, 0, tuple(texts))
        self.setAccessibleName(
            tr("Page {page} of {document}", page=number(page), document=document.name)
        )
        self._draw(scrolls=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for a picture of the new width once it has come to rest."""
        super().resizeEvent(event)
        self.paper.fit(self.viewport().width())
        if self._wish is not None and event.oldSize().width() != event.size().width():
            self._settle.start()

    def _draw(self, *, scrolls: bool = False) -> None:
        if self._wish is None:
            return
        wide = round(max(_LEAST_WIDTH, self.viewport().width()) * self.devicePixelRatioF())

        def show(drawn: Drawn) -> None:
            self.paper.show_picture(drawn)
            if scrolls:
                # Once the new height is laid out.
                QTimer.singleShot(0, self, self._scroll_to_mark)

        self._pictures.draw(
            self, msgspec.structs.replace(self._wish, width=wide), show, self.refused.emit
        )

    def _scroll_to_mark(self) -> None:
        top = self.paper.first_mark_top
        self.verticalScrollBar().setValue(max(0, round(top) - _AIR))


class _Paper(QWidget):
    """The sheet itself."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._image = QImage()
        self._marks: Sequence[Mark] = ()
        self._shape = 2**0.5
        theme.changed.connect(self.update)

    @property
    def sheet(self) -> QRectF:
        """Return where the page is drawn: all of the width, and as high as that makes it."""
        return QRectF(0, 0, self.width(), round(self.width() * self._shape))

    @property
    def marks(self) -> list[QRectF]:
        """Return where the marks are."""
        wide, high = self.sheet.width(), self.sheet.height()
        return [
            QRectF(m.x * wide, m.y * high, m.width * wide, m.height * high) for m in self._marks
        ]

    @property
    def first_mark_top(self) -> float:
        """Return where the uppermost mark begins, 0 where there is none."""
        return min((mark.top() for mark in self.marks), default=0.0)

    def show_picture(self, drawn: Drawn | None) -> None:
        """Show a page's pixels and its marks."""
        if drawn is None:
            self._image, self._marks = QImage(), ()
        else:
            picture = QImage(
                drawn.pixels, drawn.width, drawn.height, drawn.stride, QImage.Format.Format_RGB32
            )
            # A copy, since Qt does not hold on to Python's bytes.
            self._image, self._marks = picture.copy(), drawn.marks
            self._shape = drawn.height / max(1, drawn.width)
        self.fit(self.width())
        self.update()

    def fit(self, width: int) -> None:
        """Be as high as a page of this width is."""
        self.setMinimumHeight(round(width * self._shape))

    def sizeHint(self) -> QSize:
        """Return a page's size at the width there is."""
        return QSize(300, round(300 * self._shape))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the page and mark it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._image.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("raised"))
            painter.drawRoundedRect(self.sheet, tokens.RADIUS_SMALL, tokens.RADIUS_SMALL)
            return
        painter.drawImage(self.sheet, self._image)
        # Paper is white in the dark too, so a mark has the light theme's way of being seen.
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
        tint = self._theme.colour("accent")
        tint.setAlphaF(_MARK_OPACITY)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint)
        for mark in self.marks:
            painter.drawRoundedRect(mark.adjusted(-2, -2, 2, 2), 2, 2)
