"""How a model is loaded: one row for each option, and what the choice would take."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop.controllers.loading import LoadingController
from desktop.controllers.model import ModelController
from desktop.controllers.settings import SettingsController
from desktop.settings.schema import LOADING_OPTIONS, AppSettings, LoadingSettings, OptionInfo
from desktop.ui import tokens
from desktop.ui.controls import column, label, more_group, push_button
from desktop.ui.models.device_rows import DevicesRow, LayersRow
from desktop.ui.models.verdicts import small_print
from desktop.ui.option_row import OptionRow, TextRow, option_row
from desktop.ui.theme import Theme
from models.estimate.records import Judgement, Machine
from models.wording import tr

_ON_DEVICES: Final = frozenset({"gpu_layers", "devices", "split", "cache_on_device"})
_OF_A_DRAFT: Final = {"draft_model": ("draft_model",), "draft_tokens": ("draft_model",)}
"""Options that only some kinds of speculation look at."""


class LoadingPanel(QWidget):
    """The settings of one model's loading, built from ``LOADING_OPTIONS``.

    A change is kept at once; where the model is loaded, ``apply_bar`` offers to load it again with
    it. Whoever shows the panel gives the bar a place that is always seen.
    """

    def __init__(
        self,
        theme: Theme,
        loading: LoadingController,
        model: ModelController,
        settings: SettingsController,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._loading = loading
        self._model = model
        self._settings = settings
        self._path = ""
        self._rows: dict[str, OptionRow] = {}
        self.apply_bar = self._make_apply_bar()
        self._no_device = small_print()
        layout = column(self, spacing=tokens.L)
        layout.addWidget(self._no_device)
        for info in LOADING_OPTIONS:
            if not info.option.more:
                self._add_row(layout, info)
        layout.addWidget(self._make_more())
        settings.app_changed.connect(self._show)
        settings.generation_changed.connect(self._on_generation_changed)
        model.state_changed.connect(self._show_apply)
        loading.machine_changed.connect(self._show_machine)

    def show_model(self, path: str) -> None:
        """Show the settings of another model."""
        self.flush()
        self._path = path
        self._show(self._settings.app)
        self._show_machine(self._loading.machine)

    def show_judgement(self, judgement: Judgement) -> None:
        """Show beside the layers what this many of them would take."""
        layers = self._rows["gpu_layers"]
        if isinstance(layers, LayersRow):
            layers.show_judgement(judgement)

    def flush(self) -> None:
        """Take what is still being typed."""
        for row in self._rows.values():
            if isinstance(row, TextRow):
                row.flush()

    def _make_apply_bar(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("kind", "bar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(tokens.L, tokens.S, tokens.XL, tokens.S)
        unused = tr("The loaded model doesn't use these settings yet.")
        row.addWidget(label(unused, wraps=True), 1)
        apply = push_button(tr("Apply · reloads the model"), "primary", self._on_apply)
        apply.setObjectName("applyLoadingButton")
        row.addWidget(apply)
        bar.hide()
        return bar

    def _make_more(self) -> QWidget:
        folded = QWidget()
        inner = column(folded, spacing=tokens.L)
        for info in LOADING_OPTIONS:
            if info.option.more:
                self._add_row(inner, info)
        return more_group(folded, tr("More options"), tr("Fewer options"), "moreLoadingButton")

    def _add_row(self, layout: QVBoxLayout, info: OptionInfo) -> None:
        row = self._make_row(info)
        row.value_changed.connect(self._on_changed)
        row.reset_requested.connect(lambda name: self._settings.reset_loading(self._path, name))
        self._rows[info.name] = row
        layout.addWidget(row)

    def _make_row(self, info: OptionInfo) -> OptionRow:
        if info.name == "gpu_layers":
            return LayersRow(self._theme, info)
        if info.name == "devices":
            return DevicesRow(self._theme, info)
        return option_row(self._theme, info, struct=LoadingSettings)

    def _on_changed(self, name: str, value: object) -> None:
        if self._path:
            self._settings.set_loading(self._path, name, value)

    def _on_apply(self) -> None:
        self.flush()
        self._model.reload(self._settings.generation)

    def _show(self, app: AppSettings) -> None:
        if not self._path:
            return
        settings = self._settings.loading_of(self._path)
        for name, row in self._rows.items():
            row.show_value(getattr(settings, name), getattr(app.loading, name))
        for name, kinds in _OF_A_DRAFT.items():
            self._rows[name].setVisible(settings.speculation.value in kinds)
        self._rows["draft_tokens"].setVisible(settings.speculation.value != "off")
        self._show_apply()
        self._loading.estimate(self._path, settings)

    def _on_generation_changed(self) -> None:
        self._show(self._settings.app)

    def _show_apply(self) -> None:
        is_loaded = self._model.state.path == self._path
        self.apply_bar.setVisible(is_loaded and self._model.needs_reload(self._settings.generation))

    def _show_machine(self, machine: Machine | None) -> None:
        if machine is None:
            return
        gpus = [device for device in machine.devices if device.kind != "cpu"]
        devices = self._rows["devices"]
        if isinstance(devices, DevicesRow):
            devices.set_devices(gpus)
        for name in _ON_DEVICES:
            self._rows[name].setVisible(bool(gpus) and (name != "split" or len(gpus) > 1))
        self._rows["devices"].setVisible(len(gpus) > 1)
        self._no_device.setVisible(not gpus)
        why = self._loading.why_no_gpu
        self._no_device.setText(f"{why.title} {why.hint}".strip() if why else "")
