"""The account of a load: what runs where, and why, in a popover."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget, QWidgetAction

from desktop.controllers.model import ModelState
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from desktop.ui.models.memory_bar import MemoryAccount
from desktop.ui.theme import Theme
from models.wording import tr

_WIDTH = 400


class LoadAccount(QWidget):
    """Says in sentences how the model was loaded, with a bar for each device's memory."""

    def __init__(self, theme: Theme, state: ModelState, on_change: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName("loadAccount")
        self.setFixedWidth(_WIDTH)
        layout = column(self, spacing=tokens.S, margin=tokens.M)
        title = tr("How {name} is loaded", name=state.name)
        layout.addWidget(label(title, kind="strong", wraps=True))
        self.text = "\n".join(state.account)
        for sentence in state.account:
            layout.addWidget(label(sentence, wraps=True))
        if state.info is not None and any(part.total_bytes for part in state.info.memory):
            layout.addSpacing(tokens.XS)
            memory = MemoryAccount(theme)
            memory.show_memory(state.info.memory)
            layout.addWidget(memory)
        layout.addSpacing(tokens.XS)
        layout.addWidget(push_button(tr("Change how it loads…"), "link", on_change))


def show_account(
    theme: Theme, state: ModelState, button: QWidget, on_change: Callable[[], object]
) -> QMenu:
    """Open the account below a button and return its popover."""
    menu = QMenu(button)

    def change() -> None:
        menu.close()
        on_change()

    account = LoadAccount(theme, state, change)
    holder = QWidgetAction(menu)
    holder.setDefaultWidget(account)
    menu.addAction(holder)
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(button.mapToGlobal(QPoint(0, button.height() + 2)))
    return menu
