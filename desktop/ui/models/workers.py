"""Other machines' RPC workers: entered, greeted, and what they answer."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from desktop.controllers.computer import ComputerController, ComputerState, WorkerState
from desktop.controllers.settings import SettingsController
from desktop.domain.errors import UserError
from desktop.settings.schema import APP_OPTIONS, AppSettings
from desktop.ui import tokens
from desktop.ui.controls import Card, IconButton, column, label, push_button
from desktop.ui.models.verdicts import small_print
from desktop.ui.theme import Theme
from models.wording import tr

_INFO = next(info for info in APP_OPTIONS if info.name == "rpc_servers")


class WorkerList(QWidget):
    """The workers with their state, a field for one more, and the warning that belongs to them."""

    def __init__(
        self, theme: Theme, computer: ComputerController, settings: SettingsController
    ) -> None:
        super().__init__()
        self._theme = theme
        self._computer = computer
        self._settings = settings
        self._shown: tuple[tuple[str, WorkerState], ...] | None = None
        layout = column(self, spacing=tokens.S)
        layout.addWidget(label(tr(_INFO.option.label), kind="strong"))
        layout.addWidget(small_print(tr(_INFO.option.help)))
        self._rows = column(spacing=tokens.S)
        layout.addLayout(self._rows)
        layout.addLayout(self._make_field())
        self._trouble = label(kind="small", tone="danger", wraps=True)
        self._trouble.hide()
        layout.addWidget(self._trouble)
        computer.state_changed.connect(self._show)
        computer.refused.connect(self._on_refused)
        settings.app_changed.connect(self._on_settings)
        self._show(computer.state)

    def _make_field(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        self._field = QLineEdit()
        self._field.setPlaceholderText("192.168.1.20:50052")
        self._field.setAccessibleName(tr("Address of a worker, as host:port"))
        self._field.returnPressed.connect(self._on_add)
        row.addWidget(self._field, 1)
        row.addWidget(push_button(tr("Add"), "outline", self._on_add))
        return row

    def _on_add(self) -> None:
        text = self._field.text().strip()
        if text:
            self._trouble.hide()
            self._computer.add_worker(text)

    def _on_refused(self, what: str, trouble: UserError) -> None:
        if what == "worker":
            self._trouble.setText(f"{trouble.title} {trouble.hint}".strip())
            self._trouble.show()

    def _on_settings(self, app: AppSettings) -> None:
        if self._field.text().strip() in app.rpc_servers:
            self._field.clear()
        self._show(self._computer.state)

    def _show(self, state: ComputerState) -> None:
        servers = self._settings.app.rpc_servers
        shown = tuple((each, state.workers.get(each, WorkerState())) for each in servers)
        if shown == self._shown:
            return
        self._shown = shown
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for address, worker in shown:
            self._rows.addWidget(self._make_row(address, worker))

    def _make_row(self, address: str, worker: WorkerState) -> QWidget:
        card = Card()
        row = QHBoxLayout(card)
        row.setContentsMargins(tokens.L, tokens.S, tokens.S, tokens.S)
        words = column(spacing=2)
        words.addWidget(label(address, kind="strong"))
        state = small_print(worker.text)
        state.setProperty("tone", "secondary" if worker.trouble is None else "danger")
        words.addWidget(state)
        row.addLayout(words, 1)
        remove = partial(self._computer.remove_worker, address)
        name = tr("Use {address} no longer", address=address)
        row.addWidget(IconButton(self._theme, "close", name, remove))
        return card
