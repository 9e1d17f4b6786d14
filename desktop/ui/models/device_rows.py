"""The rows of the options that only make sense beside a device: layers, and which devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from desktop.settings.schema import OptionInfo
from desktop.ui import tokens
from desktop.ui.controls import column, label
from desktop.ui.option_row import OptionRow
from desktop.ui.segments import Segments
from desktop.ui.slider import Slider
from desktop.ui.theme import Theme
from models.amounts import size_in_words
from models.estimate.records import Judgement
from models.records import Device
from models.wording import tr

_AUTOMATIC: Final = "automatic"
_BY_HAND: Final = "by hand"


class LayersRow(OptionRow):
    """How many layers go to the GPU: automatic, or by a slider; what that takes stands beside it.

    The slider ends at the model's layers, once a judgement has said how many there are.
    """

    def __init__(self, theme: Theme, info: OptionInfo) -> None:
        super().__init__(theme, info)
        self._layers = 0
        self._automatic_layers = 0
        self._value: int | None = None
        name = tr(info.option.label)
        modes = [(_AUTOMATIC, tr("Automatic")), (_BY_HAND, tr("Choose"))]
        self._mode = Segments(name, modes)
        self._mode.chosen.connect(self._on_mode)
        self._slider = Slider(theme)
        self._slider.setAccessibleName(name)
        self._slider.setAccessibleDescription(tr(info.option.help))
        self._slider.valueChanged.connect(lambda value: self.value_changed.emit(info.name, value))
        self._number = label(kind="strong")
        row = QHBoxLayout()
        row.setSpacing(tokens.M)
        row.addWidget(self._slider, 1)
        row.addWidget(self._number)
        self._by_hand = QWidget()
        column(self._by_hand).addLayout(row)
        self._takes = label(kind="small", wraps=True)
        self._column.addWidget(self._mode)
        self._column.addWidget(self._by_hand)
        self._column.addWidget(self._takes)
        self._finish_layout()

    def show_value(self, value: object, default: object) -> None:
        """Show the number of layers; None is automatic."""
        super().show_value(value, default)
        self._value = value if isinstance(value, int) else None
        self._mode.show_value(_AUTOMATIC if self._value is None else _BY_HAND)
        self._by_hand.setVisible(self._value is not None)
        self._show_number()

    def show_judgement(self, judgement: Judgement) -> None:
        """Say what this many layers take, device by device."""
        estimate = judgement.estimate
        self._layers = estimate.layers
        if self._value is None:
            self._automatic_layers = estimate.offloaded_layers
        count, layers = estimate.offloaded_layers, estimate.layers
        parts = [tr("{count} of {layers} layers on the GPU", count=count, layers=layers)]
        parts += [f"{part.device} {size_in_words(part.total_bytes)}" for part in estimate.memory]
        self._takes.setText("  ·  ".join(parts))
        self._show_number()

    def _show_number(self) -> None:
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, max(1, self._layers, self._value or 0))
            self._slider.setValue(self._value or 0)
        self._slider.update()
        count = self._value or 0
        self._number.setText(tr("{count} of {layers}", count=count, layers=self._layers))

    def _on_mode(self, mode: str) -> None:
        value = None if mode == _AUTOMATIC else self._automatic_layers
        self.value_changed.emit(self.info.name, value)


class DevicesRow(OptionRow):
    """Which devices are used: all of them, or those that are checked, in the system's order."""

    def __init__(self, theme: Theme, info: OptionInfo) -> None:
        super().__init__(theme, info)
        self._theme = theme
        self._boxes: dict[str, QCheckBox] = {}
        self._chosen: tuple[str, ...] = ()
        self._list = QWidget()
        self._list_column = column(self._list, spacing=tokens.XS)
        self._column.addWidget(self._list)
        self._finish_layout()

    def set_devices(self, devices: Sequence[Device]) -> None:
        """Offer these devices."""
        if list(self._boxes) == [device.name for device in devices]:
            return
        for box in self._boxes.values():
            box.deleteLater()
        self._boxes = {}
        for device in devices:
            box = QCheckBox(f"{device.name} · {device.description}")
            box.toggled.connect(lambda _on: self._on_toggled())
            self._list_column.addWidget(box)
            self._boxes[device.name] = box
        self._check()

    def show_value(self, value: object, default: object) -> None:
        """Check the devices that are used."""
        super().show_value(value, default)
        self._chosen = tuple(value) if isinstance(value, tuple) else ()
        self._check()

    def _check(self) -> None:
        for name, box in self._boxes.items():
            with QSignalBlocker(box):
                box.setChecked(not self._chosen or name in self._chosen)

    def _on_toggled(self) -> None:
        chosen = tuple(name for name, box in self._boxes.items() if box.isChecked())
        everything = len(chosen) in (0, len(self._boxes))
        self.value_changed.emit(self.info.name, () if everything else chosen)
