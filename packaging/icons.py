"""Draws the program's icon, from the one SVG, in the containers that Windows and macOS want."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QIODevice, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SOURCE: Final = Path(__file__).resolve().parent.parent / "resources" / "icons" / "snug.svg"
NAMES: Final = {"win32": "snug.ico", "darwin": "snug.icns"}

_ICO_SIZES: Final = (16, 20, 24, 32, 40, 48, 64, 128, 256)
_ICNS_SIZES: Final = {
    "ic11": 32,  # 16 points at two pixels each
    "ic12": 64,
    "ic07": 128,
    "ic13": 256,
    "ic08": 256,
    "ic14": 512,
    "ic09": 512,
    "ic10": 1024,
}
_ICNS_MARGIN: Final = 0.055
"""A Mac's icons leave a tenth of their square free on each side; the drawing has half of that."""


def write(platform: str, folder: Path) -> Path | None:
    """Write the icon of ``sys.platform``'s value into ``folder``; None where the SVG will do."""
    if platform not in NAMES:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAMES[platform]
    path.write_bytes(ico() if platform == "win32" else icns())
    return path


def ico() -> bytes:
    """Return the icon as Windows wants it: a directory of pictures, then the pictures."""
    pictures = [_png(size) for size in _ICO_SIZES]
    offset = 6 + 16 * len(pictures)
    directory = struct.pack("<HHH", 0, 1, len(pictures))
    for size, picture in zip(_ICO_SIZES, pictures, strict=True):
        edge = size % 256  # 256 is written as 0
        directory += struct.pack("<BBBBHHII", edge, edge, 0, 0, 1, 32, len(picture), offset)
        offset += len(picture)
    return directory + b"".join(pictures)


def icns() -> bytes:
    """Return the icon as macOS wants it: pictures, each after a tag and its length."""
    body = b""
    for tag, size in _ICNS_SIZES.items():
        picture = _png(size, _ICNS_MARGIN)
        body += tag.encode() + struct.pack(">I", 8 + len(picture)) + picture
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def _png(size: int, margin: float = 0.0) -> bytes:
    """Return the drawing in so many pixels; ``margin`` is a share of them, on each side."""
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    inset = size * margin
    QSvgRenderer(str(SOURCE)).render(
        painter, QRectF(inset, inset, size - 2 * inset, size - 2 * inset)
    )
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs know no device here
    return bytes(buffer.data().data())
