"""The one stroke set of icons, tinted by role."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_PIXEL_RATIOS: Final = (1, 2, 3)


@lru_cache(maxsize=256)
def icon(name: str, colour: str, size: int = 20) -> QIcon:
    """Return the icon ``resources/icons/<name>.svg`` in a colour of the palette.

    ``size`` is in device-independent pixels; the icon is sharp at one to three pixels for each.
    Raises FileNotFoundError for a name that is not in the set.
    """
    source = resources.files("resources").joinpath("icons", f"{name}.svg").read_text("utf-8")
    renderer = QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))
    result = QIcon()
    for ratio in _PIXEL_RATIOS:
        pixmap = QPixmap(size * ratio, size * ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(pixmap.rect()))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        result.addPixmap(pixmap)
    return result
