"""What a model takes on each device, as bars with numbers."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from desktop.ui import tokens
from desktop.ui.controls import column, label
from desktop.ui.theme import Theme
from models.amounts import size_in_words
from models.estimate.records import Machine
from models.protocol import DeviceMemory

_HEIGHT: Final = 8
_SHARES: Final = {"weights": 1.0, "cache": 0.62, "compute": 0.34}
"""How strong the accent is in each part of the bar."""
_NAMES: Final = {"weights": "weights", "cache": "KV cache", "compute": "compute"}


class MemoryAccount(QWidget):
    """One bar for each device that a model lies on, the CPU's memory included."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._column: QVBoxLayout = column(self, spacing=tokens.M)
        self._shown: tuple[tuple[DeviceMemory, int], ...] = ()

    def show_memory(self, memory: tuple[DeviceMemory, ...], machine: Machine | None) -> None:
        """Show what lies where, each bar as long as what the device has free."""
        shown = tuple((part, _free(part.device, machine)) for part in memory if part.total_bytes)
        if shown == self._shown:
            return
        self._shown = shown
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for part, free in shown:
            self._column.addWidget(_DeviceRow(self._theme, part, free))


class _DeviceRow(QWidget):
    def __init__(self, theme: Theme, part: DeviceMemory, free: int) -> None:
        super().__init__()
        layout = column(self, spacing=tokens.XS)
        head = label(_head(part, free), wraps=True)
        layout.addWidget(head)
        layout.addWidget(MemoryBar(theme, part, free))
        layout.addWidget(label(_parts_in_words(part), kind="small", tone="secondary", wraps=True))


class MemoryBar(QWidget):
    """A stacked bar: weights, KV cache and compute, in what the device has free."""

    def __init__(self, theme: Theme, part: DeviceMemory, free: int) -> None:
        super().__init__()
        self._theme = theme
        self._part = part
        self._free = free
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{_head(part, free)}: {_parts_in_words(part)}")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the bar's height."""
        return QSize(160, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the parts; all of it in the colour of danger where it is more than is free."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(bar, _HEIGHT / 2, _HEIGHT / 2)
        painter.setClipPath(shape)
        painter.fillRect(bar, self._theme.blend("page", "text", 0.12))
        total = self._part.total_bytes
        over = bool(self._free) and total > self._free
        scale = bar.width() / max(1, total, self._free)
        painter.setPen(Qt.PenStyle.NoPen)
        at = 0.0
        for name, share in _SHARES.items():
            width = getattr(self._part, f"{name}_bytes") * scale
            colour = self._theme.blend("page", "danger" if over else "accent", share)
            painter.fillRect(QRectF(at, 0, width, bar.height()), colour)
            at += width


class FilledBar(QWidget):
    """A thin bar, filled to a share from 0 to 1."""

    def __init__(self, theme: Theme, share: float, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._share = min(1.0, max(0.0, share))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{name}: {self._share:.0%}")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the bar's height."""
        return QSize(160, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        bar = QRectF(self.rect())
        painter.setBrush(self._theme.blend("page", "text", 0.12))
        painter.drawRoundedRect(bar, _HEIGHT / 2, _HEIGHT / 2)
        bar.setWidth(max(_HEIGHT, bar.width() * self._share))
        painter.setBrush(self._theme.blend("page", "text", 0.45))
        painter.drawRoundedRect(bar, _HEIGHT / 2, _HEIGHT / 2)


def _head(part: DeviceMemory, free: int) -> str:
    layers = f" · {part.layers} layers" if part.layers else ""
    room = f" of {size_in_words(free)} free" if free else ""
    return f"{part.device}{layers} · {size_in_words(part.total_bytes)}{room}"


def _parts_in_words(part: DeviceMemory) -> str:
    found = []
    for key, name in _NAMES.items():
        size = getattr(part, f"{key}_bytes")
        if size:
            found.append(f"{size_in_words(size)} {name}")
    return "  ·  ".join(found)


def _free(device: str, machine: Machine | None) -> int:
    if machine is None:
        return 0
    found = next((each for each in machine.devices if each.name == device), None)
    if device == "CPU" or (found is not None and found.kind == "cpu"):
        return machine.memory_available
    return found.memory_free if found is not None else 0
