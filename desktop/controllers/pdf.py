"""A chat as PDF, drawn on whatever thread asks for it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QBuffer, QEventLoop, QIODevice, QMarginsF
from PySide6.QtGui import (
    QFont,
    QPageSize,
    QPdfWriter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)

from desktop.domain.archive import ArchivedChat
from desktop.work.chat_files.writing import file_name, html_parts

_BODY_PT: Final = 10.5
_STYLE: Final = """
h1 { font-size: 18pt; } .by { font-weight: 600; color: #6b665e; margin-top: 14px; }
.facts { color: #6b665e; font-size: 9pt; } .user { background-color: #f3ece4; }
pre { background-color: #f4f2ee; font-family: monospace; font-size: 9pt; white-space: pre-wrap; }
code { font-family: monospace; } a { color: #a84b25; } th, td { padding: 3px; }
"""


def as_pdf(chat: ArchivedChat) -> bytes:
    """Return the conversation that is shown, on pages of A4."""
    # A long document is laid out with timers, which want what a thread of Python lacks.
    loop = QEventLoop()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(file_name(chat))
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    # The document brings margins of its own.
    writer.setPageMargins(QMarginsF())
    document = QTextDocument()
    font = QFont(document.defaultFont())
    font.setPointSizeF(_BODY_PT)
    document.setDefaultFont(font)
    document.setDefaultStyleSheet(_STYLE)
    cursor = QTextCursor(document)
    # Piece by piece, so that the window gets its turn in between.
    for number, part in enumerate(html_parts(chat, can_fold=False)):
        if number:
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        cursor.insertHtml(part)
    document.print_(writer)
    del writer, loop
    return bytes(buffer.data().data())
