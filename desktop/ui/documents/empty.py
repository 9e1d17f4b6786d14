"""What stands where no document is open: where they come from."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.ui import tokens
from desktop.ui.controls import Card, column, label, push_button, set_property
from desktop.ui.documents.shelf import Shelf
from models.wording import tr

_WIDEST = 520


class EmptyDesk(QWidget):
    """Teaches how to begin where there is no document, and says to choose one where there are."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf
        self._title = label(kind="heading")
        self._words = label(tone="secondary", wraps=True)
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, tokens.S, 0, 0)
        row.setSpacing(tokens.S)
        row.addWidget(push_button(tr("Choose files…"), "primary", shelf.choose_files))
        row.addWidget(push_button(tr("Choose a folder…"), "outline", shelf.choose_folder))
        row.addStretch(1)
        self._frame = Card("drop")
        self._frame.setMaximumWidth(_WIDEST)
        words = column(self._frame, spacing=tokens.S, margin=tokens.XXL)
        for part in (self._title, self._words, self._buttons):
            words.addWidget(part)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(self._frame, 1000)
        across.addStretch(1)
        layout = column(self, margin=tokens.XL)
        layout.addStretch(2)
        layout.addLayout(across)
        layout.addStretch(3)

    def show_first(self, *, first: bool) -> None:
        """Say how to begin, or what to choose."""
        if not first and self._buttons.isAncestorOf(self.focusWidget() or self):
            # The buttons go: the focus would leave the page with them.
            self._shelf.list.setFocus()
        self._buttons.setVisible(first)
        set_property(self._frame, "kind", "drop" if first else "")
        self._title.setText(tr("Drop a document here") if first else tr("Choose a document"))
        self._words.setText(
            tr(
                "Snug reads it whole, on this machine: PDF, Word, OpenDocument, PowerPoint, Excel, "
                "EPUB, web pages, Markdown, text, source code, CSV and e-mail. Files, whole "
                "folders and copied text are welcome."
            )
            if first
            else tr("Or several at once, with Ctrl or Shift, to summarize or ask them together.")
        )
