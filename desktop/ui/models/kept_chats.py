"""How much is kept of chats for an instant return, and the way to delete it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.controllers.kv_files import KvFiles, KvUsage
from desktop.ui import tokens
from desktop.ui.controls import label, push_button
from models.amounts import size_in_words
from models.wording import tr, trn


class KeptChats(QWidget):
    """One line: the chats and their size on the disk, and a button."""

    def __init__(self, kv_files: KvFiles) -> None:
        super().__init__()
        self._kv_files = kv_files
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.S)
        self._text = label(kind="small", tone="secondary", wraps=True)
        self._delete = push_button(tr("Delete"), "outline", kv_files.delete_all)
        self._delete.setAccessibleName(tr("Delete what is kept of chats for an instant return"))
        row.addWidget(self._text, 1)
        row.addWidget(self._delete)
        kv_files.changed.connect(self._show)
        self._show(kv_files.usage)

    def look(self) -> None:
        """Find out how much there is by now."""
        self._kv_files.look()

    def _show(self, usage: KvUsage) -> None:
        words = trn(
            "{count} chat on the disk, {size}. Deleting costs no message, only time.",
            "{count} chats on the disk, {size}. Deleting costs no message, only time.",
            usage.chats,
            size=size_in_words(usage.bytes),
        )
        self._text.setText(words if usage.chats else tr("Nothing is on the disk yet."))
        self._delete.setEnabled(bool(usage.chats))
