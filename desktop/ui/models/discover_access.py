"""What a model asks of those who fetch it, step by step, and the field for the access token."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from desktop.domain.errors import UserError
from desktop.ui import tokens
from desktop.ui.controls import Card, column, label, push_button
from models.wording import mark, tr

_LONGEST_TOKEN = 500
_STEPS = (
    mark("1.  Open the model's page, sign in, and accept what its makers ask."),
    mark("2.  Make an access token there that may read."),
    mark("3.  Paste it here. It is kept in the system's keyring and sent to {host} alone."),
)


class AccessCard(Card):
    """Explains gated models. ``page_requested`` and ``tokens_requested`` ask for web pages."""

    token_entered = Signal(str)
    page_requested = Signal()
    tokens_requested = Signal()

    def __init__(self) -> None:
        super().__init__("card")
        self.setObjectName("accessCard")
        self._title = label(kind="strong", wraps=True)
        self._steps = [label(tone="secondary", wraps=True) for _ in _STEPS]
        self._trouble = label(kind="small", tone="danger", wraps=True)
        self.token_field = QLineEdit()
        self.token_field.setEchoMode(QLineEdit.EchoMode.Password)
        self.token_field.setMaxLength(_LONGEST_TOKEN)
        self.token_field.setPlaceholderText("hf_…")
        self.token_field.setAccessibleName(tr("Access token"))
        self.token_field.returnPressed.connect(self._on_entered)
        self._keep = push_button(tr("Keep the token"), "primary", self._on_entered)
        layout = column(self, spacing=tokens.XS)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.L)
        layout.addWidget(self._title)
        for step in self._steps:
            layout.addWidget(step)
        layout.addLayout(self._make_links())
        entry = QHBoxLayout()
        entry.setSpacing(tokens.S)
        entry.addWidget(self.token_field, 1)
        entry.addWidget(self._keep)
        layout.addLayout(entry)
        layout.addWidget(self._trouble)
        self._trouble.hide()
        self.hide()

    def words(self) -> list[str]:
        """Return what is said, line by line."""
        return [self._title.text(), *(each.text() for each in self._steps), self._trouble.text()]

    def explain(self, title: str, host: str) -> None:
        """Show why access is needed, and the way to it."""
        self._title.setText(title)
        for step, text in zip(self._steps, _STEPS, strict=True):
            step.setText(tr(text, host=host))
        self.setAccessibleName(title)
        self._trouble.hide()
        self.show()

    def show_refusal(self, trouble: UserError) -> None:
        """Say why the token could not be kept."""
        self._trouble.setText(f"{trouble.title} {trouble.hint}".strip())
        self._trouble.show()

    def _make_links(self) -> QHBoxLayout:
        links = QHBoxLayout()
        links.setContentsMargins(0, tokens.XS, 0, tokens.S)
        links.setSpacing(tokens.L)
        page, kept = tr("Open the model's page"), tr("Open the page of tokens")
        links.addWidget(push_button(page, "link", self.page_requested.emit))
        links.addWidget(push_button(kept, "link", self.tokens_requested.emit))
        links.addStretch(1)
        links.setAlignment(Qt.AlignmentFlag.AlignLeft)
        return links

    def _on_entered(self) -> None:
        token = self.token_field.text().strip()
        if token:
            # Not kept on the screen any longer than it takes.
            self.token_field.clear()
            self.token_entered.emit(token)
