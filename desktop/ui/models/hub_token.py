"""The hub's access token: set or not, never shown."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from desktop.controllers.computer import ComputerController, ComputerState
from desktop.domain.errors import UserError
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from desktop.ui.models.verdicts import small_print
from models.wording import mark, tr

_STATES = {
    "unknown": "",
    "none": mark("Not set."),
    "saved": mark("Set, and kept for this address."),
    "environment": mark("Taken from HF_TOKEN."),
}


class HubToken(QWidget):
    """A field for a new token, and the way to forget the one that is kept."""

    def __init__(self, computer: ComputerController) -> None:
        super().__init__()
        self._computer = computer
        layout = column(self, spacing=tokens.XS)
        layout.addWidget(label(tr("Access token"), kind="strong"))
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        self._field = QLineEdit()
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setAccessibleName(tr("Access token"))
        self._field.setPlaceholderText("hf_…")
        self._field.returnPressed.connect(self._on_save)
        self._save = push_button(tr("Keep"), "outline", self._on_save)
        self._forget = push_button(tr("Forget it"), "outline", computer.forget_token)
        self._field.textChanged.connect(lambda text: self._save.setEnabled(bool(text.strip())))
        self._save.setEnabled(False)
        row.addWidget(self._field, 1)
        row.addWidget(self._save)
        row.addWidget(self._forget)
        layout.addLayout(row)
        self._trouble = label(kind="small", tone="danger", wraps=True)
        self._trouble.hide()
        layout.addWidget(self._trouble)
        self._state = small_print()
        layout.addWidget(self._state)
        computer.state_changed.connect(self._show)
        computer.refused.connect(self._on_refused)
        self._show(computer.state)

    def forget_trouble(self) -> None:
        """Take away what was wrong: what it was about has changed."""
        self._trouble.hide()

    def _on_save(self) -> None:
        token = self._field.text().strip()
        if token:
            self.forget_trouble()
            self._field.clear()
            self._computer.save_token(token)

    def _on_refused(self, what: str, trouble: UserError) -> None:
        if what == "token":
            self._trouble.setText(f"{trouble.title} {trouble.hint}".strip())
            self._trouble.show()

    def _show(self, state: ComputerState) -> None:
        self._forget.setVisible(state.keeps_token)
        words = [
            tr(_STATES[state.token]),
            tr(
                "Models whose makers ask for an agreement want one; it goes into the system's "
                "keyring and to this hub alone."
            ),
        ]
        if state.offline_by not in ("", "setting"):
            words.insert(0, tr("{name} keeps Snug offline.", name=state.offline_by))
        self._state.setText(" ".join(filter(None, words)))
