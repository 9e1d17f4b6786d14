"""A chat as PDF, drawn on whatever thread asks for it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from desktop.domain.archive import ArchivedChat
from desktop.work.chat_files.writing import file_name, html_body

_MARGIN_MM: Final = 20.0
_BODY_PT: Final = 10.5
_STYLE: Final = """
h1 { font-size: 18pt; } .by { font-weight: 600; color: #6b665e; margin-top: 14px; }
.facts { color: #6b665e; font-size: 9pt; } .user { background-color: #f3ece4; }
pre { background-color: #f4f2ee; font-family: monospace; font-size: 9pt; white-space: pre-wrap; }
code { font-family: monospace; } a { color: #a84b25; } th, td { padding: 3px; }
"""


def as_pdf(chat: ArchivedChat) -> bytes:
    """Return the conversation that is shown, on pages of A4."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(file_name(chat))
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    writer.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    document = QTextDocument()
    font = QFont(document.defaultFont())
    font.setPointSizeF(_BODY_PT)
    document.setDefaultFont(font)
    document.setDefaultStyleSheet(_STYLE)
    document.setHtml(html_body(chat))
    document.print_(writer)
    del writer
    return bytes(buffer.data().data())
