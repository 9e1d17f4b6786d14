"""Why the hub has no answer, and the button that mends it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from desktop.domain.errors import UserError
from desktop.ui import tokens
from desktop.ui.controls import Card, column, label, plain_tip, push_button
from models.wording import tr

TOKEN_CODES = ("gated", "unauthorized")


class TroubleCard(Card):
    """Shows a cause and its remedies. What is about access is mended by the ``AccessCard``."""

    retry_requested = Signal()
    online_requested = Signal()

    def __init__(self) -> None:
        super().__init__("problem")
        self.setObjectName("hubTrouble")
        self._title = label(kind="strong", wraps=True)
        self._hint = label(tone="secondary", wraps=True)
        self._retry = push_button(tr("Try again"), "primary", self.retry_requested.emit)
        self._online = push_button(tr("Go online"), "primary", self.online_requested.emit)
        layout = column(self, spacing=tokens.XS)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        layout.addWidget(self._title)
        layout.addWidget(self._hint)
        layout.addSpacing(tokens.S)
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        row.addWidget(self._online)
        row.addWidget(self._retry)
        row.addStretch(1)
        layout.addLayout(row)
        self.hide()

    def show_trouble(self, trouble: UserError | None, *, can_go_online: bool = False) -> None:
        """Show trouble; None hides the card. ``can_go_online``: it was the person's own choice."""
        self.setVisible(trouble is not None)
        if trouble is None:
            return
        self._title.setText(trouble.title)
        self._hint.setText(trouble.hint)
        self._hint.setVisible(bool(trouble.hint))
        self.setToolTip(plain_tip(trouble.detail))
        self.setAccessibleName(f"{trouble.title} {trouble.hint}".strip())
        is_offline = trouble.code == "offline"
        self._online.setVisible(is_offline and can_go_online)
        self._retry.setVisible(not is_offline and trouble.code not in TOKEN_CODES)
