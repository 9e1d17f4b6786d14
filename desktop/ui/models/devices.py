"""What this computer can run models on, and why a GPU is not among it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from desktop.controllers.loading import LoadingController
from desktop.ui import tokens
from desktop.ui.controls import Card, column, label
from desktop.ui.models.memory_bar import FilledBar
from desktop.ui.models.verdicts import small_print
from desktop.ui.theme import Theme
from models.amounts import size_in_words, speed_in_words
from models.estimate.records import Machine
from models.records import Device
from models.wording import mark, tr

_KINDS = {
    "cpu": mark("processor"),
    "gpu": "GPU",
    "igpu": mark("built-in GPU"),
    "accelerator": mark("accelerator"),
}


class DeviceList(QWidget):
    """A card for each device, and a sentence where no GPU can be used."""

    def __init__(self, theme: Theme, loading: LoadingController) -> None:
        super().__init__()
        self._theme = theme
        self._loading = loading
        self._column = column(self, spacing=tokens.M)
        self._shown: Machine | None = None
        self._why = small_print(tr("Looking at this computer…"))
        self._column.addWidget(self._why)
        loading.machine_changed.connect(self._show)
        if loading.machine is not None:
            self._show(loading.machine)

    def _show(self, machine: Machine | None) -> None:
        why = self._loading.why_no_gpu
        self._why.setText(f"{why.title} {why.hint}".strip() if why else "")
        self._why.setVisible(why is not None)
        if machine is None or machine == self._shown:
            return
        self._shown = machine
        while self._column.count() > 1:
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for device in reversed(machine.devices):
            self._column.insertWidget(0, _DeviceCard(self._theme, device, machine))


class _DeviceCard(Card):
    def __init__(self, theme: Theme, device: Device, machine: Machine) -> None:
        super().__init__()
        is_host = device.kind == "cpu"
        free = machine.memory_available if is_host else device.memory_free
        total = machine.memory_total if is_host else device.memory_total
        layout = column(self, spacing=tokens.XS)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        layout.addWidget(label(device.description or device.name, kind="strong", wraps=True))
        facts = [device.name, tr(_KINDS[device.kind])]
        speed = machine.bandwidth.get(device.name)
        if speed:
            facts.append(tr("reads {speed}", speed=speed_in_words(speed)))
        layout.addWidget(label("  ·  ".join(facts), kind="small", tone="secondary"))
        if total:
            layout.addSpacing(tokens.XS)
            name = tr("{device} memory in use", device=device.name)
            layout.addWidget(FilledBar(theme, 1 - free / total, name))
            amount = tr(
                "{free} free of {total}", free=size_in_words(free), total=size_in_words(total)
            )
            layout.addWidget(label(amount, kind="small", tone="secondary"))
