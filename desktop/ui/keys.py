"""The window's keys: bound in one table, and shown from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QGridLayout, QWidget

from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button


@dataclass(frozen=True)
class Key:
    """A key: what it does by name, its sequences (the first is shown), and its line on the sheet.

    A key without an action is one of the composer's or the list's own.
    """

    action: str
    sequences: tuple[str, ...]
    text: str


KEYS: Final = (
    Key("", ("Enter",), "Send"),
    Key("", ("Shift+Enter",), "New line"),
    Key("escape", ("Esc",), "Stop the reply, or close what is open"),
    Key("", ("↑",), "In an empty message: edit the last one"),
    Key("again", ("Ctrl+R",), "Write the reply again"),
    Key("new_chat", ("Ctrl+N",), "New chat"),
    Key("new_private", ("Ctrl+Shift+N",), "New private chat: never stored"),
    Key("search", ("Ctrl+K",), "Search chats and messages"),
    Key("find", ("Ctrl+F",), "Find in this chat"),
    Key("find_next", ("F3",), "Next match"),
    Key("find_previous", ("Shift+F3",), "Previous match"),
    Key("", ("F2",), "Rename the chat in the list"),
    Key("", ("Del",), "Delete the chat in the list"),
    Key("toggle_chats", ("Ctrl+B",), "Show or hide the chats"),
    Key("toggle_settings", ("Ctrl+,",), "Show or hide the settings"),
    Key("presets", ("Ctrl+Shift+P",), "Presets of settings"),
    Key("context", ("Ctrl+I",), "What fills the context window"),
    Key("models", ("Ctrl+L",), "Choose a model"),
    Key("models_page", ("Ctrl+Shift+M",), "Models: find, judge, fetch and load"),
    Key("documents_page", ("Ctrl+Shift+D",), "Documents: read, summarize, extract, translate"),
    Key("trash_page", ("Ctrl+Shift+T",), "Trash and backups"),
    Key("larger", ("Ctrl++", "Ctrl+="), "Larger text"),
    Key("smaller", ("Ctrl+-",), "Smaller text"),
    Key("normal_size", ("Ctrl+0",), "Normal text"),
    Key("keys", ("F1",), "This sheet"),
    Key("about", ("Shift+F1",), "About Snug: versions, licences, a newer one"),
)


def bind_keys(window: QWidget, actions: Mapping[str, Callable[[], object]]) -> None:
    """Bind every key of the table to its action."""
    for key in KEYS:
        if key.action:
            for sequence in key.sequences:
                shortcut = QShortcut(QKeySequence(sequence), window)
                shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
                shortcut.activated.connect(actions[key.action])


class KeySheet(QDialog):
    """Lists the keys."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = column(self, spacing=tokens.L, margin=tokens.XL)
        layout.addWidget(label("Keys", kind="title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(tokens.XL)
        grid.setVerticalSpacing(tokens.S)
        for row, key in enumerate(KEYS):
            grid.addWidget(label(key.sequences[0], kind="strong"), row, 0)
            grid.addWidget(label(key.text, tone="secondary"), row, 1)
        layout.addLayout(grid)
        close = push_button("Close", "outline", self.accept)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        close.setFocus()
