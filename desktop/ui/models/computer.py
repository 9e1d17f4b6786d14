"""The tab of this computer: what models can run on, who helps, and how the hub is reached."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop.controllers.computer import ComputerController
from desktop.controllers.kv_files import KvFiles
from desktop.controllers.loading import LoadingController
from desktop.controllers.settings import SettingsController
from desktop.settings.schema import APP_OPTIONS, AppSettings
from desktop.ui import tokens
from desktop.ui.controls import column, label
from desktop.ui.models.devices import DeviceList
from desktop.ui.models.hub_token import HubToken
from desktop.ui.models.kept_chats import KeptChats
from desktop.ui.models.tab import TabPage
from desktop.ui.models.workers import WorkerList
from desktop.ui.option_row import OptionRow, option_row
from desktop.ui.theme import Theme
from models.wording import tr

_WIDEST = 680
_OPTIONS = {info.name: info for info in APP_OPTIONS}


class ComputerTab(TabPage):
    """Devices with their memory, workers of other machines, the hub's address and its token."""

    def __init__(
        self,
        theme: Theme,
        loading: LoadingController,
        computer: ComputerController,
        settings: SettingsController,
        kv_files: KvFiles,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._loading = loading
        self._computer = computer
        self._settings = settings
        self._rows: dict[str, OptionRow] = {}
        self._devices = DeviceList(theme, loading)
        self._workers = WorkerList(theme, computer, settings)
        self._token = HubToken(computer)
        self._kept_chats = KeptChats(kv_files)
        scroll = self._make_scroll()
        column(self).addWidget(scroll)
        self.setFocusProxy(scroll)
        settings.app_changed.connect(self._show)
        self._show(settings.app)

    def showEvent(self, event: QShowEvent) -> None:
        """Measure anew."""
        super().showEvent(event)
        self._loading.look()
        self._computer.look()
        self._kept_chats.look()

    def _make_scroll(self) -> QScrollArea:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName(tr("This computer"))
        outer = QWidget()
        row = QHBoxLayout(outer)
        row.setContentsMargins(tokens.XL, tokens.S, tokens.XL, tokens.XL)
        inner = QWidget()
        inner.setMaximumWidth(_WIDEST)
        self._fill(column(inner, spacing=tokens.XL))
        row.addWidget(inner, 1000)
        row.addStretch(1)
        scroll.setWidget(outer)
        return scroll

    def _fill(self, layout: QVBoxLayout) -> None:
        layout.addWidget(_section(tr("What models can run on"), self._devices))
        layout.addWidget(
            _section(
                tr("Memory"),
                self._option("idle_unload_minutes"),
                self._option("kv_files_mb"),
                self._kept_chats,
            )
        )
        layout.addWidget(
            _section(
                tr("The hub"), self._option("offline"), self._option("hub_endpoint"), self._token
            )
        )
        layout.addWidget(_section(tr("Other machines"), self._workers))
        layout.addStretch(1)

    def _option(self, name: str) -> OptionRow:
        row = option_row(self._theme, _OPTIONS[name], struct=AppSettings)
        row.value_changed.connect(self._on_changed)
        row.reset_requested.connect(self._settings.reset_app_value)
        self._rows[name] = row
        return row

    def _on_changed(self, name: str, value: object) -> None:
        self._settings.set_app_value(name, value)
        if name in ("hub_endpoint", "offline"):
            self._token.forget_trouble()
            self._computer.look()

    def _show(self, app: AppSettings) -> None:
        defaults = AppSettings()
        for name, row in self._rows.items():
            row.show_value(getattr(app, name), getattr(defaults, name))


def _section(title: str, *parts: QWidget) -> QWidget:
    section = QWidget()
    layout = column(section, spacing=tokens.L)
    layout.addWidget(label(title, kind="heading"))
    for part in parts:
        layout.addWidget(part)
    return section
